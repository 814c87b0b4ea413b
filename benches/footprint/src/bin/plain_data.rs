//! The plain-text alert by DATA, without what BDAT needs.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/plain.txt"));
    measure(alert::SERVER, SENT, alert::plain_data)
}
