//! Media types: `text/csv`, or `text/csv; charset=utf-8`.

use crate::invalid::{Field, Invalid, Reason};
use crate::wire::scan::{before, start_of};
use crate::wire::writer::Writer;

/// The media type of an attachment, with parameters if it has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MediaType<'a>(&'a str);

impl<'a> MediaType<'a> {
    /// Checks `text` against RFC 2045 §5.1. Type and subtype have at most 127 characters each
    /// (RFC 6838 §4.2), a parameter with its value at most 76.
    ///
    /// # Errors
    ///
    /// `Empty`, `TooLong`; `Syntax` for anything that is not `type/subtype` with well-formed
    /// parameters; `Duplicate` for a parameter that is given twice (RFC 6838 §4.3); `Reserved` for
    /// `multipart/…`.
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
        after_prefix(self.0.as_bytes(), b"message/").is_some()
    }

    /// Whether it is `text/…`.
    pub(super) const fn is_text(self) -> bool {
        after_prefix(self.0.as_bytes(), b"text/").is_some()
    }

    /// Whether it has this parameter, as a whole or in the form of RFC 2231 (`name*=`, `name*0=`).
    pub(super) const fn has(self, name: &[u8]) -> bool {
        // The type is a token, and `/` begins none.
        let rest = match token(self.0.as_bytes()).1 {
            [b'/', subtype @ ..] => token(subtype).1,
            rest => rest,
        };
        has(rest, name, true)
    }

    /// Writes it, each parameter in a line of its own.
    pub(super) const fn write(self, w: &mut Writer<'_>) {
        let mut rest = self.0.as_bytes();
        let mut is_quoted = false;
        let mut has_blanks = false;
        while let [byte, tail @ ..] = rest {
            let start = rest;
            rest = tail;
            match (*byte, tail) {
                (b'"', _) => is_quoted = !is_quoted,
                (b'\\', [_, tail @ ..]) if is_quoted => rest = tail,
                (b';', _) if !is_quoted => {
                    w.str(";\r\n ");
                    has_blanks = true;
                    continue;
                }
                (b' ' | b'\t', _) if !is_quoted && (has_blanks || ends_value(start)) => continue,
                _ => {}
            }
            has_blanks = false;
            w.bytes(before(rest, start));
        }
    }
}

impl<'a> TryFrom<&'a str> for MediaType<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::new(text)
    }
}

/// RFC 6838 §4.2: type and subtype names "MUST NOT exceed 127 characters".
const MAX_NAME: usize = 127;

/// Bytes of a parameter with its value: it fills a line with a blank before it and a semicolon after
/// it.
const MAX_PARAMETER: usize = 76;

const fn check(text: &[u8]) -> Result<(), Reason> {
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    let (kind, [b'/', rest @ ..]) = token(text) else {
        return Err(Reason::Syntax);
    };
    let (subtype, mut rest) = token(rest);
    if kind.is_empty() || subtype.is_empty() {
        return Err(Reason::Syntax);
    }
    if kind.len() > MAX_NAME || subtype.len() > MAX_NAME {
        return Err(Reason::TooLong);
    }
    // RFC 2046 §5.1: the parts of a multipart are not one attachment's bytes.
    if after_prefix(text, b"multipart/").is_some() {
        return Err(Reason::Reserved);
    }
    while !rest.is_empty() {
        let (name, after) = match parameter(rest) {
            Ok(parameter) => parameter,
            Err(reason) => return Err(reason),
        };
        // RFC 6838 §4.3: "It is an error for a specific parameter to be specified more than once."
        if has(after, name, false) {
            return Err(Reason::Duplicate);
        }
        rest = after;
    }
    Ok(())
}

/// The name of the parameter that `text` begins with, and the text after its value.
const fn parameter(text: &[u8]) -> Result<(&[u8], &[u8]), Reason> {
    let [b';', rest @ ..] = blanks(text) else {
        return Err(Reason::Syntax);
    };
    let start = blanks(rest);
    let (name, [b'=', value @ ..]) = token(start) else {
        return Err(Reason::Syntax);
    };
    let (is_empty, rest) = match value {
        [b'"', inside @ ..] => match quoted(inside) {
            Some(rest) => (false, rest),
            None => return Err(Reason::Syntax),
        },
        _ => {
            let (value, rest) = token(value);
            (value.is_empty(), rest)
        }
    };
    if name.is_empty() || is_empty {
        return Err(Reason::Syntax);
    }
    if start_of(rest, start) > MAX_PARAMETER {
        return Err(Reason::TooLong);
    }
    Ok((name, rest))
}

/// Whether a parameter of this name is among those that `text` begins with, without regard to case;
/// also as `name*`, if that counts.
const fn has(mut text: &[u8], wanted: &[u8], or_extended: bool) -> bool {
    while let Ok((name, after)) = parameter(text) {
        match after_prefix(name, wanted) {
            Some([]) => return true,
            Some([b'*', ..]) if or_extended => return true,
            _ => text = after,
        }
    }
    false
}

/// The token that `text` begins with, and the text after it.
const fn token(text: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
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
            | b'=' => break,
            _ => rest = tail,
        }
    }
    match text.split_at_checked(start_of(rest, text)) {
        Some(both) => both,
        None => (text, b""),
    }
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

/// Whether nothing but blanks stands before the next semicolon.
const fn ends_value(text: &[u8]) -> bool {
    matches!(blanks(text), [b';', ..])
}

/// The text after `prefix`, if `text` begins with it without regard to case.
const fn after_prefix<'t>(mut text: &'t [u8], mut prefix: &[u8]) -> Option<&'t [u8]> {
    while let [wanted, prefix_tail @ ..] = prefix {
        match text {
            [byte, tail @ ..] if byte.eq_ignore_ascii_case(wanted) => text = tail,
            _ => return None,
        }
        prefix = prefix_tail;
    }
    Some(text)
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
            reason(&std::format!("a/{}", "b".repeat(128))),
            Reason::TooLong
        );
        assert_eq!(reason("a/b; c=d; C=e"), Reason::Duplicate);
        assert_eq!(
            reason(&std::format!("a/b; c=\"{}\"", "d".repeat(73))),
            Reason::TooLong
        );
    }
}
