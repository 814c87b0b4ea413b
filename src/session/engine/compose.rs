//! Commands and content into the buffer, flight by flight.
//!
//! This file does not know replies.

use crate::fault::Fault;
use crate::message::Dots;
use crate::observer::Observer;
use crate::session::body::Came;
use crate::session::buffer::Buffer;
use crate::session::check;
use crate::session::chunks::LINE_MAX;
use crate::session::operation::{MailOperation, Operation};
use crate::session::order;
use crate::session::table::Verb;
use crate::session::write::{self, Arguments};
use crate::state::State;
use crate::wire::ehlo::Extension;
use crate::wire::writer::Writer;

use super::{Act, Engine, Stage};

/// The most bytes of RCPT without and with what DSN adds, and of the DATA or BDAT that may follow:
/// of an address with 64 and 255 bytes around its `@`.
const RCPT_MAX: usize = 364;
const RCPT_DSN_MAX: usize = 1400;

impl Engine<'_> {
    /// Fills the buffer with what goes out next; `None` when there is nothing.
    #[inline(never)]
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
}
