//! The mock server from arbitrary octets of a client.
//!
//! Checked: it ends, and it does not panic.
#![no_main]

use embedded_io::{Read, Write};
use embedded_smtp::mock::{PlaintextAuth, Server};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let server = Server::builder()
        .account("u", "p")
        .plaintext_auth(PlaintextAuth::Allowed)
        .refuse_recipient("x@example.org", "550 5.1.1 no such user")
        .build();
    let mut link = server.duplex();
    let mut buf = [0; 512];
    for piece in octets.chunks(100) {
        if link.write(piece).is_err() || link.flush().is_err() {
            return;
        }
        while let Ok(n) = link.read(&mut buf) {
            if n == 0 {
                return;
            }
        }
    }
});
