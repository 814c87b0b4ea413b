//! The message as a row of atoms: which comes next, and what the header's are.
//!
//! This file knows the order of the fields; what a body is made of, `body` and `mime` know.

use super::coding::UNKNOWN;
use super::cursor::{Cursor, Progress, Step};
use super::fault::Filled;
use super::header::text;
use super::{Dots, Message};
use crate::wire::writer::Writer;

impl Message<'_> {
    /// Bytes of the whole message, as SMTP's SIZE counts them: line ends have two, and dots that
    /// are doubled on the way count once. `None` if a source does not say its length, or if there
    /// are 4 GiB or more.
    #[must_use]
    pub fn encoded_len(&self) -> Option<u32> {
        let mut w = Writer::counting();
        let _ = self.run(&mut Cursor::default(), Dots::Plain, &mut w);
        (w.counted() != UNKNOWN).then_some(w.counted())
    }

    /// Fills `out` from the cursor on. Returns the bytes written.
    pub(crate) fn fill(&self, cursor: &mut Cursor, dots: Dots, out: &mut [u8]) -> (usize, Filled) {
        let mut w = Writer::new(out, cursor.skip);
        let filled = self.run(cursor, dots, &mut w);
        (w.len(), filled)
    }

    /// Goes on after [`Filled::Source`]: the first `ready` bytes of `out` are those that were
    /// written, and `octets` bytes of the source stand from `from` on; none if it is at its end.
    /// Returns the bytes written, those of before included.
    pub(crate) fn filled(
        &self,
        cursor: &mut Cursor,
        dots: Dots,
        out: &mut [u8],
        ready: usize,
        from: usize,
        octets: usize,
    ) -> (usize, Filled) {
        let mut w = Writer::with_source(out, ready, from, octets);
        let filled = self.run(cursor, dots, &mut w);
        (w.len(), filled)
    }

    /// Produces atoms until the message is complete, one is cut, or more is needed.
    fn run(&self, cursor: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Filled {
        loop {
            let mut next = *cursor;
            let progress = (self.kind.atom)(self, &mut next, dots, w);
            if let Some(skip) = w.end_atom() {
                cursor.skip = skip;
                return Filled::More;
            }
            *cursor = Cursor { skip: 0, ..next };
            match progress {
                Progress::More => {}
                Progress::End => return Filled::Complete,
                Progress::Stop(filled) => return filled,
            }
        }
    }

    /// Writes the fields that stand once.
    fn fields(&self, w: &mut Writer<'_>) {
        if let Some(subject) = self.subject.as_ref().or(self.head.subject.as_ref()) {
            text::subject(subject, w);
        }
        (self.id_field)(self, w);
        w.str(self.importance);
        w.str(self.head.auto_submitted);
        (self.head.rare_fields)(self.head, w);
        (self.head.custom_fields)(self.head, w);
    }
}

/// Produces the atom at the cursor and moves the cursor to the next one.
pub(super) fn atom(
    message: &Message<'_>,
    at: &mut Cursor,
    dots: Dots,
    w: &mut Writer<'_>,
) -> Progress {
    match at.step {
        Step::Origin => {
            if let Some(date) = message.date {
                w.str("Date: ");
                date.write(w);
                w.crlf();
            }
            at.go(Step::Authors)
        }
        Step::Authors | Step::Sender | Step::ReplyTo | Step::To | Step::Cc => {
            message.head.atom(at, w)
        }
        Step::Fields => {
            message.fields(w);
            at.go(Step::Body)
        }
        _ => (message.body)(message, at, dots, w),
    }
}
