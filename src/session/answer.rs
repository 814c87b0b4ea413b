//! What comes back: what a reply means for the operation, and what follows it.
//!
//! This file writes nothing.

use core::convert::Infallible;

use crate::observer::Observer;
use crate::outcome::{Error, Fault, Violation};
use crate::phase::Phase;
use crate::report::{RecipientStatus, Refusal, RefusalKind};
use crate::wire::ehlo::Mechanism;
use crate::wire::reply::ReplyHead;

use super::Delivery;
use super::buffer::Buffer;
use super::flow::{Flow, Mode, Outcome};
use super::operation::{MailOperation, Operation};
use super::table::{self, State, Verb};
use super::transaction::Verdict;

impl Flow<'_> {
    /// A reply was read. How the operation ended, if it did.
    #[inline(never)]
    pub(super) fn answered(
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
            let index = self.verdict.answered();
            observer.recipient(index, reply);
            if let Some(slot) = mail.results.get_mut(usize::from(index)) {
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
    #[inline(never)]
    pub(super) fn judge(
        &mut self,
        verb: Verb,
        before: State,
        head: ReplyHead,
        buffer: &mut Buffer<'_>,
    ) {
        let is_refusal = head.code >= 400;
        let decides = match verb {
            Verb::Rcpt => {
                let decides = self.verdict.recipient(head);
                // Once somebody is accepted, the final reply decides.
                let goes_out = self.verdict.accepted > 0
                    && !self.verdict.is_doomed()
                    && !self.options.all_or_none;
                if goes_out {
                    self.inbox.forget();
                }
                if self.is_data_due() {
                    self.close_recipients();
                }
                decides && !goes_out
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

    /// After a reply to RCPT: whether DATA went out, and its reply is the only one outstanding.
    pub(super) fn is_data_due(&self) -> bool {
        self.unanswered == 1 && self.next.is_none()
    }

    pub(super) fn close_recipients(&mut self) {
        self.verdict.close_recipients(self.options.all_or_none);
    }

    /// Whose reply follows that of `verb` in a flight.
    pub(super) fn due_after(&self, verb: Verb, operation: &Operation<'_, '_>) -> Verb {
        match verb {
            Verb::Rset => self.first_verb(operation),
            Verb::Mail => Verb::Rcpt,
            Verb::Rcpt if self.is_data_due() => Verb::Data,
            Verb::Rcpt => Verb::Rcpt,
            _ if self.is_leaving => Verb::Quit,
            _ => Verb::Mail,
        }
    }

    /// Everything sent was answered: what comes next, or how the operation ended.
    #[inline(never)]
    pub(super) fn resume(
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
    #[inline(never)]
    pub(super) fn resume_mail(&mut self, mail: &MailOperation<'_, '_>) -> Option<Outcome> {
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
    #[inline(never)]
    pub(super) fn again_in_lock_step(&mut self, mail: &MailOperation<'_, '_>) -> Option<Outcome> {
        self.is_lock_step = true;
        self.inbox.forget();
        self.verdict = Verdict::default();
        match self.address(mail.message, mail.sources) {
            Ok(outgoing) => self.outgoing = outgoing,
            Err(invalid) => return Some(Err(invalid.into())),
        }
        self.go(Verb::Rset);
        None
    }

    /// 421: the server ends the session, whatever was asked.
    ///
    /// RFC 5321 §3.8: "Receipt of a 421 … response to any command" means that the channel closes.
    #[inline(never)]
    pub(super) fn closing(&mut self, head: ReplyHead) -> Outcome {
        self.state = State::Closed;
        if self.delivery == Delivery::Unknown {
            self.delivery = Delivery::Refused;
        } else if self.is_leaving && self.due != Verb::Content {
            return self.finish();
        }
        self.inbox.forget();
        self.refused(self.due.phase(), head)
    }

    /// The transport takes no more, since the server has closed the connection. Whether to read on
    /// in what it said before: that may be why.
    #[inline(never)]
    pub(super) fn listen(&mut self, buffer: &mut Buffer<'_>, observer: &mut dyn Observer) -> bool {
        if self.mode != Mode::Await {
            self.due = self.verb_under_way();
            self.mode = Mode::Await;
            buffer.wipe_secret();
            self.inbox.clear();
        }
        loop {
            match self.inbox.poll(buffer, None, observer) {
                Ok(false) => return !self.is_at_end,
                Err(_) => return false,
                Ok(true) => {}
            }
            let head = self.inbox.head();
            // Replies to commands before the one that failed are of no interest any more.
            if head.code == CLOSING || (self.state == State::Content && head.code >= 400) {
                observer.reply(self.inbox.reply(buffer));
                self.inbox.keep(buffer);
                if self.delivery == Delivery::Unknown {
                    self.delivery = Delivery::Refused;
                }
                self.verdict.part(head, self.due.phase());
                return false;
            }
        }
    }

    /// The operation was refused, and the connection stands.
    pub(super) fn refused(&mut self, phase: Phase, head: ReplyHead) -> Outcome {
        self.is_busy = false;
        let kind = RefusalKind::of(head, phase);
        Err(Error::Refused(Refusal { head, phase, kind }))
    }
}

/// RFC 5321 §3.8 and §4.2.2: service not available, closing the transmission channel.
pub(super) const CLOSING: u16 = 421;
