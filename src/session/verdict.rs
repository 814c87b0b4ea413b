//! The verdict on an operation: what was answered, how it ends, and whether a mail is delivered.
//!
//! This file does not know the order of commands, only what their replies add up to. The head and the
//! text of the reply that decides are kept in `replies.rs`.

use crate::phase::Phase;
use crate::proof::Proof;
use crate::report::{Refusal, RefusalKind, Report};
use crate::state::State;
use crate::wire::reply::ReplyHead;

use super::count::Count;
use super::table::Verb;

/// Whether the server has the last mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Delivery {
    /// There was no mail, or it was not handed over as a whole.
    #[default]
    None,
    /// It was handed to the transport as a whole, and no valid final reply was read.
    Unknown,
    /// The server accepted it.
    Accepted,
    /// The server refused it.
    Refused,
}

/// The sum of the replies to an operation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Verdict {
    accepted: Count,
    refused: Count,
    deferred: u16,
    is_any_temporary: bool,
    /// The operation has failed by a refusal, whatever comes; a mail's content is not handed in.
    is_doomed: bool,
    /// The final reply to a mail was read.
    is_ended: bool,
    /// It was one to BDAT.
    is_chunked: bool,
    delivery: Delivery,
    /// The kept reply is a refusal: of what, and what it means.
    refusal: Option<(Phase, RefusalKind)>,
}

/// The use of a reply that was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Its text is of no further interest.
    Plain,
    /// What was refused before is of no interest any more.
    Recovered,
    /// It is to be kept: it decides, or is the last refusal.
    Kept,
    /// It is to be kept, and is the final reply to a mail.
    Final,
}

impl Verdict {
    /// A reply to `verb`, which was read in the state `before`.
    #[inline(never)]
    pub(super) fn hear(
        &mut self,
        verb: Verb,
        before: State,
        head: ReplyHead,
        all_or_none: bool,
    ) -> Heard {
        let is_refusal = head.code >= 400;
        match verb {
            Verb::Rcpt => self.recipient(head, all_or_none),
            Verb::Content | Verb::Bdat | Verb::BdatLast
                if matches!(before, State::Content | State::Addressed)
                    && (is_refusal || verb != Verb::Bdat) =>
            {
                self.is_chunked = verb != Verb::Content;
                self.end(head)
            }
            // Its content was sent ahead, and there is no recipient.
            Verb::BdatLast => {
                self.delivery = Delivery::Refused;
                Heard::Plain
            }
            // HELO after a refused EHLO: the session is open.
            Verb::Helo if !is_refusal => {
                *self = Self::default();
                Heard::Recovered
            }
            _ if !is_refusal => Heard::Plain,
            // What follows from an earlier refusal is no second one.
            _ if self.is_settled() || (verb == Verb::Data && self.accepted.get() == 0) => {
                Heard::Plain
            }
            _ => {
                // A refused `*` is as good as an accepted one: RFC 4954 §4, "the server MUST reject
                // the AUTH command by sending a 501 reply".
                self.is_doomed = verb != Verb::AuthCancel;
                self.note(head, verb.phase())
            }
        }
    }

    /// A reply to RCPT. While no recipient is accepted, the first refusal is the one to show: all
    /// others may follow from the same cause. Once one is accepted it is the last.
    fn recipient(&mut self, head: ReplyHead, all_or_none: bool) -> Heard {
        if head.code < 300 {
            self.accepted.add();
            return Heard::Plain;
        }
        self.refused.add();
        let new = RefusalKind::of(head, Phase::Rcpt);
        self.is_any_temporary |= new == RefusalKind::Temporary;
        if self.is_doomed {
            return Heard::Plain;
        }
        match &mut self.refusal {
            Some((_, kind)) if self.accepted.get() == 0 || all_or_none => {
                *kind = kind.and_recipient(new);
                Heard::Plain
            }
            _ => {
                self.refusal = Some((Phase::Rcpt, new));
                Heard::Kept
            }
        }
    }

    /// The final reply to a mail.
    fn end(&mut self, head: ReplyHead) -> Heard {
        self.is_ended = true;
        self.refusal = None;
        self.delivery = Delivery::Accepted;
        if head.code >= 400 {
            self.delivery = Delivery::Refused;
            let _ = self.note(head, Phase::Content);
        }
        Heard::Final
    }

    /// Notes a refusal, whose reply is to be kept.
    #[inline(never)]
    fn note(&mut self, head: ReplyHead, phase: Phase) -> Heard {
        self.refusal = Some((phase, RefusalKind::of(head, phase)));
        Heard::Kept
    }

    /// Every RCPT was answered: dooms the mail if no recipient was accepted, or not all of those who
    /// had to be. `deferred` recipients are left to a further transaction, where they may fare
    /// better.
    #[inline(never)]
    pub(super) fn close_recipients(&mut self, all_or_none: bool, deferred: u16) {
        self.deferred = deferred;
        if deferred > 0
            && let Some((Phase::Rcpt, kind)) = &mut self.refusal
        {
            *kind = kind.and_recipient(RefusalKind::Temporary);
        }
        self.is_doomed |= self.accepted.get() == 0 || (all_or_none && self.refused.get() > 0);
    }

    /// The server said goodbye with a 4yz, or refused in the middle of a content: the reply to keep.
    pub(super) fn part(&mut self, phase: Phase, kind: RefusalKind) {
        self.refusal = Some((phase, kind));
        self.is_doomed = true;
        if self.delivery == Delivery::Unknown {
            self.delivery = Delivery::Refused;
        }
    }

    /// The write that ends the mail begins: from here on, a fault leaves its delivery unknown.
    pub(super) fn handed_over(&mut self) {
        self.delivery = Delivery::Unknown;
    }

    /// The replies do not fit the commands, so the final one may be another command's. Of a mail that
    /// was never handed over, nothing is in doubt.
    pub(super) fn doubt(&mut self) {
        if self.delivery != Delivery::None {
            self.is_ended = false;
            self.is_doomed = false;
            self.delivery = Delivery::Unknown;
        }
    }

    /// An operation begins, or begins once more. What is known of the last mail stays until the next
    /// one.
    pub(super) fn begin(&mut self, is_mail: bool) {
        let delivery = self.delivery;
        *self = Self::default();
        if !is_mail {
            self.delivery = delivery;
        }
    }

    /// Remembers a refusal that decides nothing.
    pub(super) fn remember(&mut self, head: ReplyHead, phase: Phase) {
        let _ = self.note(head, phase);
    }

    pub(super) const fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Whether the mail's content is not to be handed in any more, or was.
    pub(super) const fn is_settled(&self) -> bool {
        self.is_doomed || self.is_ended
    }

    /// Whether the final reply was read.
    pub(super) const fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Whether a recipient was accepted.
    pub(super) const fn has_recipient(&self) -> bool {
        self.accepted.get() > 0
    }

    /// Whether the final reply was read, and was one to BDAT.
    pub(super) const fn is_chunked(&self) -> bool {
        self.is_ended && self.is_chunked
    }

    /// Whether MAIL was refused.
    pub(super) const fn refused_mail(&self) -> bool {
        matches!(self.refusal, Some((Phase::Mail, _)))
    }

    /// Whether the server has said enough to be taken at its word if it then closes the connection:
    /// a refusal that stands, or every recipient answered was refused.
    #[inline(never)]
    pub(super) const fn is_refused(&self) -> bool {
        let all_refused = self.accepted.get() == 0 && self.refused.get() > 0;
        (self.is_doomed || self.is_ended || all_refused) && self.refusal.is_some()
    }

    /// The server closed the connection with commands unanswered. A 4yz to MAIL was its goodbye then,
    /// read in the place of a reply.
    pub(super) fn closed(&mut self) {
        if let Some((Phase::Mail, kind @ RefusalKind::Temporary)) = &mut self.refusal {
            *kind = RefusalKind::Closing;
        }
    }

    /// What was said of the mail stays true, although the session ended. For content that was sent
    /// ahead to recipients who were refused.
    #[inline(never)]
    pub(super) fn settle(&mut self) {
        if self.is_refused() && self.delivery == Delivery::Unknown {
            self.delivery = Delivery::Refused;
        }
    }

    /// The last refusal, whose head was kept.
    pub(super) fn refusal(&self, head: ReplyHead) -> Option<Refusal> {
        let (phase, kind) = self.refusal?;
        Some(Refusal { head, phase, kind })
    }

    /// The report on a mail that was accepted; for any other operation its numbers mean nothing.
    pub(super) const fn report(&self, head: ReplyHead, proof: Option<Proof>) -> Report {
        Report {
            head,
            accepted: self.accepted.get(),
            refused: self.refused.get(),
            deferred: self.deferred,
            is_any_temporary: self.is_any_temporary,
            proof,
        }
    }
}
