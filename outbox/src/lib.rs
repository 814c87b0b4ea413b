//! An outbox for the alerts that a device mails: they stay until they are sent, in RAM or in flash.
//!
//! ```text
//!  Outbox     which alert is due, what an attempt means for it
//!     │
//!  Record     an alert as bytes, with what was reached so far
//!     │
//!  Store      where records rest: Ram, Flash
//! ```
//!
//! An alert that [`Outbox::push`] confirmed is kept until it was sent or given up. With a [`Flash`] store it
//! survives a power cut at any moment. The mail that is made of it is the same at every attempt, also
//! after a restart: a [`Record`] holds the number that makes its Message-ID, the time that makes its date,
//! and which recipients have it. So a delivery that ended as *unknown* can be doubled only under the same
//! Message-ID.
//!
//! This crate knows no board and no clock: times are given in milliseconds.
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(feature = "flash")]
mod flash;
mod outbox;
mod ram;
mod record;
mod store;

#[cfg(feature = "flash")]
pub use flash::{Flash, FlashError};
pub use outbox::{Backoff, Due, Error, Outbox, Outcome};
pub use ram::Ram;
pub use record::{Raised, RecipientSet, Record, Serial};
pub use store::{Store, StoreError, Visit};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
