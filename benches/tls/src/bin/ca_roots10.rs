//! [`ca_full`](../ca_full/index.html) with ten public roots besides.
#![no_std]
#![no_main]

use embedded_smtp::tls::{CertificateDer, Roots, anchor};
use firmware::{ROOT_RSA, deliver, measure, roots, time};

#[cortex_m_rt::entry]
fn main() -> ! {
    measure(|uart, meters| {
        let root = CertificateDer::from(ROOT_RSA);
        let anchors = roots::and(anchor(&root).ok()?);
        deliver(
            uart,
            meters,
            Roots::new(&anchors, time()).with_rsa().with_p384(),
        )
    })
}
