//! What goes out: commands and content into the buffer, flight by flight.
//!
//! Lengths and positions are those of one buffer, and numbers those of one flight, which is no
//! longer than [`FLIGHT_MAX`] and one command: the arithmetic wraps only in name.
//!
//! This file does not know replies.

use crate::message::{Dots, Filled, Message, RCPT_MAX, Walk};
use crate::observer::Observer;
use crate::outcome::Fault;
use crate::wire::address::Address;
use crate::wire::command;
use crate::wire::ehlo::Extension;
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
pub(super) const FLIGHT_MAX: usize = 4096;

/// Octets of `RCPT TO:<` and `>` CRLF, and of the DATA or BDAT that may follow.
const RCPT_FRAME: usize = 34;

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
        let capacity = buffer.len();
        let octets = buffer.octets();
        let (kept, free) = octets.split_at_mut_checked(start).unwrap_or_default();
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
                    let mut next = walk;
                    let Some(address) = self.next_recipient_of(message, &mut next) else {
                        self.next = Some(self.content_verb());
                        continue;
                    };
                    self.outgoing.walk = next;
                    if self.capabilities.limits_recipients() {
                        self.domains.insert(address.domain().as_str());
                    }
                    // What the buffer's end cut goes out as a whole.
                    let mut length = address.as_str().len().wrapping_add(RCPT_FRAME);
                    if self.uses_dsn(message) {
                        length = length.wrapping_mul(4).wrapping_add(RCPT_MAX);
                    }
                    if self.skip == 0 && self.is_flight_full(length) {
                        self.outgoing.walk = walk;
                        break;
                    }
                    recipient = Some((address, message));
                }
                (Verb::Data, _) if self.options.all_or_none && self.unanswered > 0 => break,
                (Verb::Bdat, _) if self.unanswered > 0 && !self.may_chunk_ahead(capacity) => break,
                (Verb::Bdat, _) => {
                    let chunk = self.chunking?;
                    return Some(chunk(self, operation, &mut out, start, observer));
                }
                (Verb::Content, Operation::Mail(mail)) if self.state == State::Content => {
                    match (mail.content)(self, mail.message, Dots::Stuffed, &mut out, observer) {
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
                Some((to, message)) => {
                    command::path(&mut out, to.as_str());
                    self.dsn_parameters(message, Some(to), &mut out);
                }
                None => holds_secret = self.arguments(verb, operation, kept, &mut out),
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
                    observer.sent(self.exchange.mechanism().as_bytes());
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
            buffer.mark_secret(start, end);
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

    /// What the content is sent by.
    pub(super) fn content_verb(&self) -> Verb {
        if self.is_chunking() {
            Verb::Bdat
        } else {
            Verb::Data
        }
    }

    /// The recipient of the next RCPT, if the transaction is for another one.
    #[inline(never)]
    pub(super) fn next_recipient_of<'m>(
        &self,
        message: &'m Message<'m>,
        walk: &mut Walk,
    ) -> Option<Address<'m>> {
        if self.outgoing.taken != 0 && self.outgoing.recipients >= self.outgoing.taken {
            return None;
        }
        message.envelope().next_recipient(walk)
    }

    fn uses_dsn(&self, message: &Message<'_>) -> bool {
        self.capabilities.offers(Extension::Dsn) && message.dsn_parameters().is_some()
    }

    /// Writes what MAIL or RCPT carries for reports on the delivery.
    fn dsn_parameters(&self, message: &Message<'_>, to: Option<Address<'_>>, out: &mut Writer<'_>) {
        if let Some(parameters) = message.dsn_parameters()
            && self.capabilities.offers(Extension::Dsn)
        {
            parameters(message, to, out);
        }
    }

    /// Writes what follows a command's first words; whether it holds a secret. `kept` is what was
    /// kept of a challenge.
    #[inline(never)]
    fn arguments(
        &self,
        verb: Verb,
        operation: &Operation<'_, '_>,
        kept: &[u8],
        out: &mut Writer<'_>,
    ) -> bool {
        match (verb, operation) {
            (Verb::Ehlo | Verb::Helo, _) => {
                if let Some(name) = self.name {
                    out.str(name.as_str());
                }
            }
            (Verb::Mail, Operation::Mail(mail)) => {
                let message = self.message(mail);
                command::path(out, message.envelope().reverse_path().as_str());
                command::mail_parameters(out, self.outgoing.parameters);
                self.dsn_parameters(message, None, out);
            }
            (Verb::Auth, Operation::Login { credentials, .. }) => {
                out.str(self.exchange.mechanism());
                if self.exchange.is_initial {
                    out.byte(b' ');
                    self.exchange.respond(credentials, kept, out);
                    return true;
                }
            }
            (Verb::AuthResponse, Operation::Login { credentials, .. }) => {
                self.exchange.respond(credentials, kept, out);
                return true;
            }
            _ => {}
        }
        false
    }

    /// A command is in the buffer as a whole. Whether another may follow it in this flight.
    #[inline(never)]
    pub(super) fn sent(&mut self, verb: Verb, operation: &Operation<'_, '_>) -> bool {
        if self.unanswered == 0 {
            self.due = verb;
        }
        self.unanswered = self.unanswered.wrapping_add(1);
        self.next = match verb {
            Verb::Rset if self.first != Verb::Rset => Some(self.first),
            Verb::Mail => {
                self.mails = self.mails.saturating_add(1);
                Some(Verb::Rcpt)
            }
            Verb::Rcpt => {
                self.outgoing.recipients = self.outgoing.recipients.saturating_add(1);
                Some(Verb::Rcpt)
            }
            Verb::Bdat => Some(Verb::Bdat),
            Verb::Content => {
                // Only commands count towards the limit of a flight.
                self.flight = 0;
                self.behind_content(operation)
            }
            Verb::Auth => {
                self.exchange.responses = u8::from(self.exchange.is_initial);
                None
            }
            Verb::AuthResponse => {
                // A challenge that was answered leaves its room to the next one; a reason stays.
                if !self.exchange.gives_reasons() {
                    self.inbox.forget();
                }
                // A scheme has no more than three.
                self.exchange.responses = self.exchange.responses.saturating_add(1);
                None
            }
            Verb::Ehlo | Verb::Helo => {
                self.capabilities.forget();
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
        self.address(mail.next?, 0, 0).ok()?;
        Some(Verb::Mail)
    }

    pub(super) fn is_pipelining(&self) -> bool {
        self.options.use_pipelining && self.capabilities.offers(Extension::Pipelining)
    }
}
