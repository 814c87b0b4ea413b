//! What a device has in hardware and the emulator takes from its host: the time, random bytes, and a look
//! at the stack.

use alloc::boxed::Box;
use core::convert::Infallible;
use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use mbedtls_rs::sys::hook::timer::{MbedtlsTimer, hook_timer};
use mbedtls_rs::sys::hook::wall_clock::{MbedtlsWallClock, hook_wall_clock};
use mbedtls_rs::sys::{mbedtls_ms_time_t, tm};
use rand_core::{TryCryptoRng, TryRng};
use semihosting::experimental::{random, time::SystemTime};

/// Seconds since 1970 (UTC).
pub fn unix_time() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs().cast_signed())
}

struct HostClock;

/// Gives Mbed TLS the time. To be called before it looks at a certificate.
pub fn hook_clocks() {
    // SAFETY: called once, before any use, with values that live for ever.
    unsafe {
        hook_timer(Some(&HostClock));
        hook_wall_clock(Some(&HostClock));
    }
}

impl MbedtlsTimer for HostClock {
    fn now(&self) -> mbedtls_ms_time_t {
        unix_time() * 1000
    }
}

impl MbedtlsWallClock for HostClock {
    fn instant(&self) -> Option<tm> {
        let now = unix_time();
        let (year, month, day) = civil(now.div_euclid(86_400));
        let second = now.rem_euclid(86_400) as i32;
        Some(tm {
            tm_sec: second % 60,
            tm_min: second / 60 % 60,
            tm_hour: second / 3600,
            tm_mday: day,
            tm_mon: month - 1,
            tm_year: year - 1900,
            // Of no use for a certificate.
            tm_wday: 0,
            tm_yday: 0,
            tm_isdst: 0,
        })
    }
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil(days: i64) -> (i32, i32, i32) {
    let day_of = |year: i64| {
        365 * (year - 1970) + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400
    };
    let mut year = 1970 + days / 366;
    while day_of(year + 1) <= days {
        year += 1;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut day = days - day_of(year);
    let lengths = [
        31,
        28 + i64::from(is_leap),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year as i32, month, day as i32 + 1)
}

// SysTick counts down the emulator's time, of which an instruction takes a nanosecond: 25 MHz make one tick
// of 40 instructions.
const CONTROL: *mut u32 = 0xE000_E010 as *mut u32;
const RELOAD: *mut u32 = 0xE000_E014 as *mut u32;
const VALUE: *mut u32 = 0xE000_E018 as *mut u32;
const LARGEST: u32 = 0x00FF_FFFF;

static TICKS: AtomicU32 = AtomicU32::new(0);
static BEGUN: AtomicU32 = AtomicU32::new(0);
static IS_STOPPED: AtomicBool = AtomicBool::new(false);

fn now() -> u32 {
    // SAFETY: a register without side effects.
    LARGEST - unsafe { read_volatile(VALUE) }
}

/// Begins to count.
pub fn start_ticks() {
    // SAFETY: the registers of a timer that nothing else uses.
    unsafe {
        write_volatile(RELOAD, LARGEST);
        write_volatile(VALUE, 0);
        write_volatile(CONTROL, 0b101);
    }
    go_on();
}

/// The clock is stopped. No stretch is longer than the timer counts, 670 M instructions.
pub fn pause_ticks() {
    if !IS_STOPPED.load(Relaxed) {
        let stretch = now().wrapping_sub(BEGUN.load(Relaxed)) & LARGEST;
        TICKS.fetch_add(stretch, Relaxed);
    }
}

/// The clock runs.
pub fn go_on() {
    BEGUN.store(now(), Relaxed);
}

/// What follows is not counted.
pub fn stop_ticks() {
    pause_ticks();
    IS_STOPPED.store(true, Relaxed);
}

/// Ticks between the start and the stop, without pauses.
pub fn ticks() -> u32 {
    TICKS.load(Relaxed)
}

/// The host's random bytes.
pub fn random() -> &'static mut HostRandom {
    Box::leak(Box::new(HostRandom))
}

pub struct HostRandom;

impl TryRng for HostRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        // Without random bytes there are no secrets: the firmware ends.
        assert!(
            random::fill_bytes(bytes).is_ok(),
            "the host gives no random bytes"
        );
        Ok(())
    }
}

impl TryCryptoRng for HostRandom {}

unsafe extern "C" {
    static _stack_start: u32;
    static __sheap: u32;
}

/// The most bytes of the stack that were in use: cortex-m-rt has painted it.
pub fn peak_stack() -> usize {
    let (mut at, top) = (&raw const __sheap, &raw const _stack_start);
    // SAFETY: memory of the stack, from its end up.
    while at < top && unsafe { read_volatile(at) } == 0xCCCC_CCCC {
        at = at.wrapping_add(1);
    }
    (top as usize) - (at as usize)
}
