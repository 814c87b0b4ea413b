//! Text for a header field: what may stand there, and how it is written.
//!
//! Lines break as `wire::fold` says; what ASCII cannot say is left to `encoded_word`.

use super::encoded_word::{self, Chars, Place};
use super::id;
use crate::invalid::{Field, Invalid, Reason};
use crate::wire::fold::{self, Line};
use crate::wire::scan::skip_printable;
use crate::wire::writer::Writer;

/// Text for a Subject or another unstructured field, any Unicode characters but line ends and
/// control characters.
///
/// It is written as encoded words of RFC 2047 only where it needs them: for a character that is not
/// printable ASCII, for blanks at its edges, for `=?` (RFC 2047 §7), and for a word of more than 997
/// bytes, which no line holds. Other text is folded at its single blanks, and a line that has none may
/// pass 78 (RFC 5322 §2.1.1). [`header_text!`](crate::header_text) checks a literal when the program is
/// compiled.
#[derive(Debug, Clone, Copy)]
pub struct HeaderText<'a> {
    text: &'a str,
    /// What is written: the text, or what the compiler made of it.
    written: &'a str,
    /// Writes that after so many bytes of its line. A pointer, so that a program whose texts are all plain
    /// or written by the compiler links no encoded words.
    write: fn(&str, usize, &mut Writer<'_>),
}

impl<'a> HeaderText<'a> {
    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// `ControlCharacter` for any byte below 0x20 but TAB, for DEL, and for Unicode's line ends.
    pub const fn new(text: &'a str) -> Result<Self, Invalid> {
        if has_control(text, true) {
            return Err(Invalid::new(Field::HeaderValue, Reason::ControlCharacter));
        }
        Ok(Self::of(
            text,
            if is_plain(text.as_bytes()) {
                as_it_is
            } else {
                encoded
            },
        ))
    }

    const fn of(text: &'a str, write: fn(&str, usize, &mut Writer<'_>)) -> Self {
        Self {
            text,
            written: text,
            write,
        }
    }

    /// The body of a field of the caller's own. The field may be one for machines, whose readers take
    /// encoded words for text: so printable ASCII is sent as it is, whatever it says.
    pub(in crate::message) const fn field_body(text: &'a str) -> Result<Self, Invalid> {
        if !is_printable(text.as_bytes()) {
            return Self::new(text);
        }
        // RFC 5322 §3.2.2: CFWS "MUST NOT be inserted in such a way that any line of a folded header
        // field is made up entirely of WSP characters and nothing else."
        let is_blank = text.trim_ascii().is_empty();
        if !fold::fits(text.as_bytes(), false) || (is_blank && text.len() > MAX_BLANKS) {
            return Err(Invalid::new(Field::HeaderValue, Reason::TooLong));
        }
        Ok(Self::of(text, as_it_is))
    }

    /// The identifiers in a text. RFC 2047 §5: an encoded word "MUST NOT be used in any portion of"
    /// them, so one that holds `=?` is written like any other.
    pub(in crate::message) const fn ids(text: &'a str) -> Self {
        Self::of(text, id::write_all)
    }

    /// The text as it was given.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.text
    }
}

/// For [`header_text!`](crate::header_text).
impl<'a> HeaderText<'a> {
    /// The bytes of a subject with this text.
    #[doc(hidden)]
    #[must_use]
    pub const fn __subject_len(self) -> usize {
        let mut w = Writer::counting();
        self.write_subject(&mut w);
        let _ = w.end_atom();
        w.counted() as usize
    }

    /// A subject with this text.
    #[doc(hidden)]
    #[must_use]
    pub const fn __subject<const BYTES: usize>(self) -> [u8; BYTES] {
        let mut subject = [0; BYTES];
        self.write_subject(&mut Writer::new(&mut subject, 0));
        subject
    }

    const fn write_subject(self, w: &mut Writer<'_>) {
        if is_plain(self.text.as_bytes()) {
            as_it_is(self.text, SUBJECT.len(), w);
        } else {
            encoded(self.text, SUBJECT.len(), w);
        }
    }

    /// This text, with what was written of it as a subject.
    #[doc(hidden)]
    #[must_use]
    pub const fn __written(self, subject: &'a [u8]) -> Self {
        match core::str::from_utf8(subject) {
            Ok(written) => Self {
                written,
                write: verbatim,
                ..self
            },
            Err(_) => self,
        }
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

/// A [`HeaderText`](crate::message::HeaderText) from a literal, for a subject: checked, folded and
/// encoded when the program is compiled.
///
/// ```
/// use embedded_smtp::{header_text, message::HeaderText};
///
/// const SUBJECT: HeaderText<'_> = header_text!("Überdruck in Kessel 3");
/// ```
///
/// ```compile_fail,E0080
/// let _ = embedded_smtp::header_text!("a\r\nBcc: e@x");
/// ```
#[macro_export]
macro_rules! header_text {
    ($text:expr) => {{
        const __EMBEDDED_SMTP_TEXT: $crate::message::HeaderText<'static> = $crate::__literal!(
            $crate::message::HeaderText<'static>,
            $crate::message::HeaderText::new($text),
            in Subject
        );
        const __EMBEDDED_SMTP_SUBJECT: [u8; __EMBEDDED_SMTP_TEXT.__subject_len()] =
            __EMBEDDED_SMTP_TEXT.__subject();
        const __EMBEDDED_SMTP_VALUE: $crate::message::HeaderText<'static> =
            __EMBEDDED_SMTP_TEXT.__written(&__EMBEDDED_SMTP_SUBJECT);
        __EMBEDDED_SMTP_VALUE
    }};
}

pub(in crate::message) use crate::wire::fold::LINE;

/// The bytes of a value of nothing but blanks: with the longest name they are in one line of 998.
const MAX_BLANKS: usize = 900;

/// The name of the Subject field, and its colon.
const SUBJECT: &str = "Subject:";

/// Writes the Subject field.
pub(in crate::message) fn subject(text: &HeaderText<'_>, w: &mut Writer<'_>) {
    w.str(SUBJECT);
    (text.write)(text.written, SUBJECT.len(), w);
    w.crlf();
}

/// Writes a field of the caller's own.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a field's name has at most 77 bytes"
)]
pub(in crate::message) fn field(name: &str, text: &HeaderText<'_>, w: &mut Writer<'_>) {
    w.str(name);
    w.byte(b':');
    (text.write)(text.written, name.len() + 1, w);
    w.crlf();
}

/// Writes what the compiler has written.
fn verbatim(written: &str, _: usize, w: &mut Writer<'_>) {
    w.str(written);
}

/// Writes encoded words.
const fn encoded(text: &str, column: usize, w: &mut Writer<'_>) {
    encoded_word::write(Chars::of(text), Place::Text, column, w);
}

/// Writes a text that is sent as it is, breaking lines at its blanks.
const fn as_it_is(text: &str, column: usize, w: &mut Writer<'_>) {
    Line::new(column).words(text.as_bytes(), "", w);
}

/// Whether `text` can stand in a field as it is and be read as the same text.
const fn is_plain(text: &[u8]) -> bool {
    // Readers drop blanks at the edges.
    if matches!(text, [b' ', ..] | [.., b' ']) {
        return false;
    }
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        // RFC 2047 §7: text that looks like an encoded word would be decoded.
        if !matches!(*byte, b' '..=b'~') || matches!(rest, [b'=', b'?', ..]) {
            return false;
        }
        rest = tail;
    }
    fold::fits(text, false)
}

/// Whether every character is printable ASCII.
const fn is_printable(text: &[u8]) -> bool {
    let mut rest = skip_printable(text);
    while let [b' '..=b'~', tail @ ..] = rest {
        rest = skip_printable(tail);
    }
    rest.is_empty()
}

/// Whether `text` is what a field holds, as it comes from a mail: line ends in it are folds, with a
/// blank or TAB after them (RFC 5322 §2.2.3), and it has no other control character.
pub(in crate::message) const fn is_field_body(text: &str) -> bool {
    let mut rest = from_control(text.as_bytes(), true);
    loop {
        rest = match rest {
            [] => return true,
            [b'\r', b'\n', b' ' | b'\t', tail @ ..] | [b'\n', b' ' | b'\t', tail @ ..] => {
                from_control(tail, true)
            }
            _ => return false,
        };
    }
}

/// Whether `text` holds a control character of ASCII (TAB aside, if it is allowed) or a line end
/// of Unicode.
pub(in crate::message) const fn has_control(text: &str, tab: bool) -> bool {
    !from_control(text.as_bytes(), tab).is_empty()
}

/// The text from its first such character on; empty if it has none.
const fn from_control(text: &[u8], tab: bool) -> &[u8] {
    let mut rest = skip_printable(text);
    while let [_, tail @ ..] = rest {
        match rest {
            [b'\t', ..] if tab => {}
            [0..=0x1f | 0x7f, ..] => return rest,
            // U+0085, U+2028, U+2029.
            [0xc2, 0x85, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] => return rest,
            _ => {}
        }
        rest = skip_printable(tail);
    }
    rest
}
