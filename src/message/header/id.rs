//! Identifiers in angle brackets: Message-ID and Content-ID, and those of messages received.
//!
//! An identifier of one's own is checked against the grammar. One that was received is repeated as it
//! is, since others know the message by it: it needs to be safe to send, and no more.

use super::text::is_field_body;
use crate::invalid::{Field, Invalid, Reason};
use crate::message::Message;
use crate::wire::fold::{self, Line};
use crate::wire::quoted_printable::hex;
use crate::wire::scan::{self, Dotted};
use crate::wire::writer::Writer;

/// A Message-ID: `left@right`, without its angle brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MessageId<'a>(&'a str);

impl<'a> MessageId<'a> {
    /// Checks `id`, given with or without angle brackets.
    ///
    /// # Errors
    ///
    /// `Empty`, `TooLong` (250 bytes), `NoAt`, `NotAscii`, `ControlCharacter`, `AngleBracket` (one of
    /// the two), `Syntax` for a dot at an edge or after a dot, or for nothing on one side of the `@`,
    /// and `Character` for blanks and what RFC 5322 §3.6.4 does not let stand there.
    pub const fn new(id: &'a str) -> Result<Self, Invalid> {
        match check(id, true) {
            Ok(id) => Ok(Self(id)),
            Err(reason) => Err(Invalid::new(Field::MessageId, reason)),
        }
    }

    /// The identifier without angle brackets.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> TryFrom<&'a str> for MessageId<'a> {
    type Error = Invalid;

    fn try_from(id: &'a str) -> Result<Self, Invalid> {
        Self::new(id)
    }
}

/// A Content-ID: the name by which HTML refers to an inline part, as in `<img src="cid:name">`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ContentId<'a>(&'a str);

impl<'a> ContentId<'a> {
    /// Checks `id`, given with or without angle brackets. An `@` is not asked for.
    ///
    /// # Errors
    ///
    /// As [`MessageId::new`], `NoAt` aside.
    pub const fn new(id: &'a str) -> Result<Self, Invalid> {
        match check(id, false) {
            Ok(id) => Ok(Self(id)),
            Err(reason) => Err(Invalid::new(Field::ContentId, reason)),
        }
    }

    /// The identifier without angle brackets.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> TryFrom<&'a str> for ContentId<'a> {
    type Error = Invalid;

    fn try_from(id: &'a str) -> Result<Self, Invalid> {
        Self::new(id)
    }
}

/// The identifier of the message that is answered, its "parent" (RFC 5322 §3.6.4), as it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ParentId<'a>(&'a str);

impl<'a> ParentId<'a> {
    /// Reads the body of a Message-ID field as it comes: with its angle brackets, with folds and blanks
    /// around it, and malformed (`<0000000004E@>`), as long as it is ASCII without blanks. One without
    /// angle brackets needs an `@`.
    ///
    /// # Errors
    ///
    /// `Empty`, `NoAt`, `ControlCharacter` for one that is neither TAB nor in a fold, `NoIdentifier` for
    /// an identifier that cannot be sent: with blanks, outside ASCII, or of more than 995 bytes. Such a
    /// message can be answered without naming it.
    pub const fn new(text: &'a str) -> Result<Self, Invalid> {
        match parent(text) {
            Ok(id) => Ok(Self(id)),
            Err(reason) => Err(Invalid::new(Field::InReplyTo, reason)),
        }
    }

    /// The identifier without angle brackets.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> TryFrom<&'a str> for ParentId<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::new(text)
    }
}

impl<'a> From<MessageId<'a>> for ParentId<'a> {
    fn from(id: MessageId<'a>) -> Self {
        Self(id.0)
    }
}

/// Writes a field of one identifier, which fits in the field's line.
pub(in crate::message) fn field(name: &str, id: &str, w: &mut Writer<'_>) {
    w.str(name);
    w.str(" <");
    w.str(id);
    w.str(">\r\n");
}

/// Writes the Message-ID that a message was given.
pub(in crate::message) fn given(message: &Message<'_>, w: &mut Writer<'_>) {
    if let Some(id) = message.message_id {
        field("Message-ID:", id.as_str(), w);
    }
}

/// Writes the Message-ID that is made of a message's number and its author's address. A local part in
/// quotes is left out: RFC 5322 §3.6.4 has none beside other characters.
pub(in crate::message) fn made(message: &Message<'_>, w: &mut Writer<'_>) {
    let address = message.head.from.address();
    w.str("Message-ID: <");
    w.bytes(&digits(message.unique));
    if address.as_str().starts_with('"') {
        w.byte(b'@');
        w.str(address.domain().as_str());
    } else {
        w.byte(b'.');
        w.str(address.as_str());
    }
    w.str(">\r\n");
}

/// The hexadecimal digits of a number.
pub(in crate::message) fn digits(number: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    let (pairs, _) = digits.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(number.to_be_bytes()) {
        *pair = [hex(byte >> 4), hex(byte & 15)];
    }
    digits
}

/// Writes the identifiers in a text that can be sent, after `column` bytes of their line.
pub(in crate::message) fn write_all(text: &str, column: usize, w: &mut Writer<'_>) {
    write_each(text, Line::new(column), w);
}

/// [`write_all`] in this line. Returns the line after them.
pub(in crate::message) fn write_each(text: &str, mut line: Line, w: &mut Writer<'_>) -> Line {
    let mut rest = text;
    while let Some((id, tail)) = first(rest) {
        line.in_brackets(id, "", w);
        rest = tail;
    }
    line
}

/// What is wrong with a field of identifiers that is read as it comes.
pub(in crate::message) const fn fault_of_all(text: &str) -> Option<Reason> {
    if text.is_empty() {
        Some(Reason::Empty)
    } else if !is_field_body(text) {
        Some(Reason::ControlCharacter)
    } else if !text.is_ascii() {
        Some(Reason::NotAscii)
    } else if first(text).is_none() {
        Some(Reason::NoIdentifier)
    } else {
        None
    }
}

/// The first identifier in a text that can be sent, without its brackets, and what follows it. What
/// else stands there is passed over: blanks and folds, the commas and words that some write (RFC 5322
/// §4.5.4: `obs-references = "References" *WSP ":" *(phrase / msg-id) CRLF`), and identifiers that
/// hold a blank or a character outside ASCII, or that no line holds.
const fn first(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut start = None;
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        let at = scan::start_of(rest, bytes);
        match *byte {
            b'<' => start = Some(scan::after(at)),
            b'>' => {
                if let Some(from) = start {
                    let id = scan::part(text, from, at);
                    if !id.is_empty() && id.len() <= MAX_RECEIVED {
                        let tail = scan::part(text, scan::after(at), text.len());
                        return Some((id, tail));
                    }
                }
                start = None;
            }
            b'!'..=b'~' => {}
            _ => start = None,
        }
        rest = tail;
    }
    None
}

/// The identifier in `text`, read as it comes.
const fn parent(text: &str) -> Result<&str, Reason> {
    match first(text) {
        _ if !is_field_body(text) => Err(Reason::ControlCharacter),
        Some((id, _)) => Ok(id),
        None => bare_parent(text.trim_ascii()),
    }
}

/// An identifier without angle brackets.
const fn bare_parent(bare: &str) -> Result<&str, Reason> {
    let bytes = bare.as_bytes();
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        if !matches!(*byte, b'!'..=b'~') || matches!(*byte, b'<' | b'>') {
            return Err(Reason::NoIdentifier);
        }
        rest = tail;
    }
    if bare.is_empty() {
        Err(Reason::Empty)
    } else if scan::find(bytes, b'@').is_none() {
        Err(Reason::NoAt)
    } else if bare.len() > MAX_RECEIVED {
        Err(Reason::NoIdentifier)
    } else {
        Ok(bare)
    }
}

/// The bytes of an identifier of one's own. Servers cut at far less than a line's 998 bytes.
const MAX: usize = 250;

/// The bytes of an identifier that was received: with its brackets a line holds it.
const MAX_RECEIVED: usize = fold::QUOTED_MAX;

/// The identifier in `text` without its brackets.
const fn check(text: &str, needs_at: bool) -> Result<&str, Reason> {
    let id = match text.as_bytes() {
        [b'<', .., b'>'] => scan::inside(text),
        [b'<', ..] | [.., b'>'] => return Err(Reason::AngleBracket),
        _ => text,
    };
    if id.is_empty() {
        return Err(Reason::Empty);
    }
    if id.len() > MAX {
        return Err(Reason::TooLong);
    }
    if scan::has_control(id.as_bytes()) {
        return Err(Reason::ControlCharacter);
    }
    if !id.is_ascii() {
        return Err(Reason::NotAscii);
    }
    // RFC 5322 §3.6.4: "msg-id = [CFWS] "<" id-left "@" id-right ">" [CFWS]", "id-left =
    // dot-atom-text / obs-id-left", "id-right = dot-atom-text / no-fold-literal / obs-id-right".
    let (left, right) = match scan::find(id.as_bytes(), b'@') {
        Some(at) => (
            scan::part(id, 0, at),
            scan::part(id, scan::after(at), id.len()),
        ),
        None if needs_at => return Err(Reason::NoAt),
        None => (id, "a"),
    };
    let fault = match (dot_atom_fault(left), right.as_bytes()) {
        (None, [b'[', literal @ .., b']']) => literal_fault(literal),
        (None, _) => dot_atom_fault(right),
        (fault, _) => fault,
    };
    match fault {
        Some(reason) => Err(reason),
        None => Ok(id),
    }
}

/// What is wrong with a dot-atom-text (RFC 5322 §3.2.3) of ASCII.
const fn dot_atom_fault(text: &str) -> Option<Reason> {
    scan::dotted_fault(text.as_bytes(), Dotted::LocalPart)
}

/// What is wrong between the brackets of a no-fold-literal: "*dtext".
const fn literal_fault(mut rest: &[u8]) -> Option<Reason> {
    while let [byte, tail @ ..] = rest {
        // dtext is all but brackets and the backslash. Quotes, commas and the like many would misread.
        if matches!(
            *byte,
            b' ' | b'"' | b'(' | b')' | b',' | b';' | b'<' | b'>' | b'@' | b'['..=b']'
        ) {
            return Some(Reason::Character);
        }
        rest = tail;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message_id(id: &str) -> Result<&str, Reason> {
        MessageId::new(id)
            .map(MessageId::as_str)
            .map_err(|e| e.reason)
    }

    #[test]
    fn brackets_may_be_given_or_not() {
        assert_eq!(message_id("<a.b@c>"), Ok("a.b@c"));
        assert_eq!(message_id("a.b@c"), Ok("a.b@c"));
        assert_eq!(message_id("1@[192.0.2.1]"), Ok("1@[192.0.2.1]"));
        assert_eq!(message_id("1@[IPv6:::1]"), Ok("1@[IPv6:::1]"));
        assert_eq!(ContentId::new("<pic1>").map(ContentId::as_str), Ok("pic1"));
    }

    #[test]
    fn what_is_refused() {
        let long = std::format!("{}@x", "a".repeat(249));
        for (id, reason) in [
            ("", Reason::Empty),
            ("<>", Reason::Empty),
            ("<a@b", Reason::AngleBracket),
            ("a@b>", Reason::AngleBracket),
            ("<<a@b>>", Reason::Character),
            ("a", Reason::NoAt),
            ("@", Reason::Syntax),
            ("a@", Reason::Syntax),
            ("@b", Reason::Syntax),
            ("a@b@c", Reason::Character),
            ("a b@c", Reason::Character),
            ("a@b\r\nBcc: e@x", Reason::ControlCharacter),
            ("a@b\0", Reason::ControlCharacter),
            ("ä@b", Reason::NotAscii),
            ("a@[b", Reason::Character),
            ("a[1]@b", Reason::Character),
            (&long, Reason::TooLong),
        ] {
            assert_eq!(message_id(id), Err(reason), "{id:?}");
        }
    }
}
