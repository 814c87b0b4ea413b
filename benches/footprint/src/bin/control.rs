//! Proves that the check for panics sees one: an index that can be out of bounds.
#![no_std]
#![no_main]

use core::hint::black_box;

use footprint::{Expected, Outcome, Transport, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(b"");
    measure(alert::SERVER, SENT, scenario)
}

fn scenario(_: Transport) -> Option<Outcome> {
    black_box(alert::TEXT.as_bytes()[black_box(0)]);
    None
}
