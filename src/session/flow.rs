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
//! What has a result for the caller leaves it in the flow (`mode`, `failure`, `window`), and is
//! converted once, in the driver's last step: handed through every function here, results took 1 KB
//! more flash on a Cortex-M3 at opt `s`. Some functions are kept apart (`inline(never)`) where that
//! was measured to be smaller, and others that have one caller are not for the same reason.

use crate::error::{Field, Invalid, Reason};
use crate::message::Part;
use crate::observer::Observer;
use crate::outcome::{Fault, Violation};
use crate::phase::Phase;
use crate::proof::Proof;
use crate::report::Refusal;
use crate::wire::domain::Domain;
use crate::wire::ehlo::Capabilities;

use super::answer::CLOSING;
use super::buffer::Buffer;
use super::chunk::{Chunking, by_bdat};
use super::content::Sourced;
use super::domains::Domains;
use super::exchange::Exchange;
use super::failure::Failure;
use super::inbox::Inbox;
use super::operation::Operation;
use super::table::{State, Verb};
use super::transaction::{Outgoing, Verdict};
use super::{Delivery, Options};

/// What is to be done. With [`Flow::window`], the octets it is to be done with.
pub(super) enum Act {
    Send,
    /// Octets of the streamed part under way are wanted.
    Fill,
    /// What takes long goes on after others had their turn.
    #[cfg(feature = "scram-sha-256")]
    Pause,
    Flush,
    Receive,
    Done,
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
    /// A response of the SASL exchange is computed.
    #[cfg(feature = "scram-sha-256")]
    Work,
    /// The operation ended: well, unless there is a failure.
    Done,
}

/// In the order they stand here: what is looked at most often comes first, and small fields before
/// large ones, since a Cortex-M reaches the first 32 octets (of an u16 64, of an u32 128) with an
/// instruction of half the size.
#[repr(C)]
pub(super) struct Flow<'b> {
    pub(super) state: State,
    pub(super) mode: Mode,
    /// What goes out next.
    pub(super) next: Option<Verb>,
    /// Whose reply comes next.
    pub(super) due: Verb,
    /// The command the operation begins with behind RSET, or ends with once it is leaving.
    pub(super) first: Verb,
    pub(super) delivery: Delivery,
    /// An operation is under way.
    pub(super) is_busy: bool,
    /// The transport said that no more will come.
    pub(super) is_at_end: bool,
    /// What proved the server's identity; `None` without TLS.
    pub(super) proof: Option<Proof>,
    /// The server answered a command pipelined behind content wrongly once.
    pub(super) is_lock_step: bool,
    pub(super) options: Options,
    pub(super) verdict: Verdict,
    /// Commands sent and not answered.
    pub(super) unanswered: u16,
    /// MAIL commands sent.
    pub(super) mails: u16,
    pub(super) capabilities: Capabilities,
    /// Octets of the next command that went out already.
    pub(super) skip: u32,
    /// How contents go by BDAT; `None` if they do not.
    pub(super) chunking: Option<Chunking>,
    /// Octets of commands in this flight.
    pub(super) flight: usize,
    /// The octets of the buffer that a step is about: the first, and the one behind the last.
    pub(super) window: (usize, usize),
    pub(super) inbox: Inbox,
    pub(super) outgoing: Outgoing,
    /// Domains of the recipients, where the server limits them.
    pub(super) domains: Domains,
    pub(super) exchange: Exchange,
    /// Why the operation did not succeed.
    pub(super) failure: Option<Failure>,
    pub(super) name: Option<Domain<'b>>,
    /// Octets of a streamed part that were asked for.
    pub(super) source: Option<Sourced>,
    /// The streamed part whose octets were asked for.
    pub(super) part: Option<(Part, usize)>,
}

impl<'b> Flow<'b> {
    #[inline(always)] // As `Session::without_chunking`.
    pub(super) fn new() -> Self {
        let mut capabilities = Capabilities::default();
        capabilities.heed_limits();
        Self {
            inbox: Inbox::default(),
            state: State::Connected,
            capabilities,
            options: Options {
                use_pipelining: true,
                all_or_none: false,
                helo_fallback: false,
                require_tls: false,
            },
            chunking: Some(by_bdat),
            name: None,
            proof: None,
            is_busy: false,
            is_lock_step: false,
            is_at_end: false,
            mode: Mode::Start,
            failure: None,
            window: (0, 0),
            first: Verb::Greeting,
            next: None,
            due: Verb::Greeting,
            unanswered: 0,
            flight: 0,
            skip: 0,
            mails: 0,
            domains: Domains::default(),
            exchange: Exchange::default(),
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

    pub(super) fn upgraded(&mut self, proof: Proof) {
        self.state = State::Greeted;
        self.capabilities.forget();
        self.proof = Some(proof);
        // RFC 3207 §4.2: the session begins anew.
        self.mails = 0;
        self.domains = Domains::default();
    }

    pub(super) fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The first recipient that the last mail left to a further transaction, if there may be one.
    pub(super) fn next_recipient(&self) -> Option<u16> {
        let Outgoing {
            first,
            taken,
            deferred,
            ..
        } = self.outgoing;
        let is_over = matches!(self.state, State::Broken | State::Closed);
        // Those behind the last that is counted are never reached, rather than others twice.
        first
            .checked_add(taken)
            .filter(|_| deferred > 0 && !is_over)
    }

    /// QUIT is all that is left to do: nothing that happens now changes an outcome.
    pub(super) fn is_leaving(&self) -> bool {
        self.first == Verb::Quit
    }

    /// Only QUIT is left to do.
    pub(super) fn leave(&mut self) {
        self.first = Verb::Quit;
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
                Mode::Start => self.start(buffer, observer),
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
                        Ok(true) => self.answered(operation, buffer, observer),
                        Ok(false) if self.is_at_end => self.fault(Fault::Closed),
                        Ok(false) => {
                            self.window = (self.inbox.end(), buffer.len());
                            return Act::Receive;
                        }
                        Err(violation) => self.fault(Fault::Protocol(violation)),
                    }
                }
                #[cfg(feature = "scram-sha-256")]
                Mode::Work => match operation {
                    Operation::Login { credentials, .. } if !self.work(credentials, buffer) => {
                        return Act::Pause;
                    }
                    _ => self.go(Verb::AuthResponse),
                },
                Mode::Done => return Act::Done,
            }
        }
    }

    pub(super) fn await_reply(&mut self, observer: &mut dyn Observer) {
        self.mode = Mode::Await;
        observer.awaiting(self.due.phase());
    }

    #[inline(never)] // A driver calls it twice.
    pub(super) fn received(&mut self, octets: usize, buffer: &Buffer<'_>) {
        self.is_at_end = octets == 0;
        self.inbox.received(octets, buffer);
    }

    /// Begins a flight, unless the server spoke out of turn.
    fn start(&mut self, buffer: &mut Buffer<'_>, observer: &mut dyn Observer) {
        if self.state == State::Connected && self.next == Some(Verb::Quit) {
            // The server has not spoken, and nothing was asked of it.
            self.state = State::Closed;
            self.finish();
        } else if self.next == Some(Verb::Greeting) {
            self.next = None;
            self.due = Verb::Greeting;
            self.unanswered = 1;
            self.await_reply(observer);
        } else if self.inbox.has_unread() {
            let is_reply = matches!(self.inbox.poll(buffer, None, observer), Ok(true));
            self.due = self.next.unwrap_or(self.due);
            if is_reply && self.inbox.head().code == CLOSING {
                observer.reply(self.inbox.reply(buffer));
                self.closing();
            } else {
                self.fault(Fault::Protocol(Violation::Unasked));
            }
        } else {
            self.mode = Mode::Compose;
        }
    }

    /// The operation is complete; how it ended, the verdict says.
    #[inline(never)]
    pub(super) fn finish(&mut self) {
        self.is_busy = false;
        self.mode = Mode::Done;
        self.failure = self.verdict.refusal().map(Failure::Refused);
    }

    /// The operation failed, and the connection stands.
    #[inline(never)]
    pub(super) fn fail(&mut self, failure: Failure) {
        self.is_busy = false;
        self.mode = Mode::Done;
        self.failure = Some(failure);
    }

    /// The operation was refused by the reply read last, and the connection stands.
    #[inline(never)]
    pub(super) fn refused(&mut self, phase: Phase) {
        self.fail(Failure::Refused(Refusal::of(self.inbox.head(), phase)));
    }

    /// The connection is of no use any more.
    #[inline(never)]
    pub(super) fn fault(&mut self, fault: Fault<()>) {
        self.state = State::Broken;
        self.finish();
        let is_unknown = self.delivery == Delivery::Unknown;
        // What the server said of the mail stays true.
        if self.verdict.is_final() || (self.is_leaving() && !is_unknown) {
            if is_unknown {
                self.delivery = Delivery::Refused;
            }
            return;
        }
        self.failure = Some(if is_unknown {
            Failure::Unknown { fault }
        } else {
            // The content may go out ahead of the replies to MAIL and RCPT.
            let phase = match fault {
                Fault::Source(_) | Fault::Content(_) => Phase::Content,
                _ => self.verb_under_way().phase(),
            };
            Failure::Failed { fault, phase }
        });
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
        self.exchange.memory.wipe();
        if self.is_busy {
            self.is_busy = false;
            self.state = State::Broken;
            // What the server said of the mail stays true, as after a fault.
            if self.verdict.is_final() && self.delivery == Delivery::Unknown {
                self.delivery = Delivery::Refused;
            }
        }
    }
}
