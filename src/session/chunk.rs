//! The content of a mail by BDAT (RFC 3030): announced by its length, and not looked at by the
//! server for an end.
//!
//! ```text
//! length known    BDAT n LAST CRLF content…                    one command, any number of writes
//! unknown         BDAT n CRLF content, reply, …, BDAT n LAST   a chunk a write, a reply a chunk
//! ```
//!
//! Positions are those of one buffer, in which there is room for what is added: the arithmetic
//! wraps only in name.

use crate::message::{ContentFault, ContentFaultKind, Dots, Filled, Part};
use crate::observer::Observer;
use crate::outcome::Fault;
use crate::wire::command;
use crate::wire::ehlo::Extension;
use crate::wire::writer::Writer;

use super::Delivery;
use super::compose::FLIGHT_MAX;
use super::flow::{Act, Flow, Mode};
use super::operation::Operation;
use super::table::Verb;

/// Writes BDAT and as much of the content as there is room for, behind what the writer holds. The
/// position is where the writer begins in the buffer. A pointer, so that a program that never uses
/// BDAT does not link it.
pub(super) type Chunking =
    fn(&mut Flow<'_>, &Operation<'_, '_>, &mut Writer<'_>, usize, &mut dyn Observer) -> Act;

/// Contents go by BDAT where the server takes it.
pub(super) fn by_bdat(
    flow: &mut Flow<'_>,
    operation: &Operation<'_, '_>,
    out: &mut Writer<'_>,
    start: usize,
    observer: &mut dyn Observer,
) -> Act {
    flow.chunk(operation, out, start, observer)
}

/// The most replies that are outstanding when a content of more than [`FLIGHT_MAX`] goes out. So many
/// fit any TCP window, with 128 octets each.
const REPLIES_AHEAD: usize = 32;

/// The longest line of BDAT, in octets: `BDAT 4294967295 LAST` and CRLF.
const LINE_MAX: usize = 22;

impl Flow<'_> {
    /// Whether contents go by BDAT.
    pub(super) fn is_chunking(&self) -> bool {
        self.chunking.is_some() && self.capabilities.offers(Extension::Chunking)
    }

    /// Whether BDAT may go out before the replies to RCPT were read. A deliberate step beyond
    /// RFC 3030 §2, which has them collected first: it rests on RFC 2920 §3.1, and is taken only
    /// with what fits the buffer, so that little is sent in vain where nobody is accepted; and only
    /// where the replies are few or the content is small, so that neither side waits for the other
    /// to read.
    pub(super) fn may_chunk_ahead(&self, capacity: usize) -> bool {
        let few_replies = usize::from(self.unanswered) <= REPLIES_AHEAD;
        let fits = |length| {
            usize::try_from(length)
                .is_ok_and(|length| length <= capacity && (few_replies || length <= FLIGHT_MAX))
        };
        !self.options.all_or_none && self.outgoing.length.is_some_and(fits)
    }

    fn chunk(
        &mut self,
        operation: &Operation<'_, '_>,
        out: &mut Writer<'_>,
        start: usize,
        observer: &mut dyn Observer,
    ) -> Act {
        let Operation::Mail(mail) = operation else {
            return Act::Done;
        };
        // Until all of the command is out.
        self.mode = Mode::Compose;
        match self.outgoing.length {
            Some(length) if !self.outgoing.is_announced => {
                let from = out.len();
                line(out, length, true);
                let cut = out.end_atom();
                self.skip = cut.unwrap_or(0);
                observer.sent(out.since(from));
                self.window = (start, start.wrapping_add(out.len()));
                if cut.is_some() {
                    return Act::Send;
                }
                self.outgoing.is_announced = true;
                self.outgoing.left = length;
                // What comes from a source begins at the buffer's beginning.
                if mail.sources > 0 {
                    return Act::Send;
                }
            }
            Some(_) => {}
            // The line in front is written once it is known how many octets there are.
            None => out.advance(LINE_MAX),
        }
        let base = out.len();
        // The line of a chunk is seen before its octets, as it goes out.
        let mut nobody = ();
        let watching: &mut dyn Observer = if self.outgoing.is_announced {
            &mut *observer
        } else {
            &mut nobody
        };
        let filled = (mail.content)(self, mail.message, Dots::Plain, out, watching);
        let end = start.wrapping_add(out.len());
        let length = out.len().wrapping_sub(base);
        let octets = u32::try_from(length).unwrap_or(u32::MAX);
        let is_last = match filled {
            Filled::Complete => true,
            Filled::More => false,
            Filled::Source { .. } => {
                let (from, to) = self.window;
                let base = start.wrapping_add(base);
                self.window = (base.wrapping_add(from), base.wrapping_add(to));
                return Act::Fill;
            }
            Filled::Abort(fault) => {
                self.fault(Fault::Content(fault));
                return Act::Done;
            }
        };
        if !self.outgoing.is_announced {
            let from = line_before(out, octets, is_last, observer);
            observer.content(length);
            self.window = (start.wrapping_add(from), end);
            return self.chunk_sent(is_last, operation);
        }
        // The server takes as many octets as were announced for the content, and what follows them
        // for commands: not one more goes out, and the last one only if it is the last.
        let left = match (self.outgoing.left.checked_sub(octets), is_last) {
            (Some(0), true) => 0,
            (Some(left @ 1..), false) => left,
            (Some(1..), true) => return self.mismatch(ContentFaultKind::TooShort),
            _ => return self.mismatch(ContentFaultKind::TooLong),
        };
        self.outgoing.left = left;
        self.window = (start, end);
        if left == 0 {
            self.chunk_sent(true, operation)
        } else {
            Act::Send
        }
    }

    /// All octets of a chunk are in the buffer.
    fn chunk_sent(&mut self, is_last: bool, operation: &Operation<'_, '_>) -> Act {
        let verb = if is_last {
            self.delivery = Delivery::Unknown;
            Verb::BdatLast
        } else {
            Verb::Bdat
        };
        self.sent(verb, operation);
        self.mode = Mode::Flush;
        Act::Send
    }

    /// The content has not the length that was announced.
    fn mismatch(&mut self, kind: ContentFaultKind) -> Act {
        let fault = ContentFault::before(Part::Message, kind);
        self.fault(Fault::Content(fault));
        Act::Done
    }
}

/// The line of BDAT.
fn line(out: &mut Writer<'_>, octets: u32, is_last: bool) {
    out.str(Verb::Bdat.words());
    command::chunk(out, octets, is_last);
    command::line_end(out);
}

/// Writes the line in front of a chunk that stands behind the room left for it. Returns where it
/// begins.
fn line_before(
    out: &mut Writer<'_>,
    octets: u32,
    is_last: bool,
    observer: &mut dyn Observer,
) -> usize {
    let mut text = [0; LINE_MAX];
    let mut writer = Writer::new(&mut text, 0);
    line(&mut writer, octets, is_last);
    let length = writer.len();
    observer.sent(writer.since(0));
    out.write_before(LINE_MAX, text.get(..length).unwrap_or_default());
    LINE_MAX.wrapping_sub(length)
}
