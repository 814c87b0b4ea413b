//! What is known of a mail under way: what was said of it, what was answered, and so how it ends.
//!
//! This file does not know the order of commands, only what replies to MAIL, RCPT, DATA and the
//! content add up to.

use crate::message::{Cursor, Walk};
use crate::phase::Phase;
use crate::proof::Proof;
use crate::report::{Refusal, RefusalKind, Report};
use crate::wire::command::MailParameters;
use crate::wire::reply::ReplyHead;

/// How far the sending of a mail has come.
///
/// Apart from [`Verdict`], since the next mail may be on its way while the last one's final reply
/// is still awaited.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outgoing {
    pub(super) parameters: MailParameters,
    /// Octets of the content, where they are known and matter.
    pub(super) length: Option<u32>,
    /// BDAT with all of the content was said.
    pub(super) is_announced: bool,
    /// Octets of an announced content that did not go out yet.
    pub(super) left: u32,
    /// How many recipients in front were left to other transactions.
    pub(super) first: u16,
    /// How many recipients this transaction is for; 0 for all.
    pub(super) taken: u16,
    /// How many recipients behind are left to other transactions.
    pub(super) deferred: u16,
    /// RCPT commands sent.
    pub(super) recipients: u16,
    /// Where in the recipients the next RCPT is.
    pub(super) walk: Walk,
    /// Where in the content the next octet is.
    pub(super) cursor: Cursor,
}

/// What the replies to a mail add up to.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(super) struct Verdict {
    pub(super) accepted: u16,
    refused: u16,
    deferred: u16,
    /// Whatever comes, the content is not to be handed in.
    is_doomed: bool,
    /// The final reply was read.
    is_ended: bool,
    is_any_temporary: bool,
    /// The reply that decides: a refusal that somebody's acceptance may still outweigh, or the
    /// final reply.
    decision: Option<Refusal>,
}

impl Verdict {
    /// Replies to RCPT read; 65,535 if there are more.
    pub(super) fn answered(&self) -> u16 {
        self.accepted.saturating_add(self.refused)
    }

    /// Counts a reply to RCPT; whether its text may be the one that decides.
    #[inline(never)]
    pub(super) fn recipient(&mut self, head: ReplyHead) -> bool {
        if head.code < 300 {
            self.accepted = self.accepted.saturating_add(1);
            return false;
        }
        self.refused = self.refused.saturating_add(1);
        let refusal = Refusal::of(head, Phase::Rcpt);
        self.is_any_temporary |= refusal.kind == RefusalKind::Temporary;
        match &mut self.decision {
            Some(first) => {
                if first.phase != Phase::Mail {
                    first.kind = first.kind.and_recipient(refusal.kind);
                }
                false
            }
            None => {
                self.decision = Some(refusal);
                true
            }
        }
    }

    /// MAIL or DATA was refused; whether this is the reply that decides. With every recipient
    /// refused, the 5yz that DATA gets for it is no second fault.
    pub(super) fn refuse(&mut self, head: ReplyHead, phase: Phase) -> bool {
        let decides = !self.is_doomed && (phase == Phase::Mail || self.accepted > 0);
        if decides {
            self.decision = Some(Refusal::of(head, phase));
        }
        self.is_doomed = true;
        decides
    }

    /// Every RCPT was answered: dooms the mail if nobody was accepted, or not all who had to be.
    /// `deferred` recipients were left out.
    pub(super) fn close_recipients(&mut self, all_or_none: bool, deferred: u16) {
        self.deferred = deferred;
        // Those that were left out may fare better.
        if deferred > 0
            && let Some(decision) = &mut self.decision
            && decision.phase == Phase::Rcpt
        {
            decision.kind = decision.kind.and_recipient(RefusalKind::Temporary);
        }
        self.is_doomed |= self.accepted == 0 || (all_or_none && self.decision.is_some());
    }

    /// Whether the content is not to be handed in any more.
    pub(super) fn is_doomed(&self) -> bool {
        self.is_doomed
    }

    /// The final reply to the content was read.
    pub(super) fn end(&mut self, head: ReplyHead) {
        if !self.is_doomed {
            self.is_ended = true;
            self.decision = Some(Refusal::of(head, Phase::Content));
        }
    }

    /// Whether the replies read so far say how the mail ended.
    pub(super) fn is_final(&self) -> bool {
        self.is_ended || (self.is_doomed && self.decision.is_some())
    }

    /// The refusal the mail ended with.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.decision
            .filter(|refusal| self.is_final() && refusal.head.code >= 300)
    }

    /// The report on a mail that was accepted; all zero for any other operation.
    pub(super) fn report(&self, proof: Option<Proof>) -> Report {
        Report {
            head: self.decision.map(|reply| reply.head).unwrap_or_default(),
            accepted: self.accepted,
            refused: self.refused,
            deferred: self.deferred,
            is_any_temporary: self.is_any_temporary,
            proof,
        }
    }

    /// The server refused out of turn, and closed the connection.
    pub(super) fn part(&mut self, head: ReplyHead, phase: Phase) {
        self.decision = Some(Refusal::of(head, phase));
        self.is_doomed = true;
    }

    /// MAIL was refused as a bad sequence of commands.
    pub(super) fn is_out_of_sequence(&self) -> bool {
        self.decision
            .is_some_and(|r| r.phase == Phase::Mail && r.head.code == 503)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_recipients_than_are_counted_are_still_some_of_them_refused() {
        let head = |code| ReplyHead::new(code, None);
        let mut verdict = Verdict::default();
        for _ in 0..70_000 {
            assert!(!verdict.recipient(head(250)));
        }
        assert!(verdict.recipient(head(450)));
        assert_eq!(verdict.answered(), u16::MAX);
        verdict.end(head(250));
        let report = verdict.report(None);
        assert_eq!((report.accepted(), report.refused()), (u16::MAX, 1));
        assert!(report.is_partial());
    }
}
