//! How long a handshake computes at a stretch: between two rests of the async stream, and between two
//! calls of the tick.
//!
//! The line never makes the handshake wait: as if all that the server says were there already, which is
//! the worst case for other tasks.

use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::task::{Context, Poll, Waker};

use embedded_io::ErrorType;
use embedded_io_async::{Read, Write};
use embedded_smtp::asynch::Client;
use embedded_smtp::tls::{Records, Verify, asynch::Place};
use footprint::alert::NAME;
use footprint::number;

use crate::mail::SERVER;
use crate::random::FromTheClock;
use crate::{Meters, Uart, meter};

const BUFFER: usize = 512;
const READ: usize = 8192;
const WRITE: usize = 1024;

/// Since the last rest, and since the last tick.
static POLL: AtomicU32 = AtomicU32::new(0);
static LONGEST_GAP: AtomicU32 = AtomicU32::new(0);

fn tick() {
    let gap = meter::ticks();
    POLL.store(POLL.load(Relaxed) + gap, Relaxed);
    LONGEST_GAP.store(LONGEST_GAP.load(Relaxed).max(gap), Relaxed);
    meter::start();
}

/// Opens TLS in polls, greets and leaves.
pub fn deliver(uart: Uart, _: &mut Meters, choice: impl Verify) -> Option<()> {
    let read = cortex_m::singleton!(: [u8; READ] = [0; READ])?;
    let write = cortex_m::singleton!(: [u8; WRITE] = [0; WRITE])?;
    let buffer = cortex_m::singleton!(: [u8; BUFFER] = [0; BUFFER])?;
    let mut records = Records::new(read, write).ok()?.with_tick(&tick);
    let mut random = FromTheClock::new();
    let random = |bytes: &mut [u8]| random.fill(bytes);
    let mut place = Place::new();
    let mut opening = pin!(place.open(Line(uart), &mut records, &SERVER, choice, random));
    let mut context = Context::from_waker(Waker::noop());
    let (mut polls, mut longest, mut all) = (0, 0, 0);
    let stream = loop {
        meter::start();
        let polled = opening.as_mut().poll(&mut context);
        tick();
        let poll = POLL.swap(0, Relaxed);
        polls += 1;
        longest = longest.max(poll);
        all += poll;
        if let Poll::Ready(opened) = polled {
            break opened.ok()?;
        }
    };
    number("polls", polls);
    number("longest_poll", longest);
    number("longest_gap", LONGEST_GAP.load(Relaxed));
    number("all_polls", all);
    let mut smtp = Client::over_tls(stream, buffer);
    ready(smtp.open(NAME)).ok()?;
    ready(smtp.quit()).ok()
}

/// A future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

struct Line(Uart);

impl ErrorType for Line {
    type Error = embedded_io::ErrorKind;
}

impl Read for Line {
    async fn read(&mut self, window: &mut [u8]) -> Result<usize, Self::Error> {
        embedded_io::Read::read(&mut self.0, window)
    }
}

impl Write for Line {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        embedded_io::Write::write(&mut self.0, bytes)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        embedded_io::Write::flush(&mut self.0)
    }
}
