//! The errors of opening and using TLS.
//!
//! This file does not know how they are found.

use core::fmt;

use embedded_io::ErrorKind;

/// The reason a session under TLS was not opened, or broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The read buffer is too small: for any server, or for a record that this server announced, mostly
    /// the one with its certificates.
    ReadBuffer {
        /// Bytes that are needed, for this record.
        needed: u16,
    },
    /// The write buffer is too small.
    WriteBuffer {
        /// Bytes that are needed.
        needed: u16,
    },
    /// The server's certificates, or its signature with their key, were not accepted.
    Certificate(CertificateFault),
    /// The handshake ended, and the server has not proven who it is: it sent no certificate, or no
    /// signature, or not in this order.
    NotProven,
    /// The server does not speak TLS 1.3.
    NoTls13,
    /// The server and this client have no cipher suite, key exchange or kind of key in common. Some
    /// servers that do not know TLS 1.3 say this too.
    NothingInCommon,
    /// The server wants another key exchange than P-256 (HelloRetryRequest).
    OtherKeyExchange,
    /// The server split a handshake message over records, which is not supported.
    SplitMessage,
    /// The server changes its keys (KeyUpdate), which is not supported.
    KeyUpdate,
    /// The server requires a certificate of the client, which is not supported. Servers say so after the
    /// handshake: the stream is open by then, and the error comes from reading.
    ClientCertificate,
    /// The server ended the session by an alert (RFC 8446 §6). Its number is known if the alert came
    /// before anything was encrypted.
    Alert(Option<u8>),
    /// A handshake message of the server is wrong or not supported.
    Handshake,
    /// A record breaks the protocol, or was changed on the way.
    Record,
    /// The transport gave an error of this kind.
    Io(ErrorKind),
    /// The server closed the connection before it answered the client's first message. Some servers do
    /// that when they have no key of a kind that is enabled here.
    NoAnswer,
    /// The server closed the connection.
    Closed,
    /// The source of random bytes failed. Nothing was sent.
    Random,
    /// An earlier call failed or was dropped before its end: data sent now could not be decrypted, or
    /// would reveal the key. Nothing was sent.
    Poisoned,
}

/// The reason a certificate chain, or the signature made with its key, was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CertificateFault {
    /// There is no certificate.
    Empty,
    /// There are more than [`CERTIFICATES_MAX`](super::CERTIFICATES_MAX) certificates.
    TooMany,
    /// A certificate is not well formed.
    Malformed,
    /// A certificate has expired, as far as the time given is right.
    Expired {
        /// The end of its validity, in seconds since 1970 (UTC).
        not_after: u64,
    },
    /// A certificate is not valid yet, as far as the time given is right.
    NotYetValid {
        /// The beginning of its validity, in seconds since 1970 (UTC).
        not_before: u64,
    },
    /// The certificate is for other names than that of the server.
    WrongName,
    /// No chain leads to a trusted root.
    UnknownIssuer,
    /// The server shows the certificate of a certificate authority as its own: a self-signed one of
    /// that kind can only be pinned.
    CaAsServer,
    /// An issuer in the chain is not a certificate authority.
    NotCa,
    /// The certificate is not for servers.
    WrongPurpose,
    /// The chain is longer than an issuer allows.
    PathLength,
    /// The name is outside of what an issuer may issue for.
    NameConstraint,
    /// A signature in the chain is wrong.
    BadSignature,
    /// The signature in the handshake was not made with the key of the certificate.
    HandshakeSignature,
    /// The kind of signature in the handshake does not fit the key of the certificate.
    Scheme,
    /// The key is not one of those that were pinned.
    PinMismatch,
    /// The kind of key is not supported or not enabled.
    KeyType,
    /// A key is shorter or longer than is supported, or a point that is compressed.
    KeyLength,
    /// A signature algorithm in the chain is not supported or not enabled.
    Algorithm,
    /// A critical extension is not supported.
    CriticalExtension,
    /// The chain takes more signature checks than
    /// [`SIGNATURE_CHECKS_MAX`](super::SIGNATURE_CHECKS_MAX).
    TooMuchWork,
}

impl CertificateFault {
    /// The fault in words, and what to do.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "the server sent no certificate",
            Self::TooMany => "the server sent more than five certificates",
            Self::Malformed => "a certificate of the server is not well formed",
            Self::Expired { .. } => {
                "a certificate of the server has expired: check the clock, else renew it"
            }
            Self::NotYetValid { .. } => {
                "a certificate of the server is not valid yet: check the clock"
            }
            Self::WrongName => "the server's certificate is for another name: check the name given",
            Self::UnknownIssuer => {
                "the server's certificate leads to no trusted root: give its root, or pin its key"
            }
            Self::CaAsServer => {
                "the server's certificate is that of a certificate authority, mostly a self-signed one: pin its key instead"
            }
            Self::NotCa => "an issuer in the certificate chain is not a certificate authority",
            Self::WrongPurpose => "the server's certificate is not for servers",
            Self::PathLength => "the certificate chain is longer than an issuer in it allows",
            Self::NameConstraint => "the server's name is outside of what an issuer may issue for",
            Self::BadSignature => {
                "a signature in the certificate chain is wrong: it was changed, or the root given has the same name and another key"
            }
            Self::HandshakeSignature => "the server does not have the key of its certificate",
            Self::Scheme => "the server's signature does not fit the key of its certificate",
            Self::PinMismatch => "the server's key is not the pinned one",
            Self::KeyType => {
                "the server has a kind of key that is not supported (as Ed25519) or not enabled (see with_rsa, with_p384)"
            }
            Self::KeyLength => {
                "a key has a length or form that is not supported (RSA: 2048 to 4096 bits; ECDSA: uncompressed)"
            }
            Self::Algorithm => {
                "a certificate is signed in a way that is not supported or not enabled (see with_rsa, with_p384)"
            }
            Self::CriticalExtension => {
                "a certificate has a critical extension that is not supported"
            }
            Self::TooMuchWork => "the certificate chain takes more than ten signature checks",
        }
    }
}

impl Error {
    /// The fault in words, and what to do.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadBuffer { .. } => "the buffer for reading records is too small",
            Self::WriteBuffer { .. } => "the buffer for writing records is too small",
            Self::Certificate(fault) => fault.as_str(),
            Self::NotProven => "the server has not proven who it is",
            Self::NoTls13 => {
                "the server does not speak TLS 1.3: another TLS library is needed for it"
            }
            Self::NothingInCommon => {
                "the server does not speak TLS 1.3, or has nothing in common: it needs AES-128-GCM, P-256, and a key that is enabled here"
            }
            Self::OtherKeyExchange => {
                "the server does not accept P-256 for the key exchange: allow it there, or use another TLS library"
            }
            Self::SplitMessage => {
                "the server splits TLS handshake messages over records, which is not supported: use another TLS library"
            }
            Self::KeyUpdate => {
                "the server changes its TLS keys, which is not supported: open a new connection"
            }
            Self::ClientCertificate => {
                "the server requires a client certificate, which is not supported: log in with a password, or use another TLS library"
            }
            Self::Alert(_) => "the server ended the session by a TLS alert",
            Self::Handshake => "a TLS handshake message of the server is wrong or not supported",
            Self::Record => "a TLS record breaks the protocol or was changed on the way",
            Self::Io(_) => "the transport below TLS failed",
            Self::NoAnswer => {
                "the server closed the connection without an answer: check that the port speaks TLS, and that the server's kind of key is enabled (see with_rsa)"
            }
            Self::Closed => "the server closed the connection",
            Self::Random => "the source of random bytes failed",
            Self::Poisoned => "the TLS session broke before: open a new connection",
        }
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::ReadBuffer { needed } | Self::WriteBuffer { needed } => {
                write!(f, ": {needed} bytes are needed")
            }
            Self::Alert(Some(number)) => write!(f, " ({number})"),
            Self::Io(kind) => write!(f, ": {kind}"),
            _ => Ok(()),
        }
    }
}

impl core::error::Error for CertificateFault {}

impl core::error::Error for Error {}

impl embedded_io::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ReadBuffer { .. } | Self::WriteBuffer { .. } => ErrorKind::OutOfMemory,
            Self::Certificate(_) | Self::NotProven => ErrorKind::PermissionDenied,
            Self::NoTls13
            | Self::NothingInCommon
            | Self::OtherKeyExchange
            | Self::SplitMessage
            | Self::KeyUpdate
            | Self::ClientCertificate => ErrorKind::Unsupported,
            Self::Handshake | Self::Record => ErrorKind::InvalidData,
            Self::Io(kind) => *kind,
            Self::Alert(_) | Self::NoAnswer | Self::Closed => ErrorKind::ConnectionAborted,
            Self::Random => ErrorKind::Other,
            Self::Poisoned => ErrorKind::NotConnected,
        }
    }
}

impl From<CertificateFault> for Error {
    fn from(fault: CertificateFault) -> Self {
        Self::Certificate(fault)
    }
}

/// TLS could not be opened. The transport can only be closed.
#[derive(Clone, Copy)]
pub struct Failure<T> {
    /// The transport as it was given. Nothing worth protecting was sent on it.
    pub transport: T,
    /// The reason.
    pub error: Error,
}

impl<T> fmt::Display for Failure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// Shows the error, and nothing of the transport.
impl<T> fmt::Debug for Failure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl<T> core::error::Error for Failure<T> {}
