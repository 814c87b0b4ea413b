//! What all the firmwares share: a scripted transport, the meters, and the report.
//!
//! Everything here is linked into `empty` too, whose size and stack are subtracted. No formatting
//! and no panic of our own, since the check looks for both.
#![no_std]

pub mod alert;
pub mod asynch;
pub mod meter;
mod transport;

pub use transport::{Chunks, FNV_OFFSET, Transport, fnv};

use core::hint::black_box;

use cortex_m_semihosting::{debug, syscall1};

/// How many octets the client's buffer has.
pub const BUFFER: usize = 512;

/// What a scenario has to tell.
pub struct Outcome {
    pub transport: Transport,
    /// Octets of the client's value, without the transport.
    pub client: usize,
    /// Octets of the future of it all, client and buffer included; 0 for blocking firmware.
    pub future: usize,
}

/// What a scenario must have sent, as the transport counts it.
pub struct Expected {
    octets: u32,
    hash: u32,
}

impl Expected {
    pub const fn of(sent: &[u8]) -> Self {
        Self {
            octets: sent.len() as u32,
            hash: transport::fnv(transport::FNV_OFFSET, sent),
        }
    }
}

/// Runs a scenario under the meters, reports, and ends the emulation: with success only if the
/// scenario gave `Some`, all chunks were read, and what was sent is `sent`.
pub fn measure(chunks: Chunks, sent: Expected, scenario: fn(Transport) -> Option<Outcome>) -> ! {
    meter::start();
    let unit = meter::calibrate();
    let transport = Transport::new(black_box(chunks));
    let scenario = black_box(scenario);

    meter::paint_stack();
    let before = meter::now();
    let outcome = scenario(transport);
    let after = meter::now();
    let stack = meter::peak_stack();

    let Some(Outcome {
        transport,
        client,
        future,
    }) = outcome
    else {
        print("failed\n");
        exit(false);
    };
    if meter::ran_out() {
        print("too slow for the clock\n");
        exit(false);
    }
    let ticks = meter::between(before, after).wrapping_sub(transport.ticks);
    number("ticks", ticks);
    number("unit", unit);
    number("stack", stack);
    number("client", client as u32);
    number("future", future as u32);
    number("writes", transport.writes);
    number("flushes", transport.flushes);
    number("reads", transport.reads);
    number("octets", transport.octets);
    exit(transport.at_end() && transport.octets == sent.octets && transport.hash == sent.hash)
}

/// Ends the emulation.
pub fn exit(success: bool) -> ! {
    loop {
        debug::exit(if success {
            debug::EXIT_SUCCESS
        } else {
            debug::EXIT_FAILURE
        });
    }
}

/// Prints `name=value`.
#[inline(never)]
pub fn number(name: &str, mut value: u32) {
    let mut digits = [b'\n'; 11];
    let mut rest = &mut digits[..10];
    while let Some((last, front)) = rest.split_last_mut() {
        *last = b'0' + (value % 10) as u8;
        value /= 10;
        rest = front;
    }
    print(name);
    print("=");
    print(core::str::from_utf8(&digits).unwrap_or_default());
}

fn print(text: &str) {
    for octet in text.as_bytes() {
        // SAFETY: SYS_WRITEC reads the octet that the pointer shows, and changes nothing.
        unsafe { syscall1!(WRITEC, core::ptr::from_ref(octet)) };
    }
}

/// Any panic that can be reached is linked under this name, which the check finds.
#[inline(never)]
fn reached_panic_handler() -> ! {
    exit(false)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    reached_panic_handler()
}
