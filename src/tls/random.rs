//! The source of random bytes, which the caller owns.

/// A source of random bytes that nobody can guess: a hardware generator, or a cryptographically secure
/// one that was seeded from it.
///
/// Every closure that fills a slice is one, and may fail. So any generator fits, whatever version of
/// `rand_core` its traits are from:
///
/// | the generator has | the source is |
/// |---|---|
/// | `rand_core` 0.6 or 0.9: `RngCore` | `\|bytes: &mut [u8]\| rng.fill_bytes(bytes)` |
/// | `rand_core` 0.9: `TryRngCore`; 0.10: `TryRng` | `\|bytes: &mut [u8]\| rng.try_fill_bytes(bytes)` |
/// | `rand_core` 0.10: `Rng` | `\|bytes: &mut [u8]\| rng.fill_bytes(bytes)` |
/// | a method of its own, as in `esp-hal` | `\|bytes: &mut [u8]\| rng.read(bytes)` |
/// | a function, as in `getrandom` | `getrandom::fill` |
///
/// A handshake asks for 64 bytes, more only where a key of zeros or beyond the group's order is drawn.
pub trait Random {
    /// Fills the slice. After an error no session is opened: [`Error::Random`](super::Error::Random).
    #[doc(hidden)]
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom>;
}

/// The source failed.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoRandom;

impl<F, O> Random for F
where
    F: FnMut(&mut [u8]) -> O,
    O: Filled,
{
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        self(bytes).filled()
    }
}

/// The result of a closure that fills a slice: nothing, or a `Result`.
pub trait Filled {
    #[doc(hidden)]
    fn filled(self) -> Result<(), NoRandom>;
}

impl Filled for () {
    fn filled(self) -> Result<(), NoRandom> {
        Ok(())
    }
}

impl<E> Filled for Result<(), E> {
    fn filled(self) -> Result<(), NoRandom> {
        self.map_err(|_| NoRandom)
    }
}
