//! TCP with deadlines: what the crate asks of a transport, on a host.
//!
//! The crate has no clock. It says when a reply begins to be awaited ([`Observer::awaiting`]), and
//! the deadline for the whole reply is set there; each read is then given what is left. So a server
//! that drips its reply byte by byte gains nothing. The times are kept here, and each of the
//! links keeps to them.
//!
//! [`Observer::awaiting`]: embedded_smtp::Observer::awaiting

pub mod asynch;
pub mod blocking;
mod first_line;

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use embedded_smtp::Phase;

pub use first_line::FirstLine;

/// The times the session is given, shared by the observer, which sets them, and the link, which
/// keeps them.
#[derive(Debug)]
pub struct Deadlines {
    /// `--timeout`, for everything.
    timeout: Option<Duration>,
    /// When the reply that is awaited must be there; `None` is never.
    reply: Cell<Option<Instant>>,
    /// The time for a write that makes no progress.
    write: Cell<Duration>,
}

impl Deadlines {
    pub fn new(timeout: Option<Duration>) -> Rc<Self> {
        let deadlines = Self {
            timeout,
            reply: Cell::new(None),
            write: Cell::new(timeout.unwrap_or(COMMAND_WRITE)),
        };
        Rc::new(deadlines)
    }

    /// The wait for the reply that ends this phase begins.
    pub fn begin(&self, phase: Phase) {
        let usual = Duration::from_secs(phase.timeout_seconds().into());
        let time = match (self.timeout, phase) {
            // The mails are done, and the answer changes nothing.
            (Some(timeout), Phase::Quit) => timeout.min(usual),
            (timeout, _) => timeout.unwrap_or(usual),
        };
        self.reply.set(Instant::now().checked_add(time));
        self.write.set(self.timeout.unwrap_or(COMMAND_WRITE));
    }

    /// A TLS handshake begins, and the time for the whole of it.
    pub fn handshake(&self) {
        let time = self.timeout.unwrap_or(HANDSHAKE);
        self.reply.set(Instant::now().checked_add(time));
        self.write.set(time);
    }

    /// Shortens the wait: what is received now is only shown.
    pub fn hurry(&self) {
        let soon = Instant::now() + REST_OF_LINE;
        let end = self.reply.get().map_or(soon, |end| end.min(soon));
        self.reply.set(Some(end));
    }

    /// Content is written now: no reply is awaited.
    pub fn content(&self) {
        self.reply.set(None);
        self.write.set(self.timeout.unwrap_or(CONTENT_WRITE));
    }

    /// When a connection must be there.
    fn connected_by(&self) -> Instant {
        // So long a time that it cannot be told is as good as any long one.
        let now = Instant::now();
        let time = self.timeout.unwrap_or(CONNECT);
        now.checked_add(time).unwrap_or(now + FOREVER)
    }

    /// The time left for the reply; `None` if there is none.
    fn left(&self) -> Option<Duration> {
        match self.reply.get() {
            None => Some(self.timeout.unwrap_or(COMMAND_WRITE)),
            Some(deadline) => deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero()),
        }
    }
}

/// Not named by RFC 5321; as long as people wait.
const CONNECT: Duration = Duration::from_secs(60);
/// As long as for connecting.
const HANDSHAKE: Duration = CONNECT;
/// For the rest of a line that was said in place of TLS.
const REST_OF_LINE: Duration = Duration::from_secs(5);
/// A year.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// RFC 5321 §4.5.3.2.2 and following: five minutes for MAIL and RCPT.
const COMMAND_WRITE: Duration = Duration::from_secs(300);
/// RFC 5321 §4.5.3.2.5, "Data Block: 3 Minutes. This is while awaiting the completion of each TCP
/// SEND call".
const CONTENT_WRITE: Duration = Duration::from_secs(180);

/// The share of the time left for one of `count` addresses, so that one which does not answer leaves
/// time for those after it; `None` if none is left.
fn share(end: Instant, count: usize) -> Option<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    let share = left / u32::try_from(count).unwrap_or(u32::MAX);
    (!share.is_zero()).then_some(share)
}

fn timed_out() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "timed out")
}

fn no_address() -> io::Error {
    io::Error::new(ErrorKind::NotFound, "the name has no address")
}
