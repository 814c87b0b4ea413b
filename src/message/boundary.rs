//! The boundaries of a message: what they begin with.

use super::Message;
use super::header::id;

/// What all boundaries of a message begin with.
pub(super) fn stem(message: &Message<'_>) -> [u8; STEM] {
    let mut stem = *b"=_0000000000000000";
    let [_, _, digits @ ..] = &mut stem;
    *digits = id::digits(number(message));
    stem
}

/// Bytes of [`stem`].
pub(super) const STEM: usize = 18;

/// The number in the boundaries of a message: its seed, its unique number or, so that a mail can hold an
/// earlier one of the same device, a hash of its Message-ID and Date (FNV-1a).
fn number(message: &Message<'_>) -> u64 {
    let number = if message.seed != 0 {
        message.seed
    } else {
        message.unique
    };
    if number != 0 {
        return number;
    }
    let mut hash = 0_u64;
    if let Some(id) = message.message_id {
        for byte in id.as_str().bytes() {
            // The product is modular: it wraps.
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    match message.date {
        Some(date) => hash ^ date.number(),
        None => hash,
    }
}
