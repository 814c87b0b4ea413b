//! The plain-text alert with an OAuth 2.0 token.
#![no_std]
#![no_main]

use footprint::{Expected, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/token.txt"));
    measure(alert::SERVER_TOKEN, SENT, alert::token)
}
