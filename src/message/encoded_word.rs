//! Encoded words of RFC 2047: Unicode text in header fields.
//!
//! Always UTF-8; Q or B, whichever is shorter. A word has at most 75 characters, its line at most
//! 76, and no character is split between two words.

use crate::wire::base64;
use crate::wire::quoted_printable::escape;
use crate::wire::writer::Writer;

/// Where the words stand. It decides what Q may leave as it is (RFC 2047 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In an unstructured field.
    Text,
    /// In a display name.
    Phrase,
}

/// Characters in a line with an encoded word: RFC 2047 §2.
pub(super) const LINE: usize = 76;

/// Characters of a word without its text: `=?utf-8?Q?` and `?=`.
const FRAME: usize = 12;

/// A word is not begun in a line that has no room for this many characters of text: a character
/// of four octets takes 12 in Q.
const LEAST: usize = 12;

/// Octets of text in a word of B that fills its line.
const WORD_OCTETS: usize = (LINE - 1 - FRAME) / 4 * 3;

/// Writes `chars` as encoded words with blanks or folds in front of each, the first one behind
/// `column` characters of its line. Returns the column behind the last.
pub(super) fn write(
    chars: impl Iterator<Item = char> + Clone,
    place: Place,
    column: usize,
    w: &mut Writer<'_>,
) -> usize {
    let mut utf8 = [0; 4];
    let (mut octets, mut in_q) = (0_usize, 0_usize);
    for char in chars.clone() {
        let bytes = char.encode_utf8(&mut utf8).as_bytes();
        octets = octets.saturating_add(bytes.len());
        in_q = in_q.saturating_add(width_in_q(bytes, place));
    }
    let q = in_q <= octets.div_ceil(3).saturating_mul(4);

    let mut column = column;
    let mut word = Word { text: [0; WORD_OCTETS], len: 0, used: 0, room: 0 };
    let mut open = false;
    for char in chars {
        let bytes = char.encode_utf8(&mut utf8).as_bytes();
        let width = if q { width_in_q(bytes, place) } else { bytes.len() };
        if open && width > word.room.saturating_sub(word.used) {
            word.close(q, w);
            column = LINE;
            open = false;
        }
        if !open {
            column = begin(q, column, w);
            let room = LINE.saturating_sub(column).saturating_sub(2);
            word.room = if q { room } else { room / 4 * 3 };
            word.used = 0;
            open = true;
        }
        word.used = word.used.saturating_add(width);
        for &byte in bytes {
            if !q {
                word.push(byte);
            } else if byte == b' ' {
                w.byte(b'_');
            } else if is_literal(byte, place) {
                w.byte(byte);
            } else {
                escape(byte, w);
            }
        }
    }
    if open {
        let used = if q { word.used } else { word.used.div_ceil(3).saturating_mul(4) };
        word.close(q, w);
        column = column.saturating_add(used).saturating_add(2);
    }
    column
}

/// Opens a word in this line or the next. Returns the column behind.
fn begin(q: bool, column: usize, w: &mut Writer<'_>) -> usize {
    let fits = column.saturating_add(1 + FRAME + LEAST) <= LINE;
    w.str(if fits { " =?utf-8?" } else { "\r\n =?utf-8?" });
    w.str(if q { "Q?" } else { "B?" });
    let start = if fits { column } else { 0 };
    start.saturating_add(1 + FRAME - 2)
}

/// The word being written.
struct Word {
    /// Octets waiting to be written in base64, and their number.
    text: [u8; WORD_OCTETS],
    len: usize,
    /// What the word holds and can hold: characters in Q, octets in B.
    used: usize,
    room: usize,
}

impl Word {
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.text.get_mut(self.len) {
            *slot = byte;
            self.len = self.len.saturating_add(1);
        }
    }

    fn close(&mut self, q: bool, w: &mut Writer<'_>) {
        if !q {
            base64::line(self.text.get(..self.len).unwrap_or_default(), w);
            self.len = 0;
        }
        w.str("?=");
    }
}

/// Characters that Q takes for `bytes`.
fn width_in_q(bytes: &[u8], place: Place) -> usize {
    let mut width = 0_usize;
    for &byte in bytes {
        let literal = byte == b' ' || is_literal(byte, place);
        width = width.saturating_add(if literal { 1 } else { 3 });
    }
    width
}

/// Whether Q leaves `byte` as it is.
fn is_literal(byte: u8, place: Place) -> bool {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'!' | b'*' | b'+' | b'-' | b'/' => true,
        b'=' | b'?' | b'_' => false,
        b'!'..=b'~' => place == Place::Text,
        _ => false,
    }
}
