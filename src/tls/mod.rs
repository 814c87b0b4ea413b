//! TLS 1.3 that authenticates the server (feature `embedded-tls`).
//!
//! The handshake and the records are those of [embedded-tls]; that a session is opened only to a
//! server which has proven who it is, is seen to here. This module knows no SMTP.
//!
//! ```text
//!  Client (blocking or async)
//!      │ plain octets
//!  Stream ── poisoned by a call that failed or was dropped
//!      │
//!  embedded-tls ──── latch ── what must be proven: Pins, Roots
//!      │ records       │
//!    gate            certificates and signatures: P-256, P-384, RSA, rustls-webpki
//!      │
//!  transport
//! ```
//!
//! # Example
//!
//! ```no_run
//! # use embedded_io::{Read, Write};
//! use embedded_smtp::blocking::Client;
//! use embedded_smtp::server_name;
//! use embedded_smtp::tls::{self, CertificateDer, Records, Roots, blocking::Stream};
//!
//! # const ROOT: &[u8] = &[];
//! # fn send<T: Read + Write>(tcp: T, random: impl tls::Random, now: u64) {
//! let root = CertificateDer::from(ROOT); // DER, in flash
//! let anchors = [tls::anchor(&root).unwrap()];
//! let name = server_name!("mail.example.org");
//! let (mut read, mut write) = ([0; 8_192], [0; 1_024]);
//! let mut records = Records::new(&mut read, &mut write).unwrap();
//!
//! let mut buffer = [0; 1_024];
//! let mut smtp = Client::new(tcp, &mut buffer);
//! smtp.open("boiler3.example.org").unwrap();
//! let mut smtp = smtp
//!     .starttls(|tcp| Stream::open(tcp, &mut records, name, Roots::new(&anchors, now), random))
//!     .unwrap();
//! // login, send, quit
//! # }
//! ```
//!
//! For port 465, open the [`Stream`](blocking::Stream) first and give it to
//! [`Client::over_tls`](crate::blocking::Client::over_tls). After QUIT,
//! [`into_inner`](crate::blocking::Client::into_inner) and [`close`](blocking::Stream::close) end the
//! session politely.
//!
//! Where stack is scarce, open the stream in a [`Place`](blocking::Place) and give the client what that
//! lends, in a function of its own: a stream that is returned is moved, at 1.3 KB each time.
//!
//! # What must be proven
//!
//! | choice | the server has | for |
//! |---|---|---|
//! | [`Pins`] | one of these keys | a relay of one's own; needs no clock |
//! | [`Roots`] | a certificate for its name, and a chain to one of these roots | a provider, whose keys change |
//! | [`Roots::and_pins`] | both | |
//! | [`Roots::danger_without_dates`] | a chain whose dates nobody checks | a device without a clock |
//! | [`DangerNoVerification`] | nothing | nothing but a test |
//!
//! A server is proven when its certificate was accepted and *then* what it signed in the handshake was
//! right, with the key of that same certificate. In any other order, or if either is missing, opening
//! fails and nothing was sent on the session.
//!
//! P-256 keys are taken always. `with_rsa` (feature `rsa`) and `with_p384` (feature `p384`) take
//! others, and are what links them: a feature that is on and a method that is not called cost no flash,
//! only some stack.
//! RSA: 2048 to 4096 bits, PKCS #1 v1.5 and PSS in chains, PSS in the handshake, SHA-256, 384 and 512.
//! The server is told of RSA only with `with_rsa`; an RSA authority above a P-256 server needs it too.
//! It is always told of P-384 and Ed25519: a server that has such a key besides may choose it, and is
//! refused without `with_p384`, or in any case.
//!
//! The bounds are this crate's and not the server's: [`CERTIFICATES_MAX`] certificates, and
//! [`SIGNATURE_CHECKS_MAX`] signature checks for a chain.
//!
//! # Buffers
//!
//! The buffer for reading holds one record, and the record with the certificates is the largest of the
//! handshake: the certificates' bytes in DER, 5 for each and 25, and where the server puts its
//! signature into the same record, up to 650 more. One that does not fit is refused with the bytes it
//! has ([`Error::ReadBuffer`]).
//!
//! | bytes | enough for |
//! |---|---|
//! | [`READ_BUFFER_MIN`] | a server with one P-256 certificate |
//! | 4,096 | a relay of one's own, with one or two RSA certificates |
//! | 8,192 | public authorities, as seen in 2026: 2,200 to 5,200 |
//! | [`READ_BUFFER_MAX`] | any server: a record has no more |
//!
//! After the handshake a server may send records of 16 KiB, but what an SMTP server says is short.
//! The buffer for writing needs [`WRITE_BUFFER_MIN`] bytes; a record then carries 128 less than it
//! has, and each record costs a write of its own and 22 bytes. The same [`Records`] serve one session
//! after the other.
//!
//! # Not supported
//!
//! TLS 1.2, handshake messages that are split over records, resumption, X25519 (the key exchange is P-256), HelloRetryRequest, key updates, client
//! certificates, cipher suites but TLS_AES_128_GCM_SHA256, Ed25519 certificates, revocation, critical
//! certificate policies. Where a server needs one of these, another TLS stack does: rustls on a host,
//! a TLS library in C on a device, or a modem's own, wrapped in [`Vouched`](crate::Vouched).
//!
//! # What is left to trust
//!
//! No certificate, key or signature can make this module panic, and before the server is proven the gate
//! keeps records from the TLS library that it would not bear. Behind the handshake the content of a record
//! is for the library alone to see: there, a server that is proven is trusted to keep to the protocol, and
//! a breach of it may end in a panic of the library. With [`DangerNoVerification`], that is anybody on
//! the way.
//!
//! [embedded-tls]: https://docs.rs/embedded-tls

#[cfg(feature = "_fuzzing")]
#[doc(hidden)]
pub mod _fuzzing;
pub mod asynch;
pub mod blocking;
mod certificate;
mod chain;
mod der;
mod error;
mod gate;
mod key;
mod latch;
mod library;
mod name;
mod p256;
#[cfg(feature = "p384")]
mod p384;
mod pace;
mod plaintext;
mod random;
#[cfg(feature = "rsa")]
mod rsa;
mod verify;
#[cfg(test)]
mod wycheproof;

pub use chain::{CERTIFICATES_MAX, SIGNATURE_CHECKS_MAX};
pub use error::{CertificateFault, Error, Failure};
pub use name::ServerName;
pub use random::{Filled, Random};
pub use rustls_pki_types::{CertificateDer, TrustAnchor};
pub use verify::{DangerNoVerification, Pin, Pins, Roots, Verify, Watched, anchor};

use gate::Link;
use pace::Tick;

/// The least bytes for reading: a server with one P-256 certificate. See the table above.
pub const READ_BUFFER_MIN: u16 = 1_024;

/// The bytes for reading with which any record can be read.
pub const READ_BUFFER_MAX: u16 = gate::RECORD_MAX;

/// The least bytes for writing: what the client says first, with the longest name, has to fit.
pub const WRITE_BUFFER_MIN: u16 = 640;

/// The bytes for writing that are of use: a record holds at most 2^14 (RFC 8446 §5.1). What a buffer
/// has beyond is left alone.
pub const WRITE_BUFFER_MAX: u16 = 16_384 + 128;

/// The buffers for a session's records. They can be used for one session after the other.
#[derive(Debug)]
pub struct Records<'r> {
    read: &'r mut [u8],
    write: &'r mut [u8],
    link: Link<'r>,
}

impl<'r> Records<'r> {
    /// Buffers for records that are read, and for those that are written: at least
    /// [`READ_BUFFER_MIN`] and [`WRITE_BUFFER_MIN`] bytes. No more than [`WRITE_BUFFER_MAX`] are
    /// written to.
    ///
    /// # Errors
    ///
    /// [`Error::ReadBuffer`] and [`Error::WriteBuffer`].
    pub fn new(read: &'r mut [u8], write: &'r mut [u8]) -> Result<Self, Error> {
        if read.len() < READ_BUFFER_MIN.into() {
            return Err(Error::ReadBuffer {
                needed: READ_BUFFER_MIN,
            });
        }
        if write.len() < WRITE_BUFFER_MIN.into() {
            return Err(Error::WriteBuffer {
                needed: WRITE_BUFFER_MIN,
            });
        }
        // The library fills what it is given, and no server takes a record that holds more.
        let most = write.len().min(WRITE_BUFFER_MAX.into());
        Ok(Self {
            read,
            write: write.get_mut(..most).unwrap_or_default(),
            link: Link::default(),
        })
    }

    /// Calls `tick` between the long computations of a handshake: before each signature check, and before
    /// each record of the server. A watchdog can be fed there.
    ///
    /// ```
    /// # use embedded_smtp::tls::Records;
    /// # let (mut read, mut write) = ([0; 1_024], [0; 640]);
    /// # fn feed_the_watchdog() {}
    /// let mut records = Records::new(&mut read, &mut write)?.with_tick(&feed_the_watchdog);
    /// # Ok::<(), embedded_smtp::tls::Error>(())
    /// ```
    #[must_use]
    pub const fn with_tick(mut self, tick: &'r (dyn Fn() + Sync)) -> Self {
        self.link.tick = Tick::new(tick);
        self
    }
}
