//! What firmware that mails needs beside the client: an outbox in RAM, and a deadline per phase.
//!
//! Times are milliseconds of a clock that never goes back, from any beginning.
#![no_std]

#[cfg(feature = "sntp")]
mod clock;
mod deadline;
#[cfg(feature = "embassy")]
mod desk;
#[cfg(feature = "tls")]
mod failed;
#[cfg(feature = "net")]
mod net;
mod outbox;
#[cfg(feature = "tls")]
mod submit;
#[cfg(feature = "embassy")]
mod within;

#[cfg(feature = "sntp")]
pub use clock::{Clock, Undated};
pub use deadline::Deadline;
#[cfg(feature = "embassy")]
pub use desk::{Desk, watch};
#[cfg(feature = "tls")]
pub use failed::Failed;
#[cfg(feature = "net")]
pub use net::{connect, hang_up};
pub use outbox::{Backoff, Outbox, Serial, Verdict};
#[cfg(feature = "tls")]
pub use submit::submit;
#[cfg(feature = "embassy")]
pub use within::{TimedOut, embassy_clock, within};
