//! Instructions outside the transport, and the whole stack.
//!
//! Under `-icount shift=0` an instruction takes a nanosecond of the emulator's time, and SysTick
//! counts that time. The clock is read whenever the transport is entered and left, and only the
//! stretches between are added up: waiting for the server is not counted, however long it takes.
//! A stretch must not last longer than SysTick counts, 1.3 G instructions.

use core::arch::asm;
use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use footprint::meter;

static TICKS: AtomicU32 = AtomicU32::new(0);
static BEGUN: AtomicU32 = AtomicU32::new(0);

/// Begins counting.
pub fn start() {
    TICKS.store(0, Relaxed);
    go_on();
}

/// The clock is stopped.
#[inline(always)]
pub fn pause() {
    let stretch = meter::between(BEGUN.load(Relaxed), meter::now());
    TICKS.store(TICKS.load(Relaxed).wrapping_add(stretch), Relaxed);
}

/// The clock runs.
#[inline(always)]
pub fn go_on() {
    BEGUN.store(meter::now(), Relaxed);
}

/// Ticks since [`start`] that were not paused.
pub fn ticks() -> u32 {
    pause();
    go_on();
    TICKS.load(Relaxed)
}

const PAINT: u32 = 0x5a5a_c3c3;

unsafe extern "C" {
    /// Where the static memory ends, as the linker script of cortex-m-rt has it.
    static __sheap: u32;
}

/// The lowest word of the stack.
fn end_of_stack() -> u32 {
    (&raw const __sheap) as u32
}

/// The stack pointer.
#[inline(always)]
pub fn stack_pointer() -> u32 {
    let pointer: u32;
    // SAFETY: copies a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer & !3
}

/// Paints all of the stack that is not in use.
#[inline(never)]
pub fn paint_stack() {
    let mut at = end_of_stack();
    while at < stack_pointer() {
        // SAFETY: memory between the static octets and the stack in use.
        unsafe { write_volatile(at as *mut u32, PAINT) };
        at += 4;
    }
}

/// Octets below the address that were used since [`paint_stack`]; `None` if there was no more.
#[inline(never)]
pub fn peak_stack(top: u32) -> Option<u32> {
    let mut at = end_of_stack();
    // SAFETY: as in `paint_stack`.
    while at < top && unsafe { read_volatile(at as *const u32) } == PAINT {
        at += 4;
    }
    (at > end_of_stack()).then(|| top - at)
}
