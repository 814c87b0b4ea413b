//! The content of a mail into the buffer: by DATA or BDAT, as a whole or from sources.
//!
//! This file does not know when content may be sent.

use crate::message::{ContentFault, Cursor, Dots, Filled, Message, Part};
use crate::wire::writer::Writer;

/// Bytes left free after the content of DATA for its terminator, so that both leave in one write.
const TERMINATOR: usize = 3;

/// The content of a mail, and how much of it was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Body {
    cursor: Cursor,
    /// Bytes of all of it, where that is known and matters.
    length: Option<u32>,
    /// BDAT with the whole length was sent.
    is_announced: bool,
    /// Bytes that were announced and not sent.
    left: u32,
    /// The part whose source is asked, and the number of that source.
    asked: Option<(Part, usize)>,
    /// The bytes that the source gave.
    sourced: Option<Sourced>,
}

/// Bytes of a source in the buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sourced {
    /// Bytes of content at the buffer's beginning.
    pub(super) ready: usize,
    /// The place of the first byte of the source.
    pub(super) from: usize,
    /// Their number; none at the end of the source.
    pub(super) bytes: usize,
}

/// The progress of content in one buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// All of it is in the buffer.
    Whole,
    /// The buffer is full.
    Full,
    /// A source is asked. The room for content has so many bytes after the first `begin` of the
    /// writer's slice, and the source's go to the place `from` in it.
    Source {
        begin: usize,
        from: usize,
        room: usize,
    },
    /// It cannot be completed.
    Abort(ContentFault),
}

impl Body {
    /// Begins with the first byte; `length` is that of all of it.
    pub(super) fn begin(&mut self, length: Option<u32>) {
        *self = Self {
            length,
            ..Self::default()
        };
    }

    pub(super) const fn length(&self) -> Option<u32> {
        self.length
    }

    /// Whether BDAT has announced all of it, so that its bytes come next.
    pub(super) const fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// BDAT has announced all of it.
    pub(super) fn announced(&mut self) {
        self.is_announced = true;
        self.left = self.length.unwrap_or_default();
    }

    /// Bytes that were announced and not sent.
    pub(super) fn left_mut(&mut self) -> &mut u32 {
        &mut self.left
    }

    /// Writes as much as there is room for, of a mail without sources.
    pub(super) fn fill(&mut self, message: &Message<'_>, dots: Dots, out: &mut Writer<'_>) -> Came {
        let (bytes, filled) = message.fill(&mut self.cursor, dots, room(out, dots));
        out.advance(bytes);
        match filled {
            Filled::Complete => Came::Whole,
            Filled::More => Came::Full,
            // A mail that needs a source is not begun without one.
            Filled::Source { part, .. } => Came::Abort(ContentFault::no_source(part)),
            Filled::Abort(fault) => Came::Abort(fault),
        }
    }

    pub(super) fn cursor_mut(&mut self) -> &mut Cursor {
        &mut self.cursor
    }

    /// The number of the source that is asked.
    pub(super) fn source(&self) -> usize {
        self.asked.map_or(0, |(_, number)| number)
    }

    /// A source is asked.
    pub(super) fn ask(&mut self, part: Part, number: usize, sourced: Sourced) {
        self.asked = Some((part, number));
        self.sourced = Some(sourced);
    }

    /// The source gave this many bytes; none at its end.
    pub(super) fn filled(&mut self, bytes: usize) {
        if let Some(sourced) = &mut self.sourced {
            sourced.bytes = bytes;
        }
    }

    /// Takes the bytes that the source gave, if one was asked.
    pub(super) fn take_sourced(&mut self) -> Option<Sourced> {
        self.sourced.take()
    }

    /// The fault of a part that has no source.
    pub(super) fn no_source(&self) -> ContentFault {
        ContentFault::no_source(self.asked.map_or(Part::Message, |(part, _)| part))
    }
}

/// The room for content.
pub(super) fn room<'o>(out: &'o mut Writer<'_>, dots: Dots) -> &'o mut [u8] {
    let free = out.free();
    match dots {
        Dots::Plain => free,
        Dots::Stuffed => match free.split_last_chunk_mut::<TERMINATOR>() {
            Some((room, _)) => room,
            None => &mut [],
        },
    }
}
