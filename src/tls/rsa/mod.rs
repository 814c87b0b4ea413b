//! Verification of RSA signatures (RFC 8017) of 2,048 to 4,096 bits: PKCS #1 v1.5 and PSS.
//!
//! What a signature holds is never parsed. The block that has to be there is known byte by byte,
//! or is known once a mask is off.
//!
//! All of it is public: there is no secret key and no signing, so nothing here takes constant time.
//!
//! A hash that no one uses is not linked: each is named by functions of its own, and the rest is
//! not generic.

mod key;
mod kind;
mod montgomery;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod wycheproof;

use sha2::{Digest, Sha256, Sha384, Sha512};

#[cfg(feature = "_fuzzing")]
pub(super) use key::PublicKey;
#[cfg(not(feature = "_fuzzing"))]
use key::PublicKey;
pub(super) use kind::{CHAIN, KEY};
use montgomery::{Limbs, OCTETS_MAX};

/// PKCS #1 v1.5 with SHA-256. As all of these, it takes the bytes of an `RSAPublicKey`, the message
/// and the signature.
pub(super) fn pkcs1_sha256(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verify(pkcs1, &SHA256, key, message, signature)
}

/// PKCS #1 v1.5 with SHA-384.
pub(super) fn pkcs1_sha384(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verify(pkcs1, &SHA384, key, message, signature)
}

/// PKCS #1 v1.5 with SHA-512.
pub(super) fn pkcs1_sha512(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verify(pkcs1, &SHA512, key, message, signature)
}

/// PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
pub(super) fn pss_sha256(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verify(pss, &SHA256, key, message, signature)
}

/// PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes.
pub(super) fn pss_sha384(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verify(pss, &SHA384, key, message, signature)
}

/// PSS with SHA-512, MGF1 with SHA-512 and a salt of 64 bytes.
pub(super) fn pss_sha512(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verify(pss, &SHA512, key, message, signature)
}

/// What a scheme says of a message and of the number that a signature holds. What is not
/// `Some(true)` is no signature.
type Scheme = fn(&PublicKey<'_>, &Hash, message: &[u8], number: &Limbs) -> Option<bool>;

/// The room for the arithmetic is given back before a scheme needs some. For 4,096 bits that is 2.3 KB
/// of stack; with SHA-512 it is 2.5 KB, or 3.0 KB with the feature `compact`.
#[inline(never)]
fn verify(scheme: Scheme, hash: &Hash, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let mut number = [0; OCTETS_MAX / 4];
    PublicKey::from_der(key).is_ok_and(|key| {
        key.open(signature, &mut number) && scheme(&key, hash, message, &number) == Some(true)
    })
}

/// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2).
fn pkcs1(key: &PublicKey<'_>, hash: &Hash, message: &[u8], number: &Limbs) -> Option<bool> {
    let mut block = [0; OCTETS_MAX];
    let block = key.octets(number, &mut block)?;
    // RFC 8017 §9.2: "EM = 0x00 || 0x01 || PS || 0x00 || T", where T is the DigestInfo: its head and
    // the digest. The lengths alone give every byte its place, and PS is longer than the 8 bytes
    // that it must have.
    let (head, digest) = split_end(block, hash.octets)?;
    let (head, info) = split_end(head, hash.info.len())?;
    let [0, 1, padding @ .., 0] = head else {
        return None;
    };
    let is_padding = padding.iter().all(|octet| *octet == 0xff);
    Some(is_padding && *info == hash.info && *digest == *hash.of(&[message], &mut [0; DIGEST_MAX]))
}

/// RSASSA-PSS (RFC 8017 §8.1.2), the salt as long as the digest.
fn pss(key: &PublicKey<'_>, hash: &Hash, message: &[u8], number: &Limbs) -> Option<bool> {
    let mut block = [0; OCTETS_MAX];
    let mut block = key.octets(number, &mut block)?;
    // EM has one bit less than the modulus. The bits of the first byte that are not EM's are zero:
    // RFC 8017 §9.1.2, step 6. These can be the whole byte, and then EM begins after it.
    let mut used = key.bits_below_first();
    if *block.first()? & !used != 0 {
        return None;
    }
    if used == 0 {
        block = block.get_mut(1..)?;
        used = 0xff;
    }
    // §9.1.2: "EM = maskedDB || H || 0xbc".
    let (&mut 0xbc, block) = block.split_last_mut()? else {
        return None;
    };
    let length = block.len().checked_sub(hash.octets)?;
    let (data, proof) = block.split_at_mut_checked(length)?;
    hash.unmask(proof, data);
    *data.first_mut()? &= used;
    // "DB = PS || 0x01 || salt", where PS is octets 0x00.
    let (head, salt) = split_end(data, hash.octets)?;
    let (&1, padding) = head.split_last()? else {
        return None;
    };
    let mut digest = [0; DIGEST_MAX];
    let digest = hash.of(&[message], &mut digest);
    let is_padding = padding.iter().all(|octet| *octet == 0);
    Some(is_padding && *proof == *hash.of(&[&[0; 8], digest, salt], &mut [0; DIGEST_MAX]))
}

/// Cuts off the last bytes.
fn split_end(octets: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    octets.split_at_checked(octets.len().checked_sub(count)?)
}

/// Bytes of the longest digest.
const DIGEST_MAX: usize = 64;

/// A hash function.
struct Hash {
    /// Bytes of a digest.
    octets: usize,
    /// The DigestInfo up to its digest, with NULL as parameters: RFC 8017 §9.2, note 1.
    info: [u8; 19],
    digest: fn(&[&[u8]], &mut [u8; DIGEST_MAX]),
}

static SHA256: Hash = Hash {
    octets: 32,
    info: *b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
    digest: digest::<Sha256>,
};

static SHA384: Hash = Hash {
    octets: 48,
    info: *b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
    digest: digest::<Sha384>,
};

static SHA512: Hash = Hash {
    octets: 64,
    info: *b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    digest: digest::<Sha512>,
};

impl Hash {
    /// The digest of some parts in a row.
    fn of<'r>(&self, parts: &[&[u8]], room: &'r mut [u8; DIGEST_MAX]) -> &'r [u8] {
        (self.digest)(parts, room);
        room.get(..self.octets).unwrap_or_default()
    }

    /// Takes the mask that MGF1 (RFC 8017 §B.2.1) makes of a seed off `data`.
    fn unmask(&self, seed: &[u8], data: &mut [u8]) {
        for (counter, octets) in (0_u32..).zip(data.chunks_mut(self.octets.max(1))) {
            let mut room = [0; DIGEST_MAX];
            let mask = self.of(&[seed, &counter.to_be_bytes()], &mut room);
            for (octet, bits) in octets.iter_mut().zip(mask) {
                *octet ^= bits;
            }
        }
    }
}

fn digest<D: Digest>(parts: &[&[u8]], room: &mut [u8; DIGEST_MAX]) {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    for (to, from) in room.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
}
