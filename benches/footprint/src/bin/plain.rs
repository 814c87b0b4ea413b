//! A plain-text alert, literals checked when it is compiled.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/plain.txt"));
    measure(alert::SERVER, SENT, alert::plain)
}
