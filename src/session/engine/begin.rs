//! The start of an operation, or the reason it does not begin.
//!
//! This file sends nothing and reads nothing.

use crate::message::Message;
use crate::missing::Missing;
use crate::session::check;
use crate::session::hindrance::Hindrance;
use crate::session::limits::Results;
use crate::session::operation::Operation;
use crate::session::order;
use crate::session::recipients::Answered;
use crate::session::table::{self, Event, Verb};
use crate::state::State;
use crate::wire::ehlo::Extension;

use super::{Ending, Engine, Options, Stage};

impl Engine<'_> {
    /// Starts an operation, or refuses it without sending anything. A refusal changes the state in
    /// two cases: a STARTTLS or a login that the server does not offer bars what it should have
    /// protected.
    #[inline(never)]
    pub(in crate::session) fn begin(&mut self, operation: &mut Operation<'_, '_>, buffer: usize) {
        let is_mail = matches!(operation, Operation::Mail(_));
        self.ending = Ending::Good;
        self.is_sending = false;
        self.verdict.begin(is_mail);
        self.answered = Answered::default();
        match self.prepare(operation, buffer) {
            Err(hindrance) => {
                self.ending = Ending::Hindered(hindrance);
                self.stage = Stage::Done;
            }
            Ok(goal) => {
                self.replies.forget();
                self.goal = goal;
                self.is_busy = true;
            }
        }
    }

    /// [`Self::begin`] up to where it can no longer be refused; the operation's first command.
    fn prepare(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer: usize,
    ) -> Result<Verb, Hindrance> {
        if let Operation::Mail(mail) = operation
            && let Some(noting) = mail.noting
        {
            (noting.begin)(mail.results, mail.is_continued);
        }
        let rides = self
            .row
            .is_some_and(|row| (row.has_ridden)(self, operation));
        self.has_ridden = rides;
        if self.is_busy || !(rides || self.flight.is_empty()) {
            self.is_busy = false;
            self.server.happened(Event::Fault);
        }
        let state = self.server.state();
        if state.is_over() {
            return Err(Hindrance::Ended);
        }
        check::buffer(buffer)?;
        if rides {
            self.stage = Stage::Await;
            self.outgoing.is_current();
            return Ok(Verb::Mail);
        }
        let goal = match operation {
            Operation::Open if state == State::Connected => Verb::Greeting,
            Operation::Open => Verb::Ehlo,
            Operation::StartTls => Verb::StartTls,
            Operation::Login(_) => Verb::Auth,
            Operation::Mail(_) => Verb::Mail,
            Operation::Reset => Verb::Rset,
            Operation::Noop => Verb::Noop,
            Operation::Quit => Verb::Quit,
        };
        if state.is_idle() {
            self.check(operation)?;
        }
        // RSET leads to Ready, and what it is sent for must be in order there.
        let first = order::first(goal, state);
        let then = if first == goal { state } else { State::Ready };
        let leaves_unasked = goal == Verb::Quit && state == State::Connected;
        if !leaves_unasked && !table::may_send(then, goal) {
            return Err(Hindrance::OutOfOrder(state));
        }
        self.go(first);
        Ok(goal)
    }

    /// Checks what an operation needs of the server and of its values.
    fn check(&mut self, operation: &mut Operation<'_, '_>) -> Result<(), Hindrance> {
        let state = self.server.state();
        match operation {
            Operation::StartTls if state != State::LoginFailed => {
                // Never STARTTLS on a link that is under TLS.
                if self.server.proof().is_some() {
                    return Err(Hindrance::OutOfOrder(state));
                }
                if !self.server.offers(Extension::StartTls) {
                    self.server.happened(Event::StartTlsGivenUp);
                    return Err(Missing::Extension(Extension::StartTls).into());
                }
            }
            Operation::Login(credentials) => {
                let begun = self.login.begin(credentials, &self.server);
                if begun.is_err() {
                    // No mail is sent without the login that was asked for.
                    self.server.happened(Event::LoginGivenUp);
                }
                return begun;
            }
            // After a failed login nothing may be marked as deferred.
            Operation::Mail(mail) if state != State::LoginFailed => {
                check::message(mail.message, mail.sources, mail.left_out())?;
                let noting = mail.noting.filter(|_| mail.is_continued);
                return self.address(mail.message, (&mut *mail.results, noting), false);
            }
            _ => {}
        }
        Ok(())
    }

    /// Prepares the commands of a mail; refuses what the server could not take.
    #[inline(never)]
    pub(super) fn address(
        &mut self,
        message: &Message<'_>,
        results: Results<'_>,
        is_next: bool,
    ) -> Result<(), Hindrance> {
        let is_chunked = self.chunks.is_some() && self.server.offers(Extension::Chunking);
        let Options {
            requires_tls,
            all_or_none,
            ..
        } = self.options;
        let (extensions, length) = check::offers(&self.server, message, requires_tls, is_chunked)?;
        let content = match length {
            _ if !is_chunked => Verb::Data,
            Some(_) => Verb::BdatLast,
            None => Verb::Bdat,
        };
        self.outgoing.begin(extensions, content, is_next);
        self.body.begin(length);
        if let Some(limits) = self.limits {
            let (capabilities, tally) = (self.server.capabilities(), self.server.tally());
            let part = (limits.share)(capabilities, tally, message, results, all_or_none)?;
            self.outgoing.limit(part.taken.get(), part.deferred.get());
        }
        Ok(())
    }
}
