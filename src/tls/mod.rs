//! TLS 1.3 that authenticates the server (feature `embedded-tls`).
//!
//! The handshake and the records are those of [embedded-tls]; that a session is opened only to a
//! server which has proven who it is, is seen to here. This module knows no SMTP.
//!
//! [embedded-tls]: https://docs.rs/embedded-tls

#[cfg(feature = "_fuzzing")]
#[doc(hidden)]
pub mod _fuzzing;
pub mod asynch;
pub mod blocking;
mod certificate;
mod chain;
mod error;
mod gate;
mod key;
mod latch;
mod library;
mod p256;
#[cfg(feature = "p384")]
mod p384;
#[cfg(feature = "rsa")]
mod rsa;
mod verify;

pub use chain::{CERTIFICATES_MAX, SIGNATURE_CHECKS_MAX};
pub use error::{CertificateFault, Error, Failure};
pub use rand_core;
pub use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor};
pub use verify::{DangerNoVerification, Pin, Pins, Roots, Verify, Watched, anchor};

use gate::Link;

/// The least octets for reading: a server with one P-256 certificate. See the table above.
pub const READ_BUFFER_MIN: u16 = 1_024;

/// The octets for reading with which any record can be read.
pub const READ_BUFFER_MAX: u16 = gate::RECORD_MAX;

/// The least octets for writing: what the client says first, with the longest name, has to fit.
pub const WRITE_BUFFER_MIN: u16 = 640;

/// The buffers for a session's records. They can be used for one session after the other.
#[derive(Debug)]
pub struct Records<'r> {
    read: &'r mut [u8],
    write: &'r mut [u8],
    link: Link,
}

impl<'r> Records<'r> {
    /// Buffers for records that are read, and for those that are written. They are checked when a
    /// session is opened: at least [`READ_BUFFER_MIN`] and [`WRITE_BUFFER_MIN`] octets.
    pub fn new(read: &'r mut [u8], write: &'r mut [u8]) -> Self {
        Self {
            read,
            write,
            link: Link::default(),
        }
    }
}

fn check_buffers(records: &Records<'_>) -> Result<(), Error> {
    if records.read.len() < READ_BUFFER_MIN.into() {
        return Err(Error::ReadBuffer {
            needed: READ_BUFFER_MIN,
        });
    }
    if records.write.len() < WRITE_BUFFER_MIN.into() {
        return Err(Error::WriteBuffer {
            needed: WRITE_BUFFER_MIN,
        });
    }
    Ok(())
}
