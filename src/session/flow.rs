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

use core::convert::Infallible;

use crate::error::{Field, Invalid, Reason};
use crate::message::{Dots, Filled, Message};
use crate::observer::Observer;
use crate::outcome::{
    Error, Fault, Missing, Phase, RecipientStatus, Refusal, RefusalKind, Report, Violation,
};
use crate::wire::command::{self, MailParameters};
use crate::wire::domain::Domain;
use crate::wire::ehlo::{Capabilities, Extension, Mechanism};
use crate::wire::reply::ReplyHead;
use crate::wire::sasl::{self, Credentials};
use crate::wire::writer::Writer;

use super::buffer::Buffer;
use super::inbox::Inbox;
use super::table::{self, State, Verb};
use super::transaction::{Outgoing, Verdict};
use super::{BUFFER_MIN, Delivery, Options};

/// The most octets of commands that are sent before their replies are read.
///
/// A blocking transport cannot read while it writes, so both sides could come to wait for each
/// other (RFC 2920 §3.1). The smallest TCP window in use, 4 KiB, is Postfix's and lwIP's measure.
const FLIGHT_MAX: usize = 4096;

/// Octets of `RCPT TO:<` and `>` CRLF.
const RCPT_FRAME: usize = 12;

/// Octets kept free behind the content for its terminator, so that both leave in one write.
const TERMINATOR: usize = 3;

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
            quit: false,
            results,
        }
    }

    /// The same, and QUIT.
    pub(crate) fn and_quit(mut self) -> Self {
        self.quit = true;
        self
    }
}

type Outcome = Result<Report, Error<Infallible>>;

/// What is to be done, in positions of the buffer.
pub(super) enum Act {
    Send { start: usize, end: usize },
    Flush,
    Receive,
    Done(Outcome),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
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
    name: Option<Domain<'b>>,
    /// TLS was opened by STARTTLS.
    is_upgraded: bool,
    /// An operation is under way.
    is_busy: bool,
    /// QUIT is all that is left to do: nothing that happens now changes an outcome.
    is_leaving: bool,
    /// The server answered a command pipelined behind content wrongly once.
    is_lock_step: bool,
    /// The transport said that no more will come.
    is_at_end: bool,
    mode: Mode,
    /// What goes out next.
    next: Option<Verb>,
    /// Whose reply comes next.
    due: Verb,
    /// Commands sent and not answered.
    unanswered: u16,
    /// Octets of commands in this flight.
    flight: usize,
    /// Octets of the next command that went out already.
    skip: u32,
    mechanism: Mechanism,
    /// Responses sent in the SASL exchange.
    responses: u8,
    outgoing: Outgoing,
    verdict: Verdict,
    delivery: Delivery,
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

    /// Begins an operation, or refuses it with nothing sent and nothing changed but that a missing
    /// STARTTLS or AUTH bars what it should have protected.
    pub(super) fn begin(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer_len: usize,
    ) -> Result<(), Error<Infallible>> {
        let is_next = matches!(
            operation,
            Operation::Mail(MailOperation { is_next: true, .. })
        );
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
            let first = if self.state.has_transaction() {
                Verb::Rset
            } else {
                self.first_verb(operation)
            };
            let is_in_order = table::may_send(self.state, first)
                || matches!(operation, Operation::Quit if self.state == State::Connected);
            if !is_in_order {
                return Err(Error::OutOfOrder);
            }
            self.go(first);
        }
        self.inbox.forget();
        self.verdict = Verdict::default();
        self.is_leaving = false;
        self.is_busy = true;
        match operation {
            Operation::Mail(mail) => {
                mail.results.fill(RecipientStatus::default());
                self.delivery = Delivery::None;
            }
            Operation::Quit => self.is_leaving = true,
            _ => {}
        }
        Ok(())
    }

    /// Checks what an operation needs of the server and of its values.
    fn prepare(&mut self, operation: &Operation<'_, '_>) -> Result<(), Error<Infallible>> {
        match operation {
            Operation::StartTls if self.state == State::Ready => {
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
                        self.state = State::LoginFailed;
                        return Err(Error::NotOffered(missing));
                    }
                }
                self.responses = 0;
            }
            Operation::Mail(mail) if self.is_idle() => {
                self.outgoing = self.address(mail.message)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn is_idle(&self) -> bool {
        matches!(self.state, State::Ready | State::LoginFailed) || self.state.has_transaction()
    }

    /// The mechanism to log in with.
    fn choose(&self, forced: Option<Mechanism>) -> Result<Mechanism, Missing> {
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
    fn address(&self, message: &Message<'_>) -> Result<Outgoing, Invalid> {
        let mut walk = Default::default();
        if message.envelope().next_recipient(&mut walk).is_none() {
            return Err(Invalid::new(Field::Recipients, Reason::Empty));
        }
        if message.is_streamed() {
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
    fn first_verb(&self, operation: &Operation<'_, '_>) -> Verb {
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
    fn go(&mut self, verb: Verb) {
        self.mode = Mode::Start;
        self.next = Some(verb);
        self.flight = 0;
        self.skip = 0;
    }

    /// What the driver has to do next.
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
                    let (start, end) = self.compose(operation, buffer, observer);
                    if start < end {
                        return Act::Send { start, end };
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

    fn await_reply(&mut self, observer: &mut dyn Observer) {
        self.mode = Mode::Await;
        observer.awaiting(self.due.phase());
    }

    pub(super) fn received(&mut self, octets: usize, buffer: &Buffer<'_>) {
        self.is_at_end = octets == 0;
        self.inbox.received(octets, buffer);
    }

    /// Begins a flight, unless the server spoke out of turn.
    fn start(&mut self, buffer: &mut Buffer<'_>, observer: &mut dyn Observer) -> Option<Outcome> {
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

    /// Fills the buffer with what goes out next. Where it is in the buffer.
    fn compose(
        &mut self,
        operation: &Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> (usize, usize) {
        let start = self.inbox.clear();
        let free = buffer.octets().get_mut(start..).unwrap_or_default();
        let mut out = Writer::new(free, self.skip);
        let mut holds_secret = false;
        self.mode = Mode::Flush;
        while let Some(verb) = self.next {
            let from = out.len();
            let walk = self.outgoing.walk;
            match (verb, operation) {
                (Verb::Rcpt, Operation::Mail(mail)) => {
                    let envelope = self.message(mail).envelope();
                    let Some(address) = envelope.next_recipient(&mut self.outgoing.walk) else {
                        self.next = Some(Verb::Data);
                        continue;
                    };
                    if self.is_flight_full(address.as_str().len().saturating_add(RCPT_FRAME)) {
                        self.outgoing.walk = walk;
                        break;
                    }
                    command::rcpt(&mut out, address);
                }
                (Verb::Data, _) if self.options.all_or_none && self.unanswered > 0 => break,
                (Verb::Content, Operation::Mail(mail)) if self.state == State::Content => {
                    let room = out.free().len().saturating_sub(TERMINATOR);
                    let room = out.free().get_mut(..room).unwrap_or_default();
                    let cursor = &mut self.outgoing.cursor;
                    let (octets, filled) = mail.message.fill(cursor, Dots::Stuffed, room);
                    observer.content(octets);
                    out.advance(octets);
                    if !matches!(filled, Filled::More | Filled::Complete) {
                        // No terminator: the connection is given up as if the server had closed.
                        self.is_at_end = true;
                        self.mode = Mode::Await;
                        return (start, start);
                    }
                    if filled != Filled::Complete {
                        self.mode = Mode::Compose;
                        break;
                    }
                    command::bare(&mut out, ".");
                    self.delivery = Delivery::Unknown;
                }
                _ => holds_secret = self.write(verb, operation, &mut out),
            }
            self.flight = self.flight.saturating_add(out.len().saturating_sub(from));
            let cut = out.end_atom();
            self.skip = cut.unwrap_or(0);
            match (holds_secret, verb, cut) {
                (false, Verb::Content, _) if self.state == State::Content => {}
                (false, _, _) => observer.sent(out.since(from)),
                (true, Verb::Auth, None) => {
                    observer.sent(b"AUTH ");
                    observer.sent(self.mechanism.as_str().as_bytes());
                    observer.sent(b" ***\r\n");
                }
                (true, _, None) => observer.sent(b"***\r\n"),
                (true, _, Some(_)) => {}
            }
            if cut.is_some() {
                self.outgoing.walk = walk;
                self.mode = Mode::Compose;
                break;
            }
            if !self.sent(verb, operation) {
                break;
            }
        }
        let end = start.saturating_add(out.len());
        if holds_secret {
            buffer.mark_secret(end);
        }
        (start, end)
    }

    /// The message whose commands are going out: the next one once this one's content is out.
    fn message<'o, 'm>(&self, mail: &MailOperation<'o, 'm>) -> &'o Message<'m> {
        match mail.next {
            Some(next) if self.delivery == Delivery::Unknown => next,
            _ => mail.message,
        }
    }

    fn is_flight_full(&self, further: usize) -> bool {
        self.flight > 0 && self.flight.saturating_add(further) > FLIGHT_MAX
    }

    /// Writes a command; whether it holds a secret.
    fn write(&self, verb: Verb, operation: &Operation<'_, '_>, out: &mut Writer<'_>) -> bool {
        match (verb, operation) {
            (Verb::Ehlo | Verb::Helo, _) => {
                let keyword = if verb == Verb::Ehlo { "EHLO" } else { "HELO" };
                if let Some(name) = self.name {
                    command::hello(out, keyword, name);
                }
            }
            (Verb::Mail, Operation::Mail(mail)) => {
                let envelope = self.message(mail).envelope();
                command::mail(out, envelope.reverse_path(), self.outgoing.parameters);
            }
            (Verb::Auth, Operation::Login { credentials, .. }) => {
                out.str("AUTH ");
                out.str(self.mechanism.as_str());
                let has_initial = self.has_initial_response(credentials);
                if has_initial {
                    out.byte(b' ');
                    sasl::plain(out, credentials);
                }
                command::line_end(out);
                return has_initial;
            }
            (Verb::AuthResponse, Operation::Login { credentials, .. }) => {
                match (self.mechanism, self.responses) {
                    (Mechanism::Plain, _) => sasl::plain(out, credentials),
                    // The name first, the password second, whatever the prompts say.
                    (Mechanism::Login, 0) => sasl::login_user(out, credentials),
                    (Mechanism::Login, _) => sasl::login_password(out, credentials),
                }
                command::line_end(out);
                return true;
            }
            (Verb::AuthCancel, _) => command::bare(out, "*"),
            (Verb::StartTls, _) => command::bare(out, "STARTTLS"),
            (Verb::Data, _) => command::bare(out, "DATA"),
            (Verb::Content, _) => command::bare(out, "."),
            (Verb::Rset, _) => command::bare(out, "RSET"),
            (Verb::Noop, _) => command::bare(out, "NOOP"),
            (Verb::Quit, _) => command::bare(out, "QUIT"),
            (Verb::Greeting | Verb::Rcpt | Verb::Mail | Verb::Auth | Verb::AuthResponse, _) => {}
        }
        false
    }

    fn has_initial_response(&self, credentials: &Credentials<'_>) -> bool {
        // `AUTH PLAIN `, the response, CRLF.
        let line = sasl::plain_len(credentials).saturating_add(13);
        self.mechanism == Mechanism::Plain && line <= sasl::AUTH_LINE_MAX
    }

    /// A command is in the buffer as a whole. Whether another may follow it in this flight.
    fn sent(&mut self, verb: Verb, operation: &Operation<'_, '_>) -> bool {
        if self.unanswered == 0 {
            self.due = verb;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        self.next = match verb {
            Verb::Rset if !matches!(operation, Operation::Reset) => {
                Some(self.first_verb(operation))
            }
            Verb::Mail => Some(Verb::Rcpt),
            Verb::Rcpt => {
                self.outgoing.recipients = self.outgoing.recipients.saturating_add(1);
                Some(Verb::Rcpt)
            }
            Verb::Content => {
                // Only commands count towards the limit of a flight.
                self.flight = 0;
                self.behind_content(operation)
            }
            Verb::AuthResponse => {
                self.responses = self.responses.saturating_add(1);
                None
            }
            Verb::Ehlo | Verb::Helo => {
                self.capabilities = Capabilities::default();
                None
            }
            _ => None,
        };
        verb.may_be_followed() && self.is_pipelining()
    }

    /// What may ride behind the content: QUIT, or the next mail's MAIL.
    fn behind_content(&mut self, operation: &Operation<'_, '_>) -> Option<Verb> {
        let Operation::Mail(mail) = operation else {
            return None;
        };
        if !self.is_pipelining() {
            return None;
        }
        if mail.quit {
            self.is_leaving = true;
            return Some(Verb::Quit);
        }
        if self.is_lock_step || self.state != State::Content {
            return None;
        }
        // A next mail that the server could not take is refused when its own turn comes.
        self.outgoing = self.address(mail.next?).ok()?;
        Some(Verb::Mail)
    }

    fn is_pipelining(&self) -> bool {
        self.options.use_pipelining && self.capabilities.offers(Extension::Pipelining)
    }

    /// A reply was read. How the operation ended, if it did.
    fn answered(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> Option<Outcome> {
        let head = self.inbox.head();
        let verb = self.due;
        let reply = self.inbox.reply(buffer);
        observer.reply(reply);
        self.unanswered = self.unanswered.saturating_sub(1);
        let before = self.state;
        let after = table::follow(before, verb, head.code);
        if verb == Verb::Quit {
            self.state = State::Closed;
            return Some(self.finish());
        }
        if after == State::Broken {
            let violation = Violation::OutOfPlace(head.code);
            // The reply is no longer outstanding, but its phase is the one that failed.
            self.unanswered = self.unanswered.saturating_add(1);
            return Some(self.fault(Fault::Protocol(violation)));
        }
        if verb == Verb::Rcpt
            && let Operation::Mail(mail) = operation
        {
            observer.recipient(self.verdict.answered, reply);
            if let Some(slot) = mail.results.get_mut(usize::from(self.verdict.answered)) {
                *slot = RecipientStatus { head };
            }
        }
        if head.code == CLOSING {
            return Some(self.closing(head));
        }
        self.state = after;
        self.judge(verb, before, head, buffer);
        if self.unanswered == 0 {
            return self.resume(verb, head, operation);
        }
        self.due = self.due_after(verb, operation);
        observer.awaiting(self.due.phase());
        // What is outstanding behind a content may be the next mail's.
        (verb == Verb::Content && self.due == Verb::Mail).then(|| self.finish())
    }

    /// Adds a reply to the verdict on the mail.
    fn judge(&mut self, verb: Verb, before: State, head: ReplyHead, buffer: &mut Buffer<'_>) {
        let is_refusal = head.code >= 400;
        let decides = match verb {
            Verb::Rcpt => {
                let decides = self.verdict.recipient(head);
                let is_sent_to_some = self.verdict.accepted > 0 && !self.verdict.is_doomed();
                if is_sent_to_some && !self.options.all_or_none {
                    self.inbox.forget();
                }
                if self.verdict.answered == self.outgoing.recipients && self.next.is_none() {
                    self.close_recipients();
                }
                decides && !(is_sent_to_some && !self.options.all_or_none)
            }
            Verb::Mail if is_refusal => self.verdict.refuse(head, Phase::Mail),
            Verb::Data => {
                self.close_recipients();
                is_refusal && self.verdict.refuse(head, Phase::Data)
            }
            Verb::Content if before == State::Content => {
                self.delivery = if is_refusal {
                    Delivery::Refused
                } else {
                    Delivery::Accepted
                };
                self.verdict.end(head);
                true
            }
            _ => false,
        };
        if decides {
            self.inbox.keep(buffer);
        }
    }

    fn close_recipients(&mut self) {
        self.verdict.close_recipients(self.options.all_or_none);
    }

    /// Whose reply follows that of `verb` in a flight.
    fn due_after(&self, verb: Verb, operation: &Operation<'_, '_>) -> Verb {
        match verb {
            Verb::Rset => self.first_verb(operation),
            Verb::Mail => Verb::Rcpt,
            Verb::Rcpt if self.verdict.answered < self.outgoing.recipients => Verb::Rcpt,
            Verb::Rcpt => Verb::Data,
            _ if self.is_leaving => Verb::Quit,
            _ => Verb::Mail,
        }
    }

    /// Everything sent was answered: what comes next, or how the operation ended.
    fn resume(
        &mut self,
        verb: Verb,
        head: ReplyHead,
        operation: &Operation<'_, '_>,
    ) -> Option<Outcome> {
        let is_refusal = head.code >= 400;
        match (operation, verb) {
            (Operation::Open, Verb::Ehlo)
                if self.options.helo_fallback && matches!(head.code, 500 | 501 | 502 | 504) =>
            {
                self.go(Verb::Helo);
            }
            (Operation::Login { .. }, Verb::AuthCancel) => {
                return Some(self.fault(Fault::Protocol(Violation::AuthExchange)));
            }
            (Operation::Mail(mail), _) if verb != Verb::Rset => return self.resume_mail(mail),
            _ if is_refusal && !self.is_leaving => {
                return Some(self.refused(verb.phase(), head));
            }
            (Operation::Open, Verb::Greeting) => self.go(Verb::Ehlo),
            (Operation::StartTls, _) if self.inbox.has_unread() => {
                // What came in the clear behind the 220 must not be taken for the server's word
                // under TLS (RFC 3207 §4.2: "MUST discard any knowledge obtained from the server").
                return Some(self.fault(Fault::Protocol(Violation::Unasked)));
            }
            (Operation::Login { credentials, .. }, _) if self.state == State::Authenticating => {
                let expected = match self.mechanism {
                    Mechanism::Plain if self.has_initial_response(credentials) => 0,
                    Mechanism::Plain => 1,
                    Mechanism::Login => 2,
                };
                let goes_on = self.responses < expected;
                self.go(if goes_on {
                    Verb::AuthResponse
                } else {
                    Verb::AuthCancel
                });
            }
            (Operation::Reset, _) => return Some(self.finish()),
            (_, Verb::Rset) => self.go(self.first_verb(operation)),
            _ => return Some(self.finish()),
        }
        None
    }

    /// [`Self::resume`] for a mail.
    fn resume_mail(&mut self, mail: &MailOperation<'_, '_>) -> Option<Outcome> {
        if matches!(self.state, State::Content | State::HollowContent) {
            self.go(Verb::Content);
            return None;
        }
        if self.next == Some(Verb::Rcpt) {
            let mut walk = self.outgoing.walk;
            if mail.message.envelope().next_recipient(&mut walk).is_none() {
                self.next = Some(Verb::Data);
            }
        }
        if self.next == Some(Verb::Data) {
            self.close_recipients();
        }
        if let (false, Some(next), None) = (
            self.verdict.is_doomed(),
            self.next,
            self.verdict.outcome::<Infallible>(),
        ) {
            self.go(next);
            return None;
        }
        if mail.is_next && !self.is_lock_step && self.verdict.is_out_of_sequence() {
            return self.again_in_lock_step(mail);
        }
        if mail.quit && !self.is_leaving {
            self.is_leaving = true;
            self.go(if self.state.has_transaction() {
                Verb::Rset
            } else {
                Verb::Quit
            });
            return None;
        }
        Some(self.finish())
    }

    /// The server did not understand MAIL behind the content of another mail: says it again, and
    /// nothing rides there any more.
    fn again_in_lock_step(&mut self, mail: &MailOperation<'_, '_>) -> Option<Outcome> {
        self.is_lock_step = true;
        self.inbox.forget();
        self.verdict = Verdict::default();
        match self.address(mail.message) {
            Ok(outgoing) => self.outgoing = outgoing,
            Err(invalid) => return Some(Err(invalid.into())),
        }
        self.go(Verb::Rset);
        None
    }

    /// 421: the server ends the session, whatever was asked.
    ///
    /// RFC 5321 §3.8: "Receipt of a 421 … response to any command" means that the channel closes.
    fn closing(&mut self, head: ReplyHead) -> Outcome {
        self.state = State::Closed;
        self.inbox.forget();
        if self.delivery == Delivery::Unknown {
            self.delivery = Delivery::Refused;
        } else if self.is_leaving {
            return self.finish();
        }
        self.refused(self.due.phase(), head)
    }

    /// The operation was refused, and the connection stands.
    fn refused(&mut self, phase: Phase, head: ReplyHead) -> Outcome {
        self.is_busy = false;
        let kind = RefusalKind::of(head, phase);
        Err(Error::Refused(Refusal { head, phase, kind }))
    }

    /// The operation is complete.
    fn finish(&mut self) -> Outcome {
        self.is_busy = false;
        self.verdict.outcome().unwrap_or(Ok(Report::NONE))
    }

    /// The connection is of no use any more. How the operation ended by that.
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
        let verb = match self.next {
            Some(next) if self.unanswered == 0 => next,
            _ => self.due,
        };
        Err(Error::Failed {
            fault,
            phase: verb.phase(),
        })
    }

    /// The driver let go. If it did so before the end, the connection is of no use any more.
    pub(super) fn abandon(&mut self) {
        if self.is_busy {
            self.is_busy = false;
            self.state = State::Broken;
        }
    }
}

/// RFC 5321 §3.8 and §4.2.2: service not available, closing the transmission channel.
const CLOSING: u16 = 421;
