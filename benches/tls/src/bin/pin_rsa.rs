//! The server has a P-256 or RSA key that is known.
#![no_std]
#![no_main]

use embedded_smtp::tls::Pins;
use firmware::{PINS_RSA, deliver, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    measure(|uart, meters| deliver(uart, meters, Pins::new(&PINS_RSA).with_rsa()))
}
