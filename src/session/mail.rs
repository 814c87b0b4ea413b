//! A mail on its way out: whose turn it is among the recipients, and what its commands say.
//!
//! This file does not know replies. A mail may be on its way out while the final reply to the one
//! before is still awaited.

use crate::message::Message;
use crate::wire::address::Address;
use crate::wire::command::MailParameters;

use super::operation::MailOperation;
use super::recipients::Turn;
use super::table::Verb;
use super::unsent::LeftOut;

/// The mail on its way out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing {
    parameters: MailParameters,
    /// The command its content is sent by.
    content: Verb,
    turn: Turn,
    /// The turn after it.
    after: Turn,
    /// RCPTs that this transaction may still have.
    left: u16,
    /// Recipients left to a further transaction.
    deferred: u16,
    /// It is the operation's next mail: the content of its first is out.
    is_next: bool,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            parameters: MailParameters::default(),
            content: Verb::Data,
            turn: Turn::default(),
            after: Turn::default(),
            left: 0,
            deferred: 0,
            is_next: false,
        }
    }

    /// Begins with the first recipient.
    pub(super) fn begin(&mut self, parameters: MailParameters, content: Verb, is_next: bool) {
        self.parameters = parameters;
        self.content = content;
        self.turn = Turn::default();
        self.left = u16::MAX;
        self.deferred = 0;
        self.is_next = is_next;
    }

    /// Only so many recipients are taken, and the others left to a further transaction.
    pub(super) fn limit(&mut self, taken: u16, deferred: u16) {
        self.left = taken;
        self.deferred = deferred;
    }

    /// The operation that it belongs to has begun.
    pub(super) fn is_current(&mut self) {
        self.is_next = false;
    }

    /// Its message.
    pub(super) fn message<'o, 'm>(&self, mail: &MailOperation<'o, 'm>) -> &'o Message<'m> {
        match mail.next {
            Some(next) if self.is_next => next,
            _ => mail.message,
        }
    }

    fn left_out<'a>(&self, mail: &'a MailOperation<'_, '_>) -> LeftOut<'a> {
        if self.is_next { None } else { mail.left_out() }
    }

    pub(super) const fn parameters(&self) -> MailParameters {
        self.parameters
    }

    pub(super) const fn content(&self) -> Verb {
        self.content
    }

    pub(super) const fn deferred(&self) -> u16 {
        self.deferred
    }

    /// The recipient of the next RCPT, if there is one.
    #[inline(never)]
    pub(super) fn recipient<'o>(&mut self, mail: &MailOperation<'o, '_>) -> Option<Address<'o>> {
        if self.left == 0 {
            return None;
        }
        self.after = self.turn;
        let next = self.after.next(self.message(mail), self.left_out(mail));
        next.map(|(_, address)| address)
    }

    /// RCPT was sent for the recipient whose turn it was.
    pub(super) fn advance(&mut self) {
        self.turn = self.after;
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
        }
    }
}
