//! Random bytes, from the host's source by semihosting.
//!
//! For the emulator only: the board it emulates has no source of its own. A device needs one, and takes the
//! driver of its peripheral in this place.

use semihosting::experimental::random;

/// Fills the slice with random bytes of the host.
///
/// # Errors
///
/// The host gives none. Without random bytes there are no secrets: no session is opened.
pub fn random_bytes(bytes: &mut [u8]) -> Result<(), NoRandom> {
    random::fill_bytes(bytes).map_err(|_| NoRandom)
}

/// The host gives no random bytes.
#[derive(Debug)]
pub struct NoRandom;
