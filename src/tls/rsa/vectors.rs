//! Signatures that OpenSSL made (`tests/vectors/rsa.txt`), and what must not be accepted instead.

use rustls_pki_types::AlgorithmIdentifier;
use std::string::String;
use std::vec::Vec;

use super::*;
use crate::tls::key::Check;

const CHECKS: [(&str, Check); 6] = [
    ("pkcs1-sha256", pkcs1_sha256),
    ("pkcs1-sha384", pkcs1_sha384),
    ("pkcs1-sha512", pkcs1_sha512),
    ("pss-sha256", pss_sha256),
    ("pss-sha384", pss_sha384),
    ("pss-sha512", pss_sha512),
];

const MESSAGE: &[u8] = b"The quick brown fox jumps over the lazy dog.";

struct Vector {
    key_name: &'static str,
    key: Vec<u8>,
    scheme: &'static str,
    check: Check,
    signature: Vec<u8>,
}

impl Vector {
    fn all() -> Vec<Self> {
        let mut vectors = Vec::new();
        let (mut key_name, mut key) = ("", Vec::new());
        for line in include_str!("../../../tests/vectors/rsa.txt").lines() {
            let Some((name, hex)) = line.split_once(": ").filter(|_| !line.starts_with('#')) else {
                continue;
            };
            if let Some(name) = name.strip_prefix("key ") {
                (key_name, key) = (name, octets(hex));
                continue;
            }
            vectors.push(Self {
                key_name,
                key: key.clone(),
                scheme: name,
                check: CHECKS.iter().find(|(its, _)| *its == name).unwrap().1,
                signature: octets(hex),
            });
        }
        assert_eq!(vectors.len(), 36);
        vectors
    }

    fn holds(&self) -> bool {
        (self.check)(&self.key, MESSAGE, &self.signature)
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).unwrap() as u8;
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| digit(&pair[0]) << 4 | digit(&pair[1]))
        .collect()
}

#[test]
fn signatures_of_openssl() {
    for vector in Vector::all() {
        for (scheme, check) in CHECKS {
            assert_eq!(
                check(&vector.key, MESSAGE, &vector.signature),
                scheme == vector.scheme,
                "{} {} by {scheme}",
                vector.key_name,
                vector.scheme
            );
        }
    }
}

/// One byte of the signature, the message or the key is another: by one bit, all bits, to 0.
#[test]
fn one_octet_changes() {
    let mut count = 0;
    for vector in Vector::all() {
        // Of long keys and of the many hashes some bytes do.
        let step = match (vector.key_name, vector.scheme) {
            ("2048" | "2048-3" | "2049", "pkcs1-sha256" | "pss-sha256") => 1,
            ("4096-4294967291", _) => 61,
            _ => 17,
        };
        let change = |part: fn(&mut Vector) -> &mut Vec<u8>, count: &mut u32| {
            let mut changed = Vector {
                key: vector.key.clone(),
                signature: vector.signature.clone(),
                ..vector
            };
            for at in (0..part(&mut changed).len()).step_by(step) {
                let before = part(&mut changed)[at];
                for octet in [before ^ 1, before ^ 0x80, !before, 0] {
                    if octet != before {
                        part(&mut changed)[at] = octet;
                        assert!(
                            !changed.holds(),
                            "{} {} {at}",
                            vector.key_name,
                            vector.scheme
                        );
                        *count += 1;
                    }
                }
                part(&mut changed)[at] = before;
            }
            assert!(changed.holds());
        };
        change(|vector| &mut vector.signature, &mut count);
        change(|vector| &mut vector.key, &mut count);
        for at in 0..MESSAGE.len() {
            let mut message = MESSAGE.to_vec();
            message[at] ^= 1;
            assert!(!(vector.check)(&vector.key, &message, &vector.signature));
            count += 1;
        }
    }
    std::println!("{count} changes, none accepted");
}

#[test]
fn lengths() {
    for vector in Vector::all() {
        let holds = |signature: &[u8]| (vector.check)(&vector.key, MESSAGE, signature);
        let signature = &vector.signature[..];
        assert!(holds(signature));
        assert!(!holds(&[]));
        assert!(!holds(&signature[1..]));
        assert!(!holds(&signature[..signature.len() - 1]));
        assert!(!holds(&[&[0], signature].concat()));
        assert!(!holds(&[signature, &[0]].concat()));
        assert!(!holds(&[0; 513]));
        assert!(!(vector.check)(&[], MESSAGE, signature));
        assert!(!(vector.check)(&vector.key, &MESSAGE[1..], signature));
        assert!(!(vector.check)(&vector.key, &[], signature));
    }
}

/// 0, 1, n − 1, n, n + the signature where that is as long, and all ones.
#[test]
fn values_at_the_limits() {
    for vector in Vector::all() {
        let mut signature = vector.signature.clone();
        let modulus = modulus(&vector.key, signature.len());
        let holds = |signature: &[u8]| (vector.check)(&vector.key, MESSAGE, signature);
        let mut number = std::vec![0; modulus.len()];
        assert!(!holds(&number));
        *number.last_mut().unwrap() = 1;
        assert!(!holds(&number));
        number.copy_from_slice(&modulus);
        assert!(!holds(&number));
        *number.last_mut().unwrap() -= 1;
        assert!(!holds(&number));
        assert!(!holds(&std::vec![0xff; modulus.len()]));
        // The same number modulo n: a signature has one form only.
        let mut carry = 0;
        for (octet, n) in signature.iter_mut().zip(&modulus).rev() {
            let sum = u16::from(*octet) + u16::from(*n) + carry;
            (*octet, carry) = (sum as u8, sum >> 8);
        }
        assert!(carry == 1 || !holds(&signature), "{}", vector.key_name);
    }
}

/// Behind the heads of the sequence and the integer, of four bytes each, and its zero.
fn modulus(key: &[u8], length: usize) -> Vec<u8> {
    let start = 8 + usize::from(key[8] == 0);
    key[start..start + length].to_vec()
}

#[test]
fn kinds() {
    let of = |algorithm: AlgorithmIdentifier| -> String {
        algorithm
            .as_ref()
            .iter()
            .map(|octet| std::format!("{octet:02x}"))
            .collect()
    };
    // Each identifier once; without the NULL it is that of the entry before by three.
    for (at, way) in CHAIN.iter().enumerate() {
        assert!(
            CHAIN[..at]
                .iter()
                .all(|other| of(other.signature) != of(way.signature))
        );
    }
    for at in 0..3 {
        let with_null = of(CHAIN[at].signature);
        assert_eq!(with_null, of(CHAIN[at + 3].signature) + "0500");
    }
}
