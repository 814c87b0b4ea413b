//! What is known of a mail under way: what was said of it, what was answered, and so how it ends.
//!
//! This file does not know the order of commands, only what replies to MAIL, RCPT, DATA and the
//! content add up to.

use crate::message::{Cursor, Walk};
use crate::outcome::Error;
use crate::phase::Phase;
use crate::report::{RecipientStatus, Refusal, RefusalKind, Report};
use crate::wire::command::MailParameters;
use crate::wire::reply::ReplyHead;

/// How far the sending of a mail has come.
///
/// Apart from [`Verdict`], since the next mail may be on its way while the last one's final reply
/// is still awaited.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outgoing {
    pub(super) parameters: MailParameters,
    /// Where in the recipients the next RCPT is.
    pub(super) walk: Walk,
    /// Where in the content the next octet is.
    pub(super) cursor: Cursor,
}

/// What the replies to a mail add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Verdict {
    pub(super) accepted: u16,
    refused: u16,
    is_any_temporary: bool,
    /// The refusal that decides, unless somebody is accepted after all.
    refusal: Option<Refusal>,
    /// Whatever comes, the content is not to be handed in.
    is_doomed: bool,
    /// The final reply was read.
    end: Option<End>,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Accepted(ReplyHead),
    Refused,
}

impl Verdict {
    /// Replies to RCPT read; 65,535 if there are more.
    pub(super) fn answered(&self) -> u16 {
        self.accepted.saturating_add(self.refused)
    }

    /// Counts a reply to RCPT; whether its text may be the one that decides.
    #[inline(never)]
    pub(super) fn recipient(&mut self, head: ReplyHead) -> bool {
        let status = RecipientStatus { head };
        if status.is_accepted() {
            self.accepted = self.accepted.saturating_add(1);
            return false;
        }
        self.refused = self.refused.saturating_add(1);
        self.is_any_temporary |= status.is_temporary();
        if self
            .refusal
            .is_some_and(|refusal| refusal.phase == Phase::Mail)
        {
            return false;
        }
        let kind = RefusalKind::of(head, Phase::Rcpt);
        match &mut self.refusal {
            Some(first) => {
                first.kind = first.kind.and_recipient(kind);
                false
            }
            None => {
                self.refusal = Some(Refusal {
                    head,
                    phase: Phase::Rcpt,
                    kind,
                });
                true
            }
        }
    }

    /// MAIL or DATA was refused; whether this is the reply that decides. With every recipient
    /// refused, the 5yz that DATA gets for it is no second fault.
    pub(super) fn refuse(&mut self, head: ReplyHead, phase: Phase) -> bool {
        let decides = phase == Phase::Mail || self.accepted > 0;
        if decides && !self.is_doomed {
            self.refusal = Some(Refusal {
                head,
                phase,
                kind: RefusalKind::of(head, phase),
            });
        }
        let is_first = !self.is_doomed && decides;
        self.is_doomed = true;
        is_first
    }

    /// Every RCPT was answered: dooms the mail if nobody was accepted, or not all who had to be.
    pub(super) fn close_recipients(&mut self, all_or_none: bool) {
        self.is_doomed |= self.accepted == 0 || (all_or_none && self.refusal.is_some());
    }

    /// Whether the content is not to be handed in any more.
    pub(super) fn is_doomed(&self) -> bool {
        self.is_doomed
    }

    /// The final reply to the content was read.
    pub(super) fn end(&mut self, head: ReplyHead) {
        if self.is_doomed {
            return;
        }
        self.end = Some(if head.code < 300 {
            End::Accepted(head)
        } else {
            let kind = RefusalKind::of(head, Phase::Content);
            self.refusal = Some(Refusal {
                head,
                phase: Phase::Content,
                kind,
            });
            End::Refused
        });
    }

    /// How the mail ended, if the replies read so far say it.
    pub(super) fn outcome<E>(&self) -> Option<Result<Report, Error<E>>> {
        match (self.end, self.refusal) {
            (Some(End::Accepted(head)), _) => Some(Ok(Report {
                head,
                accepted: self.accepted,
                refused: self.refused,
                is_any_temporary: self.is_any_temporary,
            })),
            (Some(End::Refused), Some(refusal)) => Some(Err(Error::Refused(refusal))),
            (None, Some(refusal)) if self.is_doomed => Some(Err(Error::Refused(refusal))),
            _ => None,
        }
    }

    /// The server refused out of turn, and closed the connection.
    pub(super) fn part(&mut self, head: ReplyHead, phase: Phase) {
        let kind = RefusalKind::of(head, phase);
        self.refusal = Some(Refusal { head, phase, kind });
        self.is_doomed = true;
    }

    /// MAIL was refused as a bad sequence of commands.
    pub(super) fn is_out_of_sequence(&self) -> bool {
        self.refusal
            .is_some_and(|r| r.phase == Phase::Mail && r.head.code == 503)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_recipients_than_are_counted_are_still_some_of_them_refused() {
        let head = |code| ReplyHead {
            code,
            enhanced: None,
        };
        let mut verdict = Verdict::default();
        for _ in 0..70_000 {
            assert!(!verdict.recipient(head(250)));
        }
        assert!(verdict.recipient(head(450)));
        assert_eq!(verdict.answered(), u16::MAX);
        verdict.end(head(250));
        let report = verdict.outcome::<()>().unwrap().unwrap();
        assert_eq!((report.accepted(), report.refused()), (u16::MAX, 1));
        assert!(report.is_partial());
    }
}
