//! What the firmwares share: the line, the meter, the mail, and the report.
//!
//! All of it but [`secure`] is linked into `plain` too, whose size is subtracted.
#![no_std]

mod mail;
pub mod meter;
mod uart;

pub use mail::plain;
pub use uart::Uart;

use core::hint::black_box;

use cortex_m_semihosting::syscall1;
use footprint::{exit, number};

/// Runs the task under the meter, reports, and ends the emulation: with success if it gave `Some`.
pub fn measure(task: fn(Uart, &mut Meters) -> Option<()>) -> ! {
    footprint::meter::start();
    let unit = footprint::meter::calibrate();
    let task = black_box(task);
    let mut meters = Meters {
        top: meter::stack_pointer(),
        stack: 0,
        ticks: 0,
    };
    meter::paint_stack();
    meter::start();
    let done = task(Uart::open(), &mut meters);
    let ticks = meter::ticks();
    let stack = meter::peak_stack(meters.top);
    number("unit", unit);
    number("handshake_ticks", meters.ticks);
    number("handshake_stack", meters.stack);
    number("ticks", ticks);
    number("stack", stack.unwrap_or_default());
    exit(done.is_some() && stack.is_some())
}

/// What was measured of the handshake alone.
pub struct Meters {
    /// The address from which the stack is measured, down.
    top: u32,
    stack: u32,
    ticks: u32,
}

impl Meters {
    /// The session was opened, and no mail was sent yet.
    pub fn handshake_is_done(&mut self) {
        self.ticks = meter::ticks();
        self.stack = meter::peak_stack(self.top).unwrap_or_default();
    }
}

/// Seconds since 1970, from the host's clock: the emulated board has none.
pub fn time() -> u32 {
    // SAFETY: SYS_TIME reads nothing from the firmware's memory, and changes nothing.
    unsafe { syscall1!(TIME, 0) as u32 }
}
