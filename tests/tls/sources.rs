//! Sources of random bytes as they come: generators of each version of `rand_core`, and functions.

use std::convert::Infallible;
use std::io::ErrorKind;

use embedded_smtp::tls::blocking::Stream;
use embedded_smtp::tls::{Error, Pins, Random, Records};

use crate::hand_made::Plan;
use crate::{IDENTITY, name};

/// Opens TLS with this source.
fn opens(random: impl Random) -> Result<(), Error> {
    let pins = [IDENTITY.pin()];
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write)?;
    let server = Plan::right().server();
    match Stream::open(server, &mut records, name(), Pins::new(&pins), random) {
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.error),
    }
}

/// Bytes that count up. For tests only.
struct Counter(u8);

impl Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| {
            self.0 = self.0.wrapping_add(1);
            self.0
        });
    }
}

impl rand_core::RngCore for Counter {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill(bytes);
        Ok(())
    }
}

impl rand_core_0_9::RngCore for Counter {
    fn next_u32(&mut self) -> u32 {
        rand_core_0_9::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core_0_9::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.fill(bytes);
    }
}

impl rand_core_0_10::TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

/// A hardware generator that gives so many times, then nothing.
struct Chip(u8);

impl Chip {
    fn give(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        self.0 = self.0.checked_sub(1).ok_or(ErrorKind::TimedOut)?;
        bytes.fill(7);
        Ok(())
    }
}

impl rand_core_0_9::TryRngCore for Chip {
    type Error = std::io::Error;

    fn try_next_u32(&mut self) -> Result<u32, std::io::Error> {
        Err(ErrorKind::Unsupported.into())
    }

    fn try_next_u64(&mut self) -> Result<u64, std::io::Error> {
        Err(ErrorKind::Unsupported.into())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        self.give(bytes)
    }
}

impl rand_core_0_10::TryRng for Chip {
    type Error = std::io::Error;

    fn try_next_u32(&mut self) -> Result<u32, std::io::Error> {
        Err(ErrorKind::Unsupported.into())
    }

    fn try_next_u64(&mut self) -> Result<u64, std::io::Error> {
        Err(ErrorKind::Unsupported.into())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        self.give(bytes)
    }
}

#[test]
fn generators_of_each_version_of_rand_core_fit() {
    let mut rng = Counter(0);
    {
        use rand_core::RngCore;
        assert_eq!(opens(|bytes: &mut [u8]| rng.fill_bytes(bytes)), Ok(()));
    }
    {
        use rand_core_0_9::RngCore;
        assert_eq!(opens(|bytes: &mut [u8]| rng.fill_bytes(bytes)), Ok(()));
    }
    {
        use rand_core_0_10::Rng;
        assert_eq!(opens(|bytes: &mut [u8]| rng.fill_bytes(bytes)), Ok(()));
    }
    assert_eq!(opens(getrandom::fill), Ok(()));
}

#[test]
fn a_generator_that_fails_opens_nothing() {
    for (times, expected) in [
        (0, Err(Error::Random)),
        (1, Err(Error::Random)),
        (2, Ok(())),
    ] {
        let mut chip = Chip(times);
        {
            use rand_core_0_9::TryRngCore;
            let source = |bytes: &mut [u8]| chip.try_fill_bytes(bytes);
            assert_eq!(opens(source), expected);
        }
        let mut chip = Chip(times);
        {
            use rand_core_0_10::TryRng;
            let source = |bytes: &mut [u8]| chip.try_fill_bytes(bytes);
            assert_eq!(opens(source), expected);
        }
    }
}
