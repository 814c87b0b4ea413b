//! The plain-text alert with SCRAM-SHA-256.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/scram.txt"));
    measure(alert::SERVER_SCRAM, SENT, alert::scram)
}
