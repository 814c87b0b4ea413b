//! The plain-text alert by BDAT, ahead of the replies to RCPT.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/bdat.txt"));
    measure(alert::SERVER_CHUNKING, SENT, alert::bdat)
}
