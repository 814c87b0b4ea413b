//! File names of attachments: `filename="…"` where a quoted string holds the name, else RFC 2231's
//! `filename*=utf-8''…`.
//!
//! The two never stand in one field: many readers then take the wrong one, or neither. Readers that
//! do not know RFC 2231 find an ASCII fallback as the `name` of Content-Type.

use crate::invalid::{Field, Invalid, Reason};
use crate::message::header::text::{LINE, has_control};
use crate::wire::quoted_printable::hex;
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
    pub(in crate::message) fn is_plain(self) -> bool {
        self.0.bytes().all(is_simple) && !looks_encoded(self.0.as_bytes())
    }

    /// Writes the parameter of Content-Disposition, after `;` on a line of its own.
    pub(in crate::message) fn write(self, w: &mut Writer<'_>) {
        if !self.is_plain() {
            return extended(self.0, w);
        }
        w.str(";\r\n filename=\"");
        w.str(self.0);
        w.byte(b'"');
    }

    /// Writes the parameter of Content-Type with what ASCII can say of a name that is not plain.
    pub(in crate::message) fn write_fallback(self, w: &mut Writer<'_>) {
        w.str(";\r\n name=\"");
        let (stem, extension) = split(self.0);
        let room = MAX_FALLBACK.checked_sub(extension.len());
        let stem = stem.chars().take(room.unwrap_or_default());
        for char in stem.chain(extension.chars()) {
            let byte = u8::try_from(char).unwrap_or(b'_');
            // A `?` could make an encoded word.
            let keep = is_simple(byte) && byte != b'?';
            w.byte(if keep { byte } else { b'_' });
        }
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
fn split(name: &str) -> (&str, &str) {
    let dot = name.bytes().rposition(|byte| byte == b'.');
    match dot.and_then(|dot| name.split_at_checked(dot)) {
        Some((stem, extension)) if extension.len() <= MAX_EXTENSION => (stem, extension),
        _ => (name, ""),
    }
}

/// Writes `filename*=utf-8''…`, in continuations where it does not fit in a line.
fn extended(name: &str, w: &mut Writer<'_>) {
    let mut utf8 = [0; 4];
    let mut total = 0_usize;
    for byte in name.bytes() {
        total = total.saturating_add(width(byte));
    }
    // ` filename*=utf-8''`.
    if total.saturating_add(18) <= LINE {
        w.str(";\r\n filename*=utf-8''");
        for byte in name.bytes() {
            percent(byte, w);
        }
        return;
    }
    let mut section = 0_u32;
    let mut room = 0_usize;
    for char in name.chars() {
        let bytes = char.encode_utf8(&mut utf8).as_bytes();
        let mut needed = 0_usize;
        for &byte in bytes {
            needed = needed.saturating_add(width(byte));
        }
        if needed > room {
            w.str(";\r\n filename*");
            w.decimal(section);
            w.str("*=");
            // ` filename*`, two digits, `*=`, and `;` after them.
            room = LINE - 15;
            if section == 0 {
                w.str("utf-8''");
                room = LINE - 15 - 7;
            }
            section = section.saturating_add(1);
        }
        room = room.saturating_sub(needed);
        for &byte in bytes {
            percent(byte, w);
        }
    }
}

/// Writes a byte as RFC 2231 §7 wants it.
fn percent(byte: u8, w: &mut Writer<'_>) {
    if is_attribute_char(byte) {
        w.byte(byte);
    } else {
        w.bytes(&[b'%', hex(byte >> 4), hex(byte & 15)]);
    }
}

fn width(byte: u8) -> usize {
    if is_attribute_char(byte) { 1 } else { 3 }
}

/// RFC 2231 §7: "attribute-char := any (US-ASCII) CHAR except SPACE, CTLs, "*", "'", "%", or
/// tspecials".
fn is_attribute_char(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9'
        | b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'{'..=b'~')
}

/// Whether a byte stands for itself in a quoted string, in every reader.
fn is_simple(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// RFC 2047 §5 forbids encoded words in quotes; some readers decode them all the same.
fn looks_encoded(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == b"=?")
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
