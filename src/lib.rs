//! A self-contained SMTP submission client with a streaming MIME writer, for firmware.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
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

mod error;
pub mod message;
#[cfg(feature = "mock")]
pub mod mock;
mod wire;

pub use error::{Field, Invalid, Reason};
pub use wire::address::{Address, ReversePath};
pub use wire::domain::Domain;
pub use wire::list::{MailboxList, Mailboxes};
pub use wire::mailbox::{DisplayName, Mailbox, NameChars};
