//! The crate's own TLS: its choices, and its errors in the words of this command.

use std::io;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_smtp::tls::{
    CertificateFault, DangerNoVerification, Error, Pin, Pins, READ_BUFFER_MAX, Roots, ServerName,
    TrustAnchor, WRITE_BUFFER_MAX, Watched,
};

use rustls::AlertDescription;

use crate::trust::Trust;

use super::distrust::Distrust;
use super::{Fault, Terms};

/// Octets for a record that is read: any that there can be.
pub const READ_BUFFER: usize = READ_BUFFER_MAX as usize;
/// Octets for a record that is written: all that one may hold.
pub const WRITE_BUFFER: usize = WRITE_BUFFER_MAX as usize;

/// What is to be verified.
pub enum Choice<'a> {
    Roots(ByRoots<'a>),
    Pins(ByPins<'a>),
    Danger,
}

pub struct ByRoots<'a> {
    anchors: &'a [TrustAnchor<'static>],
    pins: &'a [Pin],
    now: u64,
}

pub struct ByPins<'a>(&'a [Pin]);

impl<'a> Choice<'a> {
    pub fn new(trust: &'a Trust) -> Result<Self, Fault> {
        Ok(match &trust.roots {
            Some(roots) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                let now = now.map_err(|_| {
                    Fault::Incompatible("this computer's clock stands before 1970".into())
                })?;
                Self::Roots(ByRoots {
                    anchors: &roots.roots,
                    pins: &trust.pins,
                    now: now.as_secs(),
                })
            }
            None if trust.is_danger() => Self::Danger,
            None => Self::Pins(ByPins(&trust.pins)),
        })
    }
}

impl ByRoots<'_> {
    pub fn choice<F: FnMut(&[u8])>(&self, watch: F) -> Watched<Roots<'_>, F> {
        let roots = Roots::new(self.anchors, self.now).with_rsa().with_p384();
        let roots = match self.pins {
            [] => roots,
            pins => roots.and_pins(pins),
        };
        Watched::new(roots, watch)
    }
}

impl ByPins<'_> {
    pub fn choice<F: FnMut(&[u8])>(&self, watch: F) -> Watched<Pins<'_>, F> {
        Watched::new(Pins::new(self.0).with_rsa().with_p384(), watch)
    }
}

pub fn danger<F: FnMut(&[u8])>(watch: F) -> Watched<DangerNoVerification, F> {
    Watched::new(DangerNoVerification, watch)
}

/// It knows one version and one cipher suite.
pub fn terms() -> Terms {
    Terms {
        version: "1.3",
        cipher_suite: "TLS_AES_128_GCM_SHA256".into(),
    }
}

/// An error of a stream.
pub fn error(error: Error) -> io::Error {
    fault(error).into()
}

/// The same fault as with the other library.
pub fn fault(error: Error) -> Fault {
    match error {
        Error::Certificate(fault) => Fault::Distrust(of_certificate(fault)),
        Error::NotProven => Fault::Distrust(Distrust::NotProven),
        Error::Alert(Some(number)) => Fault::Alert(format!("{:?}", AlertDescription::from(number))),
        Error::Alert(None) => Fault::Alert("unreadable".into()),
        Error::NoAnswer | Error::Closed => Fault::Closed,
        Error::Io(kind) => Fault::Link(io::ErrorKind::from(kind).into()),
        Error::NoTls13 => Fault::Incompatible("the server does not speak TLS 1.3".into()),
        Error::NothingInCommon => Fault::Incompatible(error.to_string()),
        Error::OtherKeyExchange => {
            Fault::Incompatible("the server does not accept P-256 for the key exchange".into())
        }
        Error::SplitMessage => {
            Fault::Incompatible("the server splits TLS handshake messages over records".into())
        }
        Error::KeyUpdate => Fault::Incompatible("the server changes its TLS keys".into()),
        Error::ClientCertificate => Fault::ClientCertificate,
        Error::Handshake | Error::Record => Fault::Broken(error.to_string()),
        error => Fault::Link(io::Error::other(error.to_string())),
    }
}

fn of_certificate(fault: CertificateFault) -> Distrust {
    match fault {
        CertificateFault::Empty => Distrust::NoCertificate,
        CertificateFault::Expired { .. } => Distrust::Expired,
        CertificateFault::NotYetValid { .. } => Distrust::NotYetValid,
        CertificateFault::WrongName => Distrust::WrongName,
        CertificateFault::UnknownIssuer => Distrust::UnknownIssuer,
        CertificateFault::CaAsServer => Distrust::AuthorityAsServer,
        CertificateFault::BadSignature => Distrust::ChainSignature,
        CertificateFault::HandshakeSignature | CertificateFault::Scheme => {
            Distrust::HandshakeSignature
        }
        CertificateFault::PinMismatch => Distrust::Pin,
        CertificateFault::WrongPurpose => Distrust::Purpose,
        CertificateFault::KeyType | CertificateFault::KeyLength | CertificateFault::Algorithm => {
            Distrust::Algorithm
        }
        fault => Distrust::Chain(fault.as_str()),
    }
}

/// The server's name, as this library takes it.
pub fn name(trust: &Trust) -> Result<ServerName<'_>, Fault> {
    let name = match &trust.name {
        rustls::pki_types::ServerName::DnsName(name) => ServerName::parse(name.as_ref()),
        rustls::pki_types::ServerName::IpAddress(address) => Ok(IpAddr::from(*address).into()),
        _ => {
            return Err(Fault::Incompatible(
                "the server's name is of a new kind".into(),
            ));
        }
    };
    name.map_err(|invalid| Fault::Incompatible(invalid.to_string()))
}
