//! ECDSA with P-256 (RFC 8446 §4.2.3, RFC 5758 §3.2).

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use rustls_pki_types::alg_id;
use sha2::{Sha256, Sha384};

use super::error::CertificateFault;
use super::key::{ChainAlgorithm, KeyType, digest};

/// A point on P-256.
pub(super) static KEY: KeyType = KeyType {
    algorithm: alg_id::ECDSA_P256,
    examine,
    schemes: &[(0x0403, sha256)],
};

/// How certificates are signed with such a key.
pub(super) static CHAIN: [ChainAlgorithm; 2] = [
    ChainAlgorithm {
        key: &KEY,
        signature: alg_id::ECDSA_SHA256,
        check: sha256,
    },
    ChainAlgorithm {
        key: &KEY,
        signature: alg_id::ECDSA_SHA384,
        check: sha384,
    },
];

/// RFC 8446 §4.2.8.2: uncompressed points only, as in certificates everywhere.
fn examine(key: &[u8]) -> Result<(), CertificateFault> {
    match key {
        [4, coordinates @ ..] if coordinates.len() == 64 => Ok(()),
        _ => Err(CertificateFault::KeyLength),
    }
}

fn sha256(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    check(key, &digest::<Sha256>(message), signature)
}

fn sha384(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    check(key, &digest::<Sha384>(message), signature)
}

#[inline(never)]
fn check(key: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    if examine(key).is_err() {
        return false;
    }
    let Ok(signature) = Signature::from_der(signature) else {
        return false;
    };
    match point(key) {
        Some(key) => key.verify_prehash(digest, &signature).is_ok(),
        None => false,
    }
}

// Not inlined: what it needs of the stack is gone when the signature is checked.
#[inline(never)]
fn point(key: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_sec1_bytes(key).ok()
}
