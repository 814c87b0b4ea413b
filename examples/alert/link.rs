//! TCP with deadlines: what the crate asks of a transport, on a host.
//!
//! The crate has no clock. It says when a reply begins to be awaited ([`Observer::awaiting`]), and
//! the deadline for the whole reply is set there; each read is then given what is left. So a server
//! that drips its reply octet by octet gains nothing.
//!
//! [`Observer::awaiting`]: embedded_smtp::Observer::awaiting

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use embedded_smtp::Phase;

use crate::options::Server;

/// The times the session is given, shared by the observer, which sets them, and the link, which
/// keeps them.
#[derive(Debug)]
pub struct Deadlines {
    /// `--timeout`, for everything.
    timeout: Option<Duration>,
    /// When the reply that is awaited must be there; `None` is never.
    reply: Cell<Option<Instant>>,
    /// What a write may take without progress.
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
        let time = self
            .timeout
            .unwrap_or(Duration::from_secs(phase.timeout_seconds().into()));
        self.reply.set(Instant::now().checked_add(time));
        self.write.set(self.timeout.unwrap_or(COMMAND_WRITE));
    }

    /// What is written now is content.
    pub fn content(&self) {
        self.write.set(self.timeout.unwrap_or(CONTENT_WRITE));
    }

    fn connect(&self) -> Duration {
        self.timeout.unwrap_or(CONNECT)
    }

    /// What is left for the reply; `None` if nothing is.
    fn left(&self) -> Option<Duration> {
        match self.reply.get() {
            None => Some(self.timeout.unwrap_or(COMMAND_WRITE)),
            Some(deadline) => deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero()),
        }
    }
}

/// Not named by RFC 5321; what people wait.
const CONNECT: Duration = Duration::from_secs(60);
/// RFC 5321 §4.5.3.2.2 and following: five minutes for MAIL and RCPT.
const COMMAND_WRITE: Duration = Duration::from_secs(300);
/// RFC 5321 §4.5.3.2.5, "Data Block: 3 Minutes. This is while awaiting the completion of each TCP
/// SEND call".
const CONTENT_WRITE: Duration = Duration::from_secs(180);

/// How long the system may sit on a write of which it took a part only: it tells of the part when
/// its own time is over.
const WRITE_STEP: Duration = Duration::from_millis(100);

/// A TCP connection that keeps the [`Deadlines`].
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    deadlines: Rc<Deadlines>,
}

impl Link {
    /// Connects to the first of the server's addresses that answers.
    pub fn connect(server: &Server, deadlines: Rc<Deadlines>) -> io::Result<Self> {
        let end = Instant::now().checked_add(deadlines.connect());
        let left = || match end {
            Some(end) => end.saturating_duration_since(Instant::now()),
            None => deadlines.connect(),
        };
        let addresses = resolve(server, left())?;
        let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for (index, address) in addresses.iter().enumerate() {
            // An address that does not answer leaves time for those behind it.
            let share = left() / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            if share.is_zero() {
                return Err(timed_out());
            }
            match TcpStream::connect_timeout(address, share) {
                Ok(stream) => {
                    // Flights are whole already; nothing is gained by waiting for more.
                    stream.set_nodelay(true)?;
                    stream.set_write_timeout(Some(WRITE_STEP))?;
                    return Ok(Self { stream, deadlines });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The addresses of a name. The resolver knows no deadline, so it is left alone where it takes
/// longer.
fn resolve(server: &Server, time: Duration) -> io::Result<Vec<SocketAddr>> {
    let (answer, answered) = mpsc::channel();
    let name = (server.host.clone(), server.port);
    thread::spawn(move || {
        let addresses = name.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Nobody listens any more once the time is over.
        let _ = answer.send(addresses);
    });
    answered.recv_timeout(time).map_err(|_| timed_out())?
}

fn timed_out() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "timed out")
}

/// Unix says `WouldBlock` where Windows says `TimedOut`.
fn name_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => timed_out(),
        _ => error,
    }
}

impl embedded_io::ErrorType for Link {
    type Error = io::Error;
}

impl embedded_io::Read for Link {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.deadlines.left().ok_or_else(timed_out)?;
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(buf) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map_err(name_timeout),
            }
        }
    }
}

impl embedded_io::Write for Link {
    /// Gives the number of octets soon after some were taken, so that the time starts anew with
    /// any progress.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let start = Instant::now();
        loop {
            match self.stream.write(buf).map_err(name_timeout) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if error.kind() == ErrorKind::TimedOut
                        && start.elapsed() < self.deadlines.write.get() => {}
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
