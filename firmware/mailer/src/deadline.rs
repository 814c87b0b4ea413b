//! A deadline that moves as the session goes on.
//!
//! RFC 5321 §4.5.3.2: "An SMTP client MUST provide a timeout mechanism … based on the SMTP command
//! sent". The client tells its observer what it does; this observer keeps the time by which it must
//! have been done. Who lets the time pass, and ends the attempt, is the firmware: a transport that
//! gives a timeout, or [`within`](crate::within).

use core::cell::Cell;

use embedded_smtp::{Observer, Phase};

/// Milliseconds for each write of octets to go out: §4.5.3.2.5 has three minutes.
const WRITE: u64 = 180_000;

/// The time by which what is under way must have been done. An observer is a reference to it.
pub struct Deadline {
    clock: fn() -> u64,
    longest: u64,
    due: Cell<u64>,
}

impl Deadline {
    /// Makes a deadline with the times of [`Phase::timeout_seconds`], none longer than `longest`
    /// milliseconds. `clock` gives milliseconds. The deadline is over until it is started.
    pub const fn new(clock: fn() -> u64, longest: u64) -> Self {
        Self {
            clock,
            longest,
            due: Cell::new(0),
        }
    }

    /// Starts anew with this many milliseconds: for what is no phase of SMTP, such as connecting and
    /// the handshake of TLS.
    pub fn start(&self, milliseconds: u64) {
        self.idle(milliseconds.min(self.longest));
    }

    /// Nothing is under way, for this many milliseconds, which may be more than the longest.
    pub fn idle(&self, milliseconds: u64) {
        self.due.set((self.clock)().saturating_add(milliseconds));
    }

    /// Nothing is under way, for as long as it takes: it is never over.
    pub fn rest(&self) {
        self.due.set(u64::MAX);
    }

    /// When it is over.
    pub fn due(&self) -> u64 {
        self.due.get()
    }

    /// Whether it is.
    pub fn is_over(&self) -> bool {
        (self.clock)() >= self.due.get()
    }
}

impl Observer for &Deadline {
    fn awaiting(&mut self, phase: Phase) {
        self.start(u64::from(phase.timeout_seconds()) * 1000);
    }

    fn sent(&mut self, _: &[u8]) {
        self.start(WRITE);
    }

    fn content(&mut self, _: usize) {
        self.start(WRITE);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::thread_local;

    thread_local!(static NOW: Cell<u64> = const { Cell::new(0) });

    fn deadline(longest: u64) -> Deadline {
        NOW.set(1000);
        Deadline::new(|| NOW.get(), longest)
    }

    #[test]
    fn every_phase_has_its_time() {
        let deadline = deadline(u64::MAX);
        let mut observer = &deadline;
        assert!(deadline.is_over());
        observer.awaiting(Phase::Data);
        assert_eq!(deadline.due(), 121_000);
        observer.content(512);
        assert_eq!(deadline.due(), 181_000);
        observer.awaiting(Phase::Content);
        assert_eq!(deadline.due(), 601_000);
        observer.awaiting(Phase::Quit);
        assert_eq!(deadline.due(), 11_000);
        observer.awaiting(Phase::Content);
        assert!(!deadline.is_over());
        NOW.set(601_000);
        assert!(deadline.is_over());
    }

    #[test]
    fn none_is_longer_than_the_longest() {
        let deadline = deadline(10);
        let mut observer = &deadline;
        observer.awaiting(Phase::Content);
        assert_eq!(deadline.due(), 1010);
        deadline.start(5);
        assert_eq!(deadline.due(), 1005);
        deadline.rest();
        assert_eq!(deadline.due(), u64::MAX);
        assert!(!deadline.is_over());
    }
}
