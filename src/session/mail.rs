//! A mail on its way out: whose turn it is among the recipients, and what its commands say.
//!
//! This file does not know replies. A mail may be on its way out while the final reply to the one
//! before is still awaited.

use crate::message::Message;
use crate::wire::address::Address;

use super::operation::MailOperation;
use super::recipients::Turn;
use super::results::LeftOut;
use super::table::Verb;

/// The mail on its way out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing {
    /// The extensions it uses, a sum of [`Extension::bit`](crate::wire::ehlo::Extension::bit).
    extensions: u16,
    /// The command its content is sent by.
    content: Verb,
    turn: Turn,
    /// The turn after it.
    after: Turn,
    /// The most bytes of RCPT for the recipient asked for last.
    rcpt: u16,
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
            extensions: 0,
            content: Verb::Data,
            turn: Turn::default(),
            after: Turn::default(),
            rcpt: 0,
            left: 0,
            deferred: 0,
            is_next: false,
        }
    }

    /// Begins with the first recipient.
    pub(super) fn begin(&mut self, extensions: u16, content: Verb, is_next: bool) {
        self.extensions = extensions;
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

    pub(super) const fn extensions(&self) -> u16 {
        self.extensions
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
        let message = self.message(mail);
        self.after = self.turn;
        let (_, address) = self.after.next(message, self.left_out(mail))?;
        self.rcpt = rcpt_max(address.as_str().len(), message.dsn_parameters().is_some());
        Some(address)
    }

    /// The most bytes of RCPT for the recipient asked for last.
    pub(super) const fn rcpt(&self) -> u16 {
        self.rcpt
    }

    /// RCPT was sent for the recipient whose turn it was.
    pub(super) fn advance(&mut self) {
        self.turn = self.after;
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
        }
    }
}

/// The most bytes of RCPT for an address, and of the DATA or BDAT that may follow. DSN repeats the
/// address, with three bytes for each of its bytes at most, after ` NOTIFY=… ORCPT=rfc822;`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an address has at most 320 bytes"
)]
const fn rcpt_max(address: usize, has_dsn: bool) -> u16 {
    /// `RCPT TO:<` and `>` CRLF, and `BDAT 4294967295 LAST` CRLF.
    const FRAME: u16 = 34;
    const DSN: u16 = 49;
    let address = address as u16;
    if has_dsn {
        FRAME + DSN + 4 * address
    } else {
        FRAME + address
    }
}
