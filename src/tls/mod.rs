//! TLS 1.3 that authenticates the server (feature `embedded-tls`).
//!
//! [embedded-tls] does the handshake and the records. This module makes sure that a session is opened only
//! to an authenticated server, and that no record reaches the library which it cannot handle. It knows no
//! SMTP.
//!
//! ```text
//!  Client (blocking or async)
//!      │ plain bytes
//!  Stream ── poisoned by a call that failed or was dropped
//!      │
//!  embedded-tls ──── latch ── what must be proven: Pins, Roots
//!      │ records       │
//!    gates           certificates and signatures: P-256, P-384, RSA, rustls-webpki
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
//!     .starttls(|tcp| Stream::open(tcp, &mut records, &name, Roots::new(&anchors, now), random))
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
//! | [`Pins`] | one of these keys | your own relay; needs no clock |
//! | [`Roots`] | a certificate for its name, and a chain to one of these roots | a provider, whose keys change |
//! | [`Roots::and_pins`] | both | |
//! | [`Roots::danger_without_dates`] | a chain whose dates are not checked | a device without a clock |
//! | [`DangerNoVerification`] | nothing | only tests |
//!
//! A server is proven when its certificate was accepted and *then* its signature of the handshake was
//! right, with the key of that same certificate. In any other order, or if either is missing, opening
//! fails and nothing was sent on the session.
//!
//! P-256 keys are always accepted. `with_rsa` (feature `rsa`) and `with_p384` (feature `p384`) accept
//! others. These methods link the code: a feature that is on without a call of its method costs no flash,
//! only some stack.
//! RSA: 2048 to 4096 bits, PKCS #1 v1.5 and PSS in chains, PSS in the handshake, SHA-256, 384 and 512.
//! RSA is offered to the server only with `with_rsa`; an RSA authority above a P-256 server needs it too.
//! P-384 and Ed25519 are always offered: a server that also has such a key may choose it. It is then
//! refused without `with_p384`, or in any case.
//!
//! This crate sets the bounds, not the server: [`CERTIFICATES_MAX`] certificates, and
//! [`SIGNATURE_CHECKS_MAX`] signature checks for a chain.
//!
//! # Pins and renewal
//!
//! A [`Pin`] stays valid as long as the server's key does. ACME clients make a new key at each renewal,
//! every few weeks, unless told to reuse it (certbot: `--reuse-key`). So set that option, or pin two keys: the
//! one in use and the next one, kept off the server.
//!
//! ```
//! use embedded_smtp::pin;
//! use embedded_smtp::tls::{Pin, Pins};
//!
//! const IN_USE: Pin = pin!("00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef");
//! const NEXT: Pin = pin!("ffeeddccbbaa99887766554433221100fedcba9876543210fedcba9876543210");
//!
//! let choice = Pins::new(&[IN_USE, NEXT]);
//! ```
//!
//! # Buffers
//!
//! The read buffer holds one record. The largest record of the handshake is the one with the certificates:
//! their bytes in DER, 5 for each and 25, and up to 650 more if the server puts its signature into the
//! same record. A record that does not fit is refused with its size ([`Error::ReadBuffer`]).
//!
//! | bytes | enough for |
//! |---|---|
//! | [`READ_BUFFER_MIN`] | a server with one P-256 certificate, and short session tickets |
//! | 4,096 | your own relay, with one or two RSA certificates |
//! | 8,192 | most public authorities, as seen in 2026: 2,200 to 6,200; a provider sent 8,307 in 2024 |
//! | [`READ_BUFFER_MAX`] | any server: no record is longer |
//!
//! Two more records can be large. A server that asks for a client certificate and names the authorities it
//! accepts, as a mail server with the system's bundle does, sends one of up to 14.8 KB. After the handshake
//! a server sends session tickets, of 200 to 1,300 bytes. What an SMTP server says is short.
//!
//! The write buffer needs [`WRITE_BUFFER_MIN`] bytes. A record carries 128 bytes less than the buffer has,
//! and each record costs one write and 22 bytes. The same [`Records`] serve one session after another.
//!
//! # Time
//!
//! A handshake computes for a long time. In millions of instructions on a Cortex-M3, at opt-level `s`
//! (`benches/tls/run polls`); at 64 MHz, ten million take about a quarter of a second:
//!
//! | the server proves | in all | longest poll | between two ticks |
//! |---|---|---|---|
//! | a pinned P-256 key | 20 | 10 | 10 |
//! | a chain of two, P-256 | 39 | 20 | 10 |
//! | a chain of five, P-256 | 69 | 49 | 10 |
//! | a chain of two, RSA-2048 | 21 | 10 | 10 |
//! | a chain of five, RSA-4096 | 54 | 37 | 10 |
//! | a chain of five, P-384 and RSA-4096 | 159 | 121 | 28 |
//!
//! - **Watchdogs.** [`Records::with_tick`] takes a function that is called before each signature check and
//!   each record: the last column is the longest that a watchdog waits.
//! - **Other tasks.** The async stream yields before each record of the server. The certificates are
//!   checked in one poll, since the library lends them for the time of a call: the third column. A server
//!   that puts all its messages into one record makes it longer by the last signature check. Where other
//!   tasks cannot wait for that, run them on an executor of higher priority, such as embassy's
//!   `InterruptExecutor`.
//!
//! # `Send`
//!
//! The futures of [`asynch`] are not `Send`, since those of the library are not: it holds a pointer
//! across an await. On a multi-threaded executor, run them where they stay: `tokio::task::spawn_local` in
//! a `LocalSet`, or a thread with a runtime of its own. Or use a TLS library made for hosts, such as
//! rustls, in [`Vouched`](crate::Vouched).
//!
//! # Not supported
//!
//! TLS 1.2, handshake messages that are split over records, resumption, X25519 (the key exchange is P-256),
//! HelloRetryRequest, key updates, client certificates, cipher suites other than TLS_AES_128_GCM_SHA256,
//! Ed25519 certificates, revocation, critical certificate policies. For a server that needs one of these,
//! wrap another TLS library in [`Vouched`](crate::Vouched): rustls on a host, a library in C on a device,
//! or a modem's own.
//!
//! Groups, signature schemes and extensions that the library does not know are ignored, as RFC 8446 §4.2
//! asks.
//!
//! # What no server can do
//!
//! No certificate, key, signature or record can make this module panic, whether the server is proven or not.
//! Before the server is proven, the gate lets only those records through that its place in the handshake
//! allows. Every record that was decrypted is examined before the library sees it. After the handshake
//! that leaves data and alerts.
//!
//! The order of handshake messages is checked within each record, and that EncryptedExtensions comes first.
//! Across records, the certificate and its signature are in order or the server is not proven; a
//! certificate request that comes late in a record of its own is not noticed.
//!
//! A dependent crate that turns on `embedded-tls/alloc` links an allocator; nothing here needs it.
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

/// The smallest read buffer, in bytes: a server with one P-256 certificate. See the table above.
pub const READ_BUFFER_MIN: u16 = 1_024;

/// The read buffer, in bytes, that holds any record.
pub const READ_BUFFER_MAX: u16 = gate::RECORD_MAX;

/// The smallest write buffer, in bytes: it holds the client's first message with the longest name.
pub const WRITE_BUFFER_MIN: u16 = 640;

/// The largest write buffer of use, in bytes: a record holds at most 2^14 (RFC 8446 §5.1). The rest of a
/// longer buffer is not written to.
pub const WRITE_BUFFER_MAX: u16 = 16_384 + 128;

/// The buffers for a session's records, and its tick. They serve one session after another.
#[derive(Debug)]
pub struct Records<'r> {
    read: &'r mut [u8],
    write: &'r mut [u8],
    link: Link<'r>,
}

impl<'r> Records<'r> {
    /// The read buffer and the write buffer: at least [`READ_BUFFER_MIN`] and [`WRITE_BUFFER_MIN`] bytes. At
    /// most [`WRITE_BUFFER_MAX`] bytes of the latter are used.
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
