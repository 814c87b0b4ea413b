//! What the tests share: a transport that plays a script and knows no SMTP.
#![allow(dead_code)] // Every test file uses a part of it.

mod kept;
pub mod miscount;
pub mod vector;

pub use kept::kept;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

/// What the other side does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It expects exactly these bytes.
    Expect(Vec<u8>),
    /// It says these bytes.
    Say(Vec<u8>),
    /// It closes the connection.
    Close,
}

/// Which call fails, counted from 0 over reads, writes and flushes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Error,
    EndOfStream,
    /// Nothing moves until the transport's own timeout.
    Stall,
    /// A write takes one octet, then fails.
    ShortThenError,
}

#[derive(Debug, Default)]
struct Inner {
    /// The async transport is not ready at every second poll.
    stalls: bool,
    script: VecDeque<Event>,
    /// All octets written.
    written: Vec<u8>,
    /// Octets written that no `Expect` has taken yet.
    pending: Vec<u8>,
    /// Octets said that were not read yet.
    readable: VecDeque<u8>,
    mismatch: Option<String>,
    calls: Vec<&'static str>,
    read_most: usize,
    write_most: usize,
    trouble: Option<(usize, Trouble)>,
    failed: bool,
    /// Writes after the failure.
    after_failure: Vec<u8>,
    writes: Vec<Vec<u8>>,
    /// All octets handed to `write`, whether it took them or not: for every write, what was
    /// written before it and the whole slice.
    handed_over: Vec<u8>,
    /// For every operation that ended, how many contents had been handed over by then.
    marks: Vec<usize>,
}

/// A transport that plays a script: octets in, octets out, pieces and faults as told.
#[derive(Debug, Clone, Default)]
pub struct Scripted(Rc<RefCell<Inner>>);

impl Scripted {
    pub fn new(script: impl IntoIterator<Item = Event>) -> Self {
        let this = Self::default();
        {
            let mut inner = this.0.borrow_mut();
            inner.script = script.into_iter().collect();
            inner.read_most = usize::MAX;
            inner.write_most = usize::MAX;
        }
        this
    }

    /// Reads give at most this many octets, writes take at most that many.
    pub fn in_pieces(self, read: usize, write: usize) -> Self {
        self.0.borrow_mut().read_most = read;
        self.0.borrow_mut().write_most = write;
        self
    }

    /// Every async call is pending once before it is served.
    pub fn stalling(self) -> Self {
        self.0.borrow_mut().stalls = true;
        self
    }

    async fn ready(&self) {
        let mut was_pending = !self.0.borrow().stalls;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut was_pending, true) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }

    pub fn with_trouble(self, call: usize, trouble: Trouble) -> Self {
        self.0.borrow_mut().trouble = Some((call, trouble));
        self
    }

    pub fn written(&self) -> Vec<u8> {
        self.0.borrow().written.clone()
    }

    pub fn writes(&self) -> Vec<Vec<u8>> {
        self.0.borrow().writes.clone()
    }

    pub fn after_failure(&self) -> Vec<u8> {
        self.0.borrow().after_failure.clone()
    }

    /// How many contents were handed over as a whole: with their terminators, lone dots not
    /// counted, or with the last octet that `BDAT … LAST` announced.
    pub fn handed_over_terminators(&self) -> usize {
        let inner = self.0.borrow();
        let octets = &inner.handed_over;
        // A chunk need not end with a line, so its octets are stepped over.
        let (mut chunks, mut rest) = (0, &octets[..]);
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            let line = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest = &rest[end + 1..];
            if let Some(argument) = line.strip_prefix("BDAT ") {
                let length: usize = argument.split([' ', '\r']).next().unwrap().parse().unwrap();
                let Some(after) = rest.get(length..) else {
                    break;
                };
                chunks += usize::from(argument.ends_with(" LAST\r"));
                rest = after;
            }
        }
        let ends = inner
            .handed_over
            .windows(5)
            .enumerate()
            .filter(|(_, w)| w == b"\r\n.\r\n");
        let dots = ends.filter(|(at, _)| !inner.handed_over[..*at].ends_with(b"DATA"));
        dots.count() + chunks
    }

    /// An operation has ended.
    pub fn mark(&self) {
        let terminated = self.handed_over_terminators();
        self.0.borrow_mut().marks.push(terminated);
    }

    /// How many contents had been handed over before the operation with this number.
    pub fn handed_over_before(&self, operation: usize) -> usize {
        let marks = &self.0.borrow().marks;
        operation.checked_sub(1).map_or(0, |last| marks[last])
    }

    pub fn calls(&self) -> Vec<&'static str> {
        self.0.borrow().calls.clone()
    }

    pub fn mismatch(&self) -> Option<String> {
        self.0.borrow().mismatch.clone()
    }

    /// The script was played to its end, and nothing else was written.
    pub fn assert_complete(&self) {
        let inner = self.0.borrow();
        assert_eq!(inner.mismatch, None);
        let is_played = inner.script.iter().all(|event| *event == Event::Close);
        assert!(is_played, "left of the script: {:?}", inner.script);
        assert!(
            inner.pending.is_empty(),
            "not expected: {:?}",
            String::from_utf8_lossy(&inner.pending)
        );
    }
}

impl Inner {
    fn play(&mut self) {
        loop {
            match self.script.front() {
                Some(Event::Expect(want)) => {
                    let n = want.len().min(self.pending.len());
                    if self.pending[..n] != want[..n] && self.mismatch.is_none() {
                        self.mismatch = Some(format!(
                            "expected {:?}, got {:?}",
                            String::from_utf8_lossy(want),
                            String::from_utf8_lossy(&self.pending)
                        ));
                    }
                    if self.pending.len() < want.len() || self.mismatch.is_some() {
                        return;
                    }
                    self.pending.drain(..want.len());
                    self.script.pop_front();
                }
                Some(Event::Say(octets)) => {
                    self.readable.extend(octets);
                    self.script.pop_front();
                }
                Some(Event::Close) | None => return,
            }
        }
    }

    fn call(&mut self, name: &'static str) -> Option<Trouble> {
        let number = self.calls.len();
        self.calls.push(name);
        match self.trouble {
            Some((call, trouble)) if call == number => {
                self.failed = true;
                Some(trouble)
            }
            _ => None,
        }
    }
}

impl ErrorType for Scripted {
    type Error = ErrorKind;
}

impl Read for Scripted {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty(), "a read into nothing");
        let mut inner = self.0.borrow_mut();
        match inner.call("read") {
            Some(Trouble::EndOfStream) => return Ok(0),
            Some(Trouble::Stall) => return Err(ErrorKind::TimedOut),
            Some(_) => return Err(ErrorKind::ConnectionReset),
            None => {}
        }
        inner.play();
        if inner.readable.is_empty() {
            return match inner.script.front() {
                Some(Event::Close) => {
                    inner.script.pop_front();
                    Ok(0)
                }
                // A real server would wait for ever here.
                _ => Err(ErrorKind::TimedOut),
            };
        }
        let n = buf.len().min(inner.readable.len()).min(inner.read_most);
        for slot in &mut buf[..n] {
            *slot = inner.readable.pop_front().unwrap();
        }
        Ok(n)
    }
}

impl Write for Scripted {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty(), "a write of nothing");
        let mut inner = self.0.borrow_mut();
        if inner.failed {
            inner.after_failure.extend(buf);
        }
        let written = inner.written.clone();
        inner.handed_over = [&written, buf].concat();
        let n = match inner.call("write") {
            Some(Trouble::Error) => return Err(ErrorKind::BrokenPipe),
            Some(Trouble::EndOfStream) => return Ok(0),
            Some(Trouble::Stall) => return Err(ErrorKind::TimedOut),
            Some(Trouble::ShortThenError) => {
                let next = inner.calls.len();
                inner.trouble = Some((next, Trouble::Error));
                inner.failed = false;
                1
            }
            None => buf.len().min(inner.write_most),
        };
        inner.written.extend(&buf[..n]);
        inner.pending.extend(&buf[..n]);
        inner.writes.push(buf[..n].to_vec());
        inner.play();
        Ok(n)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        match self.0.borrow_mut().call("flush") {
            Some(Trouble::Stall) => Err(ErrorKind::TimedOut),
            Some(_) => Err(ErrorKind::BrokenPipe),
            None => Ok(()),
        }
    }
}

impl embedded_io_async::Read for Scripted {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        self.ready().await;
        Read::read(self, buf)
    }
}

impl embedded_io_async::Write for Scripted {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        {
            // Handed over it is from the first poll on.
            let mut inner = self.0.borrow_mut();
            inner.handed_over = [&inner.written, buf].concat();
        }
        self.ready().await;
        // What was written when the future is dropped afterwards was written.
        let written = Write::write(self, buf);
        self.ready().await;
        written
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.ready().await;
        Write::flush(self)
    }
}

/// Polls a future to its end, at most so many times; `None` when it was dropped before.
pub fn poll_at_most<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..polls {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
    }
    None
}
