//! Random numbers for the emulator only: the board has no source of them, so these follow from the
//! host's clock, and whoever knows the time of the start knows the session's keys.
//!
//! A device needs a real source; what its driver costs is not in the figures.

use embedded_smtp::tls::rand_core::{CryptoRng, Error, RngCore};

/// xorshift, seeded by the clock.
pub struct FromTheClock(u64);

impl FromTheClock {
    pub fn new() -> Self {
        // Odd, so it is not zero.
        let seed = crate::time() << 32 | u64::from(crate::centiseconds()) << 1 | 1;
        let mut random = Self(seed);
        // The seeds of two starts differ in few bits; their numbers do not.
        for _ in 0..16 {
            random.next_u64();
        }
        random
    }
}

impl RngCore for FromTheClock {
    fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn fill_bytes(&mut self, octets: &mut [u8]) {
        for slot in octets {
            *slot = (self.next_u64() >> 56) as u8;
        }
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(octets);
        Ok(())
    }
}

/// It is none. The library asks for the promise, and the emulator has nothing to lose.
impl CryptoRng for FromTheClock {}
