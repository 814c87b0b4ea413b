//! Texts that travel as they are: ASCII, line by line.

use super::{Coding, Content, Place, SEVEN_BIT, UNKNOWN, quoted_printable, saturated};
use crate::message::coding::lines::LINE;
use crate::message::cursor::{Cursor, Progress};
use crate::wire::dot;
use crate::wire::quoted_printable::{is_line_end, skip_line_end};
use crate::wire::scan::skip_printable;
use crate::wire::writer::Writer;

/// Text with CRLF line ends and no dot at the start of a line: copied as a whole.
pub(super) static COPIED: Coding = Coding {
    atom: copied,
    ..SEVEN_BIT
};

fn copied(content: &Content<'_>, place: Place<'_>, _: &mut Cursor, w: &mut Writer<'_>) -> Progress {
    w.bytes(content.octets);
    end_lines(content, place, w);
    Progress::End
}

/// Text in lines: its line ends are made CRLF, its dots doubled.
pub(super) static LINES: Coding = SEVEN_BIT;

/// [`LINES`], one of which begins as a boundary could.
static DASHED: Coding = Coding {
    enclosed: Some(&quoted_printable::ENCLOSED),
    ..SEVEN_BIT
};

pub(super) fn lines(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    let line = first_line(content.octets.get(at.position..).unwrap_or_default());
    dot::open(line, place.dots, w);
    w.bytes(line);
    let end = at.position.saturating_add(line.len());
    if end < content.octets.len() {
        w.crlf();
    }
    at.position = skip_line_end(content.octets, end);
    if content.is_end(at) {
        end_lines(content, place, w);
        return Progress::End;
    }
    Progress::More
}

/// Writes the line end that the last line lacks, or the one that belongs to the boundary after it.
fn end_lines(content: &Content<'_>, place: Place<'_>, w: &mut Writer<'_>) {
    if let Some(last) = content.octets.last()
        && (place.is_enclosed || !is_line_end(*last))
    {
        w.crlf();
    }
}

/// The bytes that `text` takes as it is, and how it is sent; `None` if a line of it needs an
/// encoding.
pub(super) const fn look(text: &[u8]) -> Option<(u32, &'static Coding)> {
    let mut rest = text;
    let mut octets = text.len();
    let mut is_ready = true;
    let mut is_dashed = false;
    while !rest.is_empty() {
        let line = rest;
        match line {
            // A line that begins with `From ` gets a `>` in some mail stores.
            [b'F', b'r', b'o', b'm', b' ', ..] => return None,
            // It could be a boundary, in a multipart.
            [b'-', b'-', b'=', b'_', ..] => is_dashed = true,
            [b'.', ..] => is_ready = false,
            _ => {}
        }
        while let [b' '..=b'~' | b'\t', tail @ ..] = rest {
            rest = skip_printable(tail);
        }
        let len = line.len().wrapping_sub(rest.len());
        match line.split_at_checked(len) {
            // Blanks at a line's end get lost on the way.
            None | Some(([.., b' ' | b'\t'], _)) => return None,
            Some(_) if len > LINE => return None,
            Some(_) => {}
        }
        rest = match rest {
            [b'\r', b'\n', tail @ ..] => tail,
            [b'\r' | b'\n', tail @ ..] => {
                octets = octets.saturating_add(1);
                is_ready = false;
                tail
            }
            [] => {
                octets = octets.saturating_add(2);
                rest
            }
            _ => return None,
        };
    }
    let octets = saturated(octets);
    Some((octets, as_it_is(octets, is_ready, is_dashed)))
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

/// The bytes of `text` before its first line end.
fn first_line(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        // Most bytes are above.
        if *byte <= b'\r' && is_line_end(*byte) {
            break;
        }
        rest = tail;
    }
    text.get(..text.len().wrapping_sub(rest.len()))
        .unwrap_or(text)
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
