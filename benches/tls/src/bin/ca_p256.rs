//! The server has a chain to a root, all of it P-256.
#![no_std]
#![no_main]

use embedded_smtp::tls::{CertificateDer, Roots, anchor};
use firmware::{ROOT_P256, deliver, measure, time};

#[cortex_m_rt::entry]
fn main() -> ! {
    measure(|uart, meters| {
        let root = CertificateDer::from(ROOT_P256);
        let anchors = [anchor(&root).ok()?];
        deliver(uart, meters, Roots::new(&anchors, time()))
    })
}
