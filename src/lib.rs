//! A self-contained SMTP submission client with a streaming MIME writer, for firmware.
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

#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod blocking;
mod error;
pub mod message;
#[cfg(feature = "mock")]
pub mod mock;
mod observer;
mod outcome;
pub mod session;
mod transport;
mod wire;

pub use error::{Field, Invalid, Reason};
pub use message::Message;
pub use observer::Observer;
pub use outcome::{
    Error, Fault, Missing, Phase, RecipientStatus, Refusal, RefusalKind, Report, Retry,
    StartTlsError, Violation,
};
pub use transport::{Secure, Vouched};
pub use wire::address::{Address, ReversePath};
pub use wire::domain::Domain;
pub use wire::ehlo::{Capabilities, Extension, Mechanism};
pub use wire::list::{MailboxList, Mailboxes};
pub use wire::mailbox::{DisplayName, Mailbox, NameChars};
pub use wire::reply::{EnhancedStatusCode, Reply};
pub use wire::sasl::Credentials;
