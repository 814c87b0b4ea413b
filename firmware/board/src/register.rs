//! A register of a peripheral.

use core::ptr::{read_volatile, write_volatile};

/// A register, by its address.
#[derive(Clone, Copy)]
pub struct Register(*mut u32);

impl Register {
    /// # Safety
    ///
    /// The address is that of a register of 32 bits, whose use is memory-safe whatever is written.
    pub const unsafe fn at(address: usize) -> Self {
        Self(address as *mut u32)
    }

    pub fn read(self) -> u32 {
        // SAFETY: it is a register.
        unsafe { read_volatile(self.0) }
    }

    pub fn write(self, value: u32) {
        // SAFETY: it is a register, and any value is safe.
        unsafe { write_volatile(self.0, value) }
    }
}
