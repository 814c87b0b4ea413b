//! Random octets, from the host's source by semihosting.
//!
//! For the emulator only: the board it emulates has no source of its own. A device has to have one, and
//! takes the driver of its peripheral in this place.

use rand_core::{CryptoRng, Error, RngCore};
use semihosting::experimental::random;

pub struct FromTheHost;

impl RngCore for FromTheHost {
    fn next_u32(&mut self) -> u32 {
        let mut octets = [0; 4];
        self.fill_bytes(&mut octets);
        u32::from_le_bytes(octets)
    }

    fn next_u64(&mut self) -> u64 {
        let mut octets = [0; 8];
        self.fill_bytes(&mut octets);
        u64::from_le_bytes(octets)
    }

    fn fill_bytes(&mut self, octets: &mut [u8]) {
        // Without random octets there are no secrets: the firmware ends.
        if random::fill_bytes(octets).is_err() {
            panic!("the host gives no random octets");
        }
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(octets);
        Ok(())
    }
}

impl CryptoRng for FromTheHost {}
