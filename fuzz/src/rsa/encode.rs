//! Blocks to be signed, right ones and wrong ones, from RFC 8017 §9.

use rsa::BigUint;
use rsa::sha2::{Digest, Sha256, Sha384, Sha512};

use super::{Key, Scheme, from_hex};
use crate::form::Form;

/// A block that was signed.
pub struct Signed {
    pub signature: Vec<u8>,
    /// Whether the block is just what it has to be.
    pub is_right: bool,
}

/// Signs the block that the form describes, if the modulus is larger.
pub fn sign(form: &Form<'_>, key: &Key, scheme: Scheme, message: &[u8]) -> Option<Signed> {
    let modulus = key.modulus();
    let n = BigUint::from_bytes_be(&modulus);
    let (mut block, is_right) = if scheme.is_pss {
        pss(form, scheme, n.bits() - 1, message)?
    } else {
        pkcs1(form, scheme, modulus.len(), message)?
    };
    while block.len() < modulus.len() {
        block.insert(0, 0);
    }
    let is_edited = change(form, "edit", &mut block);
    let number = BigUint::from_bytes_be(&block);
    if number >= n {
        return None;
    }
    let signed = key.sign(&number).to_bytes_be();
    let mut signature = vec![0; modulus.len() - signed.len()];
    signature.extend(signed);
    Some(Signed {
        signature,
        is_right: is_right && !is_edited,
    })
}

/// Changes the octets that fields of this name want changed. Says whether the outcome is another.
pub fn change(form: &Form<'_>, field: &str, octets: &mut [u8]) -> bool {
    let before = octets.to_vec();
    for text in form.texts(field) {
        let mut numbers = text.split(' ').filter_map(|number| number.parse().ok());
        if let (Some(at), Some(bits)) = (numbers.next(), numbers.next()) {
            let at: usize = at;
            let length = octets.len();
            octets[at % length] ^= bits as u8;
        }
    }
    before != octets
}

fn pkcs1(
    form: &Form<'_>,
    scheme: Scheme,
    length: usize,
    message: &[u8],
) -> Option<(Vec<u8>, bool)> {
    let digest = hash(scheme, &[message]);
    // `30 x 30 0d 06 09 2.16.840.1.101.3.4.2.n 05 00 04 y`.
    let last = match digest.len() {
        32 => 1,
        48 => 2,
        _ => 3,
    };
    let octets = digest.len() as u8;
    let mut right = vec![
        0x30,
        17 + octets,
        0x30,
        13,
        6,
        9,
        0x60,
        0x86,
        0x48,
        1,
        0x65,
        3,
        4,
        2,
    ];
    right.extend([last, 5, 0, 4, octets]);
    let info = form.text("info").and_then(from_hex);
    let behind = form.text("behind").and_then(from_hex).unwrap_or_default();
    let is_right = behind.is_empty() && info.as_ref().is_none_or(|info| *info == right);
    let tail = [info.unwrap_or(right), digest, behind].concat();
    let padding = length.checked_sub(tail.len() + 3)?;
    let block = [&[0, 1], &vec![0xff; padding][..], &[0], &tail].concat();
    Some((block, is_right))
}

fn pss(form: &Form<'_>, scheme: Scheme, bits: usize, message: &[u8]) -> Option<(Vec<u8>, bool)> {
    let digest = hash(scheme, &[message]);
    let salt = form.text("salt").and_then(|salt| salt.parse().ok());
    let salt = vec![0xa5; salt.unwrap_or(digest.len())];
    let length = bits.div_ceil(8);
    let proof = hash(scheme, &[&[0; 8], &digest, &salt]);
    let padding = length.checked_sub(salt.len() + proof.len() + 2)?;
    let mut block = [&vec![0; padding][..], &[1], &salt].concat();
    for (counter, octets) in (0_u32..).zip(block.chunks_mut(digest.len())) {
        let mask = hash(scheme, &[&proof, &counter.to_be_bytes()]);
        for (octet, bits) in octets.iter_mut().zip(mask) {
            *octet ^= bits;
        }
    }
    block[0] &= 0xff >> (length * 8 - bits);
    let is_right = salt.len() == digest.len();
    Some(([block, proof, vec![0xbc]].concat(), is_right))
}

fn hash(scheme: Scheme, parts: &[&[u8]]) -> Vec<u8> {
    let all = parts.concat();
    match &scheme.name[scheme.name.len() - 3..] {
        "256" => Sha256::digest(all).to_vec(),
        "384" => Sha384::digest(all).to_vec(),
        _ => Sha512::digest(all).to_vec(),
    }
}
