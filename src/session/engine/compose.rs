//! Commands and content into the buffer, flight by flight.
//!
//! This file does not know what a reply means.

use crate::fault::Fault;
use crate::message::Dots;
use crate::observer::Observer;
use crate::session::body::Came;
use crate::session::buffer::Buffer;
use crate::session::operation::{MailOperation, Operation};
use crate::session::order;
use crate::session::table::Verb;
use crate::session::write;
use crate::state::State;
use crate::wire::command::{self, MailParameters};
use crate::wire::ehlo::Extension;
use crate::wire::writer::Writer;

use super::{Act, Engine, Stage};

impl Engine<'_> {
    /// Fills the buffer with what goes out next; `None` when there is nothing.
    pub(super) fn compose(
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
                && self.is_content(verb)
            {
                match self.content(verb, mail, &mut out, &mut first, observer) {
                    Came::Abort(fault) => {
                        self.fault(Fault::Content(fault), false);
                        return Some(Act::Done);
                    }
                    Came::Source { begin, from, room } => {
                        self.window = rest.without(begin).first(room).without(from);
                        self.stage = Stage::Fill;
                        return Some(Act::Fill);
                    }
                    Came::Full if verb != Verb::Bdat => {
                        self.stage = Stage::Compose;
                        break;
                    }
                    Came::Full => {
                        self.flight.sent(Verb::Bdat);
                        break;
                    }
                    Came::Whole => self.verdict.handed_over(),
                }
                if verb != Verb::Content {
                    self.flight.sent(Verb::BdatLast);
                    self.next = None;
                    break;
                }
            }
            out.str(verb.words());
            let secret = self.arguments(verb, operation, kept_bytes, &mut out);
            command::line_end(&mut out);
            let cut = out.end_atom();
            self.skip = cut.unwrap_or(0);
            if verb != Verb::Content || self.server.state() != State::Content {
                write::show(&out, from, secret, cut.is_none(), observer);
            }
            has_secret |= secret.is_some();
            self.flight.went(out.since(from).len());
            if cut.is_some() {
                self.stage = Stage::Compose;
                break;
            }
            if !self.said(verb, operation) {
                break;
            }
        }
        let length = out.len();
        let span = rest.first(length);
        self.window = span.without(first);
        self.is_sending = !self.window.is_empty();
        if has_secret {
            buffer.mark_secret(span);
        }
        self.is_sending.then_some(Act::Send)
    }

    /// Whether the command may be sent before what is outstanding was answered.
    fn may_go(&self, verb: Verb, capacity: usize) -> bool {
        if self.flight.is_empty() || self.skip > 0 {
            return true;
        }
        match verb {
            Verb::Rcpt => self.flight.has_room(self.outgoing.rcpt()),
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

    /// Whether content comes next, and not a command.
    fn is_content(&self, verb: Verb) -> bool {
        match verb {
            Verb::Content => self.server.state() == State::Content,
            Verb::BdatLast => self.body.is_announced(),
            _ => verb == Verb::Bdat,
        }
    }

    /// Writes content. `first` is the place of the first byte of a chunk.
    fn content(
        &mut self,
        verb: Verb,
        mail: &MailOperation<'_, '_>,
        out: &mut Writer<'_>,
        first: &mut usize,
        observer: &mut dyn Observer,
    ) -> Came {
        let begin = out.len();
        let dots = match (verb, self.chunks) {
            (Verb::Bdat, Some(chunks)) => {
                let came;
                (came, *first) = (chunks.chunk)(&mut self.body, mail, out, observer);
                return came;
            }
            (Verb::Content, _) => Dots::Stuffed,
            _ => Dots::Plain,
        };
        let mut came = match mail.streaming {
            Some(streaming) => (streaming.fill)(&mut self.body, mail.message, dots, out),
            None => self.body.fill(mail.message, dots, out),
        };
        let bytes = out.since(begin).len();
        if let (Verb::BdatLast, Some(chunks)) = (verb, self.chunks) {
            came = (chunks.take)(&mut self.body, bytes, came);
        }
        observer.content(bytes);
        came
    }

    /// Writes the arguments of a command. `kept` is what was kept of a challenge. Where in it a secret
    /// begins, if it has one.
    #[inline(never)]
    fn arguments(
        &mut self,
        verb: Verb,
        operation: &Operation<'_, '_>,
        kept: &[u8],
        out: &mut Writer<'_>,
    ) -> Option<usize> {
        let has_dsn = self.server.offers(Extension::Dsn);
        match (verb, operation) {
            (Verb::Ehlo | Verb::Helo, _) => out.str(self.name.as_ref()?.as_str()),
            (Verb::Mail, Operation::Mail(mail)) => {
                let length = self.body.length();
                let parameters = MailParameters {
                    size: length.filter(|_| self.server.offers(Extension::Size)),
                    extensions: self.outgoing.extensions(),
                };
                write::reverse_path(out, self.outgoing.message(mail), parameters, has_dsn);
            }
            (Verb::Rcpt, Operation::Mail(mail)) => {
                let to = self.outgoing.recipient(mail)?;
                write::recipient(out, self.outgoing.message(mail), to, has_dsn);
            }
            (Verb::BdatLast, _) => (self.chunks?.arguments)(&self.body, out),
            (Verb::Auth, Operation::Login(credentials)) => {
                return write::auth(out, &self.login, credentials);
            }
            (Verb::AuthResponse, Operation::Login(credentials)) => {
                return write::response(out, &self.login, credentials, kept);
            }
            _ => {}
        }
        None
    }

    /// A command is in the buffer as a whole. Whether another may follow it in this
    /// flight.
    #[inline(never)]
    fn said(&mut self, verb: Verb, operation: &Operation<'_, '_>) -> bool {
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
        self.flight.sent(verb);
        let mut has_recipient = false;
        match (verb, operation) {
            (Verb::Ehlo | Verb::Helo, _) => self.server.forget_offers(),
            (Verb::Mail, _) => {
                if let Some(limits) = self.limits {
                    self.server.count_mail(limits);
                }
            }
            (Verb::Rcpt, Operation::Mail(mail)) => {
                if let Some(limits) = self.limits
                    && let Some(to) = self.outgoing.recipient(mail)
                {
                    self.server.count_recipient(limits, to);
                }
                self.outgoing.advance();
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
        (self.row?.next)(self, mail)
    }
}
