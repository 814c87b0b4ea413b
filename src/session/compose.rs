//! What goes out: commands and content into the buffer, flight by flight.
//!
//! This file does not know replies.

use crate::message::{ContentFault, ContentFaultKind, Dots, Filled, Message, Part};
use crate::observer::Observer;
use crate::outcome::Fault;
use crate::wire::command::{self, NOTIFY_FRAME};
use crate::wire::ehlo::{Capabilities, Extension, Mechanism};
use crate::wire::sasl::{self, Credentials};
use crate::wire::writer::Writer;

use super::Delivery;
use super::buffer::Buffer;
use super::flow::{Act, Flow, Mode};
use super::operation::{MailOperation, Operation};
use super::table::{State, Verb};

/// The most octets of commands that are sent before their replies are read.
///
/// A blocking transport cannot read while it writes, so both sides could come to wait for each
/// other (RFC 2920 §3.1). The smallest TCP window in use, 4 KiB, is Postfix's and lwIP's measure.
const FLIGHT_MAX: usize = 4096;

/// Octets of `RCPT TO:<` and `>` CRLF, and of the DATA that may follow.
const RCPT_FRAME: usize = 18;

/// Octets kept free behind the content for its terminator, so that both leave in one write.
const TERMINATOR: usize = 3;

/// Where the octets of a streamed part were asked for, and how many came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sourced {
    /// Octets of content that stand at the buffer's beginning already.
    ready: usize,
    from: usize,
    octets: usize,
}

impl Flow<'_> {
    /// Fills the buffer with what goes out next; `None` when there is nothing.
    #[inline(never)]
    pub(super) fn compose(
        &mut self,
        operation: &Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> Option<Act> {
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
                    let message = self.message(mail);
                    let envelope = message.envelope();
                    let Some(address) = envelope.next_recipient(&mut self.outgoing.walk) else {
                        self.next = Some(Verb::Data);
                        continue;
                    };
                    // What the buffer's end cut goes out as a whole.
                    let mut length = address.as_str().len().saturating_add(RCPT_FRAME);
                    let parameters = match self.capabilities.offers(Extension::Dsn) {
                        true => message.rcpt_parameters(),
                        false => None,
                    };
                    if parameters.is_some() {
                        length = length.saturating_mul(4).saturating_add(NOTIFY_FRAME);
                    }
                    if self.skip == 0 && self.is_flight_full(length) {
                        self.outgoing.walk = walk;
                        break;
                    }
                    command::rcpt(&mut out, address, parameters);
                }
                (Verb::Data, _) if self.options.all_or_none && self.unanswered > 0 => break,
                (Verb::Content, Operation::Mail(mail)) if self.state == State::Content => {
                    match self.content(mail.message, &mut out, observer) {
                        Filled::Complete => {}
                        Filled::More => {
                            self.mode = Mode::Compose;
                            break;
                        }
                        Filled::Source { part, from } => {
                            self.mode = Mode::Compose;
                            self.part = Some((part, mail.message.source_number(part)));
                            self.window = (
                                start.saturating_add(from),
                                buffer.len().saturating_sub(TERMINATOR),
                            );
                            return Some(Act::Fill);
                        }
                        Filled::Abort(fault) => {
                            self.fault(Fault::Content(fault));
                            return Some(Act::Done);
                        }
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
        self.window = (start, end);
        (start < end).then_some(Act::Send)
    }

    /// Writes as much content as there is room for.
    fn content(
        &mut self,
        message: &Message<'_>,
        out: &mut Writer<'_>,
        observer: &mut dyn Observer,
    ) -> Filled {
        let room = out.free().len().saturating_sub(TERMINATOR);
        let room = out.free().get_mut(..room).unwrap_or_default();
        let cursor = &mut self.outgoing.cursor;
        let (octets, filled) = match self.source.take() {
            None => message.fill(cursor, Dots::Stuffed, room),
            Some(Sourced {
                ready,
                from,
                octets,
            }) => message.filled(cursor, Dots::Stuffed, room, ready, from, octets),
        };
        match filled {
            Filled::Source { from, .. } => {
                self.source = Some(Sourced {
                    ready: octets,
                    from,
                    octets: 0,
                });
            }
            _ => {
                observer.content(octets);
                out.advance(octets);
            }
        }
        filled
    }

    /// The number of the source that is asked.
    pub(super) fn source(&self) -> usize {
        self.part.map_or(0, |(_, number)| number)
    }

    /// This many octets of the part asked for stand in the buffer; none at its end.
    pub(super) fn filled(&mut self, octets: usize) {
        if let Some(source) = &mut self.source {
            source.octets = octets;
        }
    }

    /// Nobody gives the octets of the part asked for.
    pub(super) fn no_source(&mut self) {
        let part = self.part.map_or(Part::Message, |(part, _)| part);
        self.fault(Fault::Content(ContentFault {
            part,
            kind: ContentFaultKind::NoSource,
        }));
    }

    /// The message whose commands are going out: the next one once this one's content is out.
    pub(super) fn message<'o, 'm>(&self, mail: &MailOperation<'o, 'm>) -> &'o Message<'m> {
        match mail.next {
            Some(next) if self.delivery == Delivery::Unknown => next,
            _ => mail.message,
        }
    }

    pub(super) fn is_flight_full(&self, further: usize) -> bool {
        self.flight > 0 && self.flight.saturating_add(further) > FLIGHT_MAX
    }

    /// Writes a command; whether it holds a secret.
    #[inline(never)]
    pub(super) fn write(
        &self,
        verb: Verb,
        operation: &Operation<'_, '_>,
        out: &mut Writer<'_>,
    ) -> bool {
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

    pub(super) fn has_initial_response(&self, credentials: &Credentials<'_>) -> bool {
        // `AUTH PLAIN `, the response, CRLF.
        let line = sasl::plain_len(credentials).saturating_add(13);
        self.mechanism == Mechanism::Plain && line <= sasl::AUTH_LINE_MAX
    }

    /// A command is in the buffer as a whole. Whether another may follow it in this flight.
    #[inline(never)]
    pub(super) fn sent(&mut self, verb: Verb, operation: &Operation<'_, '_>) -> bool {
        if self.unanswered == 0 {
            self.due = verb;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        self.next = match verb {
            Verb::Rset if self.first != Verb::Rset => Some(self.first),
            Verb::Mail | Verb::Rcpt => Some(Verb::Rcpt),
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
    #[inline(never)]
    pub(super) fn behind_content(&mut self, operation: &Operation<'_, '_>) -> Option<Verb> {
        let Operation::Mail(mail) = operation else {
            return None;
        };
        if !self.is_pipelining() {
            return None;
        }
        if mail.quit {
            self.leave();
            return Some(Verb::Quit);
        }
        if self.is_lock_step || self.state != State::Content {
            return None;
        }
        // A next mail that the server could not take is refused when its own turn comes.
        self.address(mail.next?, 0).ok()?;
        Some(Verb::Mail)
    }

    pub(super) fn is_pipelining(&self) -> bool {
        self.options.use_pipelining && self.capabilities.offers(Extension::Pipelining)
    }
}
