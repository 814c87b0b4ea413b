//! Phases of the dialogue, how long to wait in each, and whether to try again.

use core::fmt;

/// A phase of the dialogue, named by the reply that ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for the server's greeting.
    Greeting,
    /// EHLO, or HELO.
    Ehlo,
    /// STARTTLS; not the handshake that follows it.
    StartTls,
    /// AUTH and the exchange that follows it.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA, until its 354.
    Data,
    /// The content, until the final reply.
    Content,
    /// RSET.
    Reset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
}

impl Phase {
    /// The phase in a word, as a log or a status line has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
            Self::Reset => "reset",
            Self::Noop => "noop",
            Self::Quit => "quit",
        }
    }

    /// The least time in seconds that a client should wait for the reply that ends the phase:
    /// RFC 5321 §4.5.3.2 where it names one, else the time it gives to MAIL; 10 seconds for QUIT,
    /// whose answer decides nothing.
    ///
    /// For the content, each write is given three minutes (§4.5.3.2.5), and the final reply ten
    /// minutes (§4.5.3.2.6), which is the number here.
    #[must_use]
    pub const fn timeout_seconds(self) -> u32 {
        match self {
            Self::Data => 120,
            Self::Content => 600,
            Self::Quit => 10,
            _ => 300,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same mail may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Retry {
    /// The same would happen again.
    Never,
    /// Later, when what was temporary has passed.
    Later,
    /// On a new connection.
    Reconnect,
}
