//! Base64: of texts, of bytes that are held, and of bytes from a source.

use super::source::next;
use super::{Coding, Content, Place, SEVEN_BIT};
use crate::message::cursor::{Cursor, Progress};
use crate::wire::base64;
use crate::wire::base64_line::Base64Line;
use crate::wire::quoted_printable::{after_line_end, is_line_end};
use crate::wire::scan::start_of;
use crate::wire::writer::Writer;

/// A text.
pub(super) static TEXT: Coding = Coding {
    name: "base64",
    atom: text,
    ..SEVEN_BIT
};

/// Writes one line of base64, from 57 bytes of the text with CRLF for every line end.
fn text(content: &Content<'_>, _: Place<'_>, at: &mut Cursor, w: &mut Writer<'_>) -> Progress {
    let mut rest = content.octets.get(at.position..).unwrap_or_default();
    if rest.is_empty() && !at.is_in_line_end {
        return Progress::End;
    }
    let mut line = Base64Line::new(w);
    for _ in 0..base64::LINE {
        line.byte(match (at.is_in_line_end, rest) {
            (true, _) => {
                at.is_in_line_end = false;
                b'\n'
            }
            (false, [byte, ..]) if is_line_end(*byte) => {
                at.is_in_line_end = true;
                rest = after_line_end(rest);
                b'\r'
            }
            (false, [byte, tail @ ..]) => {
                rest = tail;
                *byte
            }
            (false, []) => break,
        });
    }
    line.end();
    w.crlf();
    at.advance(start_of(rest, content.octets))
}

/// Bytes that are held.
pub(super) static HELD: Coding = IN_BASE64;

const IN_BASE64: Coding = Coding {
    name: "base64",
    encoded_len: Some(encoded_len),
    atom: held,
    ..SEVEN_BIT
};

/// Text in UTF-8.
pub(super) static HELD_UTF8: Coding = Coding {
    needs_charset: true,
    ..IN_BASE64
};

fn encoded_len(octets: u32) -> u32 {
    base64::encoded_len(octets as usize)
}

/// Writes all that fits, or one group of three bytes where the buffer's end cuts it.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a column is below LINE, and a group has at most three bytes"
)]
fn held(content: &Content<'_>, _: Place<'_>, at: &mut Cursor, w: &mut Writer<'_>) -> Progress {
    let rest = content.octets.get(at.position..).unwrap_or_default();
    let column = at.position % base64::LINE;
    if rest.is_empty() {
        if column > 0 {
            w.crlf();
        }
        return Progress::End;
    }
    let (mut taken, written) = base64::lines(rest, column, w.free());
    w.advance(written);
    if taken == 0 {
        let group = rest.get(..3).unwrap_or(rest);
        base64::line(group, w);
        taken = group.len();
        if column + taken == base64::LINE {
            w.crlf();
        }
    }
    at.pass(taken);
    Progress::More
}

/// Bytes from a source.
pub(super) static STREAMED: Coding = Coding {
    is_streamed: true,
    atom: streamed,
    ..IN_BASE64
};

fn streamed(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    let [first, second] = at.carry;
    if at.is_at_end {
        match at.position % 3 {
            1 => base64::line(&[first], w),
            2 => base64::line(&[first, second], w),
            _ => {}
        }
        if !at.position.is_multiple_of(base64::LINE) {
            w.crlf();
        }
        return Progress::End;
    }
    loop {
        let column = at.position % base64::LINE;
        if column.is_multiple_of(3) {
            let (waiting, free) = w.waiting();
            let (taken, written) = base64::lines(waiting, column, free);
            if taken > 0 {
                w.encoded(taken, written);
                at.pass(taken);
                continue;
            }
        }
        let Some(byte) = w.take() else {
            break;
        };
        at.pass(1);
        let [first, second] = at.carry;
        match column % 3 {
            0 => at.carry = [byte, 0],
            1 => at.carry = [first, byte],
            _ => base64::line(&[first, second, byte], w),
        }
        if column == base64::LINE - 1 {
            w.crlf();
        }
        w.settle();
    }
    let room = base64::fitting(at.position % base64::LINE, w.free().len());
    next(content, place, at, w, room)
}
