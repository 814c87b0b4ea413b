//! The plain-text alert, async.
#![no_std]
#![no_main]

use footprint::{Expected, alert, asynch, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/plain.txt"));
    measure(alert::SERVER, SENT, asynch::plain)
}
