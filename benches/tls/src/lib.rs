//! What the firmwares share: the line, the meter, the mail, and the report.
//!
//! The line, the meter and the mail are linked into `plain` too, whose size is subtracted.
#![no_std]

mod given;
#[cfg_attr(
    feature = "polls",
    expect(dead_code, reason = "`polls` opens TLS in its stead")
)]
mod mail;
mod meter;
#[cfg(feature = "polls")]
mod polls;
mod random;
pub mod roots;
mod uart;

pub use given::{PIN_P256, PINS_RSA, ROOT_P256, ROOT_RSA};
#[cfg(not(feature = "polls"))]
pub use mail::deliver;
pub use mail::plain;
#[cfg(feature = "polls")]
pub use polls::deliver;
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
        passed: [0; 3],
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
    let [sent, received, turns] = uart::passed();
    number("sent", sent);
    number("received", received);
    number("turns", turns);
    number("handshake_sent", meters.passed[0]);
    number("handshake_received", meters.passed[1]);
    exit(done.is_some() && stack.is_some())
}

/// What was measured of the handshake alone.
pub struct Meters {
    /// The address from which the stack is measured, down.
    top: u32,
    stack: u32,
    ticks: u32,
    /// What has passed on the line.
    passed: [u32; 3],
}

impl Meters {
    /// The session was opened, and no mail was sent yet.
    pub fn handshake_is_done(&mut self) {
        self.ticks = meter::ticks();
        meter::pause();
        self.passed = uart::passed();
        self.stack = meter::peak_stack(self.top).unwrap_or_default();
        meter::go_on();
    }
}

/// Hundredths of a second since the emulation began.
fn centiseconds() -> u32 {
    // SAFETY: SYS_CLOCK reads nothing from the firmware's memory, and changes nothing.
    unsafe { syscall1!(CLOCK, 0) as u32 }
}

/// Seconds since 1970, from the host's clock: the emulated board has none.
pub fn time() -> u64 {
    // SAFETY: SYS_TIME reads nothing from the firmware's memory, and changes nothing.
    unsafe { syscall1!(TIME, 0) as u64 }
}
