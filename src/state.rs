//! The states of a session. Which reply leads to which state is in `session/table.rs`.

use core::fmt;

/// The state of a session, as the replies read so far have made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum State {
    /// No reply has been read yet.
    Connected,
    /// The greeting was read, or TLS was opened: EHLO comes next.
    Greeted,
    /// Between transactions.
    Ready,
    /// STARTTLS was accepted: nothing more is sent on the plain link.
    Upgrading,
    /// The server awaits a response of the SASL exchange.
    Authenticating,
    /// A login failed. No mail is sent until one succeeds.
    LoginFailed,
    /// A transaction is open; no recipient has been accepted yet.
    NoRecipient,
    /// A transaction is open; at least one recipient was accepted.
    Addressed,
    /// A recipient was accepted although MAIL was not.
    Stray,
    /// The server awaits the content.
    Content,
    /// The server awaits content although no recipient was accepted.
    HollowContent,
    /// The server refused to go on: only QUIT can follow.
    Rejected,
    /// Ended by QUIT, by 421 or by another goodbye of the server.
    Closed,
    /// Ended by a fault.
    Broken,
}

impl State {
    /// Whether the session is open and no reply is awaited; a transaction may be open.
    pub(crate) const fn is_idle(self) -> bool {
        matches!(self, Self::Ready | Self::LoginFailed) || self.has_transaction()
    }

    /// Whether the server holds a transaction that RSET must end before another may begin.
    pub(crate) const fn has_transaction(self) -> bool {
        matches!(self, Self::NoRecipient | Self::Addressed | Self::Stray)
    }

    /// Whether the connection has ended.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Broken)
    }

    /// The state in words, as an error text has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected, not opened",
            Self::Greeted => "greeted, EHLO not accepted",
            Self::Ready => "ready",
            Self::Upgrading => "about to open TLS",
            Self::Authenticating => "in the middle of a login",
            Self::LoginFailed => "not logged in",
            Self::NoRecipient | Self::Addressed | Self::Stray => "in a transaction",
            Self::Content | Self::HollowContent => "in the middle of a mail",
            Self::Rejected => "rejected, only QUIT can follow",
            Self::Closed => "closed",
            Self::Broken => "broken",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
