//! What the client must know of the link below it: whether it keeps a secret.
//!
//! This file opens nothing and verifies nothing.

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::fault::Trouble;
use crate::proof::Proof;

/// What an error of a transport means for the session.
#[inline(never)] // One copy for all calls of all transports.
pub(crate) const fn trouble(kind: ErrorKind) -> Trouble {
    match kind {
        ErrorKind::Interrupted => Trouble::Interrupted,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
            Trouble::Closed
        }
        _ => Trouble::Broken,
    }
}

/// A transport that keeps what is sent on it confidential and knows whose server it leads to.
///
/// Only over such a transport does a client hand out credentials, unless a method with `danger` in
/// its name is called. The trait is sealed: the streams of this crate's `tls` have it, and what the
/// caller has wrapped in [`Vouched`].
pub trait Secure: Sealed {
    /// What proved the server's identity.
    fn proof(&self) -> Proof;
}

/// Keeps others from calling a transport secure in passing.
pub trait Sealed {}

impl<T: Sealed + ?Sized> Sealed for &mut T {}

impl<T: Secure + ?Sized> Secure for &mut T {
    fn proof(&self) -> Proof {
        (**self).proof()
    }
}

/// A transport for which the caller vouches that it is [`Secure`]: a TLS stream of another
/// library, or a modem's.
///
/// The wrapper proves nothing. It writes down that someone who knows the link has decided.
#[derive(Debug, Clone, Copy)]
pub struct Vouched<T> {
    transport: T,
    proof: Proof,
}

impl<T> Vouched<T> {
    /// The caller states that `transport` encrypts, and that the server's identity was verified.
    pub const fn new(transport: T) -> Self {
        Self {
            transport,
            proof: Proof::Key,
        }
    }

    /// The caller states besides that it was verified by a certificate chain to a trusted root.
    pub const fn by_chain(transport: T) -> Self {
        Self {
            transport,
            proof: Proof::Chain,
        }
    }

    /// The caller states that `transport` encrypts and that nobody knows for whom: credentials will
    /// be handed to whoever is there.
    pub const fn danger_unverified(transport: T) -> Self {
        Self {
            transport,
            proof: Proof::Nothing,
        }
    }

    /// The caller states what proved the server's identity, or that nothing did.
    pub const fn with_proof(transport: T, proof: Proof) -> Self {
        Self { transport, proof }
    }

    /// The transport itself.
    pub fn into_inner(self) -> T {
        self.transport
    }
}

impl<T> Sealed for Vouched<T> {}

impl<T> Secure for Vouched<T> {
    fn proof(&self) -> Proof {
        self.proof
    }
}

impl<T: ErrorType> ErrorType for Vouched<T> {
    type Error = T::Error;
}

impl<T: Read> Read for Vouched<T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.transport.read(buf)
    }
}

impl<T: Write> Write for Vouched<T> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.transport.write(buf)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.transport.flush()
    }
}

impl<T: embedded_io_async::Read> embedded_io_async::Read for Vouched<T> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.transport.read(buf).await
    }
}

impl<T: embedded_io_async::Write> embedded_io_async::Write for Vouched<T> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.transport.write(buf).await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.transport.flush().await
    }
}
