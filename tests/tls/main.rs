//! TLS by the crate's own stack, with the mock server's rustls at the other end: mails over both
//! drivers, faults and changes at every call and octet, futures dropped at every await.
//!
//! What certificates are accepted is in `tests/tls_chains.rs`.

#![allow(clippy::result_large_err)] // The transport comes back with the error.

mod cancelled;
mod changed;
mod faults;
mod hand_made;
mod link;
mod mails;
mod opening;
mod pace;
mod sources;
mod todays_servers;

#[path = "../support/kept.rs"]
mod kept;

use std::sync::LazyLock;

use embedded_smtp::message::Head;
use embedded_smtp::mock::{Builder, Extension, Server};
use embedded_smtp::tls::{CertificateDer, Pin, ServerName};
use embedded_smtp::{Mailbox, Message, server_name};
use kept::kept;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

pub const NAME: &str = "mail.example.org";

/// Some day on which the certificates are valid.
pub const NOW: u64 = 1_800_000_000;

/// A root, and a server's certificate from it.
pub struct Identity {
    pub root: CertificateDer<'static>,
    pub leaf: CertificateDer<'static>,
    pub key: Vec<u8>,
}

pub static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let root_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "A root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&root_key).unwrap();
    let issuer = Issuer::new(params, root_key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([NAME.to_owned(), "127.0.0.1".into()]).unwrap();
    let leaf = params.signed_by(&key, &issuer).unwrap();
    Identity {
        root: root.der().clone(),
        leaf: leaf.der().clone(),
        key: key.serialize_der(),
    }
});

impl Identity {
    pub fn pin(&self) -> Pin {
        Pin::of_certificate(&self.leaf).unwrap()
    }
}

/// A server with that certificate and one account, `boiler3` with `secret`.
pub fn server() -> Builder {
    Server::builder()
        .offer(Extension::StartTls)
        .account("boiler3", "secret")
        .certificate([&IDENTITY.leaf], &IDENTITY.key)
}

pub fn name() -> &'static ServerName<'static> {
    static SERVER_NAME: ServerName<'static> = server_name!(NAME);
    &SERVER_NAME
}

pub fn alert() -> Message<'static> {
    Message::new(kept(
        Head::new(Mailbox::parse("Boiler 3 <boiler3@example.org>").unwrap())
            .to("ops@example.org")
            .unwrap(),
    ))
    .subject("8.4 bar")
    .unwrap()
    .text("Overpressure in boiler 3")
}

/// The same bytes in every run. For tests only.
pub fn random(mut seed: u64) -> impl FnMut(&mut [u8]) + Clone {
    move |bytes| {
        bytes.fill_with(|| {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            seed.rotate_left(29) as u8
        });
    }
}
