//! The engine: carries out an operation step by step, with the rooms around it.
//!
//! ```text
//!   begin ──▶ Start ──▶ Compose ──▶ Flush ──▶ Await ──┬──▶ Done
//!               ▲          │  ▲                  │  ▲  │
//!               │          └──┘ buffer full      └──┘ replies outstanding
//!               └──────────────── all answered, more to say
//! ```
//!
//! Commands are sent in one order whether they are pipelined or not. The only difference is where a
//! flight ends: after every command, or only where replies must be read (RFC 2920 §3.1).
//!
//! Which command comes next is decided in `order.rs`, which state follows in `table.rs`, what the
//! replies add up to in `verdict.rs`. This file connects them.

mod answer;
mod begin;
mod compose;
mod ending;
mod row;

use crate::fault::{Fault, Violation};
use crate::invalid::{Field, Invalid, Reason};
use crate::observer::Observer;
use crate::phase::Phase;
use crate::report::{Refusal, Report};
use crate::state::State;
use crate::wire::domain::Domain;

use super::body::Body;
use super::buffer::{Buffer, Span};
use super::chunks::{Chunking, Chunks};
use super::flight::Flight;
use super::hindrance::Hindrance;
use super::limits::{LIMITS, Limits};
use super::login::Login;
use super::mail::Outgoing;
use super::operation::{MailOperation, Operation};
use super::recipients::Answered;
use super::replies::{Form, Polled, Replies};
use super::server::Server;
use super::table::{Event, Verb};
use super::verdict::Verdict;

/// The next thing for the driver. With [`Engine::window`], the bytes it is about.
pub(super) enum Act {
    Send,
    /// Bytes of the source of a streamed part are wanted.
    Fill,
    /// What takes long goes on after others had their turn.
    #[cfg(feature = "scram-sha-256")]
    Pause,
    Flush,
    Receive,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A flight begins: nothing may be unread.
    Start,
    /// Commands or content go to the buffer.
    Compose,
    /// Bytes of a source are wanted.
    Fill,
    /// The flight is out.
    Flush,
    /// The transport is flushing it.
    Flushing,
    /// Replies are awaited.
    Await,
    /// A response of the SASL exchange is computed.
    #[cfg(feature = "scram-sha-256")]
    Work,
    /// The operation ended: well, unless there is a failure.
    Done,
}

/// The ending of an operation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Good,
    /// By the refusal that the verdict has.
    Refused,
    /// By a fault, in this phase.
    Failed(Phase),
    /// By a fault after a whole mail was handed over.
    Unknown,
    /// It did not begin.
    Hindered(Hindrance),
}

/// The caller's choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Options {
    is_lock_step: bool,
    all_or_none: bool,
    allows_helo: bool,
    /// Every mail asks for REQUIRETLS.
    requires_tls: bool,
}

/// The functions of mails in a row: see `row.rs`.
struct Row {
    /// Whether the commands of this mail were sent with the content of the one before.
    has_ridden: fn(&Engine<'_>, &Operation<'_, '_>) -> bool,
    /// The command of the next mail that follows content at once.
    next: fn(&mut Engine<'_>, &MailOperation<'_, '_>) -> Option<Verb>,
    /// Whether the reply to content is that to the MAIL after it: a success that is about an address
    /// (RFC 3463 §3.2).
    is_of_next: fn(&Engine<'_>) -> bool,
    /// Whether the server did not understand MAIL after content.
    was_misunderstood: fn(&Engine<'_>) -> bool,
    /// Begins the mail once more, without anything in one flight with content.
    again: fn(&mut Engine<'_>, &Operation<'_, '_>),
}

/// In this order: what is looked at most often comes first, and small fields before large ones, since
/// a Cortex-M reaches the first 32 bytes (of an u16 64, of an u32 128) with an instruction of half the
/// size.
#[repr(C)]
pub(super) struct Engine<'b> {
    stage: Stage,
    /// The command under way, or the next one.
    next: Option<Verb>,
    /// The operation's own first command; `Quit` once the session is ending.
    goal: Verb,
    /// An operation is under way.
    is_busy: bool,
    /// The bytes of the window are to be sent.
    is_sending: bool,
    /// The transport takes no more bytes: what the server said before is heard out.
    is_mute: bool,
    /// It did not take all of the content, or of the commands.
    is_torn: bool,
    /// The mail's commands were sent in the same flight as the content of the one before.
    has_ridden: bool,
    options: Options,
    server: Server,
    verdict: Verdict,
    answered: Answered,
    flight: Flight,
    /// Bytes of the command under way that were sent already.
    skip: u32,
    window: Span,
    replies: Replies,
    outgoing: Outgoing,
    chunks: Option<&'static Chunks>,
    limits: Option<&'static Limits>,
    row: Option<&'static Row>,
    login: Login,
    body: Body,
    ending: Ending,
    /// The last fault. The transport's own error is not kept here: the driver has it, and adds it at
    /// the end.
    trouble: Fault<()>,
    name: Option<Domain<'b>>,
}

impl<'b> Engine<'b> {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Start,
            next: Some(Verb::Greeting),
            goal: Verb::Greeting,
            is_busy: false,
            is_mute: false,
            is_torn: false,
            has_ridden: false,
            options: Options::default(),
            server: Server::new(),
            flight: Flight::default(),
            skip: 0,
            replies: Replies::default(),
            verdict: Verdict::default(),
            answered: Answered::default(),
            outgoing: Outgoing::new(),
            body: Body::default(),
            login: Login::default(),
            chunks: None,
            limits: None,
            row: None,
            is_sending: false,
            window: Span::default(),
            ending: Ending::Good,
            trouble: Fault::Closed,
            name: None,
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

    pub(super) fn without_pipelining(&mut self) {
        self.options.is_lock_step = true;
    }

    pub(super) fn all_or_none(&mut self) {
        self.options.all_or_none = true;
    }

    pub(super) fn allow_helo(&mut self) {
        self.options.allows_helo = true;
    }

    pub(super) fn require_tls(&mut self) {
        self.options.requires_tls = true;
    }

    #[inline(always)] // So that BDAT is not linked where this is not called.
    pub(super) fn chunking(&mut self, chunking: Chunking) {
        self.chunks = Some(chunking.chunks());
    }

    #[inline(always)] // As `chunking`.
    pub(super) fn with_limits(&mut self) {
        self.limits = Some(&LIMITS);
        self.server.capabilities_mut().heed_limits();
    }

    pub(super) const fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }

    pub(super) const fn replies(&self) -> &Replies {
        &self.replies
    }

    pub(super) const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    pub(super) const fn body(&self) -> &Body {
        &self.body
    }

    pub(super) const fn window(&self) -> Span {
        self.window
    }

    pub(super) const fn ending(&self) -> Ending {
        self.ending
    }

    pub(super) const fn trouble(&self) -> &Fault<()> {
        &self.trouble
    }

    /// The last refusal of the operation.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.verdict.refusal(self.replies.kept_head())
    }

    pub(super) fn report(&self) -> Report {
        let head = self.replies.kept_head();
        self.verdict.report(head, self.server.proof())
    }

    /// Bytes that are kept of a challenge which may have been the reason for a refusal.
    pub(super) fn reason(&self) -> Span {
        if self.login.gives_reasons() {
            self.replies.kept_bytes()
        } else {
            Span::default()
        }
    }

    /// Begins a flight with this command.
    #[inline(never)]
    fn go(&mut self, verb: Verb) {
        self.stage = Stage::Start;
        self.next = Some(verb);
        self.flight.begin();
        self.skip = 0;
    }

    /// The next thing for the driver.
    #[inline(never)]
    pub(super) fn act(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> Act {
        if self.is_sending {
            return Act::Send;
        }
        buffer.wipe_secret();
        loop {
            match self.stage {
                Stage::Start => self.start(buffer, observer),
                Stage::Compose => {
                    if let Some(act) = self.compose(operation, buffer, observer) {
                        return act;
                    }
                }
                Stage::Fill => return Act::Fill,
                Stage::Flush => {
                    self.await_reply(observer);
                    self.stage = Stage::Flushing;
                }
                Stage::Flushing => return Act::Flush,
                Stage::Await => {
                    if let Some(act) = self.listen(operation, buffer, observer) {
                        return act;
                    }
                }
                #[cfg(feature = "scram-sha-256")]
                Stage::Work => match operation {
                    Operation::Login(credentials)
                        if !self
                            .login
                            .work(credentials, buffer.get(self.replies.kept_bytes())) =>
                    {
                        return Act::Pause;
                    }
                    _ => self.go(Verb::AuthResponse),
                },
                Stage::Done => {
                    // What follows the final reply to BDAT may show that it was another command's.
                    if let (Operation::Mail(mail), Ending::Good) = (&mut *operation, self.ending)
                        && self.verdict.is_chunked()
                    {
                        mail.accepted();
                    }
                    return Act::Done;
                }
            }
            // Nothing is said any more, whatever would follow from what was heard.
            if self.is_mute && self.stage != Stage::Await {
                match (self.stage, self.ending) {
                    // Good only if the final reply was read.
                    (Stage::Done, Ending::Good) => self.fault(Fault::Transport(()), true),
                    (Stage::Done, _) => self.server.happened(Event::Fault),
                    // There may be more to hear.
                    _ => self.stage = Stage::Await,
                }
            }
        }
    }

    /// Begins a flight, unless the server spoke out of turn.
    fn start(&mut self, buffer: &mut Buffer<'_>, observer: &mut dyn Observer) {
        if self.server.state() == State::Connected && self.next == Some(Verb::Quit) {
            // The server has not spoken, and nothing was asked of it.
            self.server.happened(Event::Goodbye);
            self.finish();
        } else if self.next == Some(Verb::Greeting) {
            self.next = None;
            self.flight.sent(Verb::Greeting);
            self.await_reply(observer);
        } else if self.replies.has_unread() {
            match self.replies.poll(buffer, Form::Text, observer) {
                Ok(Polled::Reply) => self.unasked(buffer, observer),
                _ => self.fault(Fault::Protocol(Violation::Unasked), false),
            }
        } else {
            self.stage = Stage::Compose;
        }
    }

    /// Begins to wait for replies.
    fn await_reply(&mut self, observer: &mut dyn Observer) {
        self.stage = Stage::Await;
        observer.awaiting(self.phase());
    }

    /// The phase of the command whose reply is awaited, or of the one under way.
    #[inline(never)]
    fn phase(&self) -> Phase {
        let verb = self.flight.oldest().or(self.next);
        verb.unwrap_or(self.goal).phase()
    }

    /// Reads on in what was received.
    fn listen(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> Option<Act> {
        let form = match self.flight.oldest() {
            Some(Verb::Greeting) => Form::Greeting,
            Some(Verb::Ehlo) => Form::Capabilities(self.server.capabilities_mut()),
            _ => Form::Text,
        };
        match self.replies.poll(buffer, form, observer) {
            Ok(Polled::Reply) => match self.flight.oldest() {
                Some(verb) => self.answered(verb, operation, buffer, observer),
                None => self.unasked(buffer, observer),
            },
            Ok(Polled::Wanting) => {
                self.window = self.replies.free(buffer);
                return Some(Act::Receive);
            }
            Ok(Polled::Closed) if self.is_mute => self.fault(Fault::Transport(()), true),
            Ok(Polled::Closed) => self.fault(Fault::Closed, true),
            Err(_) if self.is_mute => self.fault(Fault::Transport(()), true),
            Err(violation) => self.fault(Fault::Protocol(violation), false),
        }
        None
    }

    /// The driver did what it was told, with so many bytes.
    #[inline(never)] // A driver calls it more than once.
    pub(super) fn done(&mut self, bytes: usize, buffer: &Buffer<'_>) {
        if self.is_sending {
            self.window = self.window.without(bytes);
            self.is_sending = !self.window.is_empty();
            if bytes == 0 {
                self.fault(Fault::Closed, false);
            }
            return;
        }
        match self.stage {
            Stage::Flushing => self.stage = Stage::Await,
            Stage::Fill => {
                self.body.filled(bytes);
                self.stage = Stage::Compose;
            }
            _ => self.replies.received(bytes, buffer),
        }
    }
}
