//! RSA public keys: what of an `RSAPublicKey` in DER is taken.
//!
//! A key that exists has an odd modulus of a supported length and an odd exponent, so that the
//! arithmetic need not ask.

use super::montgomery::{self, OCTETS_MAX};

/// Bits of the shortest modulus. NIST SP 800-131A allows no shorter one since 2014, nor do public
/// CAs (CA/Browser Forum Baseline Requirements §6.1.5).
const BITS_MIN: u32 = 2048;

/// Bits of the longest modulus. It bounds the work and the stack.
const BITS_MAX: u32 = OCTETS_MAX as u32 * 8;

/// Why a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tls) enum KeyFault {
    /// It is no `RSAPublicKey` in DER, or its modulus is even.
    Malformed,
    /// The modulus has fewer than 2,048 or more than 4,096 bits.
    Length,
    /// The exponent is even, less than three, or longer than 32 bits.
    Exponent,
}

/// A key that signatures can be verified with.
pub(in crate::tls) struct PublicKey<'a> {
    /// Big-endian, odd, of 2,048 to 4,096 bits, the first octet not zero.
    modulus: &'a [u8],
    /// Odd and at least three.
    exponent: u32,
}

impl<'a> PublicKey<'a> {
    /// From `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017
    /// §A.1.1), which is what the BIT STRING of a certificate's key holds.
    pub(in crate::tls) fn from_der(der: &'a [u8]) -> Result<Self, KeyFault> {
        let (modulus, exponent) = integers(der).ok_or(KeyFault::Malformed)?;
        let (Some(first), Some(last)) = (modulus.first(), modulus.last()) else {
            return Err(KeyFault::Malformed);
        };
        if last & 1 == 0 {
            return Err(KeyFault::Malformed);
        }
        let octets = u32::try_from(modulus.len()).unwrap_or(u32::MAX);
        let bits = octets
            .saturating_mul(8)
            .saturating_sub(first.leading_zeros());
        if !(BITS_MIN..=BITS_MAX).contains(&bits) {
            return Err(KeyFault::Length);
        }
        // RFC 8017 §3.1 lets the exponent be nearly as long as the modulus; the server would say how
        // long we work. It is 65537 in nearly all certificates and 3 in most others. The worst of 32
        // bits, 2³² − 1, takes three times as long as 65537.
        if exponent.len() > size_of::<u32>() {
            return Err(KeyFault::Exponent);
        }
        let exponent = exponent
            .iter()
            .fold(0, |value, octet| value << 8 | u32::from(*octet));
        if exponent < 3 || exponent & 1 == 0 {
            return Err(KeyFault::Exponent);
        }
        Ok(Self { modulus, exponent })
    }

    /// The bits of the first octet that are below the highest one of the modulus: 0x7f where that
    /// is the octet's highest, 0 where it is the lowest.
    pub(super) fn bits_below_first(&self) -> u8 {
        let first = self.modulus.first().copied().unwrap_or(1);
        0x7f_u8.wrapping_shr(first.leading_zeros())
    }

    /// What the owner of the key has signed, as long as the modulus, in the first octets of `block`
    /// (RFC 8017 §5.2.2).
    pub(in crate::tls) fn open<'b>(
        &self,
        signature: &[u8],
        block: &'b mut [u8; OCTETS_MAX],
    ) -> Option<&'b mut [u8]> {
        // RFC 8017 §8.1.2: "If the length of the signature S is not k octets, output "invalid
        // signature" and stop."
        // §5.2.2: "If the signature representative s is not between 0 and n - 1, output "signature
        // representative out of range" and stop."
        if signature.len() != self.modulus.len() || signature >= self.modulus {
            return None;
        }
        let block = block.get_mut(..self.modulus.len())?;
        montgomery::raise(signature, self.exponent, self.modulus, block).then_some(block)
    }
}

/// The two positive numbers of a sequence, big-endian without leading zeros.
fn integers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const SEQUENCE: u8 = 0x30;
    let (sequence, rest) = value(SEQUENCE, der)?;
    let (modulus, behind) = positive(sequence)?;
    let (exponent, end) = positive(behind)?;
    (rest.is_empty() && end.is_empty()).then_some((modulus, exponent))
}

/// A positive INTEGER at the start, and what is behind it.
fn positive(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const INTEGER: u8 = 0x02;
    let (octets, rest) = value(INTEGER, der)?;
    // X.690 §8.3.2: "the bits of the first octet and bit 8 of the second octet: a) shall not all be
    // ones; and b) shall not all be zero". With the first bit set a number is negative.
    match octets {
        [0, magnitude @ ..] if *magnitude.first()? >= 0x80 => Some((magnitude, rest)),
        [1..0x80, ..] => Some((octets, rest)),
        _ => None,
    }
}

/// The value of an element at the start, and what is behind it.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    // X.690 §10.1: "The definite form of length encoding shall be used, encoded in the minimum
    // number of octets." No key that is taken needs more than two.
    let (length, rest) = match der.strip_prefix(&[tag])? {
        [length, rest @ ..] if *length < 0x80 => (usize::from(*length), rest),
        [0x81, length, rest @ ..] if *length >= 0x80 => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] if *high > 0 => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
