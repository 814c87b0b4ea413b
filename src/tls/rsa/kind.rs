//! RSA keys as servers and certificate authorities have them (RFC 8446 §4.2.3, RFC 4055).

use rustls_pki_types::{AlgorithmIdentifier, alg_id};

use super::key::PublicKey;
use super::{pkcs1_sha256, pkcs1_sha384, pkcs1_sha512, pss_sha256, pss_sha384, pss_sha512};
use crate::tls::error::CertificateFault;
use crate::tls::key::{ChainAlgorithm, Check, KeyType};

/// A modulus and an exponent.
///
/// RFC 8446 §4.2.3: PKCS #1 v1.5 signs certificates, "and are not defined for use in signed TLS
/// handshake messages".
pub(in crate::tls) static KEY: KeyType = KeyType {
    algorithm: alg_id::RSA_ENCRYPTION,
    examine,
    schemes: &[
        (0x0804, pss_sha256),
        (0x0805, pss_sha384),
        (0x0806, pss_sha512),
    ],
};

/// How certificates are signed with such a key.
pub(in crate::tls) static CHAIN: [ChainAlgorithm; 9] = [
    by(alg_id::RSA_PKCS1_SHA256, pkcs1_sha256),
    by(alg_id::RSA_PKCS1_SHA384, pkcs1_sha384),
    by(alg_id::RSA_PKCS1_SHA512, pkcs1_sha512),
    by(SHA256_WITHOUT_NULL, pkcs1_sha256),
    by(SHA384_WITHOUT_NULL, pkcs1_sha384),
    by(SHA512_WITHOUT_NULL, pkcs1_sha512),
    by(alg_id::RSA_PSS_SHA256, pss_sha256),
    by(alg_id::RSA_PSS_SHA384, pss_sha384),
    by(alg_id::RSA_PSS_SHA512, pss_sha512),
];

const fn by(signature: AlgorithmIdentifier, check: Check) -> ChainAlgorithm {
    ChainAlgorithm {
        key: &KEY,
        signature,
        check,
    }
}

// RFC 4055 §5 wants NULL as parameters. Some private authorities leave it out.
const SHA256_WITHOUT_NULL: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b");
const SHA384_WITHOUT_NULL: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c");
const SHA512_WITHOUT_NULL: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d");

fn examine(key: &[u8]) -> Result<(), CertificateFault> {
    PublicKey::from_der(key).map(|_| ())
}
