//! How an operation begins, or why it does not: the rules that are checked before anything is sent.
//!
//! This file writes nothing and reads nothing.

use crate::error::{Field, Invalid, Reason};
use crate::message::{Message, Walk};
use crate::outcome::Missing;
use crate::proof::Proof;
use crate::report::RecipientStatus;
use crate::wire::command::MailParameters;
use crate::wire::ehlo::Extension;

use super::failure::Hindrance;
use super::flow::{Flow, Mode};
use super::operation::Operation;
use super::table::{self, State, Verb};
use super::transaction::{Outgoing, Verdict};
use super::{BUFFER_MIN, Delivery};

impl Flow<'_> {
    /// Begins an operation, or refuses it with nothing sent and nothing changed, but that a missing
    /// STARTTLS or AUTH bars what it should have protected, and that nothing is known of a mail.
    #[inline(never)]
    pub(super) fn begin(&mut self, operation: &mut Operation<'_, '_>, buffer_len: usize) {
        match self.prepare(operation, buffer_len) {
            Err(hindrance) => self.fail(hindrance.into()),
            Ok(first) => {
                self.inbox.forget();
                self.verdict = Verdict::default();
                self.failure = None;
                self.first = first;
                self.is_busy = true;
            }
        }
    }

    /// [`Self::begin`] up to where it can no longer be refused; the operation's first command.
    fn prepare(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer_len: usize,
    ) -> Result<Verb, Hindrance> {
        let mut is_next = false;
        if let Operation::Mail(mail) = operation {
            // Later parts of a mail find what the first ones left.
            if mail.first == 0 {
                mail.results.fill(RecipientStatus::default());
            }
            self.delivery = Delivery::None;
            is_next = mail.is_next;
        }
        let rides = is_next && self.unanswered > 0;
        if self.is_busy || (self.unanswered > 0 && !rides) {
            self.state = State::Broken;
        }
        if matches!(self.state, State::Broken | State::Closed) {
            return Err(Hindrance::Ended);
        }
        if buffer_len < BUFFER_MIN {
            return Err(Invalid::new(Field::Buffer, Reason::TooSmall).into());
        }
        if rides {
            self.mode = Mode::Await;
            return Ok(Verb::Mail);
        }
        self.outgoing.deferred = 0;
        let verb = match operation {
            Operation::Open if self.state == State::Connected => Verb::Greeting,
            Operation::Open => Verb::Ehlo,
            Operation::StartTls => Verb::StartTls,
            Operation::Login { .. } => Verb::Auth,
            Operation::Mail(_) => Verb::Mail,
            Operation::Reset => Verb::Rset,
            Operation::Noop => Verb::Noop,
            Operation::Quit => Verb::Quit,
        };
        if self.state.is_idle() {
            self.check(operation)?;
        }
        // RSET leads to Ready, and what it is sent for must be in order there.
        let (state, first) = if self.state.has_transaction() {
            (State::Ready, Verb::Rset)
        } else {
            (self.state, verb)
        };
        let leaves_unasked = verb == Verb::Quit && state == State::Connected;
        if !leaves_unasked && !table::may_send(state, verb) {
            return Err(Hindrance::OutOfOrder);
        }
        self.go(first);
        Ok(verb)
    }

    /// Checks what an operation needs of the server and of its values.
    fn check(&mut self, operation: &mut Operation<'_, '_>) -> Result<(), Hindrance> {
        match operation {
            Operation::StartTls if self.state != State::LoginFailed => {
                // Never STARTTLS on a link that is under TLS.
                if self.proof.is_some() {
                    return Err(Hindrance::OutOfOrder);
                }
                if !self.capabilities.offers(Extension::StartTls) {
                    self.state = State::Rejected;
                    return Err(Hindrance::Missing(Missing::Extension(Extension::StartTls)));
                }
            }
            Operation::Login {
                credentials,
                mechanism,
            } => {
                if let Err(failure) = self.choose(credentials, *mechanism) {
                    // No mail is sent without the login that was asked for.
                    self.state = match self.state.has_transaction() {
                        true => State::Rejected,
                        false => State::LoginFailed,
                    };
                    return Err(failure);
                }
            }
            // No recipient is left to a transaction that never comes.
            Operation::Mail(mail) if self.state != State::LoginFailed => {
                self.address(mail.message, mail.sources, mail.first)?;
                let Outgoing {
                    first,
                    taken,
                    deferred,
                    ..
                } = self.outgoing;
                let (taken, deferred) = (usize::from(taken), usize::from(deferred));
                let results = mail.results.get_mut(usize::from(first)..);
                let results = results.unwrap_or_default().iter_mut();
                for (n, status) in results.take(taken.saturating_add(deferred)).enumerate() {
                    status.is_deferred = n >= taken;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What MAIL will say of this message; refuses what the server could not take.
    #[inline(never)]
    pub(super) fn address(
        &mut self,
        message: &Message<'_>,
        sources: usize,
        first: u16,
    ) -> Result<(), Hindrance> {
        let mut walk = Walk::default();
        for _ in 0..first {
            let _ = message.envelope().next_recipient(&mut walk);
        }
        if message.envelope().next_recipient(&mut { walk }).is_none() {
            return Err(Invalid::new(Field::Recipients, Reason::Empty).into());
        }
        if message.streamed_parts() > sources {
            return Err(Invalid::new(Field::Message, Reason::NoSource).into());
        }
        let share = if self.capabilities.limits_recipients() {
            self.share(message, walk)?
        } else {
            Share::default()
        };
        // RFC 9422 §4.1: a server may refuse what is more.
        if let Some(most) = self.capabilities.mail_max()
            && u32::from(self.mails) >= most
        {
            return Err(Hindrance::Limit);
        }
        let offers = |extension| self.capabilities.offers(extension);
        let smtp_utf8 = message.needs_smtputf8();
        if smtp_utf8 && !offers(Extension::SmtpUtf8) {
            return Err(Invalid::new(Field::Message, Reason::NeedsSmtpUtf8).into());
        }
        let eight_bit = message.needs_8bitmime();
        if eight_bit && !offers(Extension::EightBitMime) {
            return Err(Invalid::new(Field::Message, Reason::NeedsEightBitMime).into());
        }
        let require_tls = self.options.require_tls;
        if require_tls && !offers(Extension::RequireTls) {
            return Err(Hindrance::Missing(Missing::Extension(
                Extension::RequireTls,
            )));
        }
        if require_tls && self.proof != Some(Proof::Chain) {
            return Err(Hindrance::Missing(Missing::VerifiedChain));
        }
        let size = offers(Extension::Size);
        let length = if size || self.is_chunking() {
            message.encoded_len()
        } else {
            None
        };
        // RFC 1870 §6.1: a client "need not" try what is known to be too large.
        if let (Some(length), Some(limit)) = (length, self.capabilities.size_limit())
            && length > limit
        {
            return Err(Invalid::new(Field::Message, Reason::TooLarge).into());
        }
        let body_8bit_mime = eight_bit || (smtp_utf8 && offers(Extension::EightBitMime));
        let mut extensions = 0;
        for (is_used, extension) in [
            (body_8bit_mime, Extension::EightBitMime),
            (smtp_utf8, Extension::SmtpUtf8),
            (require_tls, Extension::RequireTls),
        ] {
            if is_used {
                extensions |= extension.bit();
            }
        }
        let parameters = MailParameters {
            size: length.filter(|_| size),
            extensions,
        };
        self.outgoing = Outgoing {
            parameters,
            length,
            first,
            taken: share.taken,
            deferred: share.deferred,
            walk,
            ..Outgoing::default()
        };
        Ok(())
    }

    /// The recipients that one transaction may have, from `start` on. Those behind the first that is
    /// too many are left to a further one. RFC 9422 has the limit of recipients for a transaction
    /// (§4.2), and that of domains for the session (§4.3).
    #[inline(never)]
    fn share(&self, message: &Message<'_>, start: Walk) -> Result<Share, Hindrance> {
        // No more than are counted.
        let most = self.capabilities.rcpt_max().unwrap_or(u16::MAX.into());
        let most_domains = self.capabilities.rcpt_domain_max().unwrap_or(u32::MAX);
        let mut share = Share::default();
        let mut domains = self.domains;
        let mut walk = start;
        while let Some(address) = message.envelope().next_recipient(&mut walk) {
            domains.insert(address.domain().as_str());
            if share.deferred > 0
                || u32::from(share.taken) >= most
                || domains.count() > most_domains
            {
                share.deferred = share.deferred.saturating_add(1);
            } else {
                share.taken = share.taken.saturating_add(1);
            }
        }
        if share.taken == 0 {
            return Err(Hindrance::Limit);
        }
        if share.deferred > 0 && self.options.all_or_none {
            return Err(Invalid::new(Field::Recipients, Reason::TooMany).into());
        }
        Ok(share)
    }
}

/// How many recipients a transaction is for, 0 for all, and how many are left out.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    taken: u16,
    deferred: u16,
}
