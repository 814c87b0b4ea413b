//! Identifiers in angle brackets: Message-ID and Content-ID.

use super::text::LINE;
use crate::invalid::{Field, Invalid, Reason};
use crate::wire::scan::part;
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
    /// `Empty`, `TooLong`, `NoAt`, `NotAscii`, `ControlCharacter`, `AngleBracket` (one of the two),
    /// or `Character` for blanks and what RFC 5322 §3.6.4 does not let stand there.
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

/// Writes a field of one identifier, in a line of its own if it would pass 78.
pub(super) fn field(name: &str, id: &str, w: &mut Writer<'_>) {
    let fits = name.len().saturating_add(id.len()).saturating_add(3) <= LINE;
    w.str(name);
    w.str(if fits { " <" } else { "\r\n <" });
    w.str(id);
    w.str(">\r\n");
}

/// Octets of an identifier. It cannot be folded, and a line has at most 998 octets
/// (RFC 5322 §2.1.1); servers cut at far less.
const MAX: usize = 250;

/// The identifier in `text` without its brackets.
const fn check(text: &str, needs_at: bool) -> Result<&str, Reason> {
    let id = match text.as_bytes() {
        [b'<', inner @ .., b'>'] => inner,
        [b'<', ..] | [.., b'>'] => return Err(Reason::AngleBracket),
        bare => bare,
    };
    if id.is_empty() {
        return Err(Reason::Empty);
    }
    if id.len() > MAX {
        return Err(Reason::TooLong);
    }
    let mut at = false;
    // Whether something stands on both sides of the `@`.
    let mut left = false;
    let mut right = false;
    let mut literal = false;
    let mut rest = id;
    while let [byte, tail @ ..] = rest {
        match *byte {
            // Most octets.
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => {}
            b'@' if at => return Err(Reason::Character),
            b'@' => at = true,
            // RFC 5322 §3.6.4: no-fold-literal, as in `1@[192.0.2.1]`.
            b'[' if at && !right => literal = true,
            b']' if literal && tail.is_empty() => {}
            b':' if literal => {}
            0..=0x1f | 0x7f => return Err(Reason::ControlCharacter),
            0x80.. => return Err(Reason::NotAscii),
            b' ' | b'"' | b'(' | b')' | b',' | b':'..=b'<' | b'>' | b'['..=b']' => {
                return Err(Reason::Character);
            }
            _ => {}
        }
        if *byte != b'@' {
            left |= !at;
            right |= at;
        }
        rest = tail;
    }
    if literal && !matches!(id, [.., b']']) {
        return Err(Reason::Character);
    }
    if at && !(left && right) {
        return Err(Reason::Syntax);
    }
    if needs_at && !at {
        return Err(Reason::NoAt);
    }
    let start = text.len().wrapping_sub(id.len()) / 2;
    Ok(part(text, start, start.wrapping_add(id.len())))
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
