//! Random numbers for the emulator only: the board has no source of them, so these follow from the
//! host's clock, and whoever knows the time of the start knows the session's keys.
//!
//! A device needs a real source; what its driver costs is not in the figures.

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

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for slot in bytes {
            *slot = (self.next_u64() >> 56) as u8;
        }
    }

    fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
