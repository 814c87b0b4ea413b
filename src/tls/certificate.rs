//! The public key in a certificate (RFC 5280 §4.1), and no more of it.
//!
//! This file believes nothing: whether a certificate is worth anything is decided elsewhere.

use super::der::{BIT_STRING, INTEGER, SEQUENCE, content};

/// A SubjectPublicKeyInfo, and its two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PublicKeyInfo<'a> {
    /// All of it, in DER: what a pin is the hash of.
    pub(super) whole: &'a [u8],
    /// The content of the AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    /// The bytes of the key.
    pub(super) key: &'a [u8],
}

impl<'a> PublicKeyInfo<'a> {
    /// Finds it in a certificate. `None` if that is not well formed as far as this looks: to the key,
    /// and at what encloses it.
    pub(super) fn of_certificate(der: &'a [u8]) -> Option<Self> {
        let mut rest = der;
        let mut certificate = content(&mut rest, SEQUENCE)?;
        if !rest.is_empty() {
            return None;
        }
        let mut fields = content(&mut certificate, SEQUENCE)?;
        content(&mut certificate, SEQUENCE)?; // signatureAlgorithm
        content(&mut certificate, BIT_STRING)?; // signatureValue
        if !certificate.is_empty() {
            return None;
        }
        // Version 1 has no such field. It is enough for a pin.
        if fields.first() == Some(&VERSION) {
            content(&mut fields, VERSION)?;
        }
        content(&mut fields, INTEGER)?; // serialNumber
        content(&mut fields, SEQUENCE)?; // signature
        content(&mut fields, SEQUENCE)?; // issuer
        content(&mut fields, SEQUENCE)?; // validity
        content(&mut fields, SEQUENCE)?; // subject
        let begin = fields;
        let mut info = content(&mut fields, SEQUENCE)?;
        let whole = begin.get(..begin.len().checked_sub(fields.len())?)?;
        let algorithm = content(&mut info, SEQUENCE)?;
        let bits = content(&mut info, BIT_STRING)?;
        // A key is of whole bytes.
        let (0, key) = bits.split_first().map(|(unused, key)| (*unused, key))? else {
            return None;
        };
        info.is_empty().then_some(Self {
            whole,
            algorithm,
            key,
        })
    }
}

/// `[0] EXPLICIT`.
const VERSION: u8 = 0xa0;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::tls::der::tests::element;
    use std::vec::Vec;

    /// A certificate that holds this key and nothing true.
    pub(crate) fn certificate(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
        let empty = element(SEQUENCE, &[]);
        let info = element(
            SEQUENCE,
            &[
                &element(SEQUENCE, &[algorithm]),
                &element(BIT_STRING, &[&[0], key]),
            ],
        );
        let fields = element(
            SEQUENCE,
            &[
                &element(VERSION, &[&element(INTEGER, &[&[2]])]),
                &element(INTEGER, &[&[1]]),
                &empty,
                &empty,
                &empty,
                &empty,
                &info,
            ],
        );
        element(
            SEQUENCE,
            &[&fields, &empty, &element(BIT_STRING, &[&[0, 9]])],
        )
    }

    #[test]
    fn the_key_is_found() {
        for length in [0, 1, 65, 97, 200, 526] {
            let key: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let der = certificate(b"alg", &key);
            let found = PublicKeyInfo::of_certificate(&der).unwrap();
            assert_eq!((found.algorithm, found.key), (&b"alg"[..], &key[..]));
            let algorithm = element(SEQUENCE, &[b"alg"]);
            let whole = element(SEQUENCE, &[&algorithm, &element(BIT_STRING, &[&[0], &key])]);
            assert_eq!(found.whole, whole);
        }
    }

    #[test]
    fn what_is_cut_or_goes_on_is_refused() {
        let der = certificate(b"alg", &[7; 65]);
        for length in 0..der.len() {
            assert_eq!(PublicKeyInfo::of_certificate(&der[..length]), None);
        }
        let longer = [&der[..], &[0]].concat();
        assert_eq!(PublicKeyInfo::of_certificate(&longer), None);
    }

    /// Every byte changed to every value: an answer, never a panic.
    #[test]
    fn any_octet_may_be_wrong() {
        let der = certificate(b"alg", &[7; 65]);
        for at in 0..der.len() {
            for value in 0..=255 {
                let mut changed = der.clone();
                changed[at] = value;
                let _ = PublicKeyInfo::of_certificate(&changed);
            }
        }
    }
}
