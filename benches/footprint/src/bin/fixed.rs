//! A plain-text alert of which only the date and the password are known at run time.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/plain.txt"));
    measure(alert::SERVER, SENT, alert::fixed)
}
