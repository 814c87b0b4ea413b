//! Powers modulo an odd number of at most 4,096 bits, by Montgomery's multiplication.
//!
//! This file does not know RSA. **All it is given is public**: how long it takes depends on the
//! values, so it must never see a secret exponent.
//!
//! Numbers are slices of 32-bit limbs, the lowest first. For a modulus n of k limbs, R is 2³²ᵏ, and
//! the product of a and b here is a·b/R modulo n. So a number times R is multiplied like the number
//! itself, and no step divides.

use core::mem::swap;

/// The largest modulus: 4,096 bits.
pub(super) const OCTETS_MAX: usize = 512;

/// Room for a number.
pub(super) type Limbs = [u32; OCTETS_MAX / 4];

/// `base` to the power of `exponent`, modulo `modulus`, into the first limbs of `power`. Base and
/// modulus are big-endian and of one length.
///
/// The modulus is odd and its first byte is not zero, the base is less than it, and the exponent is
/// odd and at least three. Says false, and does nothing, where the lengths are not equal or too
/// large.
#[inline(never)]
pub(super) fn raise(base: &[u8], exponent: u32, modulus: &[u8], power: &mut Limbs) -> bool {
    let count = modulus.len().div_ceil(4);
    let mut limbs: [Limbs; 3] = [[0; OCTETS_MAX / 4]; 3];
    let [modulus_limbs, factor, spare] = &mut limbs;
    let (Some(modulus_limbs), Some(mut factor), Some(mut spare), Some(mut product)) = (
        modulus_limbs.get_mut(..count),
        factor.get_mut(..count),
        spare.get_mut(..count),
        power.get_mut(..count),
    ) else {
        return false;
    };
    if base.len() != modulus.len() {
        return false;
    }
    read(modulus, modulus_limbs);
    let modulus = Modulus::new(modulus_limbs);

    // 2ᵏ·R, squared five times, is 2³²ᵏ·R, which is R².
    modulus.start(product);
    for _ in 0..5 {
        modulus.multiply(product, product, spare);
        swap(&mut product, &mut spare);
    }
    read(base, factor);
    modulus.multiply(product, factor, spare);
    swap(&mut factor, &mut spare);

    // The factor is base·R now. Bit by bit, from the one below the highest.
    copy(factor, product);
    for shift in (0..exponent.checked_ilog2().unwrap_or(0)).rev() {
        modulus.multiply(product, product, spare);
        swap(&mut product, &mut spare);
        if exponent.wrapping_shr(shift) & 1 == 0 {
            continue;
        }
        if shift == 0 {
            // The last factor is the base alone: that takes R out of the product.
            read(base, factor);
        }
        modulus.multiply(product, factor, spare);
        swap(&mut product, &mut spare);
    }
    // One of these three is the caller's.
    copy(product, spare);
    copy(product, factor);
    true
}

/// An odd number whose highest limb is not zero.
struct Modulus<'a> {
    limbs: &'a [u32],
    /// Times the lowest limb it is −1, modulo 2³².
    inverse: u32,
}

impl<'a> Modulus<'a> {
    fn new(limbs: &'a [u32]) -> Self {
        let lowest = limbs.first().copied().unwrap_or(1);
        // An odd number is its own inverse modulo 8. Each step doubles the bits that are right: 3,
        // 6, 12, 24, 48.
        let mut inverse = lowest;
        for _ in 0..4 {
            inverse = inverse.wrapping_mul(2_u32.wrapping_sub(lowest.wrapping_mul(inverse)));
        }
        Self {
            limbs,
            inverse: inverse.wrapping_neg(),
        }
    }

    /// `number` = 2ᵏ·R modulo n: from the modulus' highest bit, which is less than n, by doubling.
    fn start(&self, number: &mut [u32]) {
        let highest = self.limbs.last().copied().unwrap_or(1);
        let unused = highest.leading_zeros();
        number.fill(0);
        if let Some(limb) = number.last_mut() {
            *limb = (1_u32 << 31).wrapping_shr(unused);
        }
        // One doubling and one for each unused bit give R.
        for _ in 0..=unused {
            self.double(number);
        }
        for _ in self.limbs {
            self.double(number);
        }
    }

    /// `number` = 2·`number` modulo n, of a number less than n.
    #[inline(never)]
    fn double(&self, number: &mut [u32]) {
        let mut carry = 0;
        for limb in &mut *number {
            let next = *limb >> 31;
            *limb = *limb << 1 | carry;
            carry = next;
        }
        self.reduce(carry, number);
    }

    /// `product` = `a`·`b`/R modulo n, of two numbers less than n.
    #[inline(never)]
    fn multiply(&self, a: &[u32], b: &[u32], product: &mut [u32]) {
        product.fill(0);
        let mut top = 0;
        let (Some((lowest, a)), Some((n_lowest, n))) = (a.split_first(), self.limbs.split_first())
        else {
            return;
        };
        // The product, with `top` as its highest limb, stays below 2n: (2n + (2³² − 1)·a +
        // (2³² − 1)·n) / 2³² < 2n.
        for &b in b {
            let Some((mut place, limbs)) = product.split_first_mut() else {
                return;
            };
            let (mut high, mut carry) = (0, 0);
            let sum = multiply_add(*place, *lowest, b, &mut high);
            // Adding this many n makes the lowest limb zero, and the others move down by one.
            let times = sum.wrapping_mul(self.inverse);
            multiply_add(sum, *n_lowest, times, &mut carry);
            for ((limb, a), n) in limbs.iter_mut().zip(a).zip(n) {
                let sum = multiply_add(*limb, *a, b, &mut high);
                *place = multiply_add(sum, *n, times, &mut carry);
                place = limb;
            }
            let mut out = 0;
            *place = add(high, carry, top, &mut out);
            top = out;
        }
        self.reduce(top, product);
    }

    /// Takes n away once from a number of one more limb, `top`, unless it is less than n.
    #[inline(never)]
    fn reduce(&self, top: u32, number: &mut [u32]) {
        if top == 0 && number.iter().rev().lt(self.limbs.iter().rev()) {
            return;
        }
        let mut borrow = false;
        for (limb, n) in number.iter_mut().zip(self.limbs) {
            let (difference, under) = limb.overflowing_sub(*n);
            let (difference, under_again) = difference.overflowing_sub(borrow.into());
            *limb = difference;
            borrow = under | under_again;
        }
    }
}

/// The low half of `a + b·c + carry`, whose high half is the next carry. The sum fits: (2³² − 1)² +
/// 2·(2³² − 1) = 2⁶⁴ − 1.
#[inline(always)]
fn multiply_add(a: u32, b: u32, c: u32, carry: &mut u32) -> u32 {
    let sum = u64::from(b)
        .wrapping_mul(c.into())
        .wrapping_add(a.into())
        .wrapping_add((*carry).into());
    *carry = (sum >> 32) as u32;
    sum as u32
}

/// The low half of `a + b + c`, and into `carry` the high one.
fn add(a: u32, b: u32, c: u32, carry: &mut u32) -> u32 {
    let sum = u64::from(a).wrapping_add(b.into()).wrapping_add(c.into());
    *carry = (sum >> 32) as u32;
    sum as u32
}

/// Reads big-endian bytes.
#[inline(never)]
fn read(octets: &[u8], limbs: &mut [u32]) {
    for (limb, four) in limbs.iter_mut().zip(octets.rchunks(4)) {
        *limb = four
            .iter()
            .fold(0, |limb, octet| limb << 8 | u32::from(*octet));
    }
}

#[inline(never)]
fn copy(from: &[u32], to: &mut [u32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Writes big-endian bytes.
pub(super) fn write(limbs: &[u32], octets: &mut [u8]) {
    for (limb, four) in limbs.iter().zip(octets.rchunks_mut(4)) {
        for (octet, value) in four.iter_mut().rev().zip(limb.to_le_bytes()) {
            *octet = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The same by doubling and adding, a bit at a time, on limbs with one more.
    fn slowly(base: &[u8], exponent: u32, modulus: &[u8]) -> Vec<u8> {
        let count = modulus.len().div_ceil(4) + 1;
        let number = |octets: &[u8]| {
            let mut limbs = std::vec![0; count];
            read(octets, &mut limbs);
            limbs
        };
        let (base, modulus_limbs) = (number(base), number(modulus));
        let add = |a: &mut Vec<u32>, b: &[u32]| {
            let mut carry = 0;
            for (a, b) in a.iter_mut().zip(b) {
                let sum = u64::from(*a) + u64::from(*b) + carry;
                (*a, carry) = (sum as u32, sum >> 32);
            }
            if a.iter().rev().ge(modulus_limbs.iter().rev()) {
                let mut borrow = 0;
                for (a, n) in a.iter_mut().zip(&modulus_limbs) {
                    let difference = i64::from(*a) - i64::from(*n) + borrow;
                    (*a, borrow) = (difference as u32, difference >> 32);
                }
            }
        };
        let multiply = |a: &[u32], b: &[u32]| {
            let mut product = std::vec![0; count];
            for limb in b.iter().rev() {
                for bit in (0..32).rev() {
                    let twice = product.clone();
                    add(&mut product, &twice);
                    if limb >> bit & 1 == 1 {
                        add(&mut product, a);
                    }
                }
            }
            product
        };
        let mut power = number(&[1]);
        for bit in (0..32).rev() {
            if power != number(&[1]) {
                power = multiply(&power, &power);
            }
            if exponent >> bit & 1 == 1 {
                power = multiply(&power, &base);
            }
        }
        let mut octets = std::vec![0; modulus.len()];
        write(&power, &mut octets);
        octets
    }

    fn quickly(base: &[u8], exponent: u32, modulus: &[u8]) -> Vec<u8> {
        let mut power = [0xaaaa_aaaa; OCTETS_MAX / 4];
        assert!(raise(base, exponent, modulus, &mut power));
        let mut octets = std::vec![0; modulus.len()];
        write(&power, &mut octets);
        octets
    }

    fn check(base: &[u8], exponent: u32, modulus: &[u8]) {
        assert!(base < modulus);
        assert_eq!(
            quickly(base, exponent, modulus),
            slowly(base, exponent, modulus),
            "{base:x?} ^ {exponent} % {modulus:x?}"
        );
    }

    /// Moduli whose limbs are at their limits: all ones, a one and zeros between ones, and so on.
    fn extreme(octets: usize) -> Vec<Vec<u8>> {
        let edges = |first: u8, inner: u8, last: u8| {
            let mut modulus = std::vec![inner; octets];
            modulus[0] = first;
            modulus[octets - 1] = last;
            modulus
        };
        let mut moduli = Vec::new();
        for first in [1, 2, 0x7f, 0x80, 0xff] {
            for inner in [0, 0x80, 0xff] {
                for last in [1, 0x7f, 0xff] {
                    moduli.push(edges(first, inner, last));
                }
            }
        }
        // The highest limb 0xffffffff or 0x80000000 or 1, the others zero but the lowest bit; and
        // ones in every other limb.
        for highest in [0xffff_ffff_u32, 0x8000_0000, 0x8000_0001, 0xffff_fffe] {
            for inner in [
                [0, 0, 0, 0],
                [0xff; 4],
                [0xff, 0xff, 0xff, 0xfe],
                [0x80, 0, 0, 0],
            ] {
                let mut modulus = inner.repeat(octets.div_ceil(4));
                modulus.truncate(octets);
                modulus[..4].copy_from_slice(&highest.to_be_bytes());
                *modulus.last_mut().unwrap() |= 1;
                moduli.push(modulus.clone());
                for eight in modulus[4..octets / 8 * 8 - 4].chunks_exact_mut(8) {
                    eight[..4].fill(0);
                }
                moduli.push(modulus);
            }
        }
        moduli
    }

    #[test]
    fn limits() {
        // Small ones, so that many are done; the limbs do not know how many they are.
        for octets in [8, 16, 17, 18, 19, 20, 32] {
            for modulus in extreme(octets) {
                let mut bases = std::vec![std::vec![0; octets]; 3];
                *bases[1].last_mut().unwrap() = 1;
                bases[2].copy_from_slice(&modulus);
                *bases[2].last_mut().unwrap() -= 1;
                // Half of it, and ones after a first byte that is less.
                bases.push(bases[2].clone());
                let mut carry = 0;
                for octet in &mut bases[3] {
                    (*octet, carry) = (*octet >> 1 | carry, *octet << 7);
                }
                let mut ones = std::vec![0xff; octets];
                ones[0] = modulus[0] - 1;
                bases.push(ones);
                for base in bases.iter().filter(|base| **base < modulus) {
                    for exponent in [3, 5, 17, 65537, u32::MAX, 0x8000_0001] {
                        check(base, exponent, &modulus);
                    }
                }
            }
        }
    }

    #[test]
    fn limits_of_long_ones() {
        for octets in [256, 257, 384, 511, 512] {
            for modulus in extreme(octets) {
                let mut base = modulus.clone();
                *base.last_mut().unwrap() -= 1;
                // (−1)ᵉ is −1 for an odd exponent.
                assert_eq!(quickly(&base, 65537, &modulus), base);
                assert_eq!(quickly(&base, u32::MAX, &modulus), base);
                let mut number = std::vec![0; octets];
                assert_eq!(quickly(&number, 65537, &modulus), number);
                number[octets - 1] = 1;
                assert_eq!(quickly(&number, 65537, &modulus), number);
                base[octets / 2] ^= 0x10;
                if base < modulus {
                    check(&base, 3, &modulus);
                }
            }
        }
    }

    /// Powers that are zero, of bases that are not: n has to be taken away from n.
    #[test]
    fn zero() {
        for root in [
            u64::MAX,
            1 << 63 | 1,
            0xffff_ffff_0000_0001,
            0x8000_0000_ffff_ffff,
        ] {
            let modulus = u128::from(root).pow(2).to_be_bytes();
            let base = u128::from(root).to_be_bytes();
            for exponent in [3, 65537] {
                assert_eq!(quickly(&base, exponent, &modulus), [0; 16]);
            }
        }
    }

    #[test]
    fn lengths() {
        let modulus = [0xff; 513];
        let mut power = [0xaaaa_aaaa; OCTETS_MAX / 4];
        assert!(!raise(&[1; 513], 3, &modulus, &mut power));
        assert!(!raise(&[1; 511], 3, &modulus[..512], &mut power));
        assert!(!raise(&[1; 513], 3, &modulus[..512], &mut power));
        assert_eq!(power, [0xaaaa_aaaa; OCTETS_MAX / 4]);
        // What must not happen does not panic.
        raise(&[], 0, &[], &mut power);
        raise(&[0xff; 8], 0, &[0; 8], &mut power);
        raise(&[0xff; 8], 2, &[0, 0, 0, 2, 0, 0, 0, 4], &mut power);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_numbers(
            mut modulus in prop::collection::vec(any::<u8>(), 1..80),
            base in prop::collection::vec(any::<u8>(), 80),
            exponent in prop_oneof![Just(3_u32), Just(65537), any::<u32>()],
        ) {
            *modulus.last_mut().unwrap() |= 1;
            modulus[0] = modulus[0].max(1);
            let mut base = base[..modulus.len()].to_vec();
            base[0] %= modulus[0];
            prop_assume!(base < modulus);
            check(&base, exponent.max(3) | 1, &modulus);
        }

        #[test]
        fn any_of_words_at_their_limits(
            words in prop::collection::vec(prop::sample::select(&[0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX - 1, u32::MAX][..]), 1..16),
            base in prop::collection::vec(prop::sample::select(&[0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX - 1, u32::MAX][..]), 16),
            exponent in prop_oneof![Just(3_u32), Just(65537)],
        ) {
            let octets = |words: &[u32]| -> Vec<u8> {
                words.iter().flat_map(|word| word.to_be_bytes()).collect()
            };
            let mut modulus = octets(&words);
            *modulus.last_mut().unwrap() |= 1;
            let base = octets(&base[..words.len()]);
            prop_assume!(base < modulus && words[0] != 0);
            check(&base, exponent, &modulus);
        }
    }
}
