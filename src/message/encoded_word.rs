//! Encoded words of RFC 2047: Unicode text in header fields.
//!
//! Always UTF-8; Q or B, whichever is shorter. A word has at most 75 characters, its line at most
//! 76, and no character is split between two words.

use crate::wire::base64;
use crate::wire::fold::{ENCODED_LINE as LINE, Line};
use crate::wire::mailbox::DisplayName;
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

/// The characters of a text, each as its octets: decoding them would only be work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chars<'a> {
    rest: &'a [u8],
    /// A backslash stands for the character behind it.
    quoted: bool,
}

impl<'a> Chars<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            quoted: false,
        }
    }

    pub(super) fn of_name(name: DisplayName<'a>) -> Self {
        Self::of_word(name.as_written().as_bytes(), name)
    }

    /// The characters of a word of a name, as it was written.
    pub(super) fn of_word(word: &'a [u8], name: DisplayName<'a>) -> Self {
        Self {
            rest: word,
            quoted: name.is_quoted(),
        }
    }
}

impl<'a> Iterator for Chars<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if let [b'\\', rest @ ..] = self.rest
            && self.quoted
        {
            self.rest = rest;
        }
        let len = match self.rest.first()? {
            0..=0xbf => 1,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0.. => 4,
        };
        let (char, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(char)
    }
}

/// Characters of a word without its text: `=?utf-8?Q?` and `?=`.
const FRAME: usize = 12;

/// A word is not begun in a line that has no room for this many characters of text: a character
/// of four octets takes 12 in Q.
const LEAST: usize = 12;

/// Octets of text in a word of B that fills its line.
const WORD_OCTETS: usize = (LINE - 1 - FRAME) / 4 * 3;

/// Writes `chars` as encoded words with a blank or fold in front of each, the first one behind
/// `column` characters of its line. Returns the column behind the last.
pub(super) fn write(
    chars: Chars<'_>,
    place: Place,
    mut column: usize,
    w: &mut Writer<'_>,
) -> usize {
    let (mut octets, mut in_q) = (0_usize, 0_usize);
    for bytes in chars {
        octets = octets.saturating_add(bytes.len());
        in_q = in_q.saturating_add(width_in_q(bytes, place));
    }
    let q = in_q <= octets.div_ceil(3).saturating_mul(4);

    // The octets of a word of B, which are written together.
    let mut word = [0; WORD_OCTETS];
    let mut len = 0_usize;
    // Where a word of B can end without padding: some readers drop what follows a padded word.
    let mut end = 0_usize;
    // Room in the word: characters in Q, octets in B.
    let mut room = 0_usize;
    for bytes in chars {
        let width = if q {
            width_in_q(bytes, place)
        } else {
            bytes.len()
        };
        if width > room {
            if len > 0 {
                column = LINE;
                if q || end == 0 {
                    end = len;
                }
                close(&word, q, end, w);
                len = carry(&mut word, end, len);
                end = 0;
            }
            column = open(q, column, w);
            room = LINE.saturating_sub(column).saturating_sub(2);
            if !q {
                room = (room / 4).saturating_mul(3).saturating_sub(len);
            }
        }
        room = room.saturating_sub(width);
        for &byte in bytes {
            if !q {
                if let Some(slot) = word.get_mut(len) {
                    *slot = byte;
                }
                len = len.saturating_add(1);
                continue;
            }
            len = len.saturating_add(1);
            if byte == b' ' {
                w.byte(b'_');
            } else if is_literal(byte, place) {
                w.byte(byte);
            } else {
                escape(byte, w);
            }
        }
        if q {
            column = column.saturating_add(width);
        } else if len.is_multiple_of(3) {
            end = len;
        }
    }
    if len > 0 {
        close(&word, q, len, w);
    }
    let text = if q {
        0
    } else {
        len.div_ceil(3).saturating_mul(4)
    };
    column.saturating_add(text).saturating_add(2)
}

/// Opens a word in this line or the next. Returns the column behind.
fn open(q: bool, column: usize, w: &mut Writer<'_>) -> usize {
    let breaks = Line::encoded(column).breaks(FRAME + LEAST);
    w.str(if breaks { "\r\n =?utf-8?" } else { " =?utf-8?" });
    w.str(if q { "Q?" } else { "B?" });
    let start = if breaks { 0 } else { column };
    start.saturating_add(1 + FRAME - 2)
}

/// Moves what stands from `end` to `len` to the front. Returns its length.
fn carry(word: &mut [u8], end: usize, len: usize) -> usize {
    let rest = len.saturating_sub(end);
    for to in 0..rest {
        let byte = word.get(end.wrapping_add(to)).copied().unwrap_or_default();
        if let Some(slot) = word.get_mut(to) {
            *slot = byte;
        }
    }
    rest
}

/// Closes a word; one of B is `len` octets that were not written yet.
fn close(word: &[u8], q: bool, len: usize, w: &mut Writer<'_>) {
    if !q {
        base64::line(word.get(..len).unwrap_or_default(), w);
    }
    w.str("?=");
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
