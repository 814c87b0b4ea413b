//! What this module asks of embedded-tls, once for both kinds of streams: the configuration, and what
//! its errors mean.

use embedded_io::ErrorKind;
use embedded_tls::alert::AlertDescription;
use embedded_tls::{
    Aes128GcmSha256, CryptoProvider, CryptoRngCore, TlsConfig, TlsError, TlsVerifier,
};
use rustls_pki_types::ServerName;

use crate::fault::Trouble;
use crate::transport::trouble;

use super::error::{CertificateFault, Error};
use super::gate::Link;
use super::latch::Verifier;
use super::verify::Verify;

/// What the library is given for one handshake.
pub(super) struct Provider<'p, 'v, R, V> {
    pub(super) random: &'p mut R,
    pub(super) verifier: &'p mut Verifier<'v, V>,
}

impl<R: CryptoRngCore, V: Verify> CryptoProvider for Provider<'_, '_, R, V> {
    type CipherSuite = Aes128GcmSha256;
    // Of a client's certificate, which there is none of.
    type Signature = &'static [u8];

    fn rng(&mut self) -> impl CryptoRngCore {
        &mut *self.random
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Aes128GcmSha256>, TlsError> {
        Ok(&mut *self.verifier)
    }
}

pub(super) fn config<'n>(name: &'n ServerName<'_>, offers_rsa: bool) -> TlsConfig<'n> {
    let mut config = TlsConfig::new();
    // RFC 6066 §3: an IP address is not a name that is sent.
    if let ServerName::DnsName(name) = name {
        config = config.with_server_name(name.as_ref());
    }
    if offers_rsa {
        config = config.enable_rsa_signatures();
    }
    config
}

/// What an error of the library means: in the handshake, or after it.
pub(super) fn error(error: TlsError, link: &Link, is_open: bool) -> Error {
    if let Some(fault) = link.fault() {
        return fault;
    }
    match error {
        TlsError::Io(ErrorKind::WriteZero) => Error::Closed,
        TlsError::Io(kind) if trouble(kind) == Trouble::Closed => Error::Closed,
        TlsError::Io(kind) => Error::Io(kind),
        TlsError::IoError | TlsError::ConnectionClosed => Error::Closed,
        TlsError::HandshakeAborted(_, AlertDescription::ProtocolVersion) => Error::NoTls13,
        TlsError::HandshakeAborted(_, AlertDescription::HandshakeFailure) => Error::NothingInCommon,
        TlsError::HandshakeAborted(_, description) => Error::Alert(Some(description as u8)),
        TlsError::CryptoError => Error::Record,
        // A number that the library does not know.
        TlsError::InvalidSignatureScheme => CertificateFault::Scheme.into(),
        // The gate lets nothing else through that the library has these errors for: an alert, and one
        // whose number it does not know.
        TlsError::InternalError | TlsError::DecodeError if is_open => Error::Alert(None),
        _ if is_open => Error::Record,
        _ => Error::Handshake,
    }
}
