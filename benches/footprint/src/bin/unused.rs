//! The plain-text alert, built with features that it does not use.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/plain.txt"));
    measure(alert::SERVER, SENT, alert::plain)
}
