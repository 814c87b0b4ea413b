//! The operations that a caller can want of a session.
//!
//! This file is data; how an operation is carried out is in [`super`].

use crate::message::Message;
use crate::report::{Progress, RecipientStatus};
use crate::wire::sasl::Credentials;

use super::streaming::{STREAMING, Streaming};
use super::unsent::{LeftOut, UNSENT, Unsent};

/// An operation. The same value is given to every step.
pub(crate) enum Operation<'o, 'm> {
    /// Greeting and EHLO, or EHLO alone after TLS was opened.
    Open,
    /// STARTTLS, up to the 220.
    StartTls,
    /// AUTH, with the best mechanism that the server offers and the credentials allow.
    Login(&'o Credentials<'o>),
    /// A mail.
    Mail(MailOperation<'o, 'm>),
    /// RSET.
    Reset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
}

/// A mail to be sent, and what may follow it at once.
pub(crate) struct MailOperation<'o, 'm> {
    pub(crate) message: &'o Message<'m>,
    /// The place for each recipient's result, as far as there is room.
    pub(crate) results: &'o mut [RecipientStatus],
    /// Recipients whose result is sent already are left out.
    pub(super) unsent: Option<&'static Unsent>,
    /// QUIT follows, whatever the outcome of the mail.
    pub(crate) quit: bool,
    /// The number of sources for streamed parts.
    pub(super) sources: usize,
    /// Set where there are sources.
    pub(super) streaming: Option<&'static Streaming>,
    /// It is one of a row of mails.
    pub(super) is_in_row: bool,
    /// The mail that comes next in the row.
    pub(super) next: Option<&'o Message<'m>>,
    /// This mail was the last one's `next`.
    pub(super) is_next: bool,
}

impl<'o, 'm> MailOperation<'o, 'm> {
    /// This mail alone, to all of its recipients.
    pub(crate) fn new(message: &'o Message<'m>) -> Self {
        Self {
            message,
            results: &mut [],
            unsent: None,
            quit: false,
            sources: 0,
            streaming: None,
            is_in_row: false,
            next: None,
            is_next: false,
        }
    }

    /// The same, with this many sources for streamed parts.
    pub(crate) fn with_sources(mut self, sources: usize) -> Self {
        self.sources = sources;
        self.streaming = (sources > 0).then_some(&STREAMING);
        self
    }

    /// The same, without the recipients who have it already.
    pub(crate) fn unsent(mut self) -> Self {
        self.unsent = Some(&UNSENT);
        self
    }

    /// The same, in a row of mails.
    pub(crate) fn in_row(mut self, next: Option<&'o Message<'m>>, is_next: bool) -> Self {
        self.is_in_row = true;
        self.next = next;
        self.is_next = is_next;
        self
    }

    /// The final reply accepted the mail for the recipients whose RCPT was accepted.
    pub(super) fn accepted(&mut self) {
        for status in &mut *self.results {
            if status.is_accepted() && status.progress == Progress::Open {
                status.progress = Progress::Sent;
            }
        }
    }

    /// The recipients who are left out.
    pub(super) fn left_out(&self) -> LeftOut<'_> {
        self.unsent.map(|unsent| (unsent, &*self.results))
    }
}
