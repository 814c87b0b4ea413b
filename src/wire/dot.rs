//! Dot-stuffing: the rule of DATA that keeps a line of the mail from ending it.
//!
//! The rule is applied where a line is produced, so no byte is looked at twice. Only text that is
//! sent unencoded can begin a line with a dot: header fields begin with their name, folded lines
//! with a blank, base64 has no dot, and quoted-printable protects it.

use super::writer::Writer;

/// The way the content is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dots {
    /// By DATA: a dot that begins a line is doubled.
    Stuffed,
    /// By BDAT, or not by SMTP at all: unchanged.
    Plain,
}

/// Writes the dot that a line needs before `line`.
pub(crate) fn open(line: &[u8], dots: Dots, w: &mut Writer<'_>) {
    // RFC 5321 §4.5.2: "If the first character is a period, one additional period is inserted at
    // the beginning of the line."
    if dots == Dots::Stuffed && line.first() == Some(&b'.') {
        w.byte(b'.');
    }
}
