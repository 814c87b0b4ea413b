//! Everything this crate asks of embedded-tls: the connections, the cipher suite, the configuration, and
//! the meaning of its errors.
//!
//! No other file names the library. What to read again when its version moves stands in
//! `CONTRIBUTING.md`.

use aead::consts::{U0, U12, U16};
use aead::{AeadCore, AeadInPlace, Key, KeyInit, KeySizeUser, Nonce, Tag};
use embedded_io::ErrorKind;
use embedded_tls::alert::AlertDescription;
use embedded_tls::{
    Aes128GcmSha256, CertificateEntryRef, CertificateRef, CertificateVerifyRef, CryptoProvider,
    TlsCipherSuite, TlsConfig, TlsVerifier,
};
use rand_core::{CryptoRng, CryptoRngCore, RngCore};
use sha2::Sha256;
use sha2::digest::core_api::BlockSizeUser;
use sha2::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Reset, Update};

use crate::fault::Trouble;
use crate::transport::trouble;

use super::error::{CertificateFault, Error};
use super::gate::{Link, Stage};
use super::latch::Verifier;
use super::name::ServerName;
use super::plaintext;
use super::random::Random;
use super::verify::Verify;

pub(super) use embedded_tls::{TlsContext as Context, TlsError};

/// A connection over a blocking transport.
pub(super) type Blocking<'b, T> = embedded_tls::blocking::TlsConnection<'b, T, Suite>;

/// A connection over an async transport.
pub(super) type Async<'b, T> = embedded_tls::TlsConnection<'b, T, Suite>;

/// TLS_AES_128_GCM_SHA256 with a look at each record that was decrypted.
///
/// The library makes a cipher for each record, of nothing but the key. So the gate tells it the place of
/// the record in the session: in the version of the record's header, which has no meaning (RFC 8446 §5.1).
pub(super) struct Suite;

impl TlsCipherSuite for Suite {
    const CODE_POINT: u16 = Aes128GcmSha256::CODE_POINT;
    type Cipher = Cipher;
    type KeyLen = U16;
    type IvLen = U12;
    type Hash = Transcript;
    type LabelBufferSize = <Aes128GcmSha256 as TlsCipherSuite>::LabelBufferSize;
}

/// The library's cipher, between the two gates.
pub(super) struct Cipher(Aes128Gcm);

type Aes128Gcm = <Aes128GcmSha256 as TlsCipherSuite>::Cipher;

impl KeySizeUser for Cipher {
    type KeySize = U16;
}

impl KeyInit for Cipher {
    #[inline(always)] // A part of the library's code, as its own cipher is.
    fn new(key: &Key<Self>) -> Self {
        Self(Aes128Gcm::new(key))
    }
}

impl AeadCore for Cipher {
    type NonceSize = U12;
    type TagSize = U16;
    type CiphertextOverhead = U0;
}

impl AeadInPlace for Cipher {
    fn encrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        header: &[u8],
        record: &mut [u8],
    ) -> aead::Result<Tag<Self>> {
        self.0.encrypt_in_place_detached(nonce, header, record)
    }

    fn decrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        header: &[u8],
        record: &mut [u8],
        tag: &Tag<Self>,
    ) -> aead::Result<()> {
        let (place, header) = super::gate::sent(header).ok_or(aead::Error)?;
        self.0
            .decrypt_in_place_detached(nonce, &header, record, tag)?;
        plaintext::examine(place, record).map_err(|plaintext::Broken| aead::Error)
    }
}

/// The hash of the handshake, of the messages as the server sent them.
///
/// The library computes its keys with this type too. A key or label that has the form of a message with
/// a hidden list would spoil the handshake, at random once in 2^48.
#[derive(Clone, Default)]
pub(super) struct Transcript(Sha256);

impl Transcript {
    // Not inlined: the stack it needs is free again when the certificates are checked.
    #[inline(never)]
    fn hash(&self) -> [u8; 32] {
        self.clone().finalize_fixed().into()
    }
}

impl HashMarker for Transcript {}

impl OutputSizeUser for Transcript {
    type OutputSize = <Sha256 as OutputSizeUser>::OutputSize;
}

impl BlockSizeUser for Transcript {
    type BlockSize = <Sha256 as BlockSizeUser>::BlockSize;
}

impl Update for Transcript {
    #[inline(always)]
    fn update(&mut self, bytes: &[u8]) {
        plaintext::as_sent(bytes, |bytes| Update::update(&mut self.0, bytes));
    }
}

impl FixedOutput for Transcript {
    #[inline(always)] // As the library's own hash: calls of it would each have a copy on the stack.
    fn finalize_into(self, hash: &mut Output<Self>) {
        FixedOutput::finalize_into(self.0, hash);
    }
}

impl Reset for Transcript {
    fn reset(&mut self) {
        Reset::reset(&mut self.0);
    }
}

/// Lends the library what it needs for one handshake.
pub(super) struct Provider<'p, 'v, R, V> {
    pub(super) random: Source<'p, R>,
    pub(super) verifier: &'p mut Verifier<'v, V>,
}

impl<R: Random, V: Verify> CryptoProvider for Provider<'_, '_, R, V> {
    type CipherSuite = Suite;
    // Of a client's certificate, which there is none of.
    type Signature = &'static [u8];

    fn rng(&mut self) -> impl CryptoRngCore {
        &mut self.random
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Suite>, TlsError> {
        Ok(&mut *self.verifier)
    }
}

/// The caller's source of random bytes, as the library wants it. If it fails, nothing is sent any more.
pub(super) struct Source<'p, R> {
    pub(super) random: &'p mut R,
    pub(super) link: &'p Link<'p>,
}

impl<R: Random> RngCore for Source<'_, R> {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        if self.random.fill(bytes).is_err() {
            self.link.refuse_random();
            // The library takes no zeros for a key and would ask for ever.
            bytes.fill(1);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: Random> CryptoRng for Source<'_, R> {}

impl<V: Verify> TlsVerifier<Suite> for Verifier<'_, V> {
    fn set_hostname_verification(&mut self, _: &str) -> Result<(), TlsError> {
        Ok(())
    }

    fn verify_certificate(
        &mut self,
        transcript: &Transcript,
        certificates: CertificateRef<'_>,
    ) -> Result<(), TlsError> {
        let transcript = transcript.hash();
        let certificates = certificates.entries.iter().map(|entry| match entry {
            CertificateEntryRef::X509(der) => Some(*der),
            CertificateEntryRef::RawPublicKey(_) => None,
        });
        match self.certificates(transcript, certificates) {
            true => Ok(()),
            false => Err(TlsError::InvalidCertificate),
        }
    }

    fn verify_signature(&mut self, verify: CertificateVerifyRef<'_>) -> Result<(), TlsError> {
        match self.signature(verify.signature_scheme.as_u16(), verify.signature) {
            true => Ok(()),
            false => Err(TlsError::InvalidSignature),
        }
    }
}

pub(super) fn config<'n>(name: &ServerName<'n>, offers_rsa: bool) -> TlsConfig<'n> {
    let mut config = TlsConfig::new();
    // RFC 6066 §3: an IP address is not sent.
    if let Some(name) = name.as_dns_name() {
        config = config.with_server_name(name);
    }
    if offers_rsa {
        config = config.enable_rsa_signatures();
    }
    config
}

/// Whether the error is the end of the session: close_notify, or the end of the transport.
pub(super) const fn is_end(error: &TlsError) -> bool {
    matches!(error, TlsError::ConnectionClosed | TlsError::IoError)
}

/// The meaning of an error of the library.
pub(super) fn error(error: TlsError, link: &Link<'_>) -> Error {
    if let Some(fault) = link.fault() {
        return fault;
    }
    let is_open = matches!(link.stage(), Stage::Open | Stage::Shut);
    match error {
        TlsError::Io(ErrorKind::WriteZero) => closed(link),
        TlsError::Io(kind) if trouble(kind) == Trouble::Closed => closed(link),
        TlsError::Io(kind) => Error::Io(kind),
        TlsError::IoError | TlsError::ConnectionClosed => closed(link),
        TlsError::HandshakeAborted(_, AlertDescription::ProtocolVersion) => Error::NoTls13,
        TlsError::HandshakeAborted(_, AlertDescription::HandshakeFailure) => Error::NothingInCommon,
        TlsError::HandshakeAborted(_, description) => Error::Alert(Some(description as u8)),
        TlsError::CryptoError => Error::Record,
        // A number that the library does not know.
        TlsError::InvalidSignatureScheme => CertificateFault::Scheme.into(),
        // The rest as `plaintext::examine` has it.
        TlsError::Unimplemented => Error::SplitMessage,
        TlsError::InvalidRecord if is_open => Error::KeyUpdate,
        TlsError::DecodeError if is_open => Error::ClientCertificate,
        TlsError::InternalError if is_open => Error::Alert(None),
        TlsError::InvalidRecord => Error::Alert(None),
        _ if is_open => Error::Record,
        _ => Error::Handshake,
    }
}

/// The server closed the connection: before it said anything, or later.
fn closed(link: &Link<'_>) -> Error {
    if link.stage() == Stage::Hello {
        Error::NoAnswer
    } else {
        Error::Closed
    }
}
