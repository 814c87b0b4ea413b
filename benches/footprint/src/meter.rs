//! Instructions and stack.
//!
//! Under `-icount` the emulator's time advances by a fixed step with every instruction, and SysTick
//! counts that time; a loop of known length says how many ticks an instruction is. The stack is
//! painted below the stack pointer, and its peak is the lowest word that changed.

use core::arch::asm;
use core::ptr::{read_volatile, write_volatile};

const SYST_CSR: *mut u32 = 0xe000_e010 as *mut u32;
const SYST_RVR: *mut u32 = 0xe000_e014 as *mut u32;
const SYST_CVR: *mut u32 = 0xe000_e018 as *mut u32;
/// SysTick has 24 bits.
const TICKS: u32 = 0x00ff_ffff;

/// Starts the clock.
pub fn start() {
    // SAFETY: the registers of SysTick, which nobody else uses; no interrupt is enabled.
    unsafe {
        write_volatile(SYST_RVR, TICKS);
        write_volatile(SYST_CVR, 0);
        write_volatile(SYST_CSR, 0b101); // the processor's clock, no interrupt, enabled
    }
}

/// The clock's ticks.
#[inline(always)]
pub fn now() -> u32 {
    // SAFETY: reads a counter.
    unsafe { read_volatile(SYST_CVR) }
}

/// Ticks from `before` to `after`: SysTick counts down.
#[inline(always)]
pub fn between(before: u32, after: u32) -> u32 {
    before.wrapping_sub(after) & TICKS
}

/// Whether the clock passed zero since it was started, so that ticks are missing.
pub fn ran_out() -> bool {
    const COUNTFLAG: u32 = 1 << 16;
    // SAFETY: reads a register of SysTick; that this clears the flag concerns nobody.
    unsafe { read_volatile(SYST_CSR) & COUNTFLAG != 0 }
}

/// Two instructions each; `run` knows this number too.
const LOOPS: u32 = 5_000;

/// Ticks of `2 * LOOPS` instructions.
#[inline(never)]
pub fn calibrate() -> u32 {
    let before = now();
    // SAFETY: counts a register down.
    unsafe {
        asm!("2:", "subs {n}, {n}, #1", "bne 2b", n = inout(reg) LOOPS => _, options(nomem, nostack));
    }
    between(before, now())
}

const PAINT: u32 = 0x5a5a_c3c3;
/// Painted octets.
const DEPTH: u32 = 16 * 1024;

fn stack_pointer() -> u32 {
    let pointer: u32;
    // SAFETY: copies a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer & !3
}

/// Begins a measurement of the stack.
#[inline(always)]
pub fn paint_stack() {
    let top = stack_pointer();
    let mut at = top - DEPTH;
    while at < top {
        // SAFETY: unused stack: below the stack pointer, far above the few static octets.
        unsafe { write_volatile(at as *mut u32, PAINT) };
        at += 4;
    }
}

/// Octets below the stack pointer that were used since [`paint_stack`], called in the same frame.
#[inline(always)]
pub fn peak_stack() -> u32 {
    let top = stack_pointer();
    let mut at = top - DEPTH;
    // SAFETY: as in `paint_stack`.
    while at < top && unsafe { read_volatile(at as *const u32) } == PAINT {
        at += 4;
    }
    top - at
}
