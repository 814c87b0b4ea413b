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

use crate::fault::{Fault, Violation};
use crate::invalid::{Field, Invalid, Reason};
use crate::message::{Dots, Message};
use crate::missing::Missing;
use crate::observer::Observer;
use crate::phase::Phase;
use crate::report::{CLOSING, Progress, RecipientStatus, Refusal, RefusalKind};
use crate::state::State;
use crate::wire::domain::Domain;
use crate::wire::ehlo::Extension;
use crate::wire::writer::Writer;

use super::body::{Body, Came};
use super::buffer::{Buffer, Span};
use super::check;
use super::chunks::{Chunking, Chunks, LINE_MAX};
use super::flight::Flight;
use super::hindrance::Hindrance;
use super::limits::{LIMITS, Limits};
use super::login::{Challenged, Login};
use super::mail::Outgoing;
use super::operation::{MailOperation, Operation};
use super::order::{self, Course, Then};
use super::recipients::Answered;
use super::replies::{Form, Polled, Replies};
use super::server::Server;
use super::table::{self, Event, Verb};
use super::verdict::{Delivery, Heard, Verdict};
use super::write::{self, Arguments};

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

/// The reason an operation did not succeed. The transport's own error is not kept here: the driver
/// has it, and adds it at the end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    Refused(Refusal),
    Failed { fault: Fault<()>, phase: Phase },
    Unknown { fault: Fault<()> },
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

/// The most bytes of RCPT without and with what DSN adds, and of the DATA or BDAT that may follow:
/// of an address with 64 and 255 bytes around its `@`.
const RCPT_MAX: usize = 364;
const RCPT_DSN_MAX: usize = 1400;

pub(super) struct Engine<'b> {
    stage: Stage,
    /// The command under way, or the next one.
    next: Option<Verb>,
    /// The operation's own first command; `Quit` once the session is ending.
    goal: Verb,
    /// An operation is under way.
    is_busy: bool,
    /// The transport takes no more bytes: what the server said before is heard out.
    is_mute: bool,
    options: Options,
    server: Server,
    flight: Flight,
    /// Bytes of the command under way that were sent already.
    skip: u32,
    replies: Replies,
    verdict: Verdict,
    answered: Answered,
    outgoing: Outgoing,
    body: Body,
    login: Login,
    chunks: Option<&'static Chunks>,
    limits: Option<&'static Limits>,
    window: Span,
    failure: Option<Failure>,
    name: Option<Domain<'b>>,
}

impl<'b> Engine<'b> {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Start,
            next: None,
            goal: Verb::Greeting,
            is_busy: false,
            is_mute: false,
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
            window: Span::default(),
            failure: None,
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

    pub(super) const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Bytes that are kept of a challenge which may have been the reason for a refusal.
    pub(super) fn reason(&self) -> Span {
        if self.login.gives_reasons() {
            self.replies.kept_bytes()
        } else {
            Span::default()
        }
    }

    /// Starts an operation, or refuses it without sending anything. A refusal changes the state in
    /// two cases: a STARTTLS or a login that the server does not offer bars what it should have
    /// protected.
    #[inline(never)]
    pub(super) fn begin(&mut self, operation: &mut Operation<'_, '_>, buffer: usize) {
        let is_mail = matches!(operation, Operation::Mail(_));
        self.failure = None;
        self.verdict.begin(is_mail);
        self.answered = Answered::default();
        match self.prepare(operation, buffer) {
            Err(hindrance) => {
                self.failure = Some(Failure::Hindered(hindrance));
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
        let mut is_next = false;
        if let Operation::Mail(mail) = operation {
            for status in &mut *mail.results {
                if !(mail.is_unsent && status.is_sent()) {
                    *status = RecipientStatus::default();
                }
            }
            is_next = mail.is_next;
        }
        let rides = is_next && !self.flight.is_empty();
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
                let is_unsent = mail.is_unsent;
                check::message(
                    mail.message,
                    mail.sources,
                    is_unsent.then_some(&*mail.results),
                )?;
                return self.address(mail.message, (&mut *mail.results, is_unsent), false);
            }
            _ => {}
        }
        Ok(())
    }

    /// Prepares the commands of a mail; refuses what the server could not take.
    #[inline(never)]
    fn address(
        &mut self,
        message: &Message<'_>,
        results: (&mut [RecipientStatus], bool),
        is_next: bool,
    ) -> Result<(), Hindrance> {
        let is_chunked = self.chunks.is_some() && self.server.offers(Extension::Chunking);
        let Options {
            requires_tls,
            all_or_none,
            ..
        } = self.options;
        let (parameters, length) = check::offers(&self.server, message, requires_tls, is_chunked)?;
        let content = match length {
            _ if !is_chunked => Verb::Data,
            Some(_) => Verb::BdatLast,
            None => Verb::Bdat,
        };
        self.outgoing.begin(parameters, content, is_next);
        self.body.begin(length);
        if let Some(limits) = self.limits {
            let (capabilities, tally) = (self.server.capabilities(), self.server.tally());
            let part = (limits.share)(capabilities, tally, message, results, all_or_none)?;
            self.outgoing.limit(part.taken, part.deferred);
        }
        Ok(())
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
                Stage::Done => return Act::Done,
            }
            // Nothing is said any more: what would follow from what was heard ends here.
            if self.is_mute && !matches!(self.stage, Stage::Await | Stage::Done) {
                self.fault(Fault::Transport(()), true);
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
            self.flight.sent(Verb::Greeting, 0);
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
    fn phase(&self) -> Phase {
        let verb = self.flight.oldest().or(self.next);
        verb.unwrap_or(self.goal).phase()
    }

    /// Fills the buffer with what goes out next; `None` when there is nothing.
    #[inline(never)]
    fn compose(
        &mut self,
        operation: &Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> Option<Act> {
        let kept = self.replies.clear();
        let rest = buffer.rest(kept);
        let capacity = buffer.len();
        let (kept_bytes, free) = buffer.split(kept);
        let mut out = Writer::new(free, self.skip);
        let mut first = 0;
        let mut has_secret = false;
        self.stage = Stage::Flush;
        while let Some(verb) = self.next
            && self.may_go(verb, capacity)
        {
            let from = out.len();
            if let Operation::Mail(mail) = operation
                && let Some(came) = self.content(verb, mail, &mut out, &mut first)
            {
                if verb == Verb::Bdat
                    && first < LINE_MAX
                    && matches!(came, Came::Whole | Came::Full)
                {
                    observer.sent(out.between(first, LINE_MAX));
                    observer.content(out.since(LINE_MAX).len());
                } else {
                    observer.content(out.since(from).len());
                }
                match came {
                    Came::Abort(fault) => {
                        self.fault(Fault::Content(fault), false);
                        return Some(Act::Done);
                    }
                    Came::Source(place) => {
                        self.window = rest.split(place).1;
                        self.stage = Stage::Fill;
                        return Some(Act::Fill);
                    }
                    Came::Full if verb != Verb::Bdat => {
                        self.stage = Stage::Compose;
                        break;
                    }
                    Came::Full => {
                        self.flight.sent(Verb::Bdat, 0);
                        break;
                    }
                    Came::Whole => self.verdict.handed_over(),
                }
                if verb != Verb::Content {
                    self.flight.sent(Verb::BdatLast, 0);
                    self.next = None;
                    break;
                }
            }
            let arguments = self.arguments(verb, operation, kept_bytes);
            let secret = write::command(verb, &arguments, &mut out);
            let cut = out.end_atom();
            self.skip = cut.unwrap_or(0);
            if verb != Verb::Content || self.server.state() != State::Content {
                write::show(&out, from, secret, cut.is_none(), observer);
            }
            has_secret |= secret.is_some();
            if cut.is_some() {
                self.stage = Stage::Compose;
                break;
            }
            let bytes = out.since(from).len();
            if !self.said(verb, bytes, operation) {
                break;
            }
        }
        let length = out.len();
        let span = rest.split(length).0;
        self.window = span.split(first).1;
        if has_secret {
            buffer.mark_secret(span);
        }
        (!self.window.is_empty()).then_some(Act::Send)
    }

    /// Whether the command may be sent before what is outstanding was answered.
    fn may_go(&self, verb: Verb, capacity: usize) -> bool {
        if self.flight.is_empty() || self.skip > 0 {
            return true;
        }
        match verb {
            Verb::Rcpt if self.server.offers(Extension::Dsn) => self.flight.has_room(RCPT_DSN_MAX),
            Verb::Rcpt => self.flight.has_room(RCPT_MAX),
            Verb::Data => !self.options.all_or_none,
            Verb::Bdat => false,
            Verb::BdatLast => {
                self.body.is_announced()
                    || (!self.options.all_or_none
                        && self.chunks.is_some_and(|chunks| {
                            (chunks.may_go_ahead)(&self.flight, self.body.length(), capacity)
                        }))
            }
            _ => true,
        }
    }

    /// Writes content, if that is what comes next, and not a command. `first` is the place of the
    /// first byte of a chunk.
    fn content(
        &mut self,
        verb: Verb,
        mail: &MailOperation<'_, '_>,
        out: &mut Writer<'_>,
        first: &mut usize,
    ) -> Option<Came> {
        let dots = match verb {
            Verb::Content if self.server.state() == State::Content => Dots::Stuffed,
            Verb::BdatLast if self.body.is_announced() => Dots::Plain,
            Verb::Bdat => {
                let (came, place) = (self.chunks?.chunk)(&mut self.body, mail, out);
                *first = place;
                return Some(came);
            }
            _ => return None,
        };
        let begin = out.len();
        let came = match mail.streaming {
            Some(streaming) => (streaming.fill)(&mut self.body, mail.message, dots, out),
            None => self.body.fill(mail.message, dots, out),
        };
        Some(match self.chunks {
            Some(chunks) if verb == Verb::BdatLast => {
                (chunks.take)(&mut self.body, out.since(begin).len(), came)
            }
            _ => came,
        })
    }

    /// The arguments of a command. `kept` is what was kept of a challenge.
    fn arguments<'a>(
        &'a self,
        verb: Verb,
        operation: &'a Operation<'_, '_>,
        kept: &'a [u8],
    ) -> Arguments<'a> {
        match (verb, operation) {
            (Verb::Ehlo | Verb::Helo, _) => self.name.map_or(Arguments::None, Arguments::Name),
            (Verb::Mail, Operation::Mail(mail)) => Arguments::ReversePath(
                self.outgoing.message(mail),
                self.outgoing.parameters(),
                self.server.offers(Extension::Dsn),
            ),
            (Verb::Rcpt, Operation::Mail(mail)) => match self.outgoing.recipient(mail) {
                Some(to) => Arguments::Recipient(
                    self.outgoing.message(mail),
                    to,
                    self.server.offers(Extension::Dsn),
                ),
                None => Arguments::None,
            },
            (Verb::BdatLast, _) => match self.chunks {
                Some(chunks) => Arguments::Chunk(chunks.arguments, &self.body),
                None => Arguments::None,
            },
            (Verb::Auth | Verb::AuthResponse, Operation::Login(credentials)) => {
                Arguments::Login(&self.login, credentials, kept)
            }
            _ => Arguments::None,
        }
    }

    /// A command of so many bytes is in the buffer as a whole. Whether another may follow it in this
    /// flight.
    #[inline(never)]
    fn said(&mut self, verb: Verb, bytes: usize, operation: &Operation<'_, '_>) -> bool {
        if verb == Verb::BdatLast {
            // Its bytes follow it. What comes from a source begins at the buffer's beginning.
            self.body.announced();
            let is_streamed =
                matches!(operation, Operation::Mail(mail) if mail.streaming.is_some());
            if is_streamed {
                self.stage = Stage::Compose;
            }
            return !is_streamed;
        }
        self.flight.sent(verb, bytes);
        let mut has_recipient = false;
        match (verb, operation) {
            (Verb::Ehlo | Verb::Helo, _) => self.server.forget_offers(),
            (Verb::Mail, _) => {
                if let Some(limits) = self.limits {
                    (limits.mail)(self.server.tally_mut());
                }
            }
            (Verb::Rcpt, Operation::Mail(mail)) => {
                let recipient = self.outgoing.advance(mail);
                if let (Some(limits), Some(to)) = (self.limits, recipient) {
                    let capabilities = *self.server.capabilities();
                    (limits.recipient)(&capabilities, self.server.tally_mut(), to);
                }
                has_recipient = self.outgoing.recipient(mail).is_some();
            }
            (Verb::Auth, _) if self.login.is_initial() => self.login.responded(),
            (Verb::AuthResponse, _) => {
                // A challenge that was answered leaves its room to the next one; a reason stays.
                if !self.login.gives_reasons() {
                    self.replies.forget();
                }
                self.login.responded();
            }
            _ => {}
        }
        self.next = match (verb, operation) {
            (Verb::Content, Operation::Mail(mail)) => self.after_content(mail),
            _ => order::after_command(verb, has_recipient, self.outgoing.content()),
        };
        verb.may_be_followed() && self.is_pipelining()
    }

    fn is_pipelining(&self) -> bool {
        !self.options.is_lock_step && self.server.offers(Extension::Pipelining)
    }

    /// The command that is sent in the same flight as DATA content: QUIT, or the next mail's MAIL.
    fn after_content(&mut self, mail: &MailOperation<'_, '_>) -> Option<Verb> {
        // Only commands count towards the limit of a flight.
        self.flight.forget_bytes();
        if !self.is_pipelining() {
            return None;
        }
        if mail.quit {
            self.goal = Verb::Quit;
            return Some(Verb::Quit);
        }
        let next = mail.next?;
        if self.server.is_lock_step() || self.server.state() != State::Content {
            return None;
        }
        // A next mail that the server could not take is refused when its own turn comes.
        check::message(next, 0, None).ok()?;
        self.address(next, (&mut [], false), true).ok()?;
        Some(Verb::Mail)
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
            Ok(Polled::Closed) => self.fault(Fault::Closed, true),
            Err(violation) => self.fault(Fault::Protocol(violation), false),
        }
        None
    }

    /// The reply to `verb` was read.
    #[inline(never)]
    fn answered(
        &mut self,
        verb: Verb,
        operation: &mut Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) {
        let head = self.replies.head();
        let code = head.code;
        observer.reply(self.replies.reply(buffer));
        let before = self.server.state();
        if !self.server.reply(verb, code) {
            return self.fault(Fault::Protocol(Violation::OutOfPlace(code)), false);
        }
        self.flight.answered();
        if let Some(violation) = self.mismatch(verb, operation) {
            self.verdict.doubt();
            return self.fault(Fault::Protocol(violation), false);
        }
        if verb == Verb::Quit {
            return self.finish();
        }
        if let (Verb::Rcpt, Operation::Mail(mail)) = (verb, &mut *operation) {
            let number = self.answered.next(mail.sent_before());
            observer.recipient(number, self.replies.reply(buffer));
            if let Some(status) = mail.results.get_mut(usize::from(number)) {
                status.head = head;
                status.progress = Progress::Open;
            }
        }
        if code == CLOSING {
            return self.goodbye(verb.phase(), buffer);
        }
        match self
            .verdict
            .hear(verb, before, head, self.options.all_or_none)
        {
            Heard::Plain => {}
            Heard::Kept => self.replies.keep(buffer),
            Heard::Final => {
                observer.final_reply(self.replies.reply(buffer));
                self.replies.keep(buffer);
                if let Operation::Mail(mail) = &mut *operation
                    && code < 300
                {
                    mail.accepted();
                }
            }
        }
        let Some(due) = self.flight.oldest() else {
            return self.resume(verb, code, operation, buffer);
        };
        observer.awaiting(due.phase());
        // What is outstanding after content may be the next mail's.
        if verb == Verb::Content && due == Verb::Mail {
            self.finish();
        }
    }

    /// The reason that the reply to a mail sent by BDAT, or to the command after it, does not fit.
    fn mismatch(&self, verb: Verb, operation: &Operation<'_, '_>) -> Option<Violation> {
        let head = self.replies.head();
        let chunks = self.chunks?;
        let is_mail = matches!(operation, Operation::Mail(_));
        match verb {
            Verb::BdatLast => (chunks.mismatch)(head, self.replies.has_unread()),
            // Only a mail that went by BDAT has its content announced, or in chunks.
            Verb::Quit | Verb::Noop
                if is_mail && self.verdict.is_ended() && self.outgoing.content() != Verb::Data =>
            {
                (!(chunks.confirms)(verb, head)).then_some(Violation::OutOfStep)
            }
            _ => None,
        }
    }

    /// Everything sent was answered, `verb` last: goes on with what comes next, if there is anything.
    #[inline(never)]
    fn resume(
        &mut self,
        verb: Verb,
        code: u16,
        operation: &Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
    ) {
        if matches!(verb, Verb::Rcpt | Verb::Data | Verb::BdatLast) && self.next != Some(Verb::Rcpt)
        {
            let deferred = self.outgoing.deferred();
            self.verdict
                .close_recipients(self.options.all_or_none, deferred);
        }
        match order::after_reply(verb, code, self.course(verb, operation)) {
            Then::Say(next) => self.go(next),
            Then::Leave(next) => {
                self.goal = Verb::Quit;
                self.go(next);
            }
            Then::Challenge => self.challenged(operation, buffer),
            Then::Cancelled => self.fault(Fault::Protocol(self.login.why()), false),
            Then::Again => self.again(operation),
            Then::Done => match self.unfit(verb, code) {
                Some(violation) => self.fault(Fault::Protocol(violation), false),
                None => self.finish(),
            },
        }
    }

    /// What the next command depends on.
    fn course(&self, verb: Verb, operation: &Operation<'_, '_>) -> Course {
        let mut course = Course {
            goal: self.goal,
            state: self.server.state(),
            pending: self.next,
            is_settled: self.verdict.is_settled(),
            was_misunderstood: false,
            is_to_confirm: false,
            quits: false,
            allows_helo: self.options.allows_helo,
        };
        if let Operation::Mail(mail) = operation {
            course.was_misunderstood =
                mail.is_next && !self.server.is_lock_step() && self.was_out_of_sequence();
            course.is_to_confirm =
                mail.next.is_some() && verb == Verb::BdatLast && self.verdict.is_ended();
            course.quits = mail.quit;
        }
        course
    }

    /// Whether MAIL was refused as a bad sequence of commands.
    fn was_out_of_sequence(&self) -> bool {
        self.verdict.refused_mail() && self.replies.kept_head().code == 503
    }

    /// The reason that the success of an operation does not count.
    fn unfit(&self, verb: Verb, code: u16) -> Option<Violation> {
        match verb {
            _ if code >= 400 => None,
            // What came in the clear after the 220 must not be taken for the server's word under TLS
            // (RFC 3207 §4.2: "MUST discard any knowledge obtained from the server").
            Verb::StartTls if self.replies.has_unread() => Some(Violation::Unasked),
            Verb::Auth | Verb::AuthResponse => self.login.unproven(),
            _ => None,
        }
    }

    /// The server did not understand MAIL in the same flight as another mail's content: says it
    /// again, and nothing is sent in one flight with content any more.
    fn again(&mut self, operation: &Operation<'_, '_>) {
        self.server.keeps_lock_step();
        // Where the server's limits do not let it be said again, it stays refused.
        if let Operation::Mail(mail) = operation
            && self.address(mail.message, (&mut [], false), false).is_ok()
        {
            self.replies.forget();
            self.verdict.begin(true);
            self.answered = Answered::default();
            return self.go(Verb::Rset);
        }
        self.finish();
    }

    /// The server sent a challenge.
    fn challenged(&mut self, operation: &Operation<'_, '_>, buffer: &mut Buffer<'_>) {
        let Operation::Login(credentials) = operation else {
            return;
        };
        let (challenge, is_cut) = self.replies.text(buffer);
        match self.login.challenged(credentials, challenge, is_cut) {
            Challenged::Respond { kept } => {
                self.replies.keep_bytes(buffer, kept);
                self.go(Verb::AuthResponse);
            }
            #[cfg(feature = "scram-sha-256")]
            Challenged::Work { kept } => {
                self.replies.keep_bytes(buffer, kept);
                self.stage = Stage::Work;
            }
            Challenged::Cancel => self.go(Verb::AuthCancel),
            #[cfg(feature = "scram-sha-256")]
            Challenged::Fault => self.fault(Fault::Protocol(self.login.why()), false),
        }
    }

    /// A reply was read that nothing had asked for, before a command or a content was out. A 421
    /// (RFC 5321 §3.8), or any other 4yz, is the goodbye of a server that will not wait. It is heard
    /// out too where the transport takes no more: then every refusal may say why.
    fn unasked(&mut self, buffer: &mut Buffer<'_>, observer: &mut dyn Observer) {
        let head = self.replies.head();
        let phase = self.phase();
        let is_content = self.is_mute && self.next.is_some_and(Verb::carries_content);
        if head.code / 100 == 4 || (is_content && head.code >= 400) {
            observer.reply(self.replies.reply(buffer));
            self.goodbye(phase, buffer);
            if head.code >= 500 {
                self.verdict.part(phase, RefusalKind::of(head, phase));
                self.finish();
            }
            return;
        }
        if !self.is_mute {
            return self.fault(Fault::Protocol(Violation::Unasked), false);
        }
        if head.code >= 400 {
            observer.reply(self.replies.reply(buffer));
            self.replies.keep(buffer);
            self.verdict.remember(head, phase);
        }
        self.fault(Fault::Transport(()), true);
    }

    /// The server ends the session, whatever was asked.
    #[inline(never)]
    fn goodbye(&mut self, phase: Phase, buffer: &mut Buffer<'_>) {
        self.server.happened(Event::Goodbye);
        // Nothing that happens while leaving changes an outcome.
        if self.goal != Verb::Quit || self.verdict.delivery() == Delivery::Unknown {
            self.replies.keep(buffer);
            self.verdict.part(phase, RefusalKind::Closing);
        }
        self.finish();
    }

    /// The operation is complete; its outcome is that of the verdict.
    #[inline(never)]
    fn finish(&mut self) {
        self.is_busy = false;
        self.stage = Stage::Done;
        let refusal = self.verdict.refusal(self.replies.kept_head());
        self.failure = match refusal {
            Some(refusal) if self.verdict.is_refused() => Some(Failure::Refused(refusal)),
            _ => None,
        };
    }

    /// The connection is of no further use. `is_closed` where the server has closed it.
    #[inline(never)]
    pub(super) fn fault(&mut self, fault: Fault<()>, is_closed: bool) {
        let phase = match fault {
            // The content may go out ahead of the replies to MAIL and RCPT.
            Fault::Source(_) | Fault::Content(_) => Phase::Content,
            _ => self.phase(),
        };
        self.server.happened(Event::Fault);
        let is_unknown = self.verdict.delivery() == Delivery::Unknown;
        // Fewer replies than commands, and a word about their sequence: the dialogue itself is out of
        // order, and not the mail.
        let is_confused = self.was_out_of_sequence() && !self.flight.is_empty();
        let is_heard = (is_closed || matches!(fault, Fault::Protocol(_))) && !is_confused;
        if self.verdict.is_ended()
            || (self.goal == Verb::Quit && !is_unknown)
            || (self.verdict.is_refused() && is_heard)
        {
            self.verdict.settle();
            return self.finish();
        }
        self.is_busy = false;
        self.stage = Stage::Done;
        self.failure = Some(if is_unknown {
            Failure::Unknown { fault }
        } else {
            Failure::Failed { fault, phase }
        });
    }

    /// The transport failed; `is_closed` where it says that the server has closed the connection. If
    /// it was to send, what the server said before is heard out.
    #[inline(never)]
    pub(super) fn broke(&mut self, is_closed: bool, buffer: &mut Buffer<'_>) {
        if !is_closed || self.is_mute || self.stage == Stage::Await {
            return self.fault(Fault::Transport(()), is_closed);
        }
        self.is_mute = true;
        self.stage = Stage::Await;
        buffer.wipe_secret();
        self.replies.clear();
    }

    /// So many bytes were received; 0 is the end of the stream.
    #[inline(never)] // A driver calls it twice.
    pub(super) fn received(&mut self, bytes: usize, buffer: &Buffer<'_>) {
        self.replies.received(bytes, buffer);
    }

    /// The transport has flushed.
    pub(super) fn flushed(&mut self) {
        self.stage = Stage::Await;
    }

    /// So many bytes of the source that was asked are in the buffer; 0 is its end.
    pub(super) fn filled(&mut self, bytes: usize) {
        self.body.filled(bytes);
        self.stage = Stage::Compose;
    }

    /// The driver let go. If it did so before the end, the connection is of no further use.
    pub(super) fn abandon(&mut self) {
        self.login.wipe();
        if self.is_busy {
            self.is_busy = false;
            self.server.happened(Event::Fault);
            self.verdict.settle();
        }
    }
}
