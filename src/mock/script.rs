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
    /// The server's part of a TLS handshake, due at the client's first byte. A scripted reply takes
    /// its place, as it is; after its first flight an [`Action::normal`] may close or fall silent.
    /// `then_say`, `then_say_late` and `then_close_late` have no effect here.
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
/// the command had no effect. [`Action::unanswered`] is the exception.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use embedded_smtp::mock::Action;
///
/// let half_a_reply = Action::reply("25").then_close();
/// let slow = Action::normal().after(Duration::from_secs(30));
/// let dripping = Action::endless("250-more\r\n").drip(Duration::from_millis(5));
///
/// // A reply too many, at once, or only with the reply to the next command.
/// let surplus = Action::normal().then_say("250 2.0.0 Ok\r\n");
/// let late = Action::normal().then_say_late("250 2.0.0 Ok\r\n");
/// // A goodbye that is not 421, in the same write as the reply, or when the next command arrives.
/// let goodbye = Action::normal().then_say("451 4.4.2 Timeout\r\n").then_close();
/// let race = Action::normal().then_say_late("451 4.4.2 Timeout\r\n").then_close_late();
/// // Words without a line end, then a close.
/// let blocked = Action::reply("550 your IP is disabled").then_close();
/// # let _ = (half_a_reply, slow, dripping, surplus, late, goodbye, race, blocked);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub(super) say: Say,
    pub(super) after: Option<Duration>,
    pub(super) drip: Option<Duration>,
    /// Said after the reply, without being asked.
    pub(super) surplus: Vec<u8>,
    /// Said before the next reply, without being asked.
    pub(super) late: Vec<u8>,
    pub(super) then: Then,
    #[cfg(feature = "mock-tls")]
    pub(super) bare: bool,
}

/// The bytes of an action.
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
    /// None, but the command has the effect it would have without a script.
    Unsent,
}

/// What follows the bytes of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    Close,
    /// Closes when the client's next byte arrives.
    CloseLate,
    Silence,
}

impl Action {
    /// The reply the server gives without a script; for use with [`after`](Self::after),
    /// [`drip`](Self::drip) and [`then_close`](Self::then_close).
    #[must_use]
    pub fn normal() -> Self {
        Self::say(Say::Normal)
    }

    /// Exactly these bytes. No CRLF is added.
    #[must_use]
    pub fn reply(octets: impl AsRef<[u8]>) -> Self {
        Self::say(Say::Octets(octets.as_ref().to_vec()))
    }

    /// These bytes over and over, for as long as the client reads. No bytes at all is silence.
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

    /// Processes the command as usual and never sends its reply; later commands are answered.
    ///
    /// A mail is accepted, `DATA` is followed by content and `QUIT` by a close. Where the command is
    /// to have no effect either, use [`Action::reply`] with no bytes: then `QUIT` is never answered
    /// and the connection stays open.
    #[must_use]
    pub fn unanswered() -> Self {
        Self::say(Say::Unsent)
    }

    /// Never answers again, and keeps the connection open.
    #[must_use]
    pub fn silence() -> Self {
        Self::say(Say::Nothing).then_silence()
    }

    /// Waits so long before the first byte.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.after = Some(delay);
        self
    }

    /// Sends one byte each interval.
    #[must_use]
    pub fn drip(mut self, interval: Duration) -> Self {
        self.drip = Some(interval);
        self
    }

    /// Sends these bytes after the reply, in the same write where [`Writes`](super::Writes) allows it.
    ///
    /// They are a reply that no command asked for, or the server's last words before
    /// [`then_close`](Self::then_close). No CRLF is added. The server does not believe them: only the
    /// reply before them has an effect. Each such reply lets the client run one reply ahead without a
    /// violation of pipelining.
    #[must_use]
    pub fn then_say(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.surplus.extend_from_slice(bytes.as_ref());
        self
    }

    /// Holds these bytes back and sends them immediately before the reply to the next command.
    ///
    /// With [`then_close_late`](Self::then_close_late) they take the place of that reply. In all
    /// else they are those of [`then_say`](Self::then_say).
    #[must_use]
    pub fn then_say_late(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.late.extend_from_slice(bytes.as_ref());
        self
    }

    /// Closes the connection after the bytes.
    #[must_use]
    pub fn then_close(mut self) -> Self {
        self.then = Then::Close;
        self
    }

    /// Closes the connection when the client's next byte arrives, without reading it.
    ///
    /// The client meets a close that crossed its command on the line.
    #[must_use]
    pub fn then_close_late(mut self) -> Self {
        self.then = Then::CloseLate;
        self
    }

    /// Says nothing more after the bytes, and keeps the connection open.
    #[must_use]
    pub fn then_silence(mut self) -> Self {
        self.then = Then::Silence;
        self
    }

    /// On a link that is TLS, sends the bytes as they are, and all after them too; a close comes
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
            surplus: Vec::new(),
            late: Vec::new(),
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
