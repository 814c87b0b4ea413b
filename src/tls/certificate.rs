//! The public key in a certificate (RFC 5280 §4.1), and no more of it.
//!
//! This file believes nothing: whether a certificate is worth anything is decided elsewhere.

/// A SubjectPublicKeyInfo, and its two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PublicKeyInfo<'a> {
    /// All of it, in DER: what a pin is the hash of.
    pub(super) whole: &'a [u8],
    /// The content of the AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    /// The octets of the key.
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
        // A key is of whole octets.
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

/// Takes an element with this tag off the front and gives its content. DER only: the length in as few
/// octets as can be.
fn content<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (found, behind) = rest.split_first()?;
    if *found != tag {
        return None;
    }
    let (first, behind) = behind.split_first()?;
    let (length, behind) = match (*first, behind) {
        (short @ ..=0x7f, _) => (usize::from(short), behind),
        (0x81, [length, behind @ ..]) if *length > 0x7f => (usize::from(*length), behind),
        (0x82, [high, low, behind @ ..]) if *high > 0 => {
            (usize::from(u16::from_be_bytes([*high, *low])), behind)
        }
        // No certificate that fits a record is longer.
        _ => return None,
    };
    let (content, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some(content)
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// `[0] EXPLICIT`.
const VERSION: u8 = 0xa0;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::vec::Vec;

    pub(crate) fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
        let content = contents.concat();
        let mut der = std::vec![tag];
        match content.len() {
            short @ ..0x80 => der.push(short as u8),
            long @ ..0x100 => der.extend([0x81, long as u8]),
            long => der.extend([0x82, (long >> 8) as u8, long as u8]),
        }
        der.extend(content);
        der
    }

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

    /// Every octet changed to every value: an answer, never a panic.
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

    #[test]
    fn lengths_are_as_short_as_can_be() {
        let take = |octets: &[u8]| content(&mut { octets }, SEQUENCE).map(<[u8]>::len);
        assert_eq!(take(&[0x30, 0]), Some(0));
        assert_eq!(take(&[0x30, 0x81, 0x00]), None);
        assert_eq!(take(&[&[0x30, 0x81, 0x7f][..], &[0; 127]].concat()), None);
        assert_eq!(
            take(&[&[0x30, 0x81, 0x80][..], &[0; 128]].concat()),
            Some(128)
        );
        assert_eq!(
            take(&[&[0x30, 0x82, 0, 0x80][..], &[0; 128]].concat()),
            None
        );
        assert_eq!(
            take(&[&[0x30, 0x82, 1, 0][..], &[0; 256]].concat()),
            Some(256)
        );
        assert_eq!(take(&[0x30, 0x80, 0, 0]), None);
        assert_eq!(
            take(&[&[0x30, 0x83, 0, 1, 0][..], &[0; 256]].concat()),
            None
        );
        assert_eq!(take(&[0x31, 0]), None);
        assert_eq!(take(&[0x30]), None);
        assert_eq!(take(&[]), None);
    }
}
