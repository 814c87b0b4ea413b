//! What the fuzz targets reach of the arithmetic and of the verifier. No part of the interface.

use super::certificate::PublicKeyInfo;
use super::error::Error;
use super::gate::Link;
use super::latch::Verifier;
use super::name::ServerName;
use super::pace::Tick;
use super::verify::Verify;
use crate::proof::Proof;

/// A call on the verifier.
#[derive(Debug, Clone, Copy)]
pub enum Call<'c> {
    /// The server shows certificates, its own first. `None` is a raw public key.
    Certificates(&'c [Option<&'c [u8]>]),
    /// The server shows a signature, and the number of its scheme.
    Signature(u16, &'c [u8]),
}

/// Makes these calls on a verifier, and asks it what was proven.
///
/// # Errors
///
/// What the verifier says.
pub fn verify<V: Verify>(
    choice: V,
    name: &ServerName<'_>,
    transcript: [u8; 32],
    calls: &[Call<'_>],
) -> Result<Proof, Error> {
    let mut verifier = Verifier::new(name, choice, Tick::default());
    for call in calls {
        match call {
            Call::Certificates(chain) => verifier.certificates(transcript, chain.iter().copied()),
            Call::Signature(scheme, signature) => verifier.signature(*scheme, signature),
        };
    }
    // As if the handshake had ended well.
    verifier.outcome(Ok(()), &Link::default())
}

/// The SubjectPublicKeyInfo that is found in a certificate, the content of its AlgorithmIdentifier,
/// and the bytes of the key.
#[must_use]
pub fn public_key_info(der: &[u8]) -> Option<[&[u8]; 3]> {
    PublicKeyInfo::of_certificate(der).map(|info| [info.whole, info.algorithm, info.key])
}

/// What an RSA signature is made by.
#[cfg(feature = "rsa")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaScheme {
    /// PKCS #1 v1.5 with SHA-256.
    Pkcs1Sha256,
    /// PKCS #1 v1.5 with SHA-384.
    Pkcs1Sha384,
    /// PKCS #1 v1.5 with SHA-512.
    Pkcs1Sha512,
    /// PSS with SHA-256.
    PssSha256,
    /// PSS with SHA-384.
    PssSha384,
    /// PSS with SHA-512.
    PssSha512,
}

/// Verifies a signature with the bytes of an `RSAPublicKey`.
#[cfg(feature = "rsa")]
#[must_use]
pub fn rsa_verify(scheme: RsaScheme, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    use super::rsa;
    let verify = match scheme {
        RsaScheme::Pkcs1Sha256 => rsa::pkcs1_sha256,
        RsaScheme::Pkcs1Sha384 => rsa::pkcs1_sha384,
        RsaScheme::Pkcs1Sha512 => rsa::pkcs1_sha512,
        RsaScheme::PssSha256 => rsa::pss_sha256,
        RsaScheme::PssSha384 => rsa::pss_sha384,
        RsaScheme::PssSha512 => rsa::pss_sha512,
    };
    verify(key, message, signature)
}

/// The block that a signature holds; none where the key is refused, or the signature by its length
/// or value.
#[cfg(feature = "rsa")]
#[must_use]
pub fn rsa_open<'b>(key: &[u8], signature: &[u8], block: &'b mut [u8; 512]) -> Option<&'b [u8]> {
    let key = super::rsa::PublicKey::from_der(key).ok()?;
    let mut number = [0; 128];
    if !key.open(signature, &mut number) {
        return None;
    }
    key.octets(&number, block).map(|block| &*block)
}
