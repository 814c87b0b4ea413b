//! The operations that a caller can want of a session.
//!
//! This file is data; how an operation is carried out is in [`super`].

use crate::message::Message;
use crate::report::RecipientStatus;
use crate::wire::sasl::Credentials;

use super::results::{LeftOut, NOTING, Noting};
use super::streaming::{STREAMING, Streaming};

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
    pub(super) results: &'o mut [RecipientStatus],
    /// Set where there is such a place.
    pub(super) noting: Option<&'static Noting>,
    /// Recipients whose result is settled already are left out.
    pub(super) is_continued: bool,
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
            noting: None,
            is_continued: false,
            quit: false,
            sources: 0,
            streaming: None,
            is_in_row: false,
            next: None,
            is_next: false,
        }
    }

    /// The same, with a place for each recipient's result.
    pub(crate) fn with_results(mut self, results: &'o mut [RecipientStatus]) -> Self {
        self.results = results;
        self.noting = Some(&NOTING);
        self
    }

    /// The same, with this many sources for streamed parts.
    pub(crate) fn with_sources(mut self, sources: usize) -> Self {
        self.sources = sources;
        self.streaming = (sources > 0).then_some(&STREAMING);
        self
    }

    /// The same, without the recipients who have it already.
    pub(crate) fn unsent(mut self) -> Self {
        self.noting = Some(&NOTING);
        self.is_continued = true;
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
        if let Some(noting) = self.noting {
            (noting.accepted)(self.results);
        }
    }

    /// The recipients who are left out.
    pub(super) fn left_out(&self) -> LeftOut<'_> {
        let noting = self.noting.filter(|_| self.is_continued)?;
        Some((noting, self.results))
    }
}
