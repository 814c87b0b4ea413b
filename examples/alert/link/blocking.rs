//! The link of the blocking client: a stream of the standard library.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Deadlines, FirstLine, no_address, share, timed_out};
use crate::options::Server;

/// The longest time that the system may hold a write of which it took only a part: it reports the
/// part when its own time is over.
const WRITE_STEP: Duration = Duration::from_millis(100);

/// A TCP connection that keeps the [`Deadlines`].
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    deadlines: Rc<Deadlines>,
    first_line: FirstLine,
}

impl Link {
    /// Connects to the first of the server's addresses that answers.
    pub fn connect(server: &Server, deadlines: Rc<Deadlines>) -> io::Result<Self> {
        let end = deadlines.connected_by();
        let addresses = resolve(server, end.saturating_duration_since(Instant::now()))?;
        let mut last = no_address();
        for (index, address) in addresses.iter().enumerate() {
            let time = share(end, addresses.len() - index).ok_or_else(timed_out)?;
            match TcpStream::connect_timeout(address, time) {
                Ok(stream) => {
                    // Flights are whole already; nothing is gained by waiting for more.
                    stream.set_nodelay(true)?;
                    stream.set_write_timeout(Some(WRITE_STEP))?;
                    return Ok(Self {
                        stream,
                        deadlines,
                        first_line: FirstLine::default(),
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn receive(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.deadlines.left().ok_or_else(timed_out)?;
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(buf) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map_err(name_timeout),
            }
        }
    }

    /// A TLS handshake begins. The result keeps a line that is said in place of TLS.
    pub fn begin_handshake(&self) -> FirstLine {
        self.deadlines.handshake();
        self.first_line.begin();
        self.first_line.clone()
    }
}

/// The addresses of a name. The resolver knows no deadline, so it is left alone where it takes
/// longer.
fn resolve(server: &Server, time: Duration) -> io::Result<Vec<SocketAddr>> {
    let (answer, answered) = mpsc::channel();
    let name = (server.host.clone(), server.port);
    thread::spawn(move || {
        let addresses = name.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Once the time is over, nothing receives it.
        let _ = answer.send(addresses);
    });
    answered.recv_timeout(time).map_err(|_| timed_out())?
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
        let count = self.receive(buf)?;
        let received = buf.get(..count).unwrap_or_default();
        let mut is_wanted = self.first_line.receive(received);
        if is_wanted {
            self.deadlines.hurry();
        }
        while is_wanted {
            let mut more = [0; 256];
            let count = self.receive(&mut more).unwrap_or(0);
            is_wanted = self
                .first_line
                .receive(more.get(..count).unwrap_or_default());
        }
        match self.first_line.is_there() {
            true => Err(ErrorKind::InvalidData.into()),
            false => Ok(count),
        }
    }
}

impl embedded_io::Write for Link {
    /// Returns the number of bytes soon after some were taken, so that the time starts anew with
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
