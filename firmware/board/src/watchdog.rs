//! The board's watchdog: it resets a firmware that does not feed it.

use crate::register::Register;

// SAFETY: the registers of the data sheet; what they can do is to reset the board.
const LOAD: Register = unsafe { Register::at(0x4000_0000) };
const CONTROL: Register = unsafe { Register::at(0x4000_0008) };
const INTERRUPT_CLEAR: Register = unsafe { Register::at(0x4000_000c) };
const LOCK: Register = unsafe { Register::at(0x4000_0c00) };
const RUN_CLOCK: Register = unsafe { Register::at(0x400f_e100) };

const UNLOCKED: u32 = 0x1acc_e551;
const LOCKED: u32 = 0;
const COUNTS_AND_RESETS: u32 = 3;
const HAS_CLOCK: u32 = 1 << 3;
/// Ticks of 50 MHz in a millisecond.
const TICKS: u32 = 50_000;

pub struct Watchdog {
    ticks: u32,
}

impl Watchdog {
    /// It lets its time pass twice before it resets.
    pub(crate) fn start(milliseconds: u32) -> Self {
        let ticks = milliseconds.saturating_mul(TICKS) / 2;
        RUN_CLOCK.write(RUN_CLOCK.read() | HAS_CLOCK);
        LOCK.write(UNLOCKED);
        LOAD.write(ticks);
        CONTROL.write(COUNTS_AND_RESETS);
        LOCK.write(LOCKED);
        Self { ticks }
    }

    /// All is well for that many milliseconds from here on.
    pub fn feed(&mut self) {
        LOCK.write(UNLOCKED);
        // If its time has passed once, that is forgotten: to load it anew does not do that.
        INTERRUPT_CLEAR.write(1);
        LOAD.write(self.ticks);
        LOCK.write(LOCKED);
    }
}
