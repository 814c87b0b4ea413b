//! RSA public keys: what of an `RSAPublicKey` in DER is taken.
//!
//! A key that exists has an odd modulus of a supported length and an odd exponent, so that the
//! arithmetic need not ask.

use super::montgomery::{self, Limbs, OCTETS_MAX};
use crate::tls::der::{INTEGER, SEQUENCE, content};
use crate::tls::error::CertificateFault;

/// Bits of the shortest modulus. NIST SP 800-131A allows no shorter one since 2014, nor do public
/// CAs (CA/Browser Forum Baseline Requirements §6.1.5).
const BITS_MIN: u32 = 2048;

/// Bits of the longest modulus. It bounds the work and the stack.
const BITS_MAX: u32 = OCTETS_MAX as u32 * 8;

/// A key that signatures can be verified with.
pub(in crate::tls) struct PublicKey<'a> {
    /// Big-endian, odd, of 2,048 to 4,096 bits, the first byte not zero.
    modulus: &'a [u8],
    /// Odd and at least three.
    exponent: u32,
}

impl<'a> PublicKey<'a> {
    /// From `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017
    /// §A.1.1), which is what the BIT STRING of a certificate's key holds.
    pub(in crate::tls) fn from_der(der: &'a [u8]) -> Result<Self, CertificateFault> {
        let (modulus, exponent) = integers(der).ok_or(CertificateFault::Malformed)?;
        let (Some(first), Some(last)) = (modulus.first(), modulus.last()) else {
            return Err(CertificateFault::Malformed);
        };
        if last & 1 == 0 {
            return Err(CertificateFault::Malformed);
        }
        let octets = u32::try_from(modulus.len()).unwrap_or(u32::MAX);
        let bits = octets
            .saturating_mul(8)
            .saturating_sub(first.leading_zeros());
        if !(BITS_MIN..=BITS_MAX).contains(&bits) {
            return Err(CertificateFault::KeyLength);
        }
        // RFC 8017 §3.1 lets the exponent be nearly as long as the modulus; the server would say how
        // long we work. It is 65537 in nearly all certificates and 3 in most others. The worst of 32
        // bits, 2³² − 1, takes three times as long as 65537.
        if exponent.len() > size_of::<u32>() {
            return Err(CertificateFault::KeyLength);
        }
        let exponent = exponent
            .iter()
            .fold(0, |value, octet| value << 8 | u32::from(*octet));
        if exponent < 3 || exponent & 1 == 0 {
            return Err(CertificateFault::Malformed);
        }
        Ok(Self { modulus, exponent })
    }

    /// The bits of the first byte that are below the highest one of the modulus: 0x7f where that
    /// is the byte's highest, 0 where it is the lowest.
    pub(super) fn bits_below_first(&self) -> u8 {
        let first = self.modulus.first().copied().unwrap_or(1);
        0x7f_u8.wrapping_shr(first.leading_zeros())
    }

    /// What the owner of the key has signed, as a number (RFC 8017 §5.2.2). False if that is none.
    pub(in crate::tls) fn open(&self, signature: &[u8], number: &mut Limbs) -> bool {
        // RFC 8017 §8.1.2: "If the length of the signature S is not k octets, output "invalid
        // signature" and stop."
        // §5.2.2: "If the signature representative s is not between 0 and n - 1, output "signature
        // representative out of range" and stop."
        signature.len() == self.modulus.len()
            && signature < self.modulus
            && montgomery::raise(signature, self.exponent, self.modulus, number)
    }

    /// The number as bytes, as many as the modulus has.
    pub(in crate::tls) fn octets<'b>(
        &self,
        number: &Limbs,
        block: &'b mut [u8; OCTETS_MAX],
    ) -> Option<&'b mut [u8]> {
        let octets = block.get_mut(..self.modulus.len())?;
        montgomery::write(number, octets);
        Some(octets)
    }
}

/// The two positive numbers of a sequence, big-endian without leading zeros.
fn integers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = der;
    let mut numbers = content(&mut rest, SEQUENCE)?;
    let modulus = positive(&mut numbers)?;
    let exponent = positive(&mut numbers)?;
    (rest.is_empty() && numbers.is_empty()).then_some((modulus, exponent))
}

/// Takes a positive INTEGER off the front.
fn positive<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let octets = content(rest, INTEGER)?;
    // X.690 §8.3.2: "the bits of the first octet and bit 8 of the second octet: a) shall not all be
    // ones; and b) shall not all be zero". With the first bit set a number is negative.
    match octets {
        [0, magnitude @ ..] if *magnitude.first()? >= 0x80 => Some(magnitude),
        [1..0x80, ..] => Some(octets),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn element(tag: u8, value: &[u8]) -> Vec<u8> {
        crate::tls::der::tests::element(tag, &[value])
    }

    /// A key whose integers have just these bytes.
    fn raw(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        element(0x30, &[element(2, modulus), element(2, exponent)].concat())
    }

    /// A key with an odd modulus of so many bits.
    fn of_bits(bits: usize, exponent: &[u8]) -> Vec<u8> {
        // With the zero in front where the first bit would be set.
        let mut modulus = std::vec![0; bits / 8 + 1];
        modulus[0] = 1 << (bits % 8) >> 1;
        if bits.is_multiple_of(8) {
            modulus[1] = 0x80;
        }
        *modulus.last_mut().unwrap() |= 1;
        raw(&modulus, exponent)
    }

    const E: &[u8] = &[1, 0, 1];

    fn fault(der: &[u8]) -> Option<CertificateFault> {
        PublicKey::from_der(der).err()
    }

    #[test]
    fn lengths() {
        for bits in [512, 1024, 2040, 2047, 4097, 4104, 8192, 16384] {
            let fault = fault(&of_bits(bits, E));
            assert_eq!(fault, Some(CertificateFault::KeyLength), "{bits}");
        }
        for bits in 2048..=4096 {
            let der = of_bits(bits, E);
            let key = PublicKey::from_der(&der).ok().unwrap();
            assert_eq!(key.modulus.len(), bits.div_ceil(8));
            assert_eq!(key.exponent, 65537);
            let below = 8 - (key.modulus.len() * 8 - bits) - 1;
            assert_eq!(u16::from(key.bits_below_first()), (1 << below) - 1);
        }
    }

    #[test]
    fn exponents() {
        for (exponent, value) in [
            (&[3][..], 3),
            (&[0x7f], 0x7f),
            (&[0, 0x81], 0x81),
            (E, 65537),
            (&[0x7f, 0xff, 0xff, 0xff], 0x7fff_ffff),
            (&[0, 0x80, 0, 0, 1], 0x8000_0001),
            (&[0, 0xff, 0xff, 0xff, 0xff], 0xffff_ffff),
        ] {
            let der = of_bits(2048, exponent);
            let key = PublicKey::from_der(&der).ok().unwrap();
            assert_eq!(key.exponent, value);
        }
        for exponent in [
            &[1, 0, 0, 0, 0][..],
            &[1, 0, 0, 0, 1],
            &[0, 0x80, 0, 0, 0, 1],
        ] {
            let fault = fault(&of_bits(2048, exponent));
            assert_eq!(fault, Some(CertificateFault::KeyLength), "{exponent:?}");
        }
        // 0, 1, 2, even, negative, with zeros or ones in front, empty.
        for exponent in [
            &[0][..],
            &[1],
            &[2],
            &[1, 0, 0],
            &[0, 0xff, 0xff, 0xff, 0xfe],
            &[0x81],
            &[0xff, 0xff],
            &[0, 3],
            &[0, 1, 0, 1],
            &[0, 0, 0x81],
            &[0, 0],
            &[],
        ] {
            let fault = fault(&of_bits(2048, exponent));
            assert_eq!(fault, Some(CertificateFault::Malformed), "{exponent:?}");
        }
    }

    #[test]
    fn moduli() {
        let mut modulus = [0x80; 257];
        modulus[0] = 0;
        modulus[256] = 1;
        assert_eq!(fault(&raw(&modulus, E)), None);
        let malformed = Some(CertificateFault::Malformed);
        // Negative; with a zero too many; with zeros alone; empty; even.
        assert_eq!(fault(&raw(&modulus[1..], E)), malformed);
        assert_eq!(fault(&raw(&[&[0], &modulus[..]].concat(), E)), malformed);
        assert_eq!(
            fault(&raw(&[&[0], &[0x7f; 257][..]].concat(), E)),
            malformed
        );
        assert_eq!(fault(&raw(&[0; 257], E)), malformed);
        assert_eq!(fault(&raw(&[0], E)), malformed);
        assert_eq!(fault(&raw(&[], E)), malformed);
        modulus[256] = 2;
        assert_eq!(fault(&raw(&modulus, E)), malformed);
    }

    #[test]
    fn der() {
        let der = of_bits(2048, E);
        assert_eq!(fault(&der), None);
        for length in 0..der.len() {
            assert_eq!(fault(&der[..length]), Some(CertificateFault::Malformed));
        }
        assert!(fault(&[&der[..], &[0]].concat()).is_some());
        // Lengths that are not minimal, indefinite, or longer than 16 bits; other tags; more or
        // fewer in the sequence.
        let long = element(2, &[&[0x7f; 200][..]].concat());
        let (head, modulus, exponent) = (&der[..4], &der[4..265], &der[265..]);
        assert_eq!(
            (head[0], modulus[0], exponent),
            (0x30, 2, &[2, 3, 1, 0, 1][..])
        );
        let inner = &der[4..];
        let sized = |head: &[u8], inner: &[u8]| [head, inner].concat();
        for wrong in [
            sized(&[0x30, 0x83, 0, 1, 0x0a], inner),
            sized(&[0x30, 0x84, 0, 0, 1, 0x0a], inner),
            sized(&[0x30, 0x80], &[inner, &[0, 0]].concat()),
            sized(&[0x31, 0x82, 1, 0x0a], inner),
            element(0x30, modulus),
            element(0x30, exponent),
            element(0x30, &[inner, &[2, 1, 3]].concat()),
            element(0x30, &[inner, &[5, 0]].concat()),
            element(0x30, &[modulus, &[2, 0x81, 3, 1, 0, 1]].concat()),
            element(0x30, &[modulus, &[2, 0x82, 0, 3, 1, 0, 1]].concat()),
            element(0x30, &[modulus, &[3, 3, 1, 0, 1]].concat()),
            element(0x30, &[modulus, &[2, 4, 1, 0, 1]].concat()),
            element(0x30, &[modulus, &[2, 2, 1, 0, 1]].concat()),
            element(0x30, &[&[2, 0x82, 0, 200], &long[3..], exponent].concat()),
            element(0x30, &[]),
            element(0x30, &der),
            inner.to_vec(),
        ] {
            assert_eq!(
                fault(&wrong),
                Some(CertificateFault::Malformed),
                "{wrong:x?}"
            );
        }
    }
}
