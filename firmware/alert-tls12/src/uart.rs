//! The board's first serial line, which the emulator connects to the server. Polled.

use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::chip;

// Arm's CMSDK UART.
const UART0: usize = 0x4000_4000;
const DATA: *mut u32 = UART0 as *mut u32;
const STATE: *mut u32 = (UART0 + 0x04) as *mut u32;
const CONTROL: *mut u32 = (UART0 + 0x08) as *mut u32;
const DIVIDER: *mut u32 = (UART0 + 0x10) as *mut u32;

const TRANSMITTER_IS_FULL: u32 = 1;
const RECEIVER_IS_FULL: u32 = 1 << 1;
const ENABLED_BOTH_WAYS: u32 = 0b11;

/// Seconds without a byte after which the line counts as broken: the emulator does not tell that the server
/// has closed the connection.
const PATIENCE: i64 = 20;
/// Looks at the line between two looks at the clock.
const LOOKS: u32 = 100_000;
/// Looks at the line without a byte after which it counts as silent: 8 ms of the emulator's time.
const SILENT_LOOKS: u32 = 1_000_000;

/// Bytes on the line, and how often the server was waited for after something was said.
pub static SENT: AtomicUsize = AtomicUsize::new(0);
pub static RECEIVED: AtomicUsize = AtomicUsize::new(0);
pub static TURNS: AtomicUsize = AtomicUsize::new(0);
static HAS_SPOKEN: AtomicBool = AtomicBool::new(false);

pub struct Uart(());

impl Uart {
    /// There is one line: to be called once.
    pub fn open() -> Self {
        // SAFETY: registers of the line, which nothing else uses.
        unsafe {
            write_volatile(DIVIDER, 16);
            write_volatile(CONTROL, ENABLED_BOTH_WAYS);
        }
        Self(())
    }

    /// Takes what the server has said until the line is silent. If the emulator ended with bytes unread, its
    /// host would reset the connection, and the server would miss the last bytes sent to it.
    pub fn drain(&mut self) {
        let mut silent = 0;
        while silent < SILENT_LOOKS {
            silent += 1;
            if Self::state() & RECEIVER_IS_FULL != 0 {
                // SAFETY: as in `open`.
                unsafe { read_volatile(DATA) };
                silent = 0;
            }
        }
    }

    fn state() -> u32 {
        // SAFETY: as in `open`.
        unsafe { read_volatile(STATE) }
    }

    /// Waits, which is not counted as work.
    fn wait_until(is_ready: impl Fn(u32) -> bool) -> Result<(), ErrorKind> {
        chip::pause_ticks();
        let waited = Self::wait(is_ready);
        chip::go_on();
        waited
    }

    fn wait(is_ready: impl Fn(u32) -> bool) -> Result<(), ErrorKind> {
        let mut begun = None;
        loop {
            for _ in 0..LOOKS {
                if is_ready(Self::state()) {
                    return Ok(());
                }
            }
            let now = chip::unix_time();
            if now - *begun.get_or_insert(now) > PATIENCE {
                return Err(ErrorKind::TimedOut);
            }
        }
    }
}

impl ErrorType for Uart {
    type Error = ErrorKind;
}

impl Read for Uart {
    fn read(&mut self, window: &mut [u8]) -> Result<usize, ErrorKind> {
        let Some(slot) = window.first_mut() else {
            return Ok(0);
        };
        Self::wait_until(|state| state & RECEIVER_IS_FULL != 0)?;
        // SAFETY: as in `open`.
        *slot = unsafe { read_volatile(DATA) } as u8;
        RECEIVED.fetch_add(1, Relaxed);
        TURNS.fetch_add(HAS_SPOKEN.swap(false, Relaxed).into(), Relaxed);
        Ok(1)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        for byte in bytes {
            Self::wait_until(|state| state & TRANSMITTER_IS_FULL == 0)?;
            // SAFETY: as in `open`.
            unsafe { write_volatile(DATA, u32::from(*byte)) };
        }
        SENT.fetch_add(bytes.len(), Relaxed);
        HAS_SPOKEN.store(true, Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
