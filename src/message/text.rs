//! Text for a header field: what may stand there, and how it is written.
//!
//! This file knows folding (RFC 5322 §2.2.3); what ASCII cannot say is left to `encoded_word`.

use super::encoded_word::{self, Chars, Place};
use crate::invalid::{Field, Invalid, Reason};
use crate::wire::scan::skip_printable;
use crate::wire::writer::Writer;

/// Text for a Subject or another unstructured field, any Unicode characters but line ends and
/// control characters.
///
/// What needs it is written as encoded words of RFC 2047. [`header_text!`](crate::header_text)
/// checks a literal when the program is compiled.
#[derive(Debug, Clone, Copy)]
pub struct HeaderText<'a> {
    text: &'a str,
    /// Writes it behind so many characters. A pointer, so that a program whose texts are all plain
    /// and checked by the compiler links no encoded words.
    write: fn(&str, usize, &mut Writer<'_>),
}

impl<'a> HeaderText<'a> {
    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// `ControlCharacter` for any octet below 0x20 but TAB, for DEL, and for Unicode's line ends.
    pub const fn new(text: &'a str) -> Result<Self, Invalid> {
        if has_control(text, true) {
            return Err(Invalid::new(Field::HeaderValue, Reason::ControlCharacter));
        }
        Ok(Self {
            text,
            write: if is_plain(text.as_bytes()) {
                fold
            } else {
                encoded
            },
        })
    }

    /// Identifiers that were checked. RFC 2047 §5: an encoded word "MUST NOT be used in any
    /// portion of" them, so one that holds `=?` is written like any other.
    pub(super) const fn ids(text: &'a str) -> Self {
        Self { text, write: fold }
    }

    /// The text as it was given.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.text
    }
}

impl PartialEq for HeaderText<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for HeaderText<'_> {}

#[cfg(feature = "defmt")]
impl defmt::Format for HeaderText<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.text);
    }
}

impl<'a> TryFrom<&'a str> for HeaderText<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::new(text)
    }
}

/// A [`HeaderText`](crate::message::HeaderText) from a literal, checked when the program is
/// compiled.
///
/// ```
/// use embedded_smtp::{header_text, message::HeaderText};
///
/// const SUBJECT: HeaderText<'_> = header_text!("Überdruck in Kessel 3");
/// ```
///
/// ```compile_fail
/// let _ = embedded_smtp::header_text!("a\r\nBcc: e@x");
/// ```
#[macro_export]
macro_rules! header_text {
    ($text:expr) => {{
        const VALUE: $crate::message::HeaderText<'static> =
            match $crate::message::HeaderText::new($text) {
                ::core::result::Result::Ok(text) => text,
                ::core::result::Result::Err(_) => {
                    ::core::panic!("the header text holds a control character")
                }
            };
        VALUE
    }};
}

/// Writes a whole unstructured field.
pub(super) fn field(name: &str, text: &HeaderText<'_>, w: &mut Writer<'_>) {
    w.str(name);
    w.byte(b':');
    (text.write)(text.text, name.len().saturating_add(1), w);
    w.crlf();
}

/// Writes encoded words.
fn encoded(text: &str, column: usize, w: &mut Writer<'_>) {
    encoded_word::write(Chars::of(text), Place::Text, column, w);
}

/// Writes a blank and then `text`, breaking lines at its blanks.
pub(super) fn fold(text: &str, mut column: usize, w: &mut Writer<'_>) {
    let mut text = text.as_bytes();
    let mut blank: &[u8] = b" ";
    while !text.is_empty() {
        let room = LINE.saturating_sub(column);
        let mut unit = text.len();
        let mut width = unit.saturating_add(blank.len());
        if width > room {
            unit = unit_len(text);
            width = unit.saturating_add(blank.len());
        }
        // RFC 5322 §2.1.1: "Each line of characters […] SHOULD be no more than 78 characters".
        if width > room {
            w.crlf();
            column = 0;
        }
        let (unit, rest) = text.split_at_checked(unit).unwrap_or((text, b""));
        w.bytes(blank);
        w.bytes(unit);
        column = column.saturating_add(width);
        blank = b"";
        text = rest;
    }
}

/// Characters in a header line where it can be helped: RFC 5322 §2.1.1.
pub(super) const LINE: usize = 78;

/// Octets of a text that does not have to be broken behind a usual field's name, `X-Priority` for
/// one.
const FOLDABLE: usize = LINE - 18;

/// Octets between two places for a line break, blanks included, beyond which a text is encoded so
/// that lines stay within the 998 of RFC 5322 §2.1.1 after any field name.
const MAX_UNIT: usize = 900;

/// Octets of the blanks that `text` begins with and the word behind them.
const fn unit_len(text: &[u8]) -> usize {
    let mut len = 0_usize;
    let mut rest = text;
    let mut in_word = false;
    while let [byte, tail @ ..] = rest {
        if *byte == b' ' {
            if in_word {
                break;
            }
        } else {
            in_word = true;
        }
        len = len.wrapping_add(1);
        rest = tail;
    }
    len
}

/// Whether `text` can stand in a field as it is and be read as the same text.
const fn is_plain(text: &[u8]) -> bool {
    // Readers drop blanks at the edges.
    if matches!(text, [b' ', ..] | [.., b' ']) {
        return false;
    }
    // Many readers drop the blank behind a field's name, and with it a line break there, or all
    // blanks but one of a run that a line is broken at.
    let may_fold = text.len() > FOLDABLE;
    if may_fold && unit_len(text) > FOLDABLE {
        return false;
    }
    // From where no line can be broken.
    let mut unit = text;
    let mut in_word = false;
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        if !matches!(*byte, b'!'..=b'<' | b'>'..=b'~') {
            match rest {
                // RFC 2047 §7: text that looks like an encoded word would be decoded.
                [b'=', b'?', ..] => return false,
                [b'=', ..] => {}
                [b' ', ..] => {
                    if in_word {
                        unit = rest;
                    } else if may_fold {
                        return false;
                    }
                    in_word = false;
                    if unit.len().wrapping_sub(tail.len()) > MAX_UNIT {
                        return false;
                    }
                    rest = tail;
                    continue;
                }
                _ => return false,
            }
        }
        in_word = true;
        if unit.len().wrapping_sub(tail.len()) > MAX_UNIT {
            return false;
        }
        rest = tail;
    }
    true
}

/// Whether `text` holds a control character of ASCII (TAB aside, if it is allowed) or a line end
/// of Unicode.
pub(super) const fn has_control(text: &str, tab: bool) -> bool {
    let mut rest = skip_printable(text.as_bytes());
    while let [_, tail @ ..] = rest {
        match rest {
            [b'\t', ..] if tab => {}
            [0..=0x1f | 0x7f, ..] => return true,
            // U+0085, U+2028, U+2029.
            [0xc2, 0x85, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] => return true,
            _ => {}
        }
        rest = skip_printable(tail);
    }
    false
}
