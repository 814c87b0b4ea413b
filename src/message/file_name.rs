//! File names of attachments: an ASCII `filename=` for every reader, and RFC 2231's
//! `filename*=utf-8''…` where ASCII cannot say it.

use super::text::{LINE, has_control};
use crate::invalid::{Field, Invalid, Reason};
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
    /// `Empty`, `TooLong` beyond 255 octets, `ControlCharacter`.
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

    /// Writes the parameters that say it, each behind `;` in a line of its own.
    pub(super) fn write(self, w: &mut Writer<'_>) {
        let name = self.0;
        let simple = name.len() <= MAX_FALLBACK
            && name.bytes().all(is_simple)
            && !looks_encoded(name.as_bytes());
        // In front, since some readers (Python's) take the first one they find.
        if !simple {
            extended(name, w);
        }
        w.str(";\r\n filename=\"");
        let (stem, extension) = fallback(name);
        for char in stem.chars().chain(extension.chars()) {
            let byte = u8::try_from(char).unwrap_or(b'_');
            let keep = is_simple(byte) && (simple || byte != b'?');
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

/// Octets of a file name: what common file systems allow.
const MAX: usize = 255;

/// Octets of a plain name: they fill a line of 78 with ` filename="";` around them.
const MAX_FALLBACK: usize = 65;

/// Octets of a file name's extension, its dot included, that a shortened name keeps.
const MAX_EXTENSION: usize = 10;

/// The beginning and the end of a name that is short enough for a line; all of it, if it is.
fn fallback(name: &str) -> (&str, &str) {
    if name.len() <= MAX_FALLBACK {
        return (name, "");
    }
    let dot = name
        .bytes()
        .rposition(|byte| byte == b'.')
        .unwrap_or(name.len());
    let (stem, extension) = name.split_at_checked(dot).unwrap_or((name, ""));
    let extension = if extension.len() <= MAX_EXTENSION {
        extension
    } else {
        ""
    };
    let mut end = MAX_FALLBACK.saturating_sub(extension.len());
    while !stem.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    (stem.get(..end).unwrap_or(stem), extension)
}

/// Writes `filename*=utf-8''…`, in continuations where it does not fit in a line.
fn extended(name: &str, w: &mut Writer<'_>) {
    let mut utf8 = [0; 4];
    let mut total = 0_usize;
    for byte in name.bytes() {
        total = total.saturating_add(width(byte));
    }
    // ` filename*=utf-8''`, and `;` behind.
    if total.saturating_add(19) <= LINE {
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
            // ` filename*`, two digits, `*=`, and `;` behind.
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

/// Writes an octet as RFC 2231 §7 wants it.
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

/// Whether an octet stands for itself in a quoted string, in every reader.
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

    fn written(name: &str) -> String {
        let mut out = [0; 2000];
        let mut w = Writer::new(&mut out, 0);
        FileName::new(name).unwrap().write(&mut w);
        let n = w.len();
        let text = String::from_utf8(out[..n].to_vec()).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= LINE), "{text}");
        text
    }

    #[test]
    fn ascii_names_need_one_parameter() {
        assert_eq!(written("log.csv"), ";\r\n filename=\"log.csv\"");
        assert_eq!(written("a b;c.csv"), ";\r\n filename=\"a b;c.csv\"");
    }

    #[test]
    fn other_names_have_two() {
        assert_eq!(
            written("Übersicht.csv"),
            ";\r\n filename*=utf-8''%C3%9Cbersicht.csv;\r\n filename=\"_bersicht.csv\""
        );
        assert_eq!(
            written("a\"b\\c"),
            ";\r\n filename*=utf-8''a%22b%5Cc;\r\n filename=\"a_b_c\""
        );
        assert_eq!(
            written("=?utf-8?Q?x?="),
            ";\r\n filename*=utf-8''%3D%3Futf-8%3FQ%3Fx%3F%3D;\r\n filename=\"=_utf-8_Q_x_=\""
        );
    }

    #[test]
    fn long_names_have_continuations() {
        let got = written(&"ü".repeat(127));
        assert!(got.contains(";\r\n filename*0*=utf-8''%C3%BC"), "{got}");
        assert!(got.contains(";\r\n filename*12*=%C3%BC"), "{got}");
        assert_eq!(got.matches("%C3%BC").count(), 127);
        assert!(!written(&"a".repeat(65)).contains('*'));
        assert!(written(&"a".repeat(66)).contains("filename*0*="));
        let got = written(&std::format!("{}.jpeg", "ü".repeat(100)));
        assert!(
            got.ends_with(&std::format!("filename=\"{}.jpeg\"", "_".repeat(30))),
            "{got}"
        );
        let got = written(&"a.b".repeat(85));
        assert!(
            got.ends_with(&std::format!("\"{}.b\"", "a.b".repeat(21))),
            "{got}"
        );
    }

    #[test]
    fn no_line_passes_78_whatever_the_length() {
        for ascii in 0..=255 {
            for special in ["\u{fc}", "\"", "\u{1f6a8}"] {
                let name = "a".repeat(ascii) + special;
                if name.len() <= MAX {
                    written(&name);
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
