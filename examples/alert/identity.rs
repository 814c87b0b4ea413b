//! The values that make each mail unique: its date, its Message-ID and the number that its
//! boundaries are made from.
//!
//! A device has to find these somewhere; a host has a clock and random numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use embedded_smtp::message::MessageId;

use crate::login::Nonce;
use crate::options::Options;

#[derive(Debug, Clone)]
pub struct Identity {
    /// Seconds since 1970.
    pub date: u64,
    pub message_id: String,
    pub seed: u64,
}

impl Identity {
    /// The identity of the mail with this number, from 0. The same options with `--seed` and
    /// `--date` give the same identity.
    pub fn new(options: &Options, domain: &str, number: u32) -> Self {
        let date = options.date.unwrap_or_else(now);
        let number = u64::from(number);
        let (seed, tag) = match options.seed {
            Some(seed) => (seed.wrapping_add(number), mix(seed, number)),
            None => (random(), random()),
        };
        let message_id = match &options.message_id {
            Some(id) => id.clone(),
            None => message_id(&left(date, tag), domain),
        };
        Self {
            date,
            message_id,
            seed,
        }
    }
}

/// Random octets for a login.
pub fn nonce() -> Nonce {
    let mut nonce = Nonce::default();
    for piece in nonce.chunks_mut(8) {
        let octets = random().to_be_bytes();
        piece.copy_from_slice(&octets[..piece.len()]);
    }
    nonce
}

/// The left side of a Message-ID: the time in seconds and a number, in base 36. It is short, so that
/// the field stays on one line: 19 bytes until 2038, 20 until the year 4453.
// RFC 5322 §3.6.4: "put a combination of the current absolute date and time along with some other
// currently unique [...] identifier available on the system [...] on the left-hand side".
fn left(date: u64, tag: u64) -> String {
    let mut digits = Vec::new();
    // A number of 64 bits has at most 13 digits. They are all written, so that no two pairs look the
    // same.
    for (mut number, width) in [(tag, 13), (date, 1)] {
        let end = digits.len() + width;
        while number > 0 || digits.len() < end {
            digits.extend(char::from_digit((number % 36) as u32, 36));
            number /= 36;
        }
    }
    digits.iter().rev().collect()
}

/// RFC 5322 §3.6.4 has the right side be the host's own domain; the author's is the next best. One
/// that cannot stand there (it is not ASCII, or too long) is replaced.
fn message_id(left: &str, domain: &str) -> String {
    let id = format!("{left}@{domain}");
    if MessageId::new(&id).is_ok() {
        id
    } else {
        format!("{left}@alert.invalid")
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

fn random() -> u64 {
    // Without random numbers the time must do: it differs from mail to mail.
    getrandom::u64().unwrap_or_else(|_| {
        let time = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        mix(time.as_nanos() as u64, u64::from(std::process::id()))
    })
}

/// The `n`-th number of the sequence SplitMix64 makes of a seed.
fn mix(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add((n.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
