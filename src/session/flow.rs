//! The order of things: which command goes out next, whose reply is awaited, and when an operation
//! is done.
//!
//! ```text
//!   begin ──▶ Start ──▶ Compose ──▶ Flush ──▶ Await ──┬──▶ done
//!               ▲          │  ▲                  │  ▲  │
//!               │          └──┘ buffer full      └──┘ replies outstanding
//!               └──────────────── all answered, more to say
//! ```
//!
//! Commands are sent in one order whether they are pipelined or not. The only difference is where
//! a flight ends: behind every command, or only where replies must be read (RFC 2920 §3.1).
//!
//! The larger functions here and beside it are kept apart (`inline(never)`): inlined into the
//! driver's pump, where each has one caller, they took 5 KB more flash on a Cortex-M3 at opt `s`.

use core::convert::Infallible;

use crate::error::{Field, Invalid, Reason};
use crate::message::{Message, Part};
use crate::observer::Observer;
use crate::outcome::{Error, Fault, Missing, Violation};
use crate::report::{RecipientStatus, Report};
use crate::wire::command::MailParameters;
use crate::wire::domain::Domain;
use crate::wire::ehlo::{Capabilities, Extension, Mechanism};

use super::answer::CLOSING;
use super::buffer::Buffer;
use super::compose::Sourced;
use super::inbox::Inbox;
use super::operation::Operation;
use super::table::{self, State, Verb};
use super::transaction::{Outgoing, Verdict};
use super::{BUFFER_MIN, Delivery, Options};

pub(super) type Outcome = Result<Report, Error<Infallible>>;

/// What is to be done, in positions of the buffer.
pub(super) enum Act {
    Send {
        start: usize,
        end: usize,
    },
    /// Octets of the streamed part with this number are wanted.
    Fill {
        source: usize,
        start: usize,
        end: usize,
    },
    Flush,
    Receive,
    Done(Outcome),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A flight begins: nothing may be unread.
    Start,
    /// Commands or content go to the buffer.
    Compose,
    /// The flight is out.
    Flush,
    /// Replies are awaited.
    Await,
}

pub(super) struct Flow<'b> {
    pub(super) inbox: Inbox,
    pub(super) state: State,
    pub(super) capabilities: Capabilities,
    pub(super) options: Options,
    pub(super) name: Option<Domain<'b>>,
    /// TLS was opened by STARTTLS.
    pub(super) is_upgraded: bool,
    /// An operation is under way.
    pub(super) is_busy: bool,
    /// QUIT is all that is left to do: nothing that happens now changes an outcome.
    pub(super) is_leaving: bool,
    /// The server answered a command pipelined behind content wrongly once.
    pub(super) is_lock_step: bool,
    /// The transport said that no more will come.
    pub(super) is_at_end: bool,
    pub(super) mode: Mode,
    /// What goes out next.
    pub(super) next: Option<Verb>,
    /// Whose reply comes next.
    pub(super) due: Verb,
    /// Commands sent and not answered.
    pub(super) unanswered: u16,
    /// Octets of commands in this flight.
    pub(super) flight: usize,
    /// Octets of the next command that went out already.
    pub(super) skip: u32,
    pub(super) mechanism: Mechanism,
    /// Responses sent in the SASL exchange.
    pub(super) responses: u8,
    pub(super) outgoing: Outgoing,
    /// Octets of a streamed part that were asked for.
    pub(super) source: Option<Sourced>,
    /// The streamed part whose octets were asked for.
    pub(super) part: Option<Part>,
    pub(super) verdict: Verdict,
    pub(super) delivery: Delivery,
}

impl<'b> Flow<'b> {
    pub(super) fn new() -> Self {
        Self {
            inbox: Inbox::default(),
            state: State::Connected,
            capabilities: Capabilities::default(),
            options: Options {
                use_pipelining: true,
                all_or_none: false,
                helo_fallback: false,
            },
            name: None,
            is_upgraded: false,
            is_busy: false,
            is_leaving: false,
            is_lock_step: false,
            is_at_end: false,
            mode: Mode::Start,
            next: None,
            due: Verb::Greeting,
            unanswered: 0,
            flight: 0,
            skip: 0,
            mechanism: Mechanism::Plain,
            responses: 0,
            outgoing: Outgoing::default(),
            source: None,
            part: None,
            verdict: Verdict::default(),
            delivery: Delivery::None,
        }
    }

    pub(super) fn set_name(&mut self, name: Domain<'b>) -> Result<(), Invalid> {
        // RFC 6531 §3.7.1: EHLO comes before the server could have offered SMTPUTF8.
        if !name.is_ascii() {
            return Err(Invalid::new(Field::EhloName, Reason::NotAscii));
        }
        self.name = Some(name);
        Ok(())
    }

    pub(super) fn upgraded(&mut self) {
        self.state = State::Greeted;
        self.capabilities = Capabilities::default();
        self.is_upgraded = true;
    }

    pub(super) fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Begins an operation, or refuses it with nothing sent and nothing changed, but that a missing
    /// STARTTLS or AUTH bars what it should have protected, and that nothing is known of a mail.
    #[inline(never)]
    pub(super) fn begin(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer_len: usize,
    ) -> Result<(), Error<Infallible>> {
        let mut is_next = false;
        if let Operation::Mail(mail) = operation {
            mail.results.fill(RecipientStatus::default());
            self.delivery = Delivery::None;
            is_next = mail.is_next;
        }
        if self.is_busy || (self.unanswered > 0 && !is_next) {
            self.state = State::Broken;
        }
        if matches!(self.state, State::Broken | State::Closed) {
            return Err(Error::Ended);
        }
        if buffer_len < BUFFER_MIN {
            return Err(Invalid::new(Field::Buffer, Reason::TooSmall).into());
        }
        let rides = is_next && self.unanswered > 0;
        if !rides {
            self.prepare(operation)?;
            let verb = self.first_verb(operation);
            // RSET leads to Ready, and what it is sent for must be in order there.
            let (state, first) = if self.state.has_transaction() {
                (State::Ready, Verb::Rset)
            } else {
                (self.state, verb)
            };
            let is_in_order = table::may_send(state, verb)
                || matches!(operation, Operation::Quit if self.state == State::Connected);
            if !is_in_order {
                return Err(Error::OutOfOrder);
            }
            self.go(first);
        }
        self.inbox.forget();
        self.verdict = Verdict::default();
        self.is_leaving = matches!(operation, Operation::Quit);
        self.is_busy = true;
        Ok(())
    }

    /// Checks what an operation needs of the server and of its values.
    #[inline(never)]
    pub(super) fn prepare(
        &mut self,
        operation: &Operation<'_, '_>,
    ) -> Result<(), Error<Infallible>> {
        match operation {
            Operation::StartTls if self.is_idle() && self.state != State::LoginFailed => {
                if self.is_upgraded {
                    return Err(Error::OutOfOrder);
                }
                if !self.capabilities.offers(Extension::StartTls) {
                    self.state = State::Rejected;
                    return Err(Error::NotOffered(Missing::Extension(Extension::StartTls)));
                }
            }
            Operation::Login { mechanism, .. } if self.is_idle() => {
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
            Operation::Mail(mail) if self.is_idle() => {
                self.outgoing = self.address(mail.message, mail.sources)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Ready | State::LoginFailed) || self.state.has_transaction()
    }

    /// The mechanism to log in with.
    pub(super) fn choose(&self, forced: Option<Mechanism>) -> Result<Mechanism, Missing> {
        if !self.capabilities.offers(Extension::Auth) {
            return Err(Missing::Extension(Extension::Auth));
        }
        let offered = |mechanism: &Mechanism| self.capabilities.offers_mechanism(*mechanism);
        match forced {
            Some(mechanism) if offered(&mechanism) => Ok(mechanism),
            Some(mechanism) => Err(Missing::Mechanism(mechanism)),
            None => [Mechanism::Plain, Mechanism::Login]
                .into_iter()
                .find(offered)
                .ok_or(Missing::AnyMechanism),
        }
    }

    /// What MAIL will say of this message; refuses what the server could not take.
    #[inline(never)]
    pub(super) fn address(
        &self,
        message: &Message<'_>,
        sources: usize,
    ) -> Result<Outgoing, Invalid> {
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
        Ok(Outgoing {
            parameters,
            ..Outgoing::default()
        })
    }

    /// The command an operation begins with, or ends with once it is leaving.
    pub(super) fn first_verb(&self, operation: &Operation<'_, '_>) -> Verb {
        match operation {
            Operation::Open if self.state == State::Connected => Verb::Greeting,
            Operation::Open => Verb::Ehlo,
            Operation::StartTls => Verb::StartTls,
            Operation::Login { .. } => Verb::Auth,
            Operation::Mail(_) if !self.is_leaving => Verb::Mail,
            Operation::Reset => Verb::Rset,
            Operation::Noop => Verb::Noop,
            Operation::Mail(_) | Operation::Quit => Verb::Quit,
        }
    }

    /// Begins a flight with this command.
    #[inline(never)]
    pub(super) fn go(&mut self, verb: Verb) {
        self.mode = Mode::Start;
        self.next = Some(verb);
        self.flight = 0;
        self.skip = 0;
    }

    /// What the driver has to do next.
    #[inline(never)]
    pub(super) fn act(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> Act {
        buffer.wipe_secret();
        loop {
            match self.mode {
                Mode::Start => {
                    if let Some(outcome) = self.start(buffer, observer) {
                        return Act::Done(outcome);
                    }
                }
                Mode::Compose => {
                    if let Some(act) = self.compose(operation, buffer, observer) {
                        return act;
                    }
                }
                Mode::Flush => {
                    self.await_reply(observer);
                    return Act::Flush;
                }
                Mode::Await => {
                    let capabilities = (self.due == Verb::Ehlo).then_some(&mut self.capabilities);
                    match self.inbox.poll(buffer, capabilities, observer) {
                        Ok(true) => {
                            if let Some(outcome) = self.answered(operation, buffer, observer) {
                                return Act::Done(outcome);
                            }
                        }
                        Ok(false) if self.is_at_end => {
                            return Act::Done(self.fault(Fault::Closed));
                        }
                        Ok(false) => return Act::Receive,
                        Err(violation) => {
                            return Act::Done(self.fault(Fault::Protocol(violation)));
                        }
                    }
                }
            }
        }
    }

    pub(super) fn await_reply(&mut self, observer: &mut dyn Observer) {
        self.mode = Mode::Await;
        observer.awaiting(self.due.phase());
    }

    pub(super) fn received(&mut self, octets: usize, buffer: &Buffer<'_>) {
        self.is_at_end = octets == 0;
        self.inbox.received(octets, buffer);
    }

    /// Begins a flight, unless the server spoke out of turn.
    #[inline(never)]
    pub(super) fn start(
        &mut self,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> Option<Outcome> {
        if self.state == State::Connected && self.next == Some(Verb::Quit) {
            // The server has not spoken, and nothing was asked of it.
            self.state = State::Closed;
            return Some(self.finish());
        }
        if self.next == Some(Verb::Greeting) {
            self.next = None;
            self.due = Verb::Greeting;
            self.unanswered = 1;
            self.await_reply(observer);
            return None;
        }
        if self.inbox.has_unread() {
            let is_reply = matches!(self.inbox.poll(buffer, None, observer), Ok(true));
            let head = self.inbox.head();
            self.due = self.next.unwrap_or(self.due);
            if is_reply && head.code == CLOSING {
                observer.reply(self.inbox.reply(buffer));
                return Some(self.closing(head));
            }
            return Some(self.fault(Fault::Protocol(Violation::Unasked)));
        }
        self.mode = Mode::Compose;
        None
    }

    /// The operation is complete.
    pub(super) fn finish(&mut self) -> Outcome {
        self.is_busy = false;
        self.verdict.outcome().unwrap_or(Ok(Report::NONE))
    }

    /// The connection is of no use any more. How the operation ended by that.
    #[inline(never)]
    pub(super) fn fault<E>(&mut self, fault: Fault<E>) -> Result<Report, Error<E>> {
        self.state = State::Broken;
        self.is_busy = false;
        if let Some(outcome) = self.verdict.outcome() {
            return outcome;
        }
        if self.delivery == Delivery::Unknown {
            return Err(Error::Unknown { fault });
        }
        if self.is_leaving {
            return Ok(Report::NONE);
        }
        let phase = self.verb_under_way().phase();
        Err(Error::Failed { fault, phase })
    }

    /// The command that is going out, or whose reply is awaited.
    pub(super) fn verb_under_way(&self) -> Verb {
        match self.next {
            Some(next) if self.unanswered == 0 => next,
            _ => self.due,
        }
    }

    /// The driver let go. If it did so before the end, the connection is of no use any more.
    pub(super) fn abandon(&mut self) {
        if self.is_busy {
            self.is_busy = false;
            self.state = State::Broken;
        }
    }
}
