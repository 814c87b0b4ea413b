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

type Limbs = [u32; OCTETS_MAX / 4];

/// `base` to the power of `exponent`, modulo `modulus`, into `power`: big-endian, all of one length.
///
/// The modulus is odd and its first octet is not zero, the base is less than it, and the exponent is
/// odd and at least three. Says false, and does nothing, where the lengths are not equal or too
/// large.
#[inline(never)]
pub(super) fn raise(base: &[u8], exponent: u32, modulus: &[u8], power: &mut [u8]) -> bool {
    let count = modulus.len().div_ceil(4);
    let mut limbs: [Limbs; 4] = [[0; OCTETS_MAX / 4]; 4];
    let [modulus_limbs, factor, product, spare] = &mut limbs;
    let (Some(modulus_limbs), Some(mut factor), Some(mut product), Some(mut spare)) = (
        modulus_limbs.get_mut(..count),
        factor.get_mut(..count),
        product.get_mut(..count),
        spare.get_mut(..count),
    ) else {
        return false;
    };
    if base.len() != modulus.len() || power.len() != modulus.len() {
        return false;
    }
    load(modulus, modulus_limbs);
    let modulus = Modulus::new(modulus_limbs);

    // 2ᵏ·R, squared five times, is 2³²ᵏ·R, which is R².
    modulus.start(product);
    for _ in 0..5 {
        modulus.multiply(product, product, spare);
        swap(&mut product, &mut spare);
    }
    load(base, factor);
    modulus.multiply(product, factor, spare);
    swap(&mut factor, &mut spare);

    // The factor is base·R now. Bit by bit, from the one below the highest.
    for (to, from) in product.iter_mut().zip(&*factor) {
        *to = *from;
    }
    for shift in (0..exponent.checked_ilog2().unwrap_or(0)).rev() {
        modulus.multiply(product, product, spare);
        swap(&mut product, &mut spare);
        if exponent.wrapping_shr(shift) & 1 == 0 {
            continue;
        }
        if shift == 0 {
            // The last factor is the base alone: that takes R out of the product.
            load(base, factor);
        }
        modulus.multiply(product, factor, spare);
        swap(&mut product, &mut spare);
    }
    store(product, power);
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

/// Reads big-endian octets.
#[inline(never)]
fn load(octets: &[u8], limbs: &mut [u32]) {
    for (limb, four) in limbs.iter_mut().zip(octets.rchunks(4)) {
        *limb = four
            .iter()
            .fold(0, |limb, octet| limb << 8 | u32::from(*octet));
    }
}

/// Writes big-endian octets.
fn store(limbs: &[u32], octets: &mut [u8]) {
    for (limb, four) in limbs.iter().zip(octets.rchunks_mut(4)) {
        for (octet, value) in four.iter_mut().rev().zip(limb.to_le_bytes()) {
            *octet = value;
        }
    }
}
