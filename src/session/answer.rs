//! What comes back: what a reply means for the operation, and what follows it.
//!
//! This file writes nothing.

use crate::observer::Observer;
use crate::outcome::{Fault, Violation};
use crate::phase::Phase;

use super::Delivery;
use super::buffer::Buffer;
use super::flow::{Flow, Mode};
use super::operation::{MailOperation, Operation};
use super::table::{self, State, Verb};
use super::transaction::Verdict;

impl Flow<'_> {
    /// A reply was read.
    #[inline(never)]
    pub(super) fn answered(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) {
        let verb = self.due;
        let reply = self.inbox.reply(buffer);
        let code = reply.head.code;
        observer.reply(reply);
        let before = self.state;
        let after = table::follow(before, verb, code);
        if after == State::Broken && verb != Verb::Quit {
            // The phase that failed is this reply's, so it is still outstanding.
            return self.fault(Fault::Protocol(Violation::OutOfPlace(code)));
        }
        // A reply is read only where one is outstanding.
        self.unanswered = self.unanswered.wrapping_sub(1);
        if verb == Verb::Quit {
            self.state = State::Closed;
            return self.finish();
        }
        if verb == Verb::Rcpt
            && let Operation::Mail(mail) = operation
        {
            let index = mail.first.saturating_add(self.verdict.answered());
            observer.recipient(index, reply);
            if let Some(slot) = mail.results.get_mut(usize::from(index)) {
                slot.head = reply.head;
                slot.is_deferred = false;
            }
        }
        if code == CLOSING {
            return self.closing();
        }
        self.state = after;
        self.judge(verb, before, buffer);
        if self.unanswered == 0 {
            return self.resume(verb, operation, buffer);
        }
        self.due = self.due_after(verb);
        observer.awaiting(self.due.phase());
        // What is outstanding behind a content may be the next mail's.
        if verb == Verb::Content && self.due == Verb::Mail {
            self.finish();
        }
    }

    /// Adds a reply to the verdict on the mail.
    pub(super) fn judge(&mut self, verb: Verb, before: State, buffer: &mut Buffer<'_>) {
        let head = self.inbox.head();
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
            Verb::Content | Verb::BdatLast | Verb::Bdat
                if matches!(before, State::Content | State::Addressed)
                    && (is_refusal || verb != Verb::Bdat) =>
            {
                self.delivery = if is_refusal {
                    Delivery::Refused
                } else {
                    Delivery::Accepted
                };
                self.verdict.end(head);
                true
            }
            // Its content went out ahead, and nobody is to get it.
            Verb::BdatLast => {
                self.delivery = Delivery::Refused;
                false
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

    #[inline(never)]
    pub(super) fn close_recipients(&mut self) {
        let deferred = self.outgoing.deferred;
        self.verdict
            .close_recipients(self.options.all_or_none, deferred);
    }

    /// Whose reply follows that of `verb` in a flight.
    pub(super) fn due_after(&self, verb: Verb) -> Verb {
        match verb {
            Verb::Rset => self.first,
            Verb::Mail => Verb::Rcpt,
            Verb::Rcpt if self.is_data_due() && self.is_chunking() => Verb::BdatLast,
            Verb::Rcpt if self.is_data_due() => Verb::Data,
            Verb::Rcpt => Verb::Rcpt,
            _ if self.is_leaving() => Verb::Quit,
            _ => Verb::Mail,
        }
    }

    /// Everything sent was answered: goes on with what comes next, if there is anything.
    pub(super) fn resume(
        &mut self,
        verb: Verb,
        operation: &Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
    ) {
        let code = self.inbox.head().code;
        match (operation, verb) {
            (Operation::Open, Verb::Ehlo)
                if self.options.helo_fallback && matches!(code, 500 | 501 | 502 | 504) =>
            {
                self.go(Verb::Helo);
            }
            (Operation::Login { .. }, Verb::AuthCancel) => {
                self.cancelled();
            }
            (Operation::Mail(mail), _) if verb != Verb::Rset => self.resume_mail(mail),
            _ if code >= 400 && !self.is_leaving() => self.refused(verb.phase()),
            (Operation::Open, Verb::Greeting) => self.go(Verb::Ehlo),
            (Operation::StartTls, _) if self.inbox.has_unread() => {
                // What came in the clear behind the 220 must not be taken for the server's word
                // under TLS (RFC 3207 §4.2: "MUST discard any knowledge obtained from the server").
                self.fault(Fault::Protocol(Violation::Unasked));
            }
            (Operation::Login { credentials, .. }, _) if self.state == State::Authenticating => {
                self.challenged(credentials, buffer);
            }
            (_, Verb::Rset) if self.first != Verb::Rset => self.go(self.first),
            (Operation::Login { .. }, _) => self.authenticated(),
            _ => self.finish(),
        }
    }

    /// [`Self::resume`] for a mail.
    pub(super) fn resume_mail(&mut self, mail: &MailOperation<'_, '_>) {
        if matches!(self.state, State::Content | State::HollowContent) {
            return self.go(Verb::Content);
        }
        if self.next == Some(Verb::Rcpt) {
            let mut walk = self.outgoing.walk;
            if self.next_recipient_of(mail.message, &mut walk).is_none() {
                self.next = Some(self.content_verb());
            }
        }
        if matches!(self.next, Some(Verb::Data | Verb::Bdat)) {
            self.close_recipients();
        }
        if let Some(next) = self.next
            && !self.verdict.is_doomed()
            && !self.verdict.is_final()
        {
            return self.go(next);
        }
        let has_ridden = mail.is_next && !self.is_lock_step && !self.is_chunking();
        if has_ridden && self.verdict.is_out_of_sequence() {
            return self.again_in_lock_step(mail);
        }
        if mail.quit && !self.is_leaving() {
            self.leave();
            return self.go(if self.state.has_transaction() {
                Verb::Rset
            } else {
                Verb::Quit
            });
        }
        self.finish();
    }

    /// The server did not understand MAIL behind the content of another mail: says it again, and
    /// nothing rides there any more.
    fn again_in_lock_step(&mut self, mail: &MailOperation<'_, '_>) {
        self.is_lock_step = true;
        // Where the server's limits do not let it be said again, it is refused.
        if self
            .address(mail.message, mail.sources, mail.first)
            .is_err()
        {
            return self.finish();
        }
        self.inbox.forget();
        self.verdict = Verdict::default();
        self.go(Verb::Rset);
    }

    /// 421: the server ends the session, whatever was asked.
    ///
    /// RFC 5321 §3.8: "Receipt of a 421 … response to any command" means that the channel closes.
    #[inline(never)]
    pub(super) fn closing(&mut self) {
        self.state = State::Closed;
        if self.delivery == Delivery::Unknown {
            self.delivery = Delivery::Refused;
        } else if self.is_leaving() && self.due != Verb::Content {
            return self.finish();
        }
        self.inbox.forget();
        self.verdict.part(self.inbox.head(), self.due.phase());
        self.finish();
    }

    /// The transport takes no more, since the server has closed the connection. Whether to read on
    /// in what it said before: that may be why.
    #[inline(never)]
    pub(super) fn listen(
        &mut self,
        operation: &mut Operation<'_, '_>,
        buffer: &mut Buffer<'_>,
        observer: &mut dyn Observer,
    ) -> bool {
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
            if self.unanswered > 0 {
                self.answered(operation, buffer, observer);
            } else {
                self.interrupted(buffer, observer);
            }
            // What is over, or would go on with something to be said, ends here.
            if self.mode != Mode::Await {
                return false;
            }
        }
    }

    /// The server spoke before a command or a content was out as a whole: it will have no more.
    fn interrupted(&mut self, buffer: &mut Buffer<'_>, observer: &mut dyn Observer) {
        self.mode = Mode::Done;
        let head = self.inbox.head();
        let is_content = matches!(self.state, State::Content | State::Addressed)
            && matches!(self.due, Verb::Content | Verb::Bdat);
        if head.code == CLOSING || (is_content && head.code >= 400) {
            observer.reply(self.inbox.reply(buffer));
            self.inbox.keep(buffer);
            self.verdict.part(head, self.due.phase());
        }
    }
}

/// RFC 5321 §3.8 and §4.2.2: service not available, closing the transmission channel.
pub(super) const CLOSING: u16 = 421;
