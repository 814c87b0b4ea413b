//! Text, HTML, importance and an attachment, async.
#![no_std]
#![no_main]

use footprint::{Expected, alert, asynch, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(include_bytes!("../../sent/mime.txt"));
    measure(alert::SERVER, SENT, asynch::mime)
}
