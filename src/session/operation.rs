//! What a caller can want of a session.
//!
//! This file is data; how it is done is in `flow.rs`.

use crate::message::Message;
use crate::report::RecipientStatus;
use crate::wire::ehlo::Mechanism;
use crate::wire::sasl::Credentials;

use super::content::{self, Content};

/// What a caller wants of the session. The same value is given to every step.
pub(crate) enum Operation<'o, 'm> {
    /// Greeting and EHLO, or EHLO alone after TLS was opened.
    Open,
    /// STARTTLS, up to the 220.
    StartTls,
    /// AUTH, with the best mechanism offered or with the given one.
    Login {
        credentials: &'o Credentials<'o>,
        mechanism: Option<Mechanism>,
    },
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
    /// The mail that comes next: its MAIL to DATA may ride behind this one's content.
    pub(crate) next: Option<&'o Message<'m>>,
    /// This mail was the last one's `next`.
    pub(crate) is_next: bool,
    /// How many of the recipients other transactions are for.
    pub(crate) first: u16,
    /// How many sources there are for streamed parts.
    pub(super) sources: usize,
    /// How its content is written.
    pub(super) content: Content,
    /// QUIT follows, whatever comes of the mail.
    pub(crate) quit: bool,
    /// Where each recipient's result goes, as far as there is room.
    pub(crate) results: &'o mut [RecipientStatus],
}

impl<'o, 'm> MailOperation<'o, 'm> {
    /// This mail alone.
    pub(crate) fn new(message: &'o Message<'m>, results: &'o mut [RecipientStatus]) -> Self {
        Self {
            message,
            next: None,
            is_next: false,
            first: 0,
            sources: 0,
            content: content::whole,
            quit: false,
            results,
        }
    }

    /// The same, with this many sources for streamed parts.
    pub(crate) fn with_sources(mut self, sources: usize) -> Self {
        self.sources = sources;
        self.content = content::streamed;
        self
    }

    /// The same, without the first recipients.
    pub(crate) fn behind(mut self, first: u16) -> Self {
        self.first = first;
        self
    }

    /// The same, and QUIT.
    pub(crate) fn and_quit(mut self) -> Self {
        self.quit = true;
        self
    }
}
