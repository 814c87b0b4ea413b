//! The plain-text alert by BDAT: `plain`, and a server that offers CHUNKING.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/bdat.txt"));
    measure(alert::SERVER_CHUNKING, SENT, alert::plain)
}
