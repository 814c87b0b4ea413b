//! What a server does differently from a well-behaved one, and when.
//!
//! A script is a list of (stage, occurrence, action). Occurrences are counted per stage from 1 over
//! all connections of one server, so that a fault on the first connection leaves the second alone.
//! This file knows no SMTP beyond the names of the stages.

use std::time::Duration;
use std::vec::Vec;

/// A point in the dialogue at which a reply is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The server's first line.
    Greeting,
    /// The reply to `EHLO`.
    Ehlo,
    /// The reply to `HELO`.
    Helo,
    /// The reply to `STARTTLS`.
    StartTls,
    /// The server's part of a TLS handshake, due at the client's first octet. A scripted reply takes
    /// its place, as it is; after its first flight an [`Action::normal`] may close or fall silent.
    Handshake,
    /// The reply to the `AUTH` command itself.
    Auth,
    /// The reply to a line that answers a 334 challenge.
    AuthResponse,
    /// The reply to `MAIL`.
    Mail,
    /// The reply to `RCPT`.
    Rcpt,
    /// The reply to `DATA`, before any content.
    Data,
    /// The final reply: to the dot that ends the content, and to `BDAT … LAST` unless a
    /// [`Stage::Bdat`] entry applies there too.
    Content,
    /// The reply to `BDAT`, with or without `LAST`.
    Bdat,
    /// The reply to `RSET`.
    Rset,
    /// The reply to `NOOP`.
    Noop,
    /// The reply to `QUIT`.
    Quit,
}

impl Stage {
    /// How many stages there are.
    pub(super) const COUNT: usize = Stage::Quit as usize + 1;
}

/// What to do where a reply is due.
///
/// The server believes what it says: after a scripted 2yz or 3yz it goes on as after its own (a
/// scripted 354 opens the content, a scripted 250 at `RCPT` adds the recipient), after anything else
/// the command had no effect.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use embedded_smtp::mock::Action;
///
/// let half_a_reply = Action::reply("25").then_close();
/// let slow = Action::normal().after(Duration::from_secs(30));
/// let dripping = Action::endless("250-more\r\n").drip(Duration::from_millis(5));
/// # let _ = (half_a_reply, slow, dripping);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub(super) say: Say,
    pub(super) after: Option<Duration>,
    pub(super) drip: Option<Duration>,
    pub(super) then: Then,
    #[cfg(feature = "mock-tls")]
    pub(super) bare: bool,
}

/// The octets of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Say {
    /// Those the server would send without a script.
    Normal,
    /// Exactly these.
    Octets(Vec<u8>),
    /// These, over and over.
    Endless(Vec<u8>),
    /// None.
    Nothing,
}

/// What follows the octets of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    Close,
    Silence,
}

impl Action {
    /// The reply the server gives without a script; for use with [`after`](Self::after),
    /// [`drip`](Self::drip) and [`then_close`](Self::then_close).
    #[must_use]
    pub fn normal() -> Self {
        Self::say(Say::Normal)
    }

    /// Exactly these octets. No CRLF is added.
    #[must_use]
    pub fn reply(octets: impl AsRef<[u8]>) -> Self {
        Self::say(Say::Octets(octets.as_ref().to_vec()))
    }

    /// These octets over and over, for as long as the client reads. No octets at all is silence.
    #[must_use]
    pub fn endless(octets: impl AsRef<[u8]>) -> Self {
        let octets = octets.as_ref().to_vec();
        if octets.is_empty() {
            return Self::silence();
        }
        Self::say(Say::Endless(octets))
    }

    /// Closes the connection without a reply.
    #[must_use]
    pub fn close() -> Self {
        Self::say(Say::Nothing).then_close()
    }

    /// Never answers again, and keeps the connection open.
    #[must_use]
    pub fn silence() -> Self {
        Self::say(Say::Nothing).then_silence()
    }

    /// Waits so long before the first octet.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.after = Some(delay);
        self
    }

    /// Sends one octet each interval.
    #[must_use]
    pub fn drip(mut self, interval: Duration) -> Self {
        self.drip = Some(interval);
        self
    }

    /// Closes the connection after the octets.
    #[must_use]
    pub fn then_close(mut self) -> Self {
        self.then = Then::Close;
        self
    }

    /// Says nothing more after the octets, and keeps the connection open.
    #[must_use]
    pub fn then_silence(mut self) -> Self {
        self.then = Then::Silence;
        self
    }

    /// On a link that is TLS, sends the octets as they are, and all behind them too; a close comes
    /// without close_notify then.
    #[cfg(feature = "mock-tls")]
    #[must_use]
    pub fn unencrypted(mut self) -> Self {
        self.bare = true;
        self
    }

    fn say(say: Say) -> Self {
        Self {
            say,
            after: None,
            drip: None,
            then: Then::GoOn,
            #[cfg(feature = "mock-tls")]
            bare: false,
        }
    }
}

/// One line of a script.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) stage: Stage,
    /// The occurrence it applies to, from 1; `None`: to each.
    pub(super) occurrence: Option<usize>,
    pub(super) action: Action,
}

impl Entry {
    pub(super) fn applies(&self, stage: Stage, occurrence: usize) -> bool {
        self.stage == stage && self.occurrence.is_none_or(|wanted| wanted == occurrence)
    }
}
