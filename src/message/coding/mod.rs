//! The bytes of a part, and the code that sends them.
//!
//! How a content travels is decided once, when it is given, and kept as a pointer to the code: so
//! nothing is looked at twice, and a program links only what its contents need. A text that is
//! given in a constant is looked at by the compiler.
//!
//! Line ends are CRLF on the wire whatever they were in a text. This file does not know MIME
//! structure.

mod as_is;
mod base64;
pub(in crate::message) mod lines;
mod quoted_printable;
mod seven_bit;
mod source;
pub(in crate::message) mod utf8;

use super::Message;
use super::cursor::{Cursor, Progress};
use super::fault::Part;
use crate::wire::dot::Dots;
use crate::wire::quoted_printable::is_line_end;
use crate::wire::writer::Writer;
use lines::Octets;

/// What a part holds: bytes, or the promise of bytes from a source.
#[derive(Debug, Clone, Copy)]
pub(in crate::message) struct Content<'a> {
    pub(in crate::message) octets: &'a [u8],
    /// The number of the bytes; [`UNKNOWN`] if nobody knows, or if there are 4 GiB or more.
    pub(in crate::message) length: u32,
    pub(in crate::message) coding: &'static Coding,
}

/// A number of bytes that nobody knows.
pub(in crate::message) const UNKNOWN: u32 = u32::MAX;

/// A way to send a content.
#[derive(Debug)]
pub(in crate::message) struct Coding {
    /// The Content-Transfer-Encoding.
    pub(in crate::message) name: &'static str,
    /// A text goes out in quoted-printable, and not as it is.
    is_quoted: bool,
    /// The bytes come from a source.
    pub(in crate::message) is_streamed: bool,
    /// How many go out of so many; without it, the content's atoms are counted.
    pub(in crate::message) encoded_len: Option<fn(u32) -> u32>,
    /// What goes out.
    pub(in crate::message) octets: Octets,
    /// The bytes are UTF-8 and not ASCII, which the media type does not say.
    pub(in crate::message) needs_charset: bool,
    /// The coding of the same bytes in a multipart, if another is needed there.
    pub(in crate::message) enclosed: Option<&'static Coding>,
    /// Produces the atom of the content at the cursor.
    pub(in crate::message) atom:
        fn(&Content<'_>, Place<'_>, &mut Cursor, &mut Writer<'_>) -> Progress,
}

/// What a content's code has to know of its surroundings.
#[derive(Debug, Clone, Copy)]
pub(in crate::message) struct Place<'m> {
    pub(in crate::message) part: Part,
    pub(in crate::message) dots: Dots,
    /// A boundary follows. The line end in front of it belongs to it (RFC 2046 §5.1.1), so a
    /// content that ends with a line end needs another.
    pub(in crate::message) is_enclosed: bool,
    /// The message, which knows its boundaries.
    pub(in crate::message) message: &'m Message<'m>,
}

impl<'a> Content<'a> {
    /// A text, in the encoding that is right for it: as it is if that can be, else readable unless
    /// base64 is shorter by more than a third.
    #[inline(never)] // One copy, in flash as in the source.
    pub(in crate::message) const fn text(text: &'a str) -> Self {
        Self::held(text.as_bytes(), seven_bit::coding_of(text.as_bytes()))
    }

    /// A text from a source.
    pub(in crate::message) const TEXT_FROM_SOURCE: Self =
        Self::from_source(UNKNOWN, &quoted_printable::STREAMED);

    /// Bytes in base64.
    pub(in crate::message) const fn base64(octets: &'a [u8]) -> Self {
        Self::held(octets, &base64::HELD)
    }

    /// These bytes in base64, which are a text in UTF-8.
    pub(in crate::message) const fn in_utf8(self) -> Self {
        Self {
            coding: &base64::HELD_UTF8,
            ..self
        }
    }

    /// Bytes from a source in base64.
    pub(in crate::message) const fn base64_from_source(length: u32) -> Self {
        Self::from_source(length, &base64::STREAMED)
    }

    /// The text of a message that has none.
    pub(in crate::message) const EMPTY: Self = Self::held(b"", &seven_bit::COPIED);

    /// These bytes.
    const fn held(octets: &'a [u8], coding: &'static Coding) -> Self {
        let length = if octets.len() < UNKNOWN as usize {
            octets.len() as u32
        } else {
            UNKNOWN
        };
        Self {
            octets,
            length,
            coding,
        }
    }

    /// A content from a source that announces this length.
    const fn from_source(length: u32, coding: &'static Coding) -> Self {
        Self {
            octets: b"",
            length,
            coding,
        }
    }

    /// Whether the bytes come from a source.
    pub(in crate::message) fn is_streamed(&self) -> bool {
        self.coding.is_streamed
    }

    /// The atom of the content at the cursor.
    pub(in crate::message) fn atom(
        &self,
        place: Place<'_>,
        at: &mut Cursor,
        w: &mut Writer<'_>,
    ) -> Progress {
        if w.counts()
            && let Some(encoded_len) = self.coding.encoded_len
        {
            w.count(match self.length {
                UNKNOWN => UNKNOWN,
                length => encoded_len(length),
            });
            return Progress::End;
        }
        (self.coding.atom)(self, place, at, w)
    }

    /// Whether its last byte ends a line, or there is none.
    fn ends_line(&self) -> bool {
        self.octets.last().is_none_or(|byte| is_line_end(*byte))
    }

    /// Ends a text whose last line has its line end: a boundary takes one as its own.
    fn enclose(&self, place: Place<'_>, w: &mut Writer<'_>) -> Progress {
        if place.is_enclosed && !self.octets.is_empty() && self.ends_line() {
            w.crlf();
        }
        Progress::End
    }
}

/// What a text that travels as it is has in common with the codings that are made of it.
pub(in crate::message) const SEVEN_BIT: Coding = Coding {
    name: "7bit",
    is_quoted: false,
    is_streamed: false,
    encoded_len: None,
    octets: Octets::SevenBit,
    needs_charset: false,
    enclosed: None,
    atom: seven_bit::lines,
};
