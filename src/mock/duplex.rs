//! A connection in memory: the client's end of it.
//!
//! No thread and no clock: the server works within the client's `write`, and time passes only as the
//! script says, on a clock of the connection's own.

use core::time::Duration;
use std::sync::Arc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use super::channel::Channel;
use super::outbox::Next;
use super::record::Traffic;
use super::server::Shared;

/// The client's end of a connection in memory; made by [`Server::duplex`](super::Server::duplex).
///
/// It implements the blocking and the async traits of embedded-io. The futures never wait: a poll ends
/// each of them, so the async driver needs neither a thread nor an executor.
///
/// A read that the server has no answer for fails with [`ErrorKind::TimedOut`] at once. Scripted
/// delays take no real time: they move [`elapsed`](Self::elapsed) on, and fail with `TimedOut` where
/// they pass the [timeout](Self::set_timeout). After the server has closed, a read gives 0 bytes and
/// a write fails with [`ErrorKind::BrokenPipe`]. Reading what was asked for without a `flush` is a
/// violation, since a transport that buffers would wait for ever.
pub struct Duplex {
    channel: Channel,
    timeout: Option<Duration>,
    elapsed: Duration,
    traffic: Traffic,
    /// Written since the last flush.
    unflushed: bool,
    /// Written since the last read.
    asked: bool,
    most_per_write: usize,
    most_per_read: usize,
}

impl Duplex {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            channel: Channel::new(shared, true),
            timeout: None,
            elapsed: Duration::ZERO,
            traffic: Traffic::default(),
            unflushed: false,
            asked: false,
            most_per_write: usize::MAX,
            most_per_read: usize::MAX,
        }
    }

    /// The longest time a read waits for; none at first.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Takes at most so many bytes a write and gives at most so many a read; 0 counts as 1.
    pub fn set_most(&mut self, per_write: usize, per_read: usize) {
        self.most_per_write = per_write.max(1);
        self.most_per_read = per_read.max(1);
    }

    /// How much time has passed on this connection: the scripted delays, and the timeouts.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The calls so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn count(&mut self, change: impl FnOnce(&mut Traffic)) {
        change(&mut self.traffic);
        let dialogue = &self.channel.dialogue;
        let connection = dialogue.connection;
        dialogue.shared.record().connections[connection].traffic = self.traffic;
    }
}

impl ErrorType for Duplex {
    type Error = ErrorKind;
}

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if core::mem::take(&mut self.unflushed) {
            self.channel
                .dialogue
                .violate("read before what was written was flushed");
        }
        let length = buffer.len().min(self.most_per_read);
        let mut waited = Duration::ZERO;
        loop {
            match self.channel.next(&mut buffer[..length]) {
                Next::Octets(count) => {
                    let asked = core::mem::take(&mut self.asked);
                    self.count(|traffic| {
                        traffic.reads += 1;
                        traffic.octets_read += count;
                        traffic.round_trips += usize::from(asked);
                    });
                    return Ok(count);
                }
                Next::Pause(time) => {
                    let left = self.timeout.map(|timeout| timeout.saturating_sub(waited));
                    if let Some(left) = left.filter(|left| *left < time) {
                        self.elapsed = self.elapsed.saturating_add(left);
                        self.channel.resume_pause(time - left);
                        return Err(ErrorKind::TimedOut);
                    }
                    waited = waited.saturating_add(time);
                    self.elapsed = self.elapsed.saturating_add(time);
                }
                Next::Close => return Ok(0),
                Next::Nothing => {
                    let left = self.timeout.unwrap_or_default().saturating_sub(waited);
                    self.elapsed = self.elapsed.saturating_add(left);
                    return Err(ErrorKind::TimedOut);
                }
            }
        }
    }
}

impl Write for Duplex {
    fn write(&mut self, octets: &[u8]) -> Result<usize, ErrorKind> {
        if octets.is_empty() {
            return Ok(0);
        }
        let octets = &octets[..octets.len().min(self.most_per_write)];
        // Over TCP, a server whose replies nobody reads stops reading too.
        if self.channel.waiting() > UNREAD_LIMIT {
            return Err(ErrorKind::TimedOut);
        }
        let closed = self.channel.is_at_close();
        self.channel.receive(octets);
        if closed {
            return Err(ErrorKind::BrokenPipe);
        }
        self.unflushed = true;
        self.asked = true;
        self.count(|traffic| {
            traffic.writes += 1;
            traffic.octets_written += octets.len();
        });
        Ok(octets.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.unflushed = false;
        self.count(|traffic| traffic.flushes += 1);
        Ok(())
    }
}

/// The future is ready at once: the server works within the call, as it does when blocking.
impl embedded_io_async::Read for Duplex {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        Read::read(self, buffer)
    }
}

/// The futures are ready at once: the server works within the call, as it does when blocking.
impl embedded_io_async::Write for Duplex {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, ErrorKind> {
        Write::write(self, octets)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Write::flush(self)
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        self.channel.end();
    }
}

impl core::fmt::Debug for Duplex {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Duplex")
            .field("traffic", &self.traffic)
            .finish_non_exhaustive()
    }
}

/// Bytes of replies that may wait unread before a write fails.
const UNREAD_LIMIT: usize = 1024 * 1024;
