//! A connection to the mock server in memory, with faults on command and a tally of what passed. It
//! knows neither SMTP nor TLS.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::mock::{Duplex, Server};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The call fails, and the connection is gone.
    Fails(ErrorKind),
    /// Reads end here, and writes are not taken any more.
    Ends,
    /// Reads end here, and writes take no octets without saying why.
    Full,
}

#[derive(Debug, Default)]
pub struct Tally {
    /// Reads, writes and flushes so far.
    pub calls: usize,
    /// Octets that went to the server.
    pub sent: usize,
    /// Octets that came from it.
    pub received: usize,
    /// Octets that were handed to the transport after it had failed.
    pub after_trouble: usize,
    /// The trouble has happened.
    pub is_troubled: bool,
}

/// The client's end. Its clones share the tally.
pub struct Link {
    duplex: Duplex,
    pub tally: Rc<RefCell<Tally>>,
    trouble: Option<(usize, Trouble)>,
    /// An octet from the server that is changed on the way, and how.
    change: Option<(usize, u8)>,
}

impl Link {
    pub fn to(server: &Server) -> Self {
        Self {
            duplex: server.duplex(),
            tally: Rc::default(),
            trouble: None,
            change: None,
        }
    }

    /// At this call, from 0.
    pub fn with_trouble(mut self, call: usize, trouble: Trouble) -> Self {
        self.trouble = Some((call, trouble));
        self
    }

    pub fn with_change(mut self, octet: usize, bits: u8) -> Self {
        self.change = Some((octet, bits));
        self
    }

    pub fn in_pieces(mut self, per_write: usize, per_read: usize) -> Self {
        self.duplex.set_most(per_write, per_read);
        self
    }

    pub fn tally(&self) -> Rc<RefCell<Tally>> {
        Rc::clone(&self.tally)
    }

    /// Counts a call. What is wrong with it, if something is.
    fn call(&mut self) -> Option<Trouble> {
        let mut tally = self.tally.borrow_mut();
        let call = tally.calls;
        tally.calls += 1;
        let (at, trouble) = self.trouble?;
        if call < at {
            return None;
        }
        tally.is_troubled = true;
        Some(trouble)
    }
}

impl ErrorType for Link {
    type Error = ErrorKind;
}

impl Read for Link {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        match self.call() {
            Some(Trouble::Fails(kind)) => return Err(kind),
            Some(Trouble::Ends | Trouble::Full) => return Ok(0),
            None => {}
        }
        let count = self.duplex.read(buf)?;
        let mut tally = self.tally.borrow_mut();
        if let Some((octet, bits)) = self.change
            && let Some(place) = octet.checked_sub(tally.received)
            && let Some(octet) = buf[..count].get_mut(place)
        {
            *octet ^= bits;
        }
        tally.received += count;
        Ok(count)
    }
}

impl Write for Link {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let was_troubled = self.tally.borrow().is_troubled;
        if let Some(trouble) = self.call() {
            if was_troubled {
                self.tally.borrow_mut().after_trouble += buf.len();
            }
            return match trouble {
                Trouble::Fails(kind) => Err(kind),
                Trouble::Ends => Err(ErrorKind::BrokenPipe),
                Trouble::Full => Ok(0),
            };
        }
        let count = self.duplex.write(buf)?;
        self.tally.borrow_mut().sent += count;
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        match self.call() {
            Some(Trouble::Fails(kind)) => Err(kind),
            Some(Trouble::Ends | Trouble::Full) => Err(ErrorKind::BrokenPipe),
            None => self.duplex.flush(),
        }
    }
}

/// The same for the async client: each call is pending once, before anything of it happens or after
/// all of it has.
pub struct Slow {
    pub link: Link,
    pub happens_first: bool,
}

impl Slow {
    pub fn new(link: Link) -> Self {
        Self {
            link,
            happens_first: false,
        }
    }
}

/// Pending once.
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    }
}

impl ErrorType for Slow {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Slow {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.happens_first {
            let result = self.link.read(buf);
            Once(false).await;
            return result;
        }
        Once(false).await;
        self.link.read(buf)
    }
}

impl embedded_io_async::Write for Slow {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        if self.happens_first {
            let result = self.link.write(buf);
            Once(false).await;
            return result;
        }
        Once(false).await;
        self.link.write(buf)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        if self.happens_first {
            let result = self.link.flush();
            Once(false).await;
            return result;
        }
        Once(false).await;
        self.link.flush()
    }
}

/// Runs a future to its end, which must come within so many polls.
pub fn finish<T>(future: impl Future<Output = T>) -> T {
    poll(100_000, future).expect("the future ends")
}

/// Polls a future so many times, and drops it if it has not ended.
pub fn poll<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..times {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
    }
    None
}
