//! What firmware that mails needs beside the client: an outbox in RAM, and a deadline per phase.
//!
//! Times are milliseconds of a clock that never goes back, from any beginning.
#![no_std]

mod deadline;
mod outbox;
#[cfg(feature = "embassy")]
mod within;

pub use deadline::Deadline;
pub use outbox::{Backoff, Outbox, Serial, Verdict};
#[cfg(feature = "embassy")]
pub use within::{TimedOut, embassy_clock, within};
