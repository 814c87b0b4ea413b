#![doc = include_str!("../README.md")]
//!
//! # The parts of this crate
//!
//! A mail is a [`Message`]: a [`message::Head`], which a device's mails have in common, and what
//! changes. Both are built from values that are safe to send because they exist: [`Mailbox`],
//! [`MailboxList`], [`message::HeaderText`], [`message::Attachment`]. Text from a person or a
//! configuration is parsed when the firmware runs; literals are checked and written when it is
//! compiled ([`head!`], [`header_text!`], [`mailbox!`], [`mailbox_list!`]).
//!
//! A [`blocking::Client`] takes an open transport and one buffer, and does what it is told: open,
//! log in, send, quit. It pumps bytes; every decision is taken in [`session`], whose transition
//! table is data and printed there.
//!
//! An [`Error`] says whose fault it was and what became of the mail: refused, failed before it was
//! handed over, or [`Error::DeliveryUnknown`]. An [`Observer`] watches: deadlines, logs and progress hang
//! on it, and [`Transcript`] is one.
//!
//! With the feature `mock` there is a server for tests, in `mock`.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(target_pointer_width = "16")]
compile_error!(
    "embedded-smtp needs a target with addresses of at least 32 bits: it counts bytes in usize"
);

#[cfg(any(test, feature = "std"))]
extern crate std;

mod advice;
pub mod asynch;
pub mod blocking;
mod client;
mod error;
mod fault;
mod invalid;
pub mod message;
mod missing;
#[cfg(feature = "mock")]
pub mod mock;
mod observer;
mod phase;
mod proof;
mod report;
pub mod session;
mod starttls;
mod state;
mod submission;
#[cfg(feature = "embedded-tls")]
pub mod tls;
mod transcript;
mod transport;
mod wire;

pub use client::{Async, Blocking, Client};
pub use error::Error;
pub use fault::{Fault, Violation};
pub use invalid::{Field, Invalid, Reason};
pub use message::Message;
pub use missing::Missing;
pub use observer::Observer;
pub use phase::{Phase, Retry};
pub use proof::Proof;
pub use report::{RecipientStatus, Refusal, RefusalKind, Report};
pub use session::{Chunking, Delivery};
pub use starttls::{LinkError, StartTlsError};
pub use state::State;
pub use submission::{NoSource, Submission};
pub use transcript::Transcript;
pub use transport::{Secure, Vouched};
pub use wire::address::{Address, ReversePath};
pub use wire::domain::Domain;
pub use wire::ehlo::{Capabilities, Extension, Mechanism};
pub use wire::list::{MailboxList, Mailboxes};
pub use wire::mailbox::{DisplayName, Mailbox, NameChars};
pub use wire::reply::{EnhancedStatusCode, Reply};
pub use wire::sasl::Credentials;
#[cfg(feature = "scram-sha-256")]
pub use wire::sasl::{SCRAM_ITERATIONS_MAX, SCRAM_ITERATIONS_MIN};
