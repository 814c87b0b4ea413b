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

/// The characters of a text, each as its bytes: decoding them would only be work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chars<'a> {
    rest: &'a [u8],
    /// A backslash stands for the character after it.
    quoted: bool,
}

impl<'a> Chars<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            quoted: false,
        }
    }

    pub(super) const fn of_name(name: DisplayName<'a>) -> Self {
        Self::of_word(name.as_written().as_bytes(), name)
    }

    /// The characters of a word of a name, as it was written.
    pub(super) const fn of_word(word: &'a [u8], name: DisplayName<'a>) -> Self {
        Self {
            rest: word,
            quoted: name.is_quoted(),
        }
    }

    /// The next character.
    pub(super) const fn next(&mut self) -> Option<&'a [u8]> {
        if let [b'\\', rest @ ..] = self.rest
            && self.quoted
        {
            self.rest = rest;
        }
        let [first, ..] = self.rest else {
            return None;
        };
        let len = match *first {
            0..=0xbf => 1,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0.. => 4,
        };
        let Some((char, rest)) = self.rest.split_at_checked(len) else {
            return None;
        };
        self.rest = rest;
        Some(char)
    }
}

/// Characters of a word without its text: `=?utf-8?Q?` and `?=`.
const FRAME: usize = 12;

/// A word is not begun in a line that has no room for this many characters of text: a character
/// of four bytes takes 12 in Q.
const LEAST: usize = 12;

/// Writes `chars` as encoded words with a blank or fold before each, the first one after `column`
/// characters of its line. Returns the column after the last.
pub(super) const fn write(
    chars: Chars<'_>,
    place: Place,
    column: usize,
    w: &mut Writer<'_>,
) -> usize {
    if is_q_shorter(chars, place) {
        write_q(chars, place, column, w)
    } else {
        write_b(chars, column, w)
    }
}

/// Whether Q takes no more characters than B: what Q adds to the bytes of a text is compared with what
/// B adds.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a text has at most isize::MAX bytes, and Q adds two for each of them"
)]
const fn is_q_shorter(mut chars: Chars<'_>, place: Place) -> bool {
    let (mut bytes, mut by_q) = (0_usize, 0);
    while let Some(char) = chars.next() {
        bytes += char.len();
        by_q += width_in_q(char, place) - char.len();
    }
    let groups = bytes.div_ceil(3);
    by_q <= groups + (groups * 3 - bytes)
}

/// [`write`] in Q.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a column is at most LINE, and a character has at most LEAST"
)]
const fn write_q(
    mut chars: Chars<'_>,
    place: Place,
    mut column: usize,
    w: &mut Writer<'_>,
) -> usize {
    let mut is_open = false;
    while let Some(char) = chars.next() {
        let width = width_in_q(char, place);
        if !is_open || column + width + 2 > LINE {
            if is_open {
                w.str("?=");
                column = LINE;
            }
            column = open("Q?", column, w);
            is_open = true;
        }
        column += width;
        let mut rest = char;
        while let [byte, tail @ ..] = rest {
            if *byte == b' ' {
                w.byte(b'_');
            } else if is_literal(*byte, place) {
                w.byte(*byte);
            } else {
                escape(*byte, w);
            }
            rest = tail;
        }
    }
    if is_open {
        w.str("?=");
        column += 2;
    }
    column
}

/// [`write`] in B.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a column is at most LINE, and a word has at most LINE bytes"
)]
const fn write_b(mut chars: Chars<'_>, mut column: usize, w: &mut Writer<'_>) -> usize {
    while !chars.rest.is_empty() {
        column = open("B?", column, w);
        let bytes = word_of_b(chars, (LINE - column - 2) / 4 * 3);
        chars = write_word_of_b(chars, bytes, w);
        // Another word has a line of its own.
        column = if chars.rest.is_empty() {
            column + bytes.div_ceil(3) * 4 + 2
        } else {
            LINE
        };
    }
    column
}

/// The bytes of the next word of B, at most `room`. If more characters follow, the word ends where it
/// needs no padding, if it can: some readers drop what follows a padded word.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a character has 4 bytes at most, and `room` is below LINE"
)]
const fn word_of_b(mut chars: Chars<'_>, room: usize) -> usize {
    let (mut bytes, mut whole) = (0, 0);
    while let Some(char) = chars.next() {
        if bytes + char.len() > room {
            return if whole > 0 { whole } else { bytes };
        }
        bytes += char.len();
        if bytes % 3 == 0 {
            whole = bytes;
        }
    }
    bytes
}

/// Writes the next word of B, of so many bytes, and closes it. Returns the characters after it.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "no more bytes are taken than are left of the word, and a group has 3"
)]
const fn write_word_of_b<'a>(
    mut chars: Chars<'a>,
    mut left: usize,
    w: &mut Writer<'_>,
) -> Chars<'a> {
    let mut group = [0; 3];
    let mut free: &mut [u8] = &mut group;
    while left > 0
        && let Some(char) = chars.next()
    {
        left -= char.len();
        let mut rest = char;
        while let [byte, tail @ ..] = rest {
            if let [slot, others @ ..] = free {
                *slot = *byte;
                free = others;
            }
            if free.is_empty() {
                base64::line(&group, w);
                free = &mut group;
            }
            rest = tail;
        }
    }
    let free = free.len();
    if let Some((bytes, _)) = group.split_at_checked(3 - free) {
        base64::line(bytes, w);
    }
    w.str("?=");
    chars
}

/// Opens a word in this line or the next. Returns the column after what opens it.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a line that has room for a word has less than LINE bytes"
)]
const fn open(encoding: &str, column: usize, w: &mut Writer<'_>) -> usize {
    let breaks = Line::encoded(column).breaks(FRAME + LEAST);
    w.str(if breaks { "\r\n =?utf-8?" } else { " =?utf-8?" });
    w.str(encoding);
    let start = if breaks { 0 } else { column };
    start + 1 + FRAME - 2
}

/// Characters that Q takes for the bytes of a character.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a character has at most 4 bytes, and 3 characters for each"
)]
const fn width_in_q(char: &[u8], place: Place) -> usize {
    let mut width = 0;
    let mut rest = char;
    while let [byte, tail @ ..] = rest {
        let literal = *byte == b' ' || is_literal(*byte, place);
        width += if literal { 1 } else { 3 };
        rest = tail;
    }
    width
}

/// Whether Q leaves a byte as it is.
const fn is_literal(byte: u8, place: Place) -> bool {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'!' | b'*' | b'+' | b'-' | b'/' => true,
        b'=' | b'?' | b'_' => false,
        b'!'..=b'~' => matches!(place, Place::Text),
        _ => false,
    }
}
