//! Where the encoder stands in a message: plain data that fits any client and survives any split.
//!
//! A message is a row of atoms (see `wire::writer`). A cursor names the next atom and how much of
//! it was delivered; every atom's code moves it on. Nothing else is remembered
//! between two fills.

use super::coding::lines::Lines;
use super::fault::Filled;

/// The next atom of a message, and what was delivered of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cursor {
    /// Which atom, or which row of atoms.
    pub(super) step: Step,
    /// Which attachment.
    pub(super) item: u16,
    /// Bytes of the atom that were delivered.
    pub(super) skip: u32,
    /// Where in a list or a content the atom begins.
    pub(super) position: usize,
    /// Bytes from a source that wait for others.
    pub(super) carry: [u8; 2],
    /// Where in its lines a content from a source stands.
    pub(super) lines: Lines,
    /// The source is at its end.
    pub(super) is_at_end: bool,
    /// The line from the source begins as a boundary does.
    pub(super) is_boundary: bool,
    /// In base64 of a text: the next byte is the LF of a line end whose CR went out.
    pub(super) is_in_line_end: bool,
}

// The client holds one.
const _: () = assert!(size_of::<Cursor>() <= 32);

impl Cursor {
    /// The first atom.
    pub(super) const START: Self = Self {
        step: Step::Origin,
        item: 0,
        skip: 0,
        position: 0,
        carry: [0; 2],
        lines: Lines::START,
        is_at_end: false,
        is_boundary: false,
        is_in_line_end: false,
    };

    /// Moves to the first atom of `step`.
    pub(super) const fn go(&mut self, step: Step) -> Progress {
        let item = self.item;
        *self = Self {
            step,
            item,
            ..Self::START
        };
        Progress::More
    }

    /// Moves to the first atom of `step`, whose items are counted from `item` on.
    pub(super) fn go_to_item(&mut self, step: Step, item: u16) -> Progress {
        self.item = item;
        self.go(step)
    }

    /// Moves to the first atom of `step` for the next item.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the last number is no item: see `nth`"
    )]
    pub(super) fn go_to_next_item(&mut self, step: Step) -> Progress {
        self.go_to_item(step, self.item + 1)
    }

    /// Counts bytes of a content that were passed.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "they are a slice's, or a source's, which is not asked for more than a usize counts"
    )]
    pub(super) const fn pass(&mut self, bytes: usize) {
        self.position += bytes;
    }

    /// Moves to the next atom of the same row.
    pub(super) const fn advance(&mut self, position: usize) -> Progress {
        self.position = position;
        Progress::More
    }
}

/// The element a cursor's item stands for. The last number ends every row, so that counting ends.
pub(super) fn nth<T>(items: &[T], item: u16) -> Option<&T> {
    if item == u16::MAX {
        None
    } else {
        items.get(usize::from(item))
    }
}

/// Elements a row of items may have.
pub(super) const MAX_ITEMS: usize = u16::MAX as usize;

/// What follows the atom that was just produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Progress {
    /// The atom the cursor was moved to.
    More,
    /// Nothing: what was asked for is complete, and the last atom was empty or its end.
    End,
    /// The atom the cursor was moved to, but not in this fill.
    Stop(Filled),
}

/// What a message is made of, in order. Steps that a message does not need write nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub(super) enum Step {
    /// Date, and From if there is one author.
    #[default]
    Origin,
    /// From if there are several.
    Authors,
    Sender,
    ReplyTo,
    To,
    Cc,
    /// The fields that stand once, from the subject on.
    Fields,
    /// The head of the body.
    Body,
    TextBody,
    // From here on: only in messages with HTML or attachments.
    Html,
    HtmlBody,
    /// Inline parts of the HTML; `item` counts all attachments.
    InlineHead,
    InlineBody,
    /// The ends of related and alternative, and the calendar between them.
    BodyEnd,
    CalendarBody,
    AlternativeEnd,
    /// The other attachments; `item` counts all of them.
    AttachmentHead,
    AttachmentBody,
    MixedEnd,
}
