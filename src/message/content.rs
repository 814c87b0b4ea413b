//! The bytes of a part, and the code that sends them.
//!
//! How a content travels is decided once, when it is given, and kept as a pointer to the code: so
//! nothing is looked at twice, and a program links only what its contents need. A text that is
//! given in a constant is looked at by the compiler.
//!
//! Line ends are CRLF on the wire whatever they were in a text. This file does not know MIME
//! structure.

use super::Message;
use super::check::Octets;
use super::cursor::{Cursor, Progress};
use super::fault::Part;
use crate::wire::dot::{self, Dots};
use crate::wire::quoted_printable::{self, is_line_end, skip_line_end};
use crate::wire::scan::skip_printable;
use crate::wire::{base64, writer::Writer};

/// What a part holds: bytes, or the promise of bytes from a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) octets: &'a [u8],
    /// Bytes on the wire, with a line end after the last line. From a source: its bytes.
    /// [`UNKNOWN`] if nobody knows.
    pub(super) length: u32,
    pub(super) coding: &'static Coding,
}

/// A number of bytes that nobody knows.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// A way to send a content.
#[derive(Debug)]
pub(super) struct Coding {
    /// The Content-Transfer-Encoding.
    pub(super) name: &'static str,
    /// Line ends of the content are line ends on the wire.
    pub(super) keeps_lines: bool,
    /// The bytes come from a source, and if so many are announced, so many go out.
    pub(super) encoded_len: Option<fn(u32) -> u32>,
    /// What goes out.
    pub(super) octets: Octets,
    /// The bytes are UTF-8 and not ASCII, which the media type does not say.
    pub(super) needs_charset: bool,
    /// The coding of the same bytes in a multipart, if another is needed there.
    pub(super) enclosed: Option<&'static Coding>,
    /// The content's length is that of this coding; else its atoms are counted.
    pub(super) has_length: bool,
    /// Produces the atom of the content at the cursor.
    pub(super) atom: fn(&Content<'_>, Place<'_>, &mut Cursor, &mut Writer<'_>) -> Progress,
}

/// What a content's code has to know of its surroundings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'m> {
    pub(super) part: Part,
    pub(super) dots: Dots,
    /// A boundary follows. The line end in front of it belongs to it (RFC 2046 §5.1.1), so a
    /// content that ends with a line end needs another.
    pub(super) is_enclosed: bool,
    /// The message, which knows its boundaries.
    pub(super) message: &'m Message<'m>,
}

impl<'a> Content<'a> {
    /// A text, in the encoding that is right for it: as it is if that can be, else readable unless
    /// base64 is shorter by more than a third.
    #[inline(never)] // One copy, in flash as in the source.
    pub(super) const fn text(text: &'a str) -> Self {
        let octets = text.as_bytes();
        let (encoded, coding) = match seven_bit(octets) {
            Some(as_it_is) => as_it_is,
            None => {
                let (quoted, canonical) = quoted_printable::encoded_len(octets);
                let base64 = base64::encoded_len(canonical);
                if base64 / 2 < quoted / 3 {
                    (base64, &BASE64_TEXT)
                } else {
                    (quoted, &QUOTED_PRINTABLE)
                }
            }
        };
        Self::new(octets, encoded, coding)
    }

    /// The text of a message that has none.
    pub(super) const EMPTY: Self = Self::new(b"", 0, &COPIED);

    /// A content that takes `length` bytes on the wire.
    pub(super) const fn new(octets: &'a [u8], length: u32, coding: &'static Coding) -> Self {
        Self {
            octets,
            length,
            coding,
        }
    }

    /// Whether the bytes come from a source.
    pub(super) fn is_streamed(&self) -> bool {
        self.coding.encoded_len.is_some()
    }

    /// Bytes on the wire.
    fn encoded_len(&self) -> u32 {
        match self.coding.encoded_len {
            Some(encoded_len) if self.length != UNKNOWN => encoded_len(self.length),
            _ => self.length,
        }
    }

    /// The atom of the content at the cursor.
    pub(super) fn atom(&self, place: Place<'_>, at: &mut Cursor, w: &mut Writer<'_>) -> Progress {
        if w.counts() && self.coding.has_length {
            w.count(self.encoded_len());
            let ends_line = self.octets.last().copied().is_some_and(is_line_end);
            if self.coding.keeps_lines && place.is_enclosed && ends_line {
                w.crlf();
            }
            return Progress::End;
        }
        (self.coding.atom)(self, place, at, w)
    }

    /// Whether `at` stands at the end of the bytes.
    fn is_end(&self, at: &Cursor) -> bool {
        at.position >= self.octets.len()
    }
}

/// Text with CRLF line ends and no dot at the start of a line: copied as a whole.
static COPIED: Coding = Coding {
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

/// [`LINES`], for codings that are made of it.
pub(super) const SEVEN_BIT: Coding = Coding {
    name: "7bit",
    keeps_lines: true,
    encoded_len: None,
    octets: Octets::SevenBit,
    needs_charset: false,
    enclosed: None,
    has_length: true,
    atom: lines,
};

/// [`LINES`], one of which begins as a boundary could.
static DASHED: Coding = Coding {
    enclosed: Some(&ENCLOSED),
    ..SEVEN_BIT
};

/// [`DASHED`] in a multipart.
static ENCLOSED: Coding = Coding {
    has_length: false,
    ..QUOTED
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

static QUOTED_PRINTABLE: Coding = QUOTED;

const QUOTED: Coding = Coding {
    name: "quoted-printable",
    atom: quoted,
    ..SEVEN_BIT
};

fn quoted(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    if content.is_end(at) {
        // The last line has its line end.
        if place.is_enclosed && content.octets.last().copied().is_some_and(is_line_end) {
            w.crlf();
        }
        return Progress::End;
    }
    at.advance(quoted_printable::line(content.octets, at.position, w))
}

static BASE64_TEXT: Coding = Coding {
    name: "base64",
    keeps_lines: false,
    atom: base64_text,
    ..SEVEN_BIT
};

/// Writes one line of base64, from 57 bytes of the text with CRLF for every line end.
fn base64_text(
    content: &Content<'_>,
    _: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    if content.is_end(at) && !at.is_in_line_end {
        return Progress::End;
    }
    let mut line = [0; base64::LINE];
    let mut len = 0_usize;
    for slot in &mut line {
        if at.is_in_line_end {
            at.is_in_line_end = false;
            *slot = b'\n';
        } else {
            let Some(&byte) = content.octets.get(at.position) else {
                break;
            };
            if is_line_end(byte) {
                at.is_in_line_end = true;
                at.position = skip_line_end(content.octets, at.position);
                *slot = b'\r';
            } else {
                at.position = at.position.saturating_add(1);
                *slot = byte;
            }
        }
        len = len.saturating_add(1);
    }
    base64::line(line.get(..len).unwrap_or_default(), w);
    w.crlf();
    Progress::More
}

/// Bytes in a line as it is: RFC 5322 §2.1.1.
pub(super) const LINE: usize = 998;

/// The bytes that `text` takes as it is, and how it is sent; `None` if a line of it needs an
/// encoding.
const fn seven_bit(text: &[u8]) -> Option<(u32, &'static Coding)> {
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

/// A length as far as SIZE can say it.
pub(super) const fn saturated(octets: usize) -> u32 {
    if octets > UNKNOWN as usize {
        UNKNOWN
    } else {
        octets as u32
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
