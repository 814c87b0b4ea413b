//! What ends a firmware that is broken: panics and faults.
//!
//! On a device this would be a reset; here the emulation ends, with an exit code of its own.

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m_rt::{ExceptionFrame, exception};

/// EX_SOFTWARE of sysexits.h.
pub const EXIT: i32 = 70;

/// A panic in the logger must not be logged.
static IS_LOGGED: AtomicBool = AtomicBool::new(false);

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if !IS_LOGGED.load(Ordering::Relaxed) {
        IS_LOGGED.store(true, Ordering::Relaxed);
        match info.location() {
            Some(at) => defmt::error!("panic in {=str}, line {=u32}", at.file(), at.line()),
            None => defmt::error!("panic"),
        }
    }
    semihosting::process::exit(EXIT)
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    if !IS_LOGGED.load(Ordering::Relaxed) {
        IS_LOGGED.store(true, Ordering::Relaxed);
        defmt::error!("hard fault at {=u32:#x}", frame.pc());
    }
    semihosting::process::exit(EXIT)
}
