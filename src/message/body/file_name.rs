//! File names of attachments: `filename="…"` where a quoted string holds the name, else RFC 2231's
//! `filename*=utf-8''…`.
//!
//! The two never stand in one field: many readers then take the wrong one, or neither. Readers that
//! do not know RFC 2231 find an ASCII fallback as the `name` of Content-Type.

use crate::invalid::{Field, Invalid, Reason};
use crate::message::header::text::{LINE, has_control};
use crate::wire::quoted_printable::hex;
use crate::wire::scan::before;
use crate::wire::writer::Writer;

/// An attachment's file name: any Unicode characters but control characters and line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FileName<'a>(&'a str);

impl<'a> FileName<'a> {
    /// Checks `name`.
    ///
    /// # Errors
    ///
    /// `Empty`, `TooLong` beyond 255 bytes, `ControlCharacter`.
    pub const fn new(name: &'a str) -> Result<Self, Invalid> {
        let reason = if name.is_empty() {
            Reason::Empty
        } else if name.len() > MAX {
            Reason::TooLong
        } else if has_control(name, false) {
            Reason::ControlCharacter
        } else {
            return Ok(Self(name));
        };
        Err(Invalid::new(Field::FileName, reason))
    }

    /// The name as it was given.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether a quoted string holds it, so that it needs no fallback.
    #[inline(never)] // One copy, in flash as in the source.
    pub(super) const fn is_plain(self) -> bool {
        let mut rest = self.0.as_bytes();
        while let [byte, tail @ ..] = rest {
            // RFC 2047 §5 forbids encoded words in quotes; some readers decode them all the same.
            if !is_simple(*byte) || matches!(rest, [b'=', b'?', ..]) {
                return false;
            }
            rest = tail;
        }
        true
    }

    /// Writes the parameter of Content-Disposition, after `;` on a line of its own.
    pub(super) const fn write(self, w: &mut Writer<'_>) {
        if !self.is_plain() {
            return extended(self.0.as_bytes(), w);
        }
        w.str(";\r\n filename=\"");
        w.str(self.0);
        w.byte(b'"');
    }

    /// Writes the parameter of Content-Type with what ASCII can say of a name that is not plain.
    pub(super) const fn write_fallback(self, w: &mut Writer<'_>) {
        w.str(";\r\n name=\"");
        let (stem, extension) = split(self.0.as_bytes());
        in_ascii(stem, extension.len(), w);
        in_ascii(extension, 0, w);
        w.byte(b'"');
    }
}

impl<'a> TryFrom<&'a str> for FileName<'a> {
    type Error = Invalid;

    fn try_from(name: &'a str) -> Result<Self, Invalid> {
        Self::new(name)
    }
}

/// Bytes of a file name: what common file systems allow.
const MAX: usize = 255;

/// Characters of a fallback: they fill a line with ` name="";` around them.
const MAX_FALLBACK: usize = LINE - 9;

/// Bytes of a file name's extension, its dot included, that a shortened name keeps.
const MAX_EXTENSION: usize = 10;

/// The name before its extension, and the extension if it is a short one.
const fn split(name: &[u8]) -> (&[u8], &[u8]) {
    let mut stem = name;
    while let [before @ .., byte] = stem {
        stem = before;
        if *byte == b'.' {
            return match name.split_at_checked(stem.len()) {
                Some((stem, extension)) if extension.len() <= MAX_EXTENSION => (stem, extension),
                _ => (name, b""),
            };
        }
    }
    (name, b"")
}

/// Writes the characters of a text that a fallback has room for beside so many bytes, with `_` for what
/// ASCII cannot say.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "it counts up to MAX_FALLBACK"
)]
const fn in_ascii(text: &[u8], mut written: usize, w: &mut Writer<'_>) {
    let mut rest = text;
    while let [byte, tail @ ..] = rest
        && written < MAX_FALLBACK
    {
        rest = tail;
        if is_inside_character(*byte) {
            continue;
        }
        written += 1;
        // A `?` could make an encoded word.
        let keep = is_simple(*byte) && *byte != b'?';
        w.byte(if keep { *byte } else { b'_' });
    }
}

/// Writes `filename*=utf-8''…`, in continuations where it does not fit in a line.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a name has at most 255 bytes, each of which takes three"
)]
const fn extended(name: &[u8], w: &mut Writer<'_>) {
    // ` filename*=utf-8''`.
    if width(name) + 18 <= LINE {
        w.str(";\r\n filename*=utf-8''");
        return percent(name, w);
    }
    let mut section = 0_u32;
    let mut room = 0_usize;
    let mut rest = name;
    while !rest.is_empty() {
        let (character, tail) = first_character(rest);
        if width(character) > room {
            w.str(";\r\n filename*");
            w.decimal(section);
            w.str("*=");
            // ` filename*`, two digits, `*=`, and `;` after them.
            room = LINE - 15;
            if section == 0 {
                w.str("utf-8''");
                room = LINE - 15 - 7;
            }
            section += 1;
        }
        room -= width(character);
        percent(character, w);
        rest = tail;
    }
}

/// The first character of a text, and what follows it.
const fn first_character(text: &[u8]) -> (&[u8], &[u8]) {
    let [_, tail @ ..] = text else {
        return (text, text);
    };
    let mut rest = tail;
    while let [byte, tail @ ..] = rest
        && is_inside_character(*byte)
    {
        rest = tail;
    }
    (before(rest, text), rest)
}

/// Whether a byte of UTF-8 continues a character.
const fn is_inside_character(byte: u8) -> bool {
    matches!(byte, 0x80..=0xbf)
}

/// Writes bytes as RFC 2231 §7 wants them.
const fn percent(bytes: &[u8], w: &mut Writer<'_>) {
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        if is_attribute_char(*byte) {
            w.byte(*byte);
        } else {
            w.bytes(&[b'%', hex(*byte >> 4), hex(*byte & 15)]);
        }
        rest = tail;
    }
}

/// The characters that bytes take then.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a name has at most 255 bytes"
)]
const fn width(bytes: &[u8]) -> usize {
    let mut width = 0;
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        width += if is_attribute_char(*byte) { 1 } else { 3 };
        rest = tail;
    }
    width
}

/// RFC 2231 §7: "attribute-char := any (US-ASCII) CHAR except SPACE, CTLs, "*", "'", "%", or
/// tspecials".
const fn is_attribute_char(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9'
        | b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'{'..=b'~')
}

/// Whether a byte stands for itself in a quoted string, in every reader.
const fn is_simple(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn all_of(write: impl Fn(&mut Writer<'_>)) -> String {
        let mut out = [0; 2000];
        let mut w = Writer::new(&mut out, 0);
        write(&mut w);
        let n = w.len();
        String::from_utf8(out[..n].to_vec()).unwrap()
    }

    fn written(name: &str) -> String {
        let text = all_of(|w| FileName::new(name).unwrap().write(w));
        let is_long = |line: &str| line.len() > LINE && !line.contains('"');
        assert!(!text.split("\r\n").any(is_long), "{text}");
        text
    }

    fn fallback(name: &str) -> String {
        let text = all_of(|w| FileName::new(name).unwrap().write_fallback(w));
        assert!(text.split("\r\n").all(|line| line.len() < LINE), "{text}");
        let name = text.strip_prefix(";\r\n name=\"").unwrap();
        name.strip_suffix('"').unwrap().into()
    }

    #[test]
    fn ascii_names_are_quoted() {
        assert_eq!(written("log.csv"), ";\r\n filename=\"log.csv\"");
        assert_eq!(written("a b;c.csv"), ";\r\n filename=\"a b;c.csv\"");
        let long = "a".repeat(255);
        assert_eq!(written(&long), std::format!(";\r\n filename=\"{long}\""));
    }

    #[test]
    fn other_names_are_extended() {
        for (name, extended, ascii) in [
            ("Übersicht.csv", "%C3%9Cbersicht.csv", "_bersicht.csv"),
            ("a\"b\\c", "a%22b%5Cc", "a_b_c"),
            (
                "=?utf-8?Q?x?=",
                "%3D%3Futf-8%3FQ%3Fx%3F%3D",
                "=_utf-8_Q_x_=",
            ),
        ] {
            assert_eq!(
                written(name),
                std::format!(";\r\n filename*=utf-8''{extended}")
            );
            assert_eq!(fallback(name), ascii);
        }
    }

    #[test]
    fn long_names_have_continuations() {
        let got = written(&"ü".repeat(127));
        assert!(got.contains(";\r\n filename*0*=utf-8''%C3%BC"), "{got}");
        assert!(got.contains(";\r\n filename*12*=%C3%BC"), "{got}");
        assert_eq!(got.matches("%C3%BC").count(), 127);
        assert!(!written(&("a".repeat(54) + "ü")).contains("*0*"));
        assert!(written(&("a".repeat(55) + "ü")).contains("*0*"));
        let long = "ü".repeat(100) + ".jpeg";
        assert_eq!(fallback(&long), "_".repeat(64) + ".jpeg");
        assert_eq!(fallback(&"a.b".repeat(85)), "a.b".repeat(22) + "a.b");
        assert_eq!(fallback(&("ü.".repeat(3) + &"a".repeat(99))).len(), 69);
    }

    #[test]
    fn no_line_passes_78_whatever_the_length() {
        for ascii in 0..=255 {
            for special in ["\u{fc}", "\"", "\u{1f6a8}"] {
                let name = "a".repeat(ascii) + special;
                if name.len() <= MAX {
                    written(&name);
                    fallback(&name);
                }
            }
        }
    }

    #[test]
    fn what_is_refused() {
        let reason = |name: &str| FileName::new(name).unwrap_err().reason;
        assert_eq!(reason(""), Reason::Empty);
        assert_eq!(reason(&"a".repeat(256)), Reason::TooLong);
        for name in ["a\r\nb", "a\tb", "a\0", "a\u{7f}", "a\u{85}", "a\u{2028}"] {
            assert_eq!(reason(name), Reason::ControlCharacter);
        }
    }
}
