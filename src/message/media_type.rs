//! Media types: `text/csv`, or `text/csv; charset=utf-8`.

use crate::invalid::{Field, Invalid, Reason};
use crate::wire::writer::Writer;

/// The media type of an attachment, with parameters if it has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MediaType<'a>(&'a str);

impl<'a> MediaType<'a> {
    /// Checks `text` against RFC 2045 §5.1.
    ///
    /// # Errors
    ///
    /// `Empty`, `TooLong`, `Syntax` for anything that is not `type/subtype` with well-formed
    /// parameters, `Reserved` for `multipart/…`.
    pub const fn new(text: &'a str) -> Result<Self, Invalid> {
        match check(text.as_bytes()) {
            Ok(()) => Ok(Self(text)),
            Err(reason) => Err(Invalid::new(Field::MediaType, reason)),
        }
    }

    /// The text as it was given.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether it is `message/…`, which may not be sent in base64.
    pub(super) const fn is_message(self) -> bool {
        begins_with(self.0.as_bytes(), b"message/")
    }

    /// Writes it, each parameter in a line of its own.
    pub(super) fn write(self, w: &mut Writer<'_>) {
        let mut rest = self.0.as_bytes();
        let mut quoted = false;
        let mut blanks = false;
        while let [byte, tail @ ..] = rest {
            let mut len = 1;
            match *byte {
                b'"' => quoted = !quoted,
                b'\\' if quoted => len = 2,
                b';' if !quoted => {
                    w.str(";\r\n ");
                    blanks = true;
                    rest = tail;
                    continue;
                }
                b' ' | b'\t' if !quoted && (blanks || is_blank_before_semicolon(rest)) => {
                    rest = tail;
                    continue;
                }
                _ => {}
            }
            blanks = false;
            w.bytes(rest.get(..len).unwrap_or(rest));
            rest = rest.get(len..).unwrap_or_default();
        }
    }
}

impl<'a> TryFrom<&'a str> for MediaType<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::new(text)
    }
}

/// Octets of a type's and a subtype's name together: with `Content-Type: ` they fill a line. The
/// longest registered ones have about 70.
const MAX_NAME: usize = 63;

/// Octets of one parameter: it fills a line with a blank in front and a semicolon behind.
const MAX_PARAMETER: usize = 76;

const fn check(text: &[u8]) -> Result<(), Reason> {
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    let rest = match token(text) {
        [b'/', subtype @ ..] => {
            if subtype.len().wrapping_add(1) == text.len() {
                return Err(Reason::Syntax);
            }
            let rest = token(subtype);
            if rest.len() == subtype.len() {
                return Err(Reason::Syntax);
            }
            rest
        }
        _ => return Err(Reason::Syntax),
    };
    if text.len().wrapping_sub(rest.len()) > MAX_NAME {
        return Err(Reason::TooLong);
    }
    // RFC 2046 §5.1: the parts of a multipart are not one attachment's octets.
    if begins_with(text, b"multipart/") {
        return Err(Reason::Reserved);
    }
    parameters(rest)
}

const fn parameters(mut rest: &[u8]) -> Result<(), Reason> {
    while !rest.is_empty() {
        let name = match blanks(rest) {
            [b';', after @ ..] => blanks(after),
            _ => return Err(Reason::Syntax),
        };
        let value = match token(name) {
            [b'=', value @ ..] if value.len().wrapping_add(1) != name.len() => value,
            _ => return Err(Reason::Syntax),
        };
        rest = match value {
            [b'"', inner @ ..] => match quoted(inner) {
                Some(rest) => rest,
                None => return Err(Reason::Syntax),
            },
            _ => token(value),
        };
        if rest.len() == value.len() {
            return Err(Reason::Syntax);
        }
        if name.len().wrapping_sub(rest.len()) > MAX_PARAMETER {
            return Err(Reason::TooLong);
        }
    }
    Ok(())
}

/// What follows the token that `text` begins with.
const fn token(mut text: &[u8]) -> &[u8] {
    while let [byte, tail @ ..] = text {
        // RFC 2045 §5.1: no blanks, controls or tspecials.
        match *byte {
            0..=b' '
            | 0x7f..
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'@'
            | b','
            | b';'
            | b':'
            | b'\\'
            | b'"'
            | b'/'
            | b'['
            | b']'
            | b'?'
            | b'=' => return text,
            _ => text = tail,
        }
    }
    text
}

/// What follows the quoted string whose inside `text` begins with.
const fn quoted(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'"', tail @ ..] => return Some(tail),
            [b'\\', b' '..=b'~', tail @ ..] => tail,
            [b' '..=b'[' | b']'..=b'~', tail @ ..] => tail,
            _ => return None,
        };
    }
}

const fn blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', tail @ ..] = text {
        text = tail;
    }
    text
}

fn is_blank_before_semicolon(text: &[u8]) -> bool {
    matches!(blanks(text), [b';', ..])
}

/// Whether `text` begins with `prefix`, which is in lower case, without regard to case.
const fn begins_with(mut text: &[u8], mut prefix: &[u8]) -> bool {
    while let [wanted, prefix_tail @ ..] = prefix {
        match text {
            [byte, tail @ ..] if byte.to_ascii_lowercase() == *wanted => text = tail,
            _ => return false,
        }
        prefix = prefix_tail;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn written(text: &str) -> String {
        let mut out = [0; 200];
        let mut w = Writer::new(&mut out, 0);
        MediaType::new(text).unwrap().write(&mut w);
        let n = w.len();
        String::from_utf8(out[..n].to_vec()).unwrap()
    }

    #[test]
    fn parameters_stand_in_lines_of_their_own() {
        assert_eq!(written("text/csv"), "text/csv");
        assert_eq!(
            written("text/csv;charset=utf-8"),
            "text/csv;\r\n charset=utf-8"
        );
        assert_eq!(
            written("text/csv ;  a=\"; \\\" x\" ; b=c"),
            "text/csv;\r\n a=\"; \\\" x\";\r\n b=c"
        );
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "text",
            "/",
            "text/",
            "/csv",
            "text/csv/x",
            "text/csv ",
            " text/csv",
            "text/csv;",
            "text/csv; a",
            "text/csv; a=",
            "text/csv; =b",
            "text/csv; a=b c",
            "text/csv; a=\"b",
            "text/csv; a=\"b\\",
            "text/csv; a=\"b\"c",
            "text/csv\r\nBcc: e@x",
            "text/csv; a=\"\r\nBcc: e@x\"",
            "text/csv; a=\"\0\"",
            "text/ü",
        ] {
            let refused = Err(Invalid::new(Field::MediaType, Reason::Syntax));
            assert_eq!(MediaType::new(text), refused, "{text:?}");
        }
        let reason = |text: &str| MediaType::new(text).unwrap_err().reason;
        assert_eq!(reason(""), Reason::Empty);
        assert_eq!(reason("Multipart/mixed"), Reason::Reserved);
        assert_eq!(
            reason(&std::format!("a/{}", "b".repeat(62))),
            Reason::TooLong
        );
        assert_eq!(
            reason(&std::format!("a/b; c=\"{}\"", "d".repeat(73))),
            Reason::TooLong
        );
    }
}
