//! Texts that travel as they are: ASCII, line by line.

use super::{Coding, Content, Place, SEVEN_BIT, UNKNOWN, quoted_printable, saturated};
use crate::message::coding::lines::LINE;
use crate::message::cursor::{Cursor, Progress};
use crate::wire::dot;
use crate::wire::quoted_printable::{self as wire, is_line_end};
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

/// What a text is.
pub(super) struct Look {
    /// Its bytes with CRLF for every line end.
    pub(super) octets: usize,
    /// Those that ASCII does not print.
    pub(super) escapes: usize,
    /// How it goes out as it is; `None` if a line of it needs an encoding.
    pub(super) as_it_is: Option<(u32, &'static Coding)>,
}

/// Looks at a text.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a text has at most isize::MAX bytes, each of which is a line end at most"
)]
pub(super) const fn look(text: &[u8]) -> Look {
    let mut rest = text;
    let mut octets = text.len();
    let mut escapes = 0;
    let mut is_plain = true;
    let mut is_ready = true;
    let mut is_dashed = false;
    let mut is_ended = true;
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
        rest = match rest {
            [b'\r', b'\n', tail @ ..] => tail,
            [_, tail @ ..] => {
                octets += 1;
                is_ready = false;
                tail
            }
            [] => {
                is_ended = false;
                rest
            }
        };
    }
    let length = saturated(if is_ended { octets } else { octets + 2 });
    Look {
        octets,
        escapes,
        as_it_is: if is_plain && escapes == 0 {
            Some((length, as_it_is(length, is_ready, is_dashed)))
        } else {
            None
        },
    }
}

/// How a text of this length goes out as it is. An atom has less than [`UNKNOWN`] bytes.
const fn as_it_is(octets: u32, is_ready: bool, is_dashed: bool) -> &'static Coding {
    if is_dashed {
        &DASHED
    } else if is_ready && octets != UNKNOWN {
        &COPIED
    } else {
        &LINES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_4_gib_is_not_one_atom() {
        assert!(core::ptr::eq(as_it_is(UNKNOWN - 1, true, false), &COPIED));
        assert!(core::ptr::eq(as_it_is(UNKNOWN, true, false), &LINES));
    }
}
