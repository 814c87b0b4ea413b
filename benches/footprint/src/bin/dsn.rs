//! The plain-text alert, and reports on its delivery are asked for.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/dsn.txt"));
    measure(alert::SERVER_DSN, SENT, alert::dsn)
}
