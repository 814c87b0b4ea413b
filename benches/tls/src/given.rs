//! The keys of the servers' certificates and the roots of their chains, as `run` gave them to
//! `build.rs`. A firmware that is built without `run` has nothing in their place, and no server.

use embedded_smtp::tls::Pin;

/// The pin of the servers with a P-256 key.
pub const PIN_P256: Pin = Pin::new(*include_bytes!(concat!(
    env!("CERTIFICATES"),
    "/leaf.p256.pin"
)));
/// The pins of those, and of those with an RSA key of 2048 and 4096 bits.
pub const PINS_RSA: [Pin; 3] = [
    PIN_P256,
    Pin::new(*include_bytes!(concat!(
        env!("CERTIFICATES"),
        "/leaf.rsa2048.pin"
    ))),
    Pin::new(*include_bytes!(concat!(
        env!("CERTIFICATES"),
        "/leaf.rsa4096.pin"
    ))),
];

/// A certificate with a P-256 key.
pub static ROOT_P256: &[u8] = include_bytes!(concat!(env!("CERTIFICATES"), "/root.p256.der"));
/// A certificate with a key of RSA-4096.
pub static ROOT_RSA: &[u8] = include_bytes!(concat!(env!("CERTIFICATES"), "/root.rsa4096.der"));
