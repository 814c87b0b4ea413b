//! Contents whose bytes come from a source while the message is sent.
//!
//! The source's bytes are read into the end of the buffer and encoded forward from where the
//! message stands. So much is asked for that what is written never overtakes what is still to be
//! read. All that is remembered between two pieces is in the cursor, so the pieces can be of any
//! size.

use super::as_is::abort;
use super::content::{Coding, Content, Place, SEVEN_BIT, UNKNOWN};
use super::cursor::{Cursor, Progress};
use super::fault::{ContentFaultKind, Filled};
use crate::wire::base64;
use crate::wire::quoted_printable::{self, escape, is_literal};
use crate::wire::writer::Writer;

impl Content<'_> {
    pub(super) const fn from_source(length: u32, coding: &'static Coding) -> Self {
        Self::new(b"", length, coding)
    }

    /// Bytes of an attachment that travels in base64.
    pub(super) const fn base64_from_source(length: u32) -> Self {
        Self::from_source(length, &BASE64_SOURCE)
    }

    /// A text.
    pub(super) const TEXT_FROM_SOURCE: Self = Self::from_source(UNKNOWN, &TEXT_SOURCE);
}

/// Every byte that was read is encoded: asks for `room` more, or notes the end.
pub(super) fn next(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
    room: usize,
) -> Progress {
    // A source of known length is asked once more at its end, so that what goes on is not cut off
    // in silence.
    let missing = match content.length {
        UNKNOWN => usize::MAX,
        length => {
            let length = length as usize;
            if at.position > length {
                at.position = length;
                return abort(place, at, ContentFaultKind::TooLong);
            }
            length.saturating_sub(at.position)
        }
    };
    at.is_at_end = w.is_source_at_end();
    if at.is_at_end && content.length != UNKNOWN && missing > 0 {
        return abort(place, at, ContentFaultKind::TooShort);
    }
    if at.is_at_end {
        w.forget_source();
        return Progress::More;
    }
    let room = room.min(missing.max(1));
    if room == 0 {
        return Progress::Stop(Filled::More);
    }
    // So that the position counts every byte that may be read.
    if at.position.checked_add(room).is_none() {
        return abort(place, at, ContentFaultKind::TooLarge);
    }
    Progress::Stop(Filled::Source {
        part: place.part,
        from: w.capacity().saturating_sub(room),
    })
}

static BASE64_SOURCE: Coding = Coding {
    name: "base64",
    keeps_lines: false,
    encoded_len: Some(|octets| base64::encoded_len(octets as usize)),
    atom: base64_lines,
    ..SEVEN_BIT
};

fn base64_lines(
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
                at.position = at.position.saturating_add(taken);
                continue;
            }
        }
        let Some(byte) = w.take() else {
            break;
        };
        at.position = at.position.saturating_add(1);
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

/// Bytes kept free for what an earlier piece left to be written.
const SLACK: usize = 8;

static TEXT_SOURCE: Coding = Coding {
    name: "quoted-printable",
    keeps_lines: false,
    encoded_len: Some(|_| UNKNOWN),
    atom: quoted_lines,
    ..SEVEN_BIT
};

fn quoted_lines(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    let [held, _] = at.carry;
    if at.is_at_end {
        if held != 0 {
            quoted(&[held], at, w);
        }
        if at.lines.column > 0 || (at.position > 0 && place.is_enclosed) {
            w.crlf();
        }
        return Progress::End;
    }
    while let Some(byte) = w.take() {
        at.position = at.position.saturating_add(1);
        let is_after_cr = core::mem::take(&mut at.lines.is_after_cr);
        if is_after_cr && byte == b'\n' {
            continue;
        }
        // Whether a blank ends its line is not known before the next byte.
        let [held, _] = core::mem::take(&mut at.carry);
        if held != 0 {
            quoted(&[held, byte], at, w);
        }
        match byte {
            b'\r' | b'\n' => {
                at.lines.is_after_cr = byte == b'\r';
                at.lines.column = 0;
                w.crlf();
            }
            b' ' | b'\t' => at.carry = [byte, 0],
            _ => quoted(&[byte], at, w),
        }
    }
    w.settle();
    // Three characters for a byte, and three for a soft line break after 25 of them.
    let room = w.free().len().saturating_sub(SLACK) / 4;
    next(content, place, at, w, room)
}

/// Writes the first of `octets`.
fn quoted(octets: &[u8], at: &mut Cursor, w: &mut Writer<'_>) {
    let mut literal = is_literal(octets, usize::from(at.lines.column));
    let mut width = quoted_printable::width(literal);
    if width.saturating_add(usize::from(at.lines.column)) > quoted_printable::LINE {
        w.str("=\r\n");
        at.lines.column = 0;
        literal = is_literal(octets, 0);
        width = quoted_printable::width(literal);
    }
    at.lines.column = at.lines.column.saturating_add(width as u16);
    match octets.first() {
        Some(byte) if literal => w.byte(*byte),
        Some(byte) => escape(*byte, w),
        None => {}
    }
}
