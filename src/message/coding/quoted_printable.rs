//! Texts in quoted-printable: held, or from a source.

use super::source::next;
use super::{Coding, Content, Place, SEVEN_BIT, UNKNOWN};
use crate::message::cursor::{Cursor, Progress};
use crate::wire::quoted_printable::{self, escape, is_literal};
use crate::wire::writer::Writer;

/// A text that is held.
pub(super) static HELD: Coding = Coding {
    name: "quoted-printable",
    is_quoted: true,
    ..SEVEN_BIT
};

/// Bytes kept free for what an earlier piece left to be written.
const SLACK: usize = 8;

/// A text from a source.
pub(super) static STREAMED: Coding = Coding {
    name: "quoted-printable",
    is_streamed: true,
    encoded_len: Some(|_| UNKNOWN),
    atom: streamed,
    ..SEVEN_BIT
};

fn streamed(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    let [held, _] = at.carry;
    if at.is_at_end {
        if held != 0 {
            character(&[held], at, w);
        }
        if at.lines.column > 0 || (at.position > 0 && place.is_enclosed) {
            w.crlf();
        }
        return Progress::End;
    }
    while let Some(byte) = w.take() {
        at.pass(1);
        let is_after_cr = core::mem::take(&mut at.lines.is_after_cr);
        if is_after_cr && byte == b'\n' {
            continue;
        }
        // Whether a blank ends its line is not known before the next byte.
        let [held, _] = core::mem::take(&mut at.carry);
        if held != 0 {
            character(&[held, byte], at, w);
        }
        match byte {
            b'\r' | b'\n' => {
                at.lines.is_after_cr = byte == b'\r';
                at.lines.column = 0;
                w.crlf();
            }
            b' ' | b'\t' => at.carry = [byte, 0],
            _ => character(&[byte], at, w),
        }
    }
    w.settle();
    // Three characters for a byte, and three for a soft line break after 25 of them.
    let room = w.free().get(SLACK..).unwrap_or_default().len() / 4;
    next(content, place, at, w, room)
}

/// Writes the first of `octets`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the column is at most 75 where it grows by at most 3"
)]
fn character(octets: &[u8], at: &mut Cursor, w: &mut Writer<'_>) {
    let mut literal = is_literal(octets, usize::from(at.lines.column));
    let mut width = quoted_printable::width(literal);
    if usize::from(at.lines.column) + width > quoted_printable::LINE {
        w.str("=\r\n");
        at.lines.column = 0;
        literal = is_literal(octets, 0);
        width = quoted_printable::width(literal);
    }
    at.lines.column += width as u16;
    match octets.first() {
        Some(byte) if literal => w.byte(*byte),
        Some(byte) => escape(*byte, w),
        None => {}
    }
}
