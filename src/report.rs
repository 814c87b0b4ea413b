//! The server's word on a mail: a report on one it accepted, a refusal of one it did not, and the
//! result of each recipient.
//!
//! This file sorts replies by what they mean to the caller; it does not know the order of commands.

use core::fmt;

use crate::phase::{Phase, Retry};
use crate::proof::Proof;
use crate::wire::reply::{EnhancedStatusCode, ReplyHead};

/// A mail that was accepted by the server, for all recipients or for some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a mail may have been accepted for some recipients only"]
pub struct Report {
    pub(crate) head: ReplyHead,
    pub(crate) accepted: u16,
    pub(crate) refused: u16,
    pub(crate) deferred: u16,
    pub(crate) is_any_temporary: bool,
    pub(crate) proof: Option<Proof>,
}

impl Report {
    /// The final reply's code, 200 to 299.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.head.code
    }

    /// The final reply's enhanced status code.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.head.enhanced()
    }

    /// The number of recipients the mail was accepted for; at least one.
    #[must_use]
    pub const fn accepted(&self) -> u16 {
        self.accepted
    }

    /// The number of recipients that were refused.
    #[must_use]
    pub const fn refused(&self) -> u16 {
        self.refused
    }

    /// The number of recipients that were left out, since the server takes no more at once
    /// (LIMITS, RFC 9422). They are to be sent to in a further transaction.
    #[must_use]
    pub const fn deferred(&self) -> u16 {
        self.deferred
    }

    /// Whether some recipients were refused or left out.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.refused > 0 || self.deferred > 0
    }

    /// Whether to try again for the recipients that were refused or left out; `None` when there are
    /// none.
    #[must_use]
    pub const fn retry(&self) -> Option<Retry> {
        match (
            self.is_partial(),
            self.is_any_temporary || self.deferred > 0,
        ) {
            (false, _) => None,
            (true, true) => Some(Retry::Later),
            (true, false) => Some(Retry::Never),
        }
    }

    /// What proved the identity of the server that took the mail; `None` when it went without TLS, or
    /// over a link of which the client does not know
    /// ([`Client::over_tls`](crate::blocking::Client::over_tls)).
    #[must_use]
    pub const fn proof(&self) -> Option<Proof> {
        self.proof
    }

    /// The outcome as a status number: 200 sent, 202 sent to some.
    #[must_use]
    pub const fn status(&self) -> u16 {
        if self.is_partial() { 202 } else { 200 }
    }
}

/// The result of one recipient.
///
/// A caller who keeps these across a restart can go on with the same mail: see
/// [`Submission::unsent`](crate::Submission::unsent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RecipientStatus {
    pub(crate) head: ReplyHead,
    pub(crate) progress: Progress,
}

/// How far the mail came for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Progress {
    /// The mail was not accepted for it, as far as is known.
    #[default]
    Open,
    /// Left to a further transaction.
    Deferred,
    /// The final reply accepted the mail for it.
    Sent,
    /// RCPT was refused because the mail had been: nothing was said of it.
    Moot,
}

impl RecipientStatus {
    /// The status of a recipient who has the mail already, for a mail that goes on after a restart.
    pub const SENT: Self = Self {
        head: ReplyHead::new(250, None),
        progress: Progress::Sent,
    };

    /// The code of the reply to RCPT; `None` while the reply has not been read.
    #[must_use]
    pub const fn code(&self) -> Option<u16> {
        if self.head.code == 0 {
            None
        } else {
            Some(self.head.code)
        }
    }

    /// The enhanced status code of that reply.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.head.enhanced()
    }

    /// Whether RCPT was accepted. Only with [`is_sent`](Self::is_sent) was the mail accepted too.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.head.code / 100 == 2
    }

    /// Whether the server accepted the mail for this recipient: RCPT and the final reply were both
    /// 2yz.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        matches!(self.progress, Progress::Sent)
    }

    /// Whether nothing is left to do for the recipient: the mail is sent, or RCPT was refused for good.
    /// A refusal of RCPT that follows from one of MAIL says nothing of the recipient.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        let is_moot = matches!(self.progress, Progress::Moot);
        self.is_sent() || (self.head.code >= 400 && !self.is_temporary() && !is_moot)
    }

    /// Whether the recipient was left to a further transaction, since the server takes no more at
    /// once (LIMITS, RFC 9422).
    #[must_use]
    pub const fn is_deferred(&self) -> bool {
        matches!(self.progress, Progress::Deferred)
    }

    /// Whether the recipient was refused for now only, or left to a further transaction.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        self.is_deferred() || is_temporary(self.head, Phase::Rcpt)
    }
}

/// A refusal: a 4yz or 5yz reply, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Refusal {
    pub(crate) head: ReplyHead,
    pub(crate) phase: Phase,
    pub(crate) kind: RefusalKind,
}

impl Refusal {
    /// The refusal that a reply is.
    #[inline(never)]
    #[cfg(test)]
    pub(crate) fn of(head: ReplyHead, phase: Phase) -> Self {
        let kind = RefusalKind::of(head, phase);
        Self { head, phase, kind }
    }

    /// The code of the reply that decided: 400 to 599. When every recipient was refused, that of
    /// the first.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.head.code
    }

    /// Its enhanced status code.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.head.enhanced()
    }

    /// The command or phase that was refused.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The meaning of the refusal.
    #[must_use]
    pub const fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// Whether to try the same mail again.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self.kind {
            RefusalKind::Closing => Retry::Reconnect,
            RefusalKind::Temporary => Retry::Later,
            _ if meets_no_mail(self.phase) => Retry::Reconnect,
            _ => Retry::Never,
        }
    }

    /// The refusal as a status number; see [`Error::status`](crate::Error::status).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match (self.phase, self.kind) {
            (Phase::StartTls | Phase::Reset, _) => 500,
            (_, RefusalKind::Closing | RefusalKind::Temporary) => 500,
            (_, RefusalKind::Authentication) => 401,
            (_, RefusalKind::NoSuchMailbox) => 404,
            (_, RefusalKind::Request) => 400,
            (_, RefusalKind::Permanent) => 403,
        }
    }
}

/// Whether the phase comes before a mail is offered, so that its refusal says nothing of the mail.
const fn meets_no_mail(phase: Phase) -> bool {
    matches!(
        phase,
        Phase::Greeting | Phase::Ehlo | Phase::StartTls | Phase::Reset
    )
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the server refused ({}) with {}",
            self.phase, self.head.code
        )?;
        match self.head.enhanced() {
            Some(enhanced) => write!(f, " {enhanced}"),
            None => Ok(()),
        }
    }
}

/// The one-line summary of a report.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sent to {} of ", self.accepted)?;
        let all = u32::from(self.accepted)
            .checked_add(u32::from(self.refused))
            .and_then(|n| n.checked_add(u32::from(self.deferred)));
        match all {
            Some(all) => write!(f, "{all} recipients ({}", self.head.code)?,
            None => write!(f, "all recipients ({}", self.head.code)?,
        }
        if let Some(enhanced) = self.head.enhanced() {
            write!(f, " {enhanced}")?;
        }
        f.write_str(")")?;
        if self.refused > 0 {
            write!(f, ", {} refused", self.refused)?;
        }
        if self.deferred > 0 {
            write!(f, ", {} left for a further transaction", self.deferred)?;
        }
        Ok(())
    }
}

/// The meaning of a refusal for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RefusalKind {
    /// 421: the server is closing the connection. Another connection may fare better.
    Closing,
    /// For now only: 4yz.
    Temporary,
    /// Authentication was refused, or is required: 530, 5.7.8, 5.7.9, any 5yz in AUTH.
    Authentication,
    /// Every recipient was refused because there is no such mailbox.
    NoSuchMailbox,
    /// The request or the message is at fault: its syntax, parameters or size.
    Request,
    /// Any other permanent refusal, policy above all.
    Permanent,
}

impl RefusalKind {
    /// Sorts a 4yz or 5yz reply. Replies to RCPT are sorted one by one; when all were refused,
    /// [`Self::and_recipient`] has the last word.
    pub(crate) fn of(head: ReplyHead, phase: Phase) -> Self {
        if head.code == CLOSING {
            return Self::Closing;
        }
        if is_temporary(head, phase) {
            return Self::Temporary;
        }
        if phase == Phase::Auth || head.code == 530 || matches!(head.about(), (7, 8 | 9)) {
            return Self::Authentication;
        }
        let is_mail = matches!(phase, Phase::Mail | Phase::Data | Phase::Content);
        if phase == Phase::Rcpt && is_no_such_mailbox(head) {
            Self::NoSuchMailbox
        } else if is_mail && is_request_fault(head) {
            Self::Request
        } else {
            Self::Permanent
        }
    }

    /// Adds another recipient's refusal to what the first ones came to: one that asks for
    /// authentication counts for all, else one temporary does, and only if all lack a mailbox there
    /// is no such mailbox.
    pub(crate) fn and_recipient(self, other: Self) -> Self {
        match (self, other) {
            (Self::Authentication, _) | (_, Self::Authentication) => Self::Authentication,
            (Self::Temporary, _) | (_, Self::Temporary) => Self::Temporary,
            (Self::NoSuchMailbox, Self::NoSuchMailbox) => self,
            _ => Self::Permanent,
        }
    }
}

/// RFC 5321 §3.8 and §4.2.2: service not available, closing the transmission channel.
pub(crate) const CLOSING: u16 = 421;

/// 4yz; at RCPT also 552, unless it is about the mailbox or the mail system.
///
/// RFC 5321 §4.5.3.1.10: "if an SMTP server implementation … returns 552 … the client SHOULD treat
/// a 552 code in this case as a temporary, rather than permanent, failure".
const fn is_temporary(head: ReplyHead, phase: Phase) -> bool {
    match head.code {
        400..=499 => true,
        552 => matches!(phase, Phase::Rcpt) && !matches!(head.about(), (2 | 3, _)),
        _ => false,
    }
}

/// 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10; 550, 551, 553 or 556 without an enhanced code.
fn is_no_such_mailbox(head: ReplyHead) -> bool {
    match head.enhanced() {
        Some(_) => matches!(head.about(), (1, 1 | 2 | 3 | 6 | 10)),
        None => matches!(head.code, 550 | 551 | 553 | 556),
    }
}

/// 501, 503, 504, 552, 555, 5.5.x, 5.6.x.
fn is_request_fault(head: ReplyHead) -> bool {
    matches!(head.code, 501 | 503 | 504 | 552 | 555) || matches!(head.about(), (5 | 6, _))
}
