//! How an operation begins, or why it does not: the rules that are checked before anything is sent.
//!
//! This file writes nothing and reads nothing.

use crate::error::{Field, Invalid, Reason};
use crate::message::Message;
use crate::outcome::{Error, Missing};
use crate::report::RecipientStatus;
use crate::wire::command::MailParameters;
use crate::wire::ehlo::{Extension, Mechanism};

use super::flow::{Failure, Flow, Mode};
use super::operation::Operation;
use super::table::{self, State, Verb};
use super::transaction::{Outgoing, Verdict};
use super::{BUFFER_MIN, Delivery};

impl Flow<'_> {
    /// Begins an operation, or refuses it with nothing sent and nothing changed, but that a missing
    /// STARTTLS or AUTH bars what it should have protected, and that nothing is known of a mail.
    pub(super) fn begin(&mut self, operation: &mut Operation<'_, '_>, buffer_len: usize) {
        match self.prepare(operation, buffer_len) {
            Err(failure) => self.fail(failure),
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
    ) -> Result<Verb, Failure> {
        let mut is_next = false;
        if let Operation::Mail(mail) = operation {
            mail.results.fill(RecipientStatus::default());
            self.delivery = Delivery::None;
            is_next = mail.is_next;
        }
        let rides = is_next && self.unanswered > 0;
        if self.is_busy || (self.unanswered > 0 && !rides) {
            self.state = State::Broken;
        }
        if matches!(self.state, State::Broken | State::Closed) {
            return Err(Error::Ended);
        }
        if buffer_len < BUFFER_MIN {
            return Err(Invalid::new(Field::Buffer, Reason::TooSmall).into());
        }
        if rides {
            self.mode = Mode::Await;
            return Ok(Verb::Mail);
        }
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
            return Err(Error::OutOfOrder);
        }
        self.go(first);
        Ok(verb)
    }

    /// Checks what an operation needs of the server and of its values.
    fn check(&mut self, operation: &Operation<'_, '_>) -> Result<(), Failure> {
        match operation {
            Operation::StartTls if self.state != State::LoginFailed => {
                if self.is_upgraded {
                    return Err(Error::OutOfOrder);
                }
                if !self.capabilities.offers(Extension::StartTls) {
                    self.state = State::Rejected;
                    return Err(Error::NotOffered(Missing::Extension(Extension::StartTls)));
                }
            }
            Operation::Login { mechanism, .. } => {
                match self.choose(*mechanism) {
                    Ok(mechanism) => self.mechanism = mechanism,
                    Err(missing) => {
                        // No mail is sent without the login that was asked for.
                        self.state = match self.state.has_transaction() {
                            true => State::Rejected,
                            false => State::LoginFailed,
                        };
                        return Err(Error::NotOffered(missing));
                    }
                }
                self.responses = 0;
            }
            Operation::Mail(mail) => self.address(mail.message, mail.sources)?,
            _ => {}
        }
        Ok(())
    }

    /// The mechanism to log in with.
    pub(super) fn choose(&self, forced: Option<Mechanism>) -> Result<Mechanism, Missing> {
        let offers = |mechanism| self.capabilities.offers_mechanism(mechanism);
        let mechanism = match forced {
            Some(mechanism) => mechanism,
            None if offers(Mechanism::Plain) => Mechanism::Plain,
            None => Mechanism::Login,
        };
        if !self.capabilities.offers(Extension::Auth) {
            Err(Missing::Extension(Extension::Auth))
        } else if offers(mechanism) {
            Ok(mechanism)
        } else {
            Err(forced.map_or(Missing::AnyMechanism, Missing::Mechanism))
        }
    }

    /// What MAIL will say of this message; refuses what the server could not take.
    #[inline(never)]
    pub(super) fn address(&mut self, message: &Message<'_>, sources: usize) -> Result<(), Invalid> {
        let mut walk = Default::default();
        if message.envelope().next_recipient(&mut walk).is_none() {
            return Err(Invalid::new(Field::Recipients, Reason::Empty));
        }
        if message.streamed_parts() > sources {
            return Err(Invalid::new(Field::Message, Reason::NoSource));
        }
        let offers = |extension| self.capabilities.offers(extension);
        let smtp_utf8 = message.needs_smtputf8();
        if smtp_utf8 && !offers(Extension::SmtpUtf8) {
            return Err(Invalid::new(Field::Message, Reason::NeedsSmtpUtf8));
        }
        let eight_bit = message.needs_8bitmime();
        if eight_bit && !offers(Extension::EightBitMime) {
            return Err(Invalid::new(Field::Message, Reason::NeedsEightBitMime));
        }
        let size = if offers(Extension::Size) {
            message.encoded_len()
        } else {
            None
        };
        // RFC 1870 §6.1: a client "need not" try what is known to be too large.
        if let (Some(size), Some(limit)) = (size, self.capabilities.size_limit())
            && size > limit
        {
            return Err(Invalid::new(Field::Message, Reason::TooLarge));
        }
        let body_8bit_mime = eight_bit || (smtp_utf8 && offers(Extension::EightBitMime));
        let parameters = MailParameters {
            size,
            body_8bit_mime,
            smtp_utf8,
        };
        self.outgoing = Outgoing {
            parameters,
            ..Outgoing::default()
        };
        Ok(())
    }
}
