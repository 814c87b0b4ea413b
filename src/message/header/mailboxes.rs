//! Header fields that hold mailboxes, one mailbox a line.

use super::encoded_word::{self, Chars, Place};
use crate::wire::fold::{self, Line};
use crate::wire::mailbox::{DisplayName, Mailbox};
use crate::wire::writer::Writer;

/// Writes a blank and a mailbox whose name may stand as it was written, after `column` bytes of its
/// line.
pub(super) const fn write_plain(mailbox: &Mailbox<'_>, column: usize, w: &mut Writer<'_>) {
    let mut line = Line::new(column);
    if let Some(name) = mailbox.name() {
        let quotes = if name.is_quoted() { "\"" } else { "" };
        line.words(name.as_written().as_bytes(), quotes, w);
    }
    in_brackets(mailbox, line, w);
}

/// [`write_plain`] for any mailbox.
pub(super) const fn write(mailbox: &Mailbox<'_>, column: usize, w: &mut Writer<'_>) {
    let name = match mailbox.name() {
        Some(name) if !name.is_plain() => name,
        _ => return write_plain(mailbox, column, w),
    };
    let line = if can_be_quoted(name) {
        quoted(name, Line::new(column), w)
    } else {
        let chars = Chars::of_name(name);
        Line::encoded(encoded_word::write(chars, Place::Phrase, column, w))
    };
    in_brackets(mailbox, line, w);
}

/// Writes the address. Brackets even without a name: filters take points off for a bare address.
const fn in_brackets(mailbox: &Mailbox<'_>, mut line: Line, w: &mut Writer<'_>) {
    line.in_brackets(mailbox.address().as_str(), ",", w);
}

/// Whether a name can stand in quotes, so that it needs no encoded words.
const fn can_be_quoted(name: DisplayName<'_>) -> bool {
    let mut last = b' ';
    let mut chars = Chars::of_name(name);
    while let Some(char) = chars.next() {
        // RFC 2047 §7: what looks like an encoded word would be decoded.
        match *char {
            [byte @ b' '..=b'~'] if last != b'=' || byte != b'?' => last = byte,
            _ => return false,
        }
    }
    let mut rest = name.as_written().as_bytes();
    while !rest.is_empty() {
        let (word, tail) = fold::split(rest, name.is_quoted());
        if width(Chars::of_word(word, name)) > fold::QUOTED_MAX {
            return false;
        }
        rest = tail;
    }
    true
}

/// Writes a name in quotes, word by word.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a word of a name that can be quoted has at most 997 bytes, its quotes included"
)]
const fn quoted(name: DisplayName<'_>, mut line: Line, w: &mut Writer<'_>) -> Line {
    let mut is_first = true;
    let mut rest = name.as_written().as_bytes();
    while !rest.is_empty() {
        let (word, tail) = fold::split(rest, name.is_quoted());
        let mut chars = Chars::of_word(word, name);
        let quotes = is_first as usize + tail.is_empty() as usize;
        line.blank(width(chars) + quotes, w);
        if is_first {
            w.byte(b'"');
        }
        while let Some(char) = chars.next() {
            if is_special(char) {
                w.byte(b'\\');
            }
            w.bytes(char);
        }
        is_first = false;
        rest = tail;
    }
    w.byte(b'"');
    line
}

/// The bytes that characters take in quotes.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "two for each byte of a text, which has at most isize::MAX"
)]
const fn width(mut chars: Chars<'_>) -> usize {
    let mut width = 0;
    while let Some(char) = chars.next() {
        width += char.len() + is_special(char) as usize;
    }
    width
}

/// Whether a backslash stands before a character in quotes.
const fn is_special(char: &[u8]) -> bool {
    matches!(char, [b'"' | b'\\'])
}
