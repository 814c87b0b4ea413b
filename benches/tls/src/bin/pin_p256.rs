//! The server has a P-256 key that is known.
#![no_std]
#![no_main]

use embedded_smtp::tls::Pins;
use firmware::{PIN_P256, deliver, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    measure(|uart, meters| deliver(uart, meters, Pins::new(&[PIN_P256])))
}
