//! Texts that travel as they are: ASCII, line by line.

use super::{Coding, Content, Place, SEVEN_BIT, base64, quoted_printable};
use crate::message::coding::lines::LINE;
use crate::message::cursor::{Cursor, Progress};
use crate::wire::dot;
use crate::wire::quoted_printable::{self as wire, after_line_end, is_line_end};
use crate::wire::scan::{before, skip_printable, start_of};
use crate::wire::writer::Writer;

/// Text with CRLF line ends and no dot at the start of a line: copied as a whole.
pub(super) static COPIED: Coding = Coding {
    atom: copied,
    ..SEVEN_BIT
};

fn copied(content: &Content<'_>, place: Place<'_>, _: &mut Cursor, w: &mut Writer<'_>) -> Progress {
    w.bytes(content.octets);
    if !content.ends_line() {
        w.crlf();
    }
    content.enclose(place, w)
}

/// Text in lines: its line ends are made CRLF, its dots doubled.
pub(super) static LINES: Coding = SEVEN_BIT;

/// [`LINES`], one of which begins as a boundary could.
static DASHED: Coding = Coding {
    enclosed: Some(&quoted_printable::HELD),
    ..SEVEN_BIT
};

/// Writes a line of a text that is held: in quoted-printable, or as it is.
pub(super) fn lines(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    let text = content.octets;
    let rest = text.get(at.position..).unwrap_or_default();
    if rest.is_empty() {
        return content.enclose(place, w);
    }
    let is_quoted = content.coding.is_quoted;
    if !is_quoted {
        dot::open(rest, place.dots, w);
    }
    let rest = wire::line(rest, is_quoted, w);
    at.advance(start_of(rest, text))
}

/// The coding that is right for a text.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a text has at most isize::MAX bytes"
)]
pub(super) const fn coding_of(text: &[u8]) -> &'static Coding {
    let mut rest = text;
    // The bytes that quoted-printable writes as three.
    let mut escapes = 0_usize;
    let mut is_plain = true;
    let mut is_ready = true;
    let mut is_dashed = false;
    while !rest.is_empty() {
        let start = rest;
        match start {
            // A line that begins with `From ` gets a `>` in some mail stores.
            [b'F', b'r', b'o', b'm', b' ', ..] => is_plain = false,
            // It could be a boundary, in a multipart.
            [b'-', b'-', b'=', b'_', ..] => is_dashed = true,
            [b'.', ..] => is_ready = false,
            _ => {}
        }
        while let [byte, tail @ ..] = rest
            && !is_line_end(*byte)
        {
            if !matches!(*byte, b' '..=b'~' | b'\t') {
                escapes += 1;
            }
            rest = skip_printable(tail);
        }
        let line = before(rest, start);
        // Blanks at a line's end get lost on the way.
        is_plain &= !matches!(line, [.., b' ' | b'\t']) && line.len() <= LINE;
        is_ready &= matches!(rest, [] | [b'\r', b'\n', ..]);
        rest = after_line_end(rest);
    }
    if !is_plain || escapes > 0 {
        // Shorter by more than a third if more than half of the bytes are escaped. In a short text
        // line ends and padding count too.
        if escapes > text.len() / 2 + 2 {
            &base64::TEXT
        } else {
            &quoted_printable::HELD
        }
    } else if is_dashed {
        &DASHED
    } else if is_ready && text.len() < COPIED_MAX {
        &COPIED
    } else {
        &LINES
    }
}

/// The bytes of a text that is copied: an atom, with a line end after it.
const COPIED_MAX: usize = u32::MAX as usize - 2;
