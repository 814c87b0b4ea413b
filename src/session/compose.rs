//! What goes out: commands and content into the buffer, flight by flight.
//!
//! Lengths and positions are those of one buffer, and numbers those of one flight, which is no
//! longer than [`FLIGHT_MAX`] and one command: the arithmetic wraps only in name.
//!
//! This file does not know replies.

use crate::message::{Filled, Message};
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
            let mut recipient = None;
            match (verb, operation) {
                (Verb::Rcpt, Operation::Mail(mail)) => {
                    let message = self.message(mail);
                    let envelope = message.envelope();
                    let Some(address) = envelope.next_recipient(&mut self.outgoing.walk) else {
                        self.next = Some(Verb::Data);
                        continue;
                    };
                    // What the buffer's end cut goes out as a whole.
                    let mut length = address.as_str().len().wrapping_add(RCPT_FRAME);
                    let parameters = match self.capabilities.offers(Extension::Dsn) {
                        true => message.rcpt_parameters(),
                        false => None,
                    };
                    if parameters.is_some() {
                        length = length.wrapping_mul(4).wrapping_add(NOTIFY_FRAME);
                    }
                    if self.skip == 0 && self.is_flight_full(length) {
                        self.outgoing.walk = walk;
                        break;
                    }
                    recipient = Some((address, parameters));
                }
                (Verb::Data, _) if self.options.all_or_none && self.unanswered > 0 => break,
                (Verb::Content, Operation::Mail(mail)) if self.state == State::Content => {
                    match (mail.content)(self, mail.message, &mut out, observer) {
                        Filled::Complete => {}
                        Filled::More => {
                            self.mode = Mode::Compose;
                            break;
                        }
                        Filled::Source { .. } => {
                            self.mode = Mode::Compose;
                            let (from, to) = self.window;
                            self.window = (start.wrapping_add(from), start.wrapping_add(to));
                            return Some(Act::Fill);
                        }
                        Filled::Abort(fault) => {
                            self.fault(Fault::Content(fault));
                            return Some(Act::Done);
                        }
                    }
                    self.delivery = Delivery::Unknown;
                }
                _ => {}
            }
            out.str(verb.words());
            match recipient {
                Some((to, parameters)) => command::rcpt(&mut out, to, parameters),
                None => holds_secret = self.arguments(verb, operation, &mut out),
            }
            command::line_end(&mut out);
            self.flight = self.flight.wrapping_add(out.len().wrapping_sub(from));
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
        let end = start.wrapping_add(out.len());
        if holds_secret {
            buffer.mark_secret(end);
        }
        self.window = (start, end);
        (start < end).then_some(Act::Send)
    }

    /// The message whose commands are going out: the next one once this one's content is out.
    pub(super) fn message<'o, 'm>(&self, mail: &MailOperation<'o, 'm>) -> &'o Message<'m> {
        match mail.next {
            Some(next) if self.delivery == Delivery::Unknown => next,
            _ => mail.message,
        }
    }

    pub(super) fn is_flight_full(&self, further: usize) -> bool {
        self.flight > 0 && self.flight.wrapping_add(further) > FLIGHT_MAX
    }

    /// Writes what follows a command's first words; whether it holds a secret.
    #[inline(never)]
    fn arguments(&self, verb: Verb, operation: &Operation<'_, '_>, out: &mut Writer<'_>) -> bool {
        match (verb, operation) {
            (Verb::Ehlo | Verb::Helo, _) => {
                if let Some(name) = self.name {
                    out.str(name.as_str());
                }
            }
            (Verb::Mail, Operation::Mail(mail)) => {
                let envelope = self.message(mail).envelope();
                command::path(out, envelope.reverse_path().as_str());
                command::mail_parameters(out, self.outgoing.parameters);
            }
            (Verb::Auth, Operation::Login { credentials, .. }) => {
                out.str(self.mechanism.as_str());
                if self.has_initial_response(credentials) {
                    out.byte(b' ');
                    sasl::response(out, credentials, self.mechanism, 0);
                    return true;
                }
            }
            (Verb::AuthResponse, Operation::Login { credentials, .. }) => {
                sasl::response(out, credentials, self.mechanism, self.responses);
                return true;
            }
            _ => {}
        }
        false
    }

    pub(super) fn has_initial_response(&self, credentials: &Credentials<'_>) -> bool {
        self.mechanism == Mechanism::Plain && sasl::fits_auth_line(credentials)
    }

    /// A command is in the buffer as a whole. Whether another may follow it in this flight.
    pub(super) fn sent(&mut self, verb: Verb, operation: &Operation<'_, '_>) -> bool {
        if self.unanswered == 0 {
            self.due = verb;
        }
        self.unanswered = self.unanswered.wrapping_add(1);
        self.next = match verb {
            Verb::Rset if self.first != Verb::Rset => Some(self.first),
            Verb::Mail | Verb::Rcpt => Some(Verb::Rcpt),
            Verb::Content => {
                // Only commands count towards the limit of a flight.
                self.flight = 0;
                self.behind_content(operation)
            }
            Verb::AuthResponse => {
                self.responses = self.responses.wrapping_add(1);
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
