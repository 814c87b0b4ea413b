//! The emulated lm3s6965evb: start-up, clock, Ethernet, log, and what it takes from the emulator.
//!
//! A Cortex-M3 at 50 MHz with 256 KB of flash and 64 KB of RAM. Knows nothing of mail. The log is
//! defmt's, by semihosting; nothing else may be printed.
#![no_std]

pub mod clock;
mod emulator;
pub mod ethernet;
mod fault;
mod interrupt;
#[cfg(feature = "random")]
mod random;
mod register;
mod stack;
mod watchdog;

pub use emulator::{arguments, end, unix_time};
#[cfg(feature = "random")]
pub use random::{NoRandom, random_bytes};
pub use stack::Stack;
pub use watchdog::Watchdog;

use defmt_semihosting as _;

/// Starts the clock, and the watchdog with this many milliseconds. To be called once, first.
pub fn start(watchdog: u32) -> Watchdog {
    clock::start();
    Watchdog::start(watchdog)
}
