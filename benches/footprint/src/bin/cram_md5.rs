//! The plain-text alert with CRAM-MD5.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/cram_md5.txt"));
    measure(alert::SERVER_CRAM_MD5, SENT, alert::cram_md5)
}
