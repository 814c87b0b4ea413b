//! A value of the caller's that was refused: which one, and why.

use core::fmt;

/// A value given by the caller was refused. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Invalid {
    /// What the value was meant for.
    pub field: Field,
    /// What is wrong with it.
    pub reason: Reason,
}

impl Invalid {
    /// `reason`, found in `field`.
    #[must_use]
    pub const fn new(field: Field, reason: Reason) -> Self {
        Self { field, reason }
    }

    /// The same reason, reported for another field: a mailbox that was refused as the `To` field.
    #[must_use]
    pub const fn in_field(self, field: Field) -> Self {
        Self {
            field,
            reason: self.reason,
        }
    }

    /// What [`Display`](fmt::Display) writes, for the compiler's error about a wrong literal: `const` code
    /// cannot format.
    #[doc(hidden)]
    #[must_use]
    pub const fn __sentence(self) -> Sentence {
        Sentence::of(self)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.as_str())?;
        f.write_str(": ")?;
        f.write_str(self.reason.as_str())
    }
}

impl core::error::Error for Invalid {}

/// A refusal in words: the field, a colon and the reason.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Sentence {
    bytes: [u8; SENTENCE],
    unused: usize,
}

const COLON: &str = ": ";

/// Bytes of the longest sentence.
const SENTENCE: usize = Field::LONGEST + COLON.len() + Reason::LONGEST;

impl Sentence {
    const fn of(invalid: Invalid) -> Self {
        let mut bytes = [0; SENTENCE];
        let rest = append(&mut bytes, invalid.field.as_str());
        let rest = append(rest, COLON);
        let unused = append(rest, invalid.reason.as_str()).len();
        Self { bytes, unused }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn as_str(&self) -> &str {
        let Some(length) = self.bytes.len().checked_sub(self.unused) else {
            return "";
        };
        let Some((sentence, _)) = self.bytes.split_at_checked(length) else {
            return "";
        };
        match core::str::from_utf8(sentence) {
            Ok(sentence) => sentence,
            Err(_) => "",
        }
    }
}

/// Copies `text` to the start of `room`, and returns the room after it.
const fn append<'r>(room: &'r mut [u8], text: &str) -> &'r mut [u8] {
    match room.split_at_mut_checked(text.len()) {
        Some((start, rest)) => {
            start.copy_from_slice(text.as_bytes());
            rest
        }
        None => &mut [],
    }
}

impl From<core::convert::Infallible> for Invalid {
    fn from(never: core::convert::Infallible) -> Self {
        match never {}
    }
}

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// The words for a person.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Bytes of the longest of them.
            const LONGEST: usize = {
                let mut longest = 0;
                $(if $text.len() > longest {
                    longest = $text.len();
                })*
                longest
            };

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)*];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named! {
    /// What a refused value was meant for.
    Field {
        /// A mailbox, before it is known which field it goes to.
        Mailbox = "mailbox",
        /// A list of mailboxes, before it is known which field it goes to.
        MailboxList = "mailbox list",
        /// A domain or address literal.
        Domain = "domain",
        /// The name of the server, for TLS.
        ServerName = "server name",
        /// The fingerprint of a server's key, for TLS.
        Pin = "pin",
        /// The name given in EHLO.
        EhloName = "EHLO name",
        /// The From field.
        From = "From",
        /// The Sender field.
        Sender = "Sender",
        /// The Reply-To field.
        ReplyTo = "Reply-To",
        /// The To field.
        To = "To",
        /// The Cc field.
        Cc = "Cc",
        /// The blind copies of the envelope.
        Bcc = "Bcc",
        /// The envelope's reverse-path.
        ReversePath = "reverse-path",
        /// To, Cc and Bcc together.
        Recipients = "recipients",
        /// The results of a mail's recipients.
        Results = "results",
        /// The Subject field.
        Subject = "Subject",
        /// The identifier of the message that is answered.
        InReplyTo = "In-Reply-To",
        /// The identifiers of the messages that led to this one.
        References = "References",
        /// The address that confirmations of reading go to.
        ReadReceipt = "read receipt",
        /// The address that reports of delivery go to.
        DeliveryReceipt = "delivery receipt",
        /// The Date field.
        Date = "Date",
        /// The Message-ID field.
        MessageId = "Message-ID",
        /// The name of a header field of the caller's own.
        HeaderName = "header field name",
        /// The body of a header field of the caller's own.
        HeaderValue = "header field value",
        /// The plain text.
        Text = "text",
        /// The HTML text.
        Html = "HTML",
        /// An attachment's bytes.
        Attachment = "attachment",
        /// An attachment's file name.
        FileName = "file name",
        /// An attachment's media type.
        MediaType = "media type",
        /// The Content-ID of an inline part.
        ContentId = "Content-ID",
        /// A user name.
        UserName = "user name",
        /// A password.
        Password = "password",
        /// An OAuth 2.0 token.
        Token = "token",
        /// Random bytes for a login.
        Nonce = "nonce",
        /// A user name and what proves it.
        Credentials = "credentials",
        /// The identifier of a transaction, for reports on the delivery.
        EnvelopeId = "envelope identifier",
        /// The client's buffer.
        Buffer = "buffer",
        /// The message as a whole.
        Message = "message",
    }
}

named! {
    /// What is wrong with a refused value.
    Reason {
        /// It is empty, and may not be.
        Empty = "is empty",
        /// It is longer than the standard or this crate allows.
        TooLong = "is too long",
        /// It holds a control character: a byte below 0x20, DEL, or a Unicode line end.
        ControlCharacter = "holds a control character",
        /// It holds a character that may not stand there.
        Character = "holds a character that may not stand there",
        /// A CR or LF in it is not part of a CRLF.
        LineEnd = "has a line end that is not CRLF",
        /// A line of it has more than 998 bytes.
        LineTooLong = "has a line of more than 998 octets",
        /// It holds a character outside ASCII where only ASCII is allowed.
        NotAscii = "holds a character outside ASCII",
        /// It holds bytes that are not UTF-8 where only UTF-8 is allowed.
        NotUtf8 = "is not UTF-8",
        /// It has no `@`.
        NoAt = "has no @",
        /// The local part before the `@` is wrong.
        LocalPart = "has a wrong local part (before the @)",
        /// It holds no identifier that can be sent.
        NoIdentifier = "holds no identifier that can be sent: it needs one in angle brackets, of ASCII without blanks",
        /// The domain after the `@` is wrong.
        DomainPart = "has a wrong domain",
        /// The address literal is wrong.
        AddressLiteral = "has a wrong address literal",
        /// A quoted string does not end.
        OpenQuote = "has a quoted string that does not end",
        /// An angle bracket is missing or stands in the wrong place.
        AngleBracket = "has an angle bracket missing or out of place",
        /// The display name holds a special character and must be quoted.
        QuoteName = "has a display name with a special character: put the name in double quotes",
        /// Something follows where the value should have ended.
        Trailing = "goes on where it should end",
        /// It is a group.
        Group = "is a group, which is not supported",
        /// The value is reserved: the crate writes this field itself or it may not be set.
        Reserved = "is reserved: it is written by the library or may not be set",
        /// It comes from a source, and none was given.
        NoSource = "comes from a source, which was not given",
        /// It is a media type that may not travel in base64.
        AsIsOnly = "may not be sent in base64, only as it is",
        /// It was given twice where only one is allowed.
        Duplicate = "is given twice",
        /// It is outside the range that can be expressed.
        Range = "is out of range",
        /// It is larger than the buffer or less than the minimum allows.
        TooSmall = "is too small",
        /// It is larger than what the server said it accepts.
        TooLarge = "is larger than the server accepts",
        /// It needs an extension that the server does not offer.
        NeedsSmtpUtf8 = "needs SMTPUTF8, which the server does not offer",
        /// It needs an extension that the server does not offer.
        NeedsEightBitMime = "needs 8BITMIME, which the server does not offer",
        /// The mechanism that was asked for has no use for it.
        Mechanism = "cannot be used with this mechanism",
        /// There are more than the server or this crate takes at once.
        TooMany = "are too many at once",
        /// Its syntax is wrong.
        Syntax = "is not well formed",
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Invalid, Reason};
    use std::string::ToString;

    #[test]
    fn the_compiler_says_what_display_says() {
        for field in Field::ALL {
            for reason in Reason::ALL {
                let invalid = Invalid::new(*field, *reason);
                assert_eq!(invalid.__sentence().as_str(), invalid.to_string());
            }
        }
    }
}
