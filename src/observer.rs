//! Watching a session: phases, lines and replies as they happen.
//!
//! Deadlines, transcripts, logging and progress hang on this. An observer decides nothing; the
//! session does the same with and without one.

use crate::phase::Phase;
use crate::wire::reply::Reply;

/// Sees what a session does. Every method is empty unless written.
///
/// The client owns its observer. To read it while the client lives, share it: an observer whose
/// methods work on `Cell`s through a reference is an observer too
/// (`impl Observer for &MyWatch`).
pub trait Observer {
    /// The client begins to wait for the reply that ends this phase. A deadline starts here
    /// ([`Phase::timeout_seconds`] is the time RFC 5321 §4.5.3.2 gives it), and starts anew with
    /// every further reply that is awaited.
    fn awaiting(&mut self, phase: Phase) {
        let _ = phase;
    }

    /// Bytes of commands, as they are handed to the transport: whole lines with their CRLF where
    /// they fit the buffer, else a line in pieces. What is secret in a line is replaced by `***`.
    fn sent(&mut self, commands: &[u8]) {
        let _ = commands;
    }

    /// This many bytes of the message's content are handed to the transport, dot-stuffed where
    /// DATA asks for it, the terminator not counted.
    fn content(&mut self, octets: usize) {
        let _ = octets;
    }

    /// A line of a reply, as it was received, with its line end: any bytes at all. Of a line
    /// longer than the buffer, its beginning.
    fn received(&mut self, line: &[u8]) {
        let _ = line;
    }

    /// A whole reply was read.
    fn reply(&mut self, reply: Reply<'_>) {
        let _ = reply;
    }

    /// The final reply to the content was read: the one that decides about the mail, unless it went by
    /// BDAT and a later reply shows that it was another command's. Whether the mail is delivered is said
    /// by `Client::delivery`. Of the replies, only this one is called final; a reply in the phase [`Phase::Content`] may also be one to a chunk that others
    /// follow.
    fn final_reply(&mut self, reply: Reply<'_>) {
        let _ = reply;
    }

    /// The reply to the RCPT command of the recipient with this index was read. Recipients are
    /// counted from 0 in the order of [`Message::recipients`](crate::message::Message::recipients).
    fn recipient(&mut self, index: u16, reply: Reply<'_>) {
        let _ = (index, reply);
    }
}

/// Watches nothing.
impl Observer for () {}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn awaiting(&mut self, phase: Phase) {
        (**self).awaiting(phase);
    }

    fn sent(&mut self, commands: &[u8]) {
        (**self).sent(commands);
    }

    fn content(&mut self, octets: usize) {
        (**self).content(octets);
    }

    fn received(&mut self, line: &[u8]) {
        (**self).received(line);
    }

    fn reply(&mut self, reply: Reply<'_>) {
        (**self).reply(reply);
    }

    fn final_reply(&mut self, reply: Reply<'_>) {
        (**self).final_reply(reply);
    }

    fn recipient(&mut self, index: u16, reply: Reply<'_>) {
        (**self).recipient(index, reply);
    }
}
