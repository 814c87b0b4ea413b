//! Kinds of keys, and what is signed with them.
//!
//! A kind is a value that refers to its code: what a firmware does not name is not linked.

use heapless::Vec;
use rustls_pki_types::AlgorithmIdentifier;
use sha2::Digest;
use sha2::digest::Output;

use super::certificate::PublicKeyInfo;
use super::error::CertificateFault;

/// Checks a signature: of this key, on this message.
pub(super) type Check = fn(key: &[u8], message: &[u8], signature: &[u8]) -> bool;

/// A kind of key that a server may have.
pub(super) struct KeyType {
    /// The content of the AlgorithmIdentifier in SubjectPublicKeyInfo.
    pub(super) algorithm: AlgorithmIdentifier,
    /// Whether a key's length and form are right.
    pub(super) examine: fn(key: &[u8]) -> Result<(), CertificateFault>,
    /// The signature schemes of the handshake that fit it (RFC 8446 §4.2.3).
    pub(super) schemes: &'static [(u16, Check)],
}

/// A way in which certificates are signed.
pub(super) struct ChainAlgorithm {
    /// The kind of the issuer's key.
    pub(super) key: &'static KeyType,
    /// The content of the AlgorithmIdentifier of the signature.
    pub(super) signature: AlgorithmIdentifier,
    pub(super) check: Check,
}

/// The kinds of keys that are taken: P-256, and those that were asked for.
#[derive(Clone, Copy)]
pub(super) struct KeyTypes {
    pub(super) p384: Option<&'static KeyType>,
    pub(super) rsa: Option<&'static KeyType>,
}

impl KeyTypes {
    pub(super) const P256: Self = Self {
        p384: None,
        rsa: None,
    };

    fn iter(self) -> impl Iterator<Item = &'static KeyType> {
        [Some(&super::p256::KEY), self.p384, self.rsa]
            .into_iter()
            .flatten()
    }
}

/// The key in the server's certificate.
#[derive(Clone, Copy)]
pub struct LeafKey<'c> {
    kind: &'static KeyType,
    octets: &'c [u8],
}

impl<'c> LeafKey<'c> {
    pub(super) fn of(info: PublicKeyInfo<'c>, kinds: KeyTypes) -> Result<Self, CertificateFault> {
        let kind = kinds
            .iter()
            .find(|kind| kind.algorithm.as_ref() == info.algorithm)
            .ok_or(CertificateFault::KeyType)?;
        (kind.examine)(info.key)?;
        Ok(Self {
            kind,
            octets: info.key,
        })
    }
}

/// A copy of that key, since the certificate's buffer is used again. It is filled in place: each move
/// would take half a kilobyte of stack.
#[derive(Default)]
pub(super) struct KeptKey {
    kind: Option<&'static KeyType>,
    octets: Vec<u8, KEY_MAX>,
}

impl KeptKey {
    pub(super) fn keep(&mut self, key: LeafKey<'_>) -> Result<(), CertificateFault> {
        self.kind = None;
        self.octets.clear();
        self.octets
            .extend_from_slice(key.octets)
            .map_err(|_| CertificateFault::KeyLength)?;
        self.kind = Some(key.kind);
        Ok(())
    }

    /// Checks what was signed in the handshake.
    pub(super) fn check(
        &self,
        scheme: u16,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CertificateFault> {
        let kind = self.kind.ok_or(CertificateFault::KeyType)?;
        let (_, check) = kind
            .schemes
            .iter()
            .find(|(fitting, _)| *fitting == scheme)
            .ok_or(CertificateFault::Scheme)?;
        if check(&self.octets, message, signature) {
            Ok(())
        } else {
            Err(CertificateFault::HandshakeSignature)
        }
    }
}

/// The hash of a message. Not inlined: what it needs of the stack is gone when the signature is checked.
#[inline(never)]
pub(super) fn digest<D: Digest>(message: &[u8]) -> Output<D> {
    D::digest(message)
}

/// The longest key, in bytes: RSA with 4096 bits and an exponent of 32, the coordinates of a point on
/// P-384, or on P-256.
const KEY_MAX: usize = if cfg!(feature = "rsa") {
    528
} else if cfg!(feature = "p384") {
    97
} else {
    65
};
