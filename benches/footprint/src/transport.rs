//! A transport in memory that plays a script: each read gives the next chunk.
//!
//! Its methods are never inlined, so that they are the same code in every firmware. It checks what
//! it is given by a hash, and stops the clock meanwhile. Its async methods are always ready.

use core::hint::black_box;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::meter;

/// What the server says, flight by flight.
pub type Chunks = &'static [&'static [u8]];

pub struct Transport {
    chunks: Chunks,
    chunk: &'static [u8],
    /// Of what was written.
    pub hash: u32,
    pub octets: u32,
    pub reads: u32,
    pub writes: u32,
    pub flushes: u32,
    /// Time spent in here.
    pub ticks: u32,
}

impl Transport {
    pub fn new(chunks: Chunks) -> Self {
        Self {
            chunks,
            chunk: &[],
            hash: FNV_OFFSET,
            octets: 0,
            reads: 0,
            writes: 0,
            flushes: 0,
            ticks: 0,
        }
    }

    pub fn at_end(&self) -> bool {
        self.chunk.is_empty() && self.chunks.is_empty()
    }
}

/// It always does, but the compiler does not know: a firmware's transport can fail.
fn works() -> Result<(), ErrorKind> {
    if black_box(true) {
        Ok(())
    } else {
        Err(ErrorKind::TimedOut)
    }
}

impl ErrorType for Transport {
    type Error = ErrorKind;
}

impl Read for Transport {
    #[inline(never)]
    fn read(&mut self, window: &mut [u8]) -> Result<usize, ErrorKind> {
        let before = meter::now();
        self.reads += 1;
        if let ([], [next, rest @ ..]) = (self.chunk, self.chunks) {
            (self.chunk, self.chunks) = (next, rest);
        }
        let octets = window.len().min(self.chunk.len());
        for (slot, octet) in window.iter_mut().zip(self.chunk) {
            *slot = *octet;
        }
        self.chunk = self.chunk.get(octets..).unwrap_or_default();
        self.ticks += meter::between(before, meter::now());
        works()?;
        Ok(octets)
    }
}

impl Write for Transport {
    #[inline(never)]
    fn write(&mut self, octets: &[u8]) -> Result<usize, ErrorKind> {
        let before = meter::now();
        self.writes += 1;
        self.octets += octets.len() as u32;
        self.hash = fnv(self.hash, octets);
        self.ticks += meter::between(before, meter::now());
        works()?;
        Ok(octets.len())
    }

    #[inline(never)]
    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.flushes += 1;
        Ok(())
    }
}

impl embedded_io_async::Read for Transport {
    async fn read(&mut self, window: &mut [u8]) -> Result<usize, ErrorKind> {
        Read::read(self, window)
    }
}

impl embedded_io_async::Write for Transport {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, ErrorKind> {
        Write::write(self, octets)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Write::flush(self)
    }
}

/// Where FNV-1a begins.
pub const FNV_OFFSET: u32 = 0x811c_9dc5;

/// FNV-1a, continued.
pub const fn fnv(mut hash: u32, mut octets: &[u8]) -> u32 {
    const FNV_PRIME: u32 = 0x0100_0193;
    while let [octet, rest @ ..] = octets {
        hash = (hash ^ *octet as u32).wrapping_mul(FNV_PRIME);
        octets = rest;
    }
    hash
}
