//! RSA signatures, beside the crate `rsa`.
//!
//! ```text
//! key: 2048                        a key of keys/, which signs the message
//! der: 3082…                       or an RSAPublicKey in hexadecimal
//! modulus: 2048 ffffffff 0         or a modulus of so many bits, made of these words in turn
//! exponent: 65537                  its exponent
//! scheme: pss-sha256               also pkcs1-, sha384, sha512
//! message: x
//! salt: 20                         octets of the salt, not as many as the digest has
//! info: 3031…                      in front of the digest, not the head of the DigestInfo
//! behind: 00                       behind the digest
//! edit: 12 128                     before it is signed, the block's octet 12 is XORed with 128
//! change: 12 128                   the same behind it, in the signature
//! signature: 00ff…                 in hexadecimal
//! words: ffffffff 1                or made of these words in turn
//! ```
//!
//! Checked: a key and a signature are taken by the rules that are written here; the block that the
//! signature holds is the crate's power; the verdict is the crate's; what was signed here is
//! accepted just if nothing was changed.

mod encode;

use std::sync::OnceLock;

use embedded_smtp::tls::_fuzzing::{RsaScheme, rsa_open, rsa_verify};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs1::der::{Decode, Reader, SliceReader, asn1::UintRef};
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::signature::Verifier;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey, RsaPublicKey, hazmat, pkcs1v15, pss};

use crate::form::Form;

/// The fuzz target.
pub fn rsa(input: &[u8]) {
    let form = Form::read(input);
    let message = form.fields().find(|(key, _)| *key == b"message");
    let message = message.map_or(&b""[..], |(_, value)| value);
    let scheme = form.text("scheme").and_then(Scheme::named);
    let scheme = scheme.unwrap_or(SCHEMES[0]);
    if let Some(key) = form.text("key").and_then(Key::named) {
        let der = public(&key.modulus(), key.private.e());
        let Some(signed) = encode::sign(&form, key, scheme, message) else {
            return;
        };
        let mut signature = signed.signature;
        let is_changed = encode::change(&form, "change", &mut signature);
        let is_valid = check(&der, scheme, message, &signature);
        assert_eq!(is_valid, signed.is_right && !is_changed);
        return;
    }
    let der = match form.text("der").and_then(from_hex) {
        Some(der) => der,
        None => of_words(&form),
    };
    let length = parse(&der).map_or(256, |(n, _)| n.to_bytes_be().len());
    let signature = match form.text("signature").and_then(from_hex) {
        Some(signature) => signature,
        None => words(&form, "words", length),
    };
    check(&der, scheme, message, &signature);
}

/// Holds what the library says against the crate, and gives its verdict.
fn check(der: &[u8], scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
    let mut room = [0x55; 512];
    let block = rsa_open(der, signature, &mut room);
    let verdict = rsa_verify(scheme.library, der, message, signature);
    let number = BigUint::from_bytes_be(signature);
    let key = parse(der).filter(|(n, e)| is_supported(n, e));
    let key = key.filter(|(n, _)| signature.len() == n.bits().div_ceil(8) && number < *n);
    let Some((n, e)) = key else {
        assert!(block.is_none() && !verdict);
        return false;
    };
    let block = block.expect("a key and a signature that are in order");
    assert_eq!(block.len(), signature.len());
    assert_eq!(BigUint::from_bytes_be(block), number.modpow(&e, &n));

    // RFC 8017 §8.1.2, step 2c: a number that is too large for EM, which can be an octet shorter than
    // the modulus, is no signature. The crate leaves that octet out.
    let is_cut = scheme.is_pss && n.bits() % 8 == 1 && block[0] != 0;
    let key = RsaPublicKey::new(n, e).expect("a key of at most 4,096 bits");
    assert_eq!(
        verdict,
        (scheme.by_crate)(key, message, signature) && !is_cut
    );
    verdict
}

/// Whether this is an RSAPublicKey in DER that is to be taken.
pub fn is_key(der: &[u8]) -> bool {
    parse(der).is_some_and(|(n, e)| is_supported(&n, &e))
}

/// RSAPublicKey in DER.
fn parse(der: &[u8]) -> Option<(BigUint, BigUint)> {
    let mut reader = SliceReader::new(der).ok()?;
    let numbers = reader.sequence(|inner| Ok((UintRef::decode(inner)?, UintRef::decode(inner)?)));
    let (n, e) = numbers.ok()?;
    reader.is_finished().then(|| {
        (
            BigUint::from_bytes_be(n.as_bytes()),
            BigUint::from_bytes_be(e.as_bytes()),
        )
    })
}

fn is_supported(n: &BigUint, e: &BigUint) -> bool {
    let is_odd = |number: &BigUint| number.to_bytes_le()[0] & 1 == 1;
    (2048..=4096).contains(&n.bits())
        && is_odd(n)
        && is_odd(e)
        && *e >= BigUint::from(3_u32)
        && *e <= BigUint::from(u32::MAX)
}

/// An RSAPublicKey of this modulus and exponent.
fn public(modulus: &[u8], exponent: &BigUint) -> Vec<u8> {
    let modulus = UintRef::new(modulus).unwrap();
    let exponent = exponent.to_bytes_be();
    let public_exponent = UintRef::new(&exponent).unwrap();
    let key = rsa::pkcs1::RsaPublicKey {
        modulus,
        public_exponent,
    };
    rsa::pkcs1::der::Encode::to_der(&key).unwrap()
}

/// The key whose modulus is made of words.
fn of_words(form: &Form<'_>) -> Vec<u8> {
    let value = form.text("modulus").unwrap_or("2048");
    let bits: usize = value
        .split(' ')
        .next()
        .and_then(|bits| bits.parse().ok())
        .unwrap_or(2048);
    let bits = bits.clamp(9, 4200);
    let mut modulus = words(form, "modulus", bits.div_ceil(8));
    // The highest bit and the lowest.
    let above = modulus.len() * 8 - bits;
    modulus[0] = (modulus[0] & 0xff >> above) | 0x80 >> above;
    *modulus.last_mut().unwrap() |= 1;
    let exponent = form.text("exponent").and_then(|e| e.parse::<u64>().ok());
    public(&modulus, &BigUint::from(exponent.unwrap_or(65537)))
}

/// So many octets of the words in a field. Those of `modulus` stand behind its bits.
fn words(form: &Form<'_>, field: &str, length: usize) -> Vec<u8> {
    let value = form.text(field).unwrap_or("");
    let words: Vec<u32> = value
        .split(' ')
        .skip(usize::from(field == "modulus"))
        .filter_map(|word| u32::from_str_radix(word, 16).ok())
        .collect();
    let words = if words.is_empty() { vec![0] } else { words };
    let octets = words.into_iter().cycle().flat_map(u32::to_be_bytes);
    octets.take(length).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// A key that signs.
struct Key {
    name: &'static str,
    private: RsaPrivateKey,
}

impl Key {
    fn named(name: &str) -> Option<&'static Self> {
        static KEYS: OnceLock<[Key; 6]> = OnceLock::new();
        let keys = KEYS.get_or_init(|| {
            [
                ("2048", &include_bytes!("../../keys/2048.der")[..]),
                ("2048-3", include_bytes!("../../keys/2048-3.der")),
                ("2049", include_bytes!("../../keys/2049.der")),
                ("2055", include_bytes!("../../keys/2055.der")),
                ("3072", include_bytes!("../../keys/3072.der")),
                ("4096", include_bytes!("../../keys/4096.der")),
            ]
            .map(|(name, der)| Key {
                name,
                private: RsaPrivateKey::from_pkcs1_der(der).unwrap(),
            })
        });
        keys.iter().find(|key| key.name == name)
    }

    fn modulus(&self) -> Vec<u8> {
        self.private.n().to_bytes_be()
    }

    /// A number to the power of the private exponent.
    fn sign(&self, number: &BigUint) -> BigUint {
        hazmat::rsa_decrypt_and_check(&self.private, None::<&mut rsa::rand_core::OsRng>, number)
            .unwrap()
    }
}

#[derive(Clone, Copy)]
struct Scheme {
    name: &'static str,
    library: RsaScheme,
    is_pss: bool,
    by_crate: fn(RsaPublicKey, &[u8], &[u8]) -> bool,
}

const SCHEMES: [Scheme; 6] = [
    Scheme {
        name: "pkcs1-sha256",
        library: RsaScheme::Pkcs1Sha256,
        is_pss: false,
        by_crate: |key, message, signature| {
            pkcs1_by(
                &pkcs1v15::VerifyingKey::<Sha256>::new(key),
                message,
                signature,
            )
        },
    },
    Scheme {
        name: "pkcs1-sha384",
        library: RsaScheme::Pkcs1Sha384,
        is_pss: false,
        by_crate: |key, message, signature| {
            pkcs1_by(
                &pkcs1v15::VerifyingKey::<Sha384>::new(key),
                message,
                signature,
            )
        },
    },
    Scheme {
        name: "pkcs1-sha512",
        library: RsaScheme::Pkcs1Sha512,
        is_pss: false,
        by_crate: |key, message, signature| {
            pkcs1_by(
                &pkcs1v15::VerifyingKey::<Sha512>::new(key),
                message,
                signature,
            )
        },
    },
    Scheme {
        name: "pss-sha256",
        library: RsaScheme::PssSha256,
        is_pss: true,
        by_crate: |key, message, signature| {
            pss_by(&pss::VerifyingKey::<Sha256>::new(key), message, signature)
        },
    },
    Scheme {
        name: "pss-sha384",
        library: RsaScheme::PssSha384,
        is_pss: true,
        by_crate: |key, message, signature| {
            pss_by(&pss::VerifyingKey::<Sha384>::new(key), message, signature)
        },
    },
    Scheme {
        name: "pss-sha512",
        library: RsaScheme::PssSha512,
        is_pss: true,
        by_crate: |key, message, signature| {
            pss_by(&pss::VerifyingKey::<Sha512>::new(key), message, signature)
        },
    },
];

impl Scheme {
    fn named(name: &str) -> Option<Self> {
        SCHEMES.into_iter().find(|scheme| scheme.name == name)
    }
}

fn pkcs1_by(key: &impl Verifier<pkcs1v15::Signature>, message: &[u8], signature: &[u8]) -> bool {
    pkcs1v15::Signature::try_from(signature)
        .is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

fn pss_by(key: &impl Verifier<pss::Signature>, message: &[u8], signature: &[u8]) -> bool {
    pss::Signature::try_from(signature)
        .is_ok_and(|signature| key.verify(message, &signature).is_ok())
}
