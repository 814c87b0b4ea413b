//! Header fields of the caller's own, beside those the library writes itself.

use super::id::{self, ParentId};
use super::text::{HeaderText, is_field_body};
use crate::invalid::{Field, Invalid, Reason};
use crate::wire::fold::Line;
use crate::wire::writer::Writer;

/// A header field of the caller's own, such as `X-Site: Plant 7`.
///
/// Names the library writes itself, and those that only servers write, are refused.
///
/// A value of printable ASCII is sent as it is, since many fields are for machines: it is folded at its
/// single blanks (RFC 5322 §2.2.3), and a line that has none may pass 78, up to 998 bytes. Readers drop
/// blanks at its edges. A value with other characters is sent as encoded words (RFC 2047).
///
/// `In-Reply-To` and `References` are read as they come from a mail: folded, with TABs or several
/// blanks. The identifiers in angle brackets are sent, one blank between them, malformed ones too
/// (`<0000000004E@>`). Words, commas and identifiers that cannot be sent are left out: those with
/// blanks, or of more than 995 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header<'a> {
    pub(in crate::message) name: &'a str,
    pub(in crate::message) value: HeaderText<'a>,
}

impl<'a> Header<'a> {
    /// A field with `name` and `value`.
    ///
    /// # Errors
    ///
    /// For the name `Empty`, `TooLong`, `Reserved`, or `Character` for anything but printable
    /// ASCII without a colon, beginning with a letter or digit. For the value as
    /// [`HeaderText::new`], and `TooLong` for ASCII with more than 997 bytes between two places to fold
    /// it. For that of `In-Reply-To` and `References` `Empty`, `NotAscii`, `NoIdentifier` if it holds
    /// none that can be sent, or `ControlCharacter` for a line end that is no fold, and for others but
    /// TAB.
    pub const fn new(name: &'a str, value: &'a str) -> Result<Self, Invalid> {
        if let Err(reason) = check_name(name.as_bytes()) {
            return Err(Invalid::new(Field::HeaderName, reason));
        }
        if holds_ids(name) {
            return match id::fault_of_all(value) {
                None => Ok(Self {
                    name,
                    value: HeaderText::ids(value),
                }),
                Some(reason) => Err(Invalid::new(Field::HeaderValue, reason)),
            };
        }
        match HeaderText::field_body(value) {
            Ok(value) => Ok(Self { name, value }),
            Err(invalid) => Err(invalid),
        }
    }

    /// The field's name.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.name
    }

    /// The field's text.
    #[must_use]
    pub const fn value(self) -> &'a str {
        self.value.as_str()
    }
}

/// Whether `headers` has a field twice that may stand only once.
/// `is_in_thread` if the library writes it.
pub(in crate::message) fn has_duplicate(headers: &[Header<'_>], is_in_thread: bool) -> bool {
    let limit = usize::from(!is_in_thread);
    let count = |name| headers.iter().filter(|h| is(h.name, name)).count();
    count(IN_REPLY_TO) > limit || count(REFERENCES) > limit
}

/// Checks what another message had in its References field.
pub(in crate::message) fn check_references(references: &str) -> Result<(), Invalid> {
    if is_field_body(references) {
        Ok(())
    } else {
        Err(Invalid::new(Field::References, Reason::ControlCharacter))
    }
}

/// Writes In-Reply-To, and References of the references and the identifier answered to.
pub(in crate::message) fn write_thread(parent: ParentId<'_>, references: &str, w: &mut Writer<'_>) {
    for (name, before) in [("In-Reply-To:", ""), ("References:", references)] {
        w.str(name);
        let mut line = id::write_each(before, Line::new(name.len()), w);
        line.in_brackets(parent.as_str(), "", w);
        w.crlf();
    }
}

/// Bytes of a field's name: with its colon it fills a line.
const MAX_NAME: usize = 77;

const IN_REPLY_TO: &str = "in-reply-to";
const REFERENCES: &str = "references";

/// Names that are refused, in lower case; one that ends in `-` stands for all it begins.
///
/// RFC 5322 §3.6 has most of these at most once in a message, and the library writes them; the
/// trace and resent fields are for servers, and Bcc tells what nobody may know.
const RESERVED: &[&str] = &[
    "auto-submitted",
    "bcc",
    "cc",
    "content-",
    "date",
    "disposition-notification-",
    "from",
    "importance",
    "message-id",
    "mime-version",
    "received",
    "reply-to",
    "resent-",
    "return-path",
    "return-receipt-to",
    "sender",
    "subject",
    "to",
    "x-priority",
];

const fn check_name(name: &[u8]) -> Result<(), Reason> {
    let mut rest = match name {
        [] => return Err(Reason::Empty),
        // A dot at the beginning of a line has a meaning of its own in SMTP.
        [first, rest @ ..] if first.is_ascii_alphanumeric() => rest,
        _ => return Err(Reason::Character),
    };
    while let [byte, tail @ ..] = rest {
        // RFC 5322 §3.6.8: "Any character except controls, SP, and ":"".
        if !matches!(*byte, b'!'..=b'~') || *byte == b':' {
            return Err(Reason::Character);
        }
        rest = tail;
    }
    if name.len() > MAX_NAME {
        return Err(Reason::TooLong);
    }
    let mut reserved = RESERVED;
    while let [first, tail @ ..] = reserved {
        if covers(name, first.as_bytes()) {
            return Err(Reason::Reserved);
        }
        reserved = tail;
    }
    Ok(())
}

const fn holds_ids(name: &str) -> bool {
    is(name, IN_REPLY_TO) || is(name, REFERENCES)
}

const fn is(name: &str, lower: &str) -> bool {
    covers(name.as_bytes(), lower.as_bytes())
}

/// Whether `name` is `pattern`, or begins with it if it ends in `-`, without regard to case.
const fn covers(mut name: &[u8], mut pattern: &[u8]) -> bool {
    while let [wanted, pattern_tail @ ..] = pattern {
        match name {
            [byte, tail @ ..] if byte.to_ascii_lowercase() == *wanted => name = tail,
            _ => return false,
        }
        if *wanted == b'-' && pattern_tail.is_empty() {
            return true;
        }
        pattern = pattern_tail;
    }
    name.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str) -> (Field, Reason) {
        let invalid = Header::new(name, value).unwrap_err();
        (invalid.field, invalid.reason)
    }

    #[test]
    fn names() {
        for name in [
            "X-Site", "Comments", "x", "Content", "To-Do", "X-From", "Dat",
        ] {
            assert!(Header::new(name, "v").is_ok(), "{name}");
        }
        for name in [
            "From",
            "TO",
            "Content-Type",
            "resent-FROM",
            "Bcc",
            "X-Priority",
        ] {
            assert_eq!(
                refused(name, "v"),
                (Field::HeaderName, Reason::Reserved),
                "{name}"
            );
        }
        for name in ["a b", "a:", ".a", "-a", "ä", "a\r\nb", "a\0"] {
            assert_eq!(
                refused(name, "v"),
                (Field::HeaderName, Reason::Character),
                "{name:?}"
            );
        }
        assert_eq!(refused("", "v").1, Reason::Empty);
        assert_eq!(refused(&"a".repeat(78), "v").1, Reason::TooLong);
    }

    #[test]
    fn values() {
        for value in ["a\r\nBcc: e@x", "a\n", "\0", "\u{7f}", "\u{85}", "\u{2029}"] {
            let expected = (Field::HeaderValue, Reason::ControlCharacter);
            assert_eq!(refused("X-A", value), expected, "{value:?}");
        }
        assert!(Header::new("X-A", "").is_ok());
        assert!(Header::new("X-A", "tab\tis encoded").is_ok());
    }

    #[test]
    fn message_ids() {
        for value in ["<a@b> <c@d>", "<a@b> ", "<a@b>  <c@d>", "<a@b>,<c@d>"] {
            assert!(Header::new("References", value).is_ok(), "{value:?}");
        }
        for (value, reason) in [
            ("", Reason::Empty),
            ("a@b", Reason::NoIdentifier),
            ("<\u{e4}@b>", Reason::NotAscii),
            ("<a@b>\r\n", Reason::ControlCharacter),
        ] {
            let expected = (Field::HeaderValue, reason);
            assert_eq!(refused("in-reply-to", value), expected, "{value:?}");
        }
        let id = Header::new("References", "<a@b>").unwrap();
        let reply = Header::new("In-Reply-To", "<a@b>").unwrap();
        assert!(!has_duplicate(&[id, reply], false));
        assert!(has_duplicate(&[id, reply, id], false));
    }
}
