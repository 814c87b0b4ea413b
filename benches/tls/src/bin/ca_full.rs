//! The server has a chain to a root, of P-256, P-384 and RSA.
#![no_std]
#![no_main]

use embedded_smtp::tls::{CertificateDer, Roots, anchor};
use firmware::{ROOT_RSA, deliver, measure, time};

#[cortex_m_rt::entry]
fn main() -> ! {
    measure(|uart, meters| {
        let root = CertificateDer::from(ROOT_RSA);
        let anchors = [anchor(&root).ok()?];
        deliver(
            uart,
            meters,
            Roots::new(&anchors, time()).with_rsa().with_p384(),
        )
    })
}
