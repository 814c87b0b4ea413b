//! The board's serial line, which the emulator connects to a server.
//!
//! Polled, without interrupts. Its methods are never inlined, so that they are the same code in every
//! firmware; the meter does not count what is done in them.

use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::meter;

const UART0: usize = 0x4000_c000;
const DATA: *mut u32 = UART0 as *mut u32;
const FLAGS: *mut u32 = (UART0 + 0x18) as *mut u32;
const CONTROL: *mut u32 = (UART0 + 0x30) as *mut u32;

const RECEIVER_IS_EMPTY: u32 = 1 << 4;
const TRANSMITTER_IS_FULL: u32 = 1 << 5;
const ENABLED_BOTH_WAYS: u32 = 0x301;

/// How many seconds of the host's clock the line may do nothing: the emulator does not tell the firmware
/// that the server has closed the connection, and a busy host is slow.
const PATIENCE: u64 = 60;
/// How often the line is asked before the clock is.
const POLLS: u32 = 100_000;

/// Bytes on the line, and how often the server was waited for after something was said.
static SENT: AtomicU32 = AtomicU32::new(0);
static RECEIVED: AtomicU32 = AtomicU32::new(0);
static TURNS: AtomicU32 = AtomicU32::new(0);
static HAS_SPOKEN: AtomicU32 = AtomicU32::new(0);

fn add(count: &AtomicU32, more: usize) {
    count.store(count.load(Relaxed) + more as u32, Relaxed);
}

/// What has passed so far: bytes sent, bytes received, turns.
pub fn passed() -> [u32; 3] {
    [&SENT, &RECEIVED, &TURNS].map(|count| count.load(Relaxed))
}

pub struct Uart(());

impl Uart {
    /// There is one line: to be called once.
    pub fn open() -> Self {
        // Without the line's queues: turning them on would lose what the server has said already.
        // SAFETY: a register of the line, which nobody else uses. The emulator needs no clock, no pins
        // and no speed to be set.
        unsafe { write_volatile(CONTROL, ENABLED_BOTH_WAYS) };
        Self(())
    }

    /// Waits until the flag is off.
    fn wait_while(flag: u32) -> Result<(), ErrorKind> {
        let mut begun = None;
        loop {
            for _ in 0..POLLS {
                // SAFETY: as in `open`.
                if unsafe { read_volatile(FLAGS) } & flag == 0 {
                    return Ok(());
                }
            }
            let now = crate::time();
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
    #[inline(never)]
    fn read(&mut self, window: &mut [u8]) -> Result<usize, ErrorKind> {
        meter::pause();
        let mut octets = 0;
        let mut state = Self::wait_while(RECEIVER_IS_EMPTY);
        for slot in window {
            // SAFETY: as in `open`.
            unsafe {
                if state.is_err() || read_volatile(FLAGS) & RECEIVER_IS_EMPTY != 0 {
                    break;
                }
                *slot = read_volatile(DATA) as u8;
            }
            octets += 1;
            state = Ok(());
        }
        add(&RECEIVED, octets);
        add(&TURNS, HAS_SPOKEN.swap(0, Relaxed) as usize);
        meter::go_on();
        state.map(|()| octets)
    }
}

impl Write for Uart {
    #[inline(never)]
    fn write(&mut self, octets: &[u8]) -> Result<usize, ErrorKind> {
        meter::pause();
        let mut state = Ok(());
        for octet in octets {
            state = Self::wait_while(TRANSMITTER_IS_FULL);
            if state.is_err() {
                break;
            }
            // SAFETY: as in `open`.
            unsafe { write_volatile(DATA, u32::from(*octet)) };
        }
        add(&SENT, octets.len());
        HAS_SPOKEN.store(1, Relaxed);
        meter::go_on();
        state.map(|()| octets.len())
    }

    #[inline(never)]
    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
