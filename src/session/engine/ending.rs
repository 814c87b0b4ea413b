//! The ends of an operation: well, by a fault, or because the driver let go.
//!
//! This file sends nothing and reads nothing.

use crate::fault::Fault;
use crate::phase::Phase;
use crate::session::buffer::Buffer;
use crate::session::table::{Event, Verb};
use crate::session::verdict::Delivery;

use super::{Ending, Engine, Stage};

impl Engine<'_> {
    /// The operation is complete; its outcome is that of the verdict.
    #[inline(never)]
    pub(super) fn finish(&mut self) {
        self.is_busy = false;
        self.stage = Stage::Done;
        self.ending = if self.verdict.is_refused() {
            Ending::Refused
        } else {
            Ending::Good
        };
    }

    /// The connection is of no further use. `is_closed` where the server has closed it.
    #[inline(never)]
    pub(in crate::session) fn fault(&mut self, fault: Fault<()>, is_closed: bool) {
        let phase = match fault {
            // The content may go out ahead of the replies to MAIL and RCPT.
            Fault::Source(_) | Fault::Content(_) => Phase::Content,
            _ => self.phase(),
        };
        self.server.happened(Event::Fault);
        self.is_sending = false;
        let is_unknown = self.verdict.delivery() == Delivery::Unknown;
        // Fewer replies than commands, and a word about their sequence: the dialogue itself is out of
        // order, and not the mail.
        let is_confused = self.was_out_of_sequence() && !self.flight.is_empty();
        let is_heard = (is_closed || matches!(fault, Fault::Protocol(_))) && !is_confused;
        let is_heard = is_heard && !self.is_open();
        if self.verdict.is_ended()
            || (self.goal == Verb::Quit && !is_unknown)
            || (self.verdict.is_refused() && is_heard)
        {
            if is_closed && !self.flight.is_empty() {
                self.verdict.closed();
            }
            if !self.is_open() {
                self.verdict.settle();
            }
            return self.finish();
        }
        self.is_busy = false;
        self.stage = Stage::Done;
        self.trouble = fault;
        self.ending = if is_unknown {
            Ending::Unknown
        } else {
            Ending::Failed(phase)
        };
    }

    /// The transport failed; `is_closed` where it says that the server has closed the connection. If
    /// it was to send, what the server said before is heard out.
    #[inline(never)]
    pub(in crate::session) fn broke(&mut self, is_closed: bool, buffer: &mut Buffer<'_>) {
        if !is_closed || self.is_mute || self.stage == Stage::Await {
            self.replies.note_stray();
            return self.fault(Fault::Transport(()), is_closed);
        }
        self.is_mute = true;
        // What follows the content in its flight may be missing: the content is out.
        let is_content_out =
            self.flight.oldest() == Some(Verb::Content) && self.window.len() <= self.flight.bytes();
        self.is_torn = self.is_sending && !is_content_out;
        self.is_sending = false;
        self.stage = Stage::Await;
        buffer.wipe_secret();
        self.replies.clear();
    }

    /// The driver let go. If it did so before the end, the connection is of no further use.
    pub(in crate::session) fn abandon(&mut self) {
        self.login.wipe();
        if self.is_busy {
            self.is_busy = false;
            self.server.happened(Event::Fault);
            if self.verdict.is_chunked() {
                // It was not confirmed yet.
                self.verdict.doubt();
            } else if !self.is_open() {
                self.verdict.settle();
            }
        }
    }

    /// Whether the content was sent ahead and a recipient was not answered: it may have the mail.
    #[inline(never)] // It has three callers.
    fn is_open(&self) -> bool {
        self.verdict.delivery() == Delivery::Unknown
            && self.flight.oldest() == Some(Verb::Rcpt)
            && !self.verdict.refused_mail()
    }
}
