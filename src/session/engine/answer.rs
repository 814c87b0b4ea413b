//! Replies: what they mean for the operation, and what follows them.
//!
//! This file writes nothing.

use crate::fault::{Fault, Violation};
use crate::observer::Observer;
use crate::phase::Phase;
use crate::report::{CLOSING, RefusalKind};
use crate::session::buffer::Buffer;
use crate::session::login::Challenged;
use crate::session::operation::Operation;
use crate::session::order::{self, Course, Then};
use crate::session::table::{Event, Verb};
use crate::session::verdict::{Delivery, Heard};

use super::Engine;
#[cfg(feature = "scram-sha-256")]
use super::Stage;

impl Engine<'_> {
    /// The reply to `verb` was read.
    #[inline(never)]
    pub(super) fn answered(
        &mut self,
        verb: Verb,
        operation: &mut Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) {
        let head = self.replies.head();
        let code = head.code;
        observer.reply(self.replies.reply(buffer));
        if let Some(violation) = self.mismatch(verb) {
            // It may well be the reply that was missed.
            if code >= 400 {
                self.replies.keep(buffer);
                self.verdict.remember(head, verb.phase());
            }
            // Of a chunk that others were to follow, no mail was handed over.
            if verb != Verb::Bdat {
                self.verdict.doubt();
            }
            return self.fault(self.or_transport(violation), self.is_mute);
        }
        let before = self.server.state();
        if !self.server.reply(verb, code) {
            return self.fault(Fault::Protocol(Violation::OutOfPlace(code)), false);
        }
        self.flight.answered();
        if verb == Verb::Quit {
            return self.finish();
        }
        if let (Verb::Rcpt, Operation::Mail(mail)) = (verb, &mut *operation) {
            let number = self.answered.next(mail.left_out());
            observer.recipient(number, self.replies.reply(buffer));
            // Of a flight that was torn, it is not known which commands the server heard.
            if !self.is_torn
                && let Some(noting) = mail.noting
            {
                (noting.reply)(mail.results, number, head, self.verdict.is_settled());
            }
        }
        if code == CLOSING {
            return self.goodbye(verb.phase(), RefusalKind::Closing, buffer);
        }
        match self
            .verdict
            .hear(verb, before, head, self.options.all_or_none)
        {
            Heard::Plain => {}
            Heard::Recovered => self.replies.forget(),
            // A reason that came in a challenge says more than the text of the refusal after it.
            Heard::Kept if !self.reason().is_empty() => self.replies.keep_head(),
            Heard::Kept => {
                self.replies.keep(buffer);
                // A mail that is refused as a whole leaves no recipient to a further transaction.
                if let (Verb::Mail, Some(limits), Operation::Mail(mail)) =
                    (verb, self.limits, &mut *operation)
                {
                    (limits.forget)(mail.results);
                }
            }
            Heard::Final => {
                observer.final_reply(self.replies.reply(buffer));
                self.replies.keep(buffer);
                if let Operation::Mail(mail) = &mut *operation
                    && code < 300
                    && !self.verdict.is_chunked()
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

    /// The reason that the reply to `verb` is another command's.
    fn mismatch(&self, verb: Verb) -> Option<Violation> {
        // The content was not sent to its end, so this is not its success.
        if self.is_torn && verb.carries_content() && self.replies.head().code < 300 {
            return Some(Violation::OutOfStep);
        }
        // A command was sent in the same flight as the content, and this is the reply to it: 221 to
        // QUIT (RFC 5321 §4.3.2), or to MAIL a success that is about an address (RFC 3463 §3.2).
        let head = self.replies.head();
        if verb == Verb::Content && !self.flight.is_alone() {
            let is_farewell = self.goal == Verb::Quit && head.code == 221;
            if is_farewell || self.row.is_some_and(|row| (row.is_of_next)(self)) {
                return Some(Violation::OutOfStep);
            }
        }
        (self.chunks?.mismatch)(verb, &self.replies, &self.verdict)
    }

    /// Everything sent was answered, `verb` last: goes on with what comes next, if there is anything.
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
            Then::Again => {
                if let Some(row) = self.row {
                    (row.again)(self, operation);
                }
            }
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
            course.was_misunderstood = self.row.is_some_and(|row| (row.was_misunderstood)(self));
            course.is_to_confirm =
                mail.is_in_row && verb == Verb::BdatLast && !self.verdict.is_refused();
            course.quits = mail.quit;
        }
        course
    }

    /// Whether MAIL was refused as a bad sequence of commands.
    pub(super) fn was_out_of_sequence(&self) -> bool {
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
    /// (RFC 5321 §3.8), or any other 4yz, is the goodbye of a server that will not wait. Where the
    /// transport takes no more, every refusal may say why.
    pub(super) fn unasked(&mut self, buffer: &mut Buffer<'_>, observer: &mut dyn Observer) {
        let head = self.replies.head();
        let phase = self.phase();
        let is_refusal = head.code >= 400;
        let is_content = self.next.is_some_and(Verb::carries_content);
        if head.code / 100 == 4 || (self.is_mute && is_refusal) {
            observer.reply(self.replies.reply(buffer));
        }
        if self.is_mute && is_refusal && is_content {
            self.goodbye(phase, RefusalKind::of(head, phase), buffer);
        } else if head.code / 100 == 4 {
            self.goodbye(phase, RefusalKind::Closing, buffer);
        } else {
            // What was said of a mail before stays.
            if is_refusal && !self.verdict.is_settled() && !self.verdict.is_refused() {
                self.replies.keep(buffer);
                self.verdict.remember(head, phase);
            }
            self.fault(self.or_transport(Violation::Unasked), self.is_mute);
        }
    }

    /// A breach of the protocol, unless the transport had failed before.
    const fn or_transport(&self, violation: Violation) -> Fault<()> {
        if self.is_mute {
            Fault::Transport(())
        } else {
            Fault::Protocol(violation)
        }
    }

    /// The server ends the session, whatever was asked.
    #[inline(never)]
    fn goodbye(&mut self, phase: Phase, kind: RefusalKind, buffer: &mut Buffer<'_>) {
        self.server.happened(Event::Goodbye);
        // Nothing that happens while leaving changes an outcome.
        let is_left = self.goal == Verb::Quit && phase != Phase::Content;
        if !is_left || self.verdict.delivery() == Delivery::Unknown {
            self.replies.keep(buffer);
            self.verdict.part(phase, kind);
        }
        self.finish();
    }
}
