//! The proof wanted of the server: the roots, pins and name of the options.
//!
//! This file opens no connection and verifies nothing.

use std::fs;
use std::sync::Arc;

use embedded_smtp::Proof;
use embedded_smtp::tls::Pin;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::escape;
use crate::letter::{Refused, unreadable};
use crate::options::{Options, Security, Server, TlsStack};

/// The security of the link.
#[derive(Debug)]
pub enum Way {
    Plain,
    Tls(Trust),
    Starttls(Trust),
}

impl Way {
    /// The way that the options choose, with what they name read.
    pub fn new(options: &Options, server: &Server) -> Result<Self, Refused> {
        match options.security() {
            Security::Plain => Ok(Self::Plain),
            Security::Tls => Trust::new(options, server).map(Self::Tls),
            Security::Starttls => Trust::new(options, server).map(Self::Starttls),
        }
    }
}

/// Which server is trusted.
#[derive(Debug, Clone)]
pub struct Trust {
    pub stack: TlsStack,
    /// The name that is told to the server, and that its certificate must have.
    pub name: ServerName<'static>,
    /// To one of these a chain must lead; `None` where chain and name do not count.
    pub roots: Option<Arc<RootCertStore>>,
    /// One of these the server's key must be, if there are any.
    pub pins: Vec<Pin>,
}

impl Trust {
    fn new(options: &Options, server: &Server) -> Result<Self, Refused> {
        let name = match &options.server_name {
            Some(name) => name,
            None => &server.host,
        };
        let name = server_name(name).map_err(|()| {
            let name = escape::line(name);
            Refused::Usage(format!(
                "{name} is no name that a certificate could have: give --server-name, a domain in \
                 ASCII or an IP address"
            ))
        })?;
        let roots = match &options.ca {
            Some(path) => Some(roots_in(&path.to_string_lossy())?),
            None if options.danger_no_verify || !options.pin.is_empty() => None,
            None => Some(RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            }),
        };
        Ok(Self {
            stack: options.tls_stack(),
            name,
            roots: roots.map(Arc::new),
            pins: options.pin.clone(),
        })
    }

    /// What a server that is trusted has proven itself by.
    pub fn proof(&self) -> Proof {
        match (&self.roots, self.pins.is_empty()) {
            (Some(_), _) => Proof::Chain,
            (None, false) => Proof::Key,
            (None, true) => Proof::Nothing,
        }
    }

    /// Whether nothing is verified at all.
    pub fn is_danger(&self) -> bool {
        self.proof() == Proof::Nothing
    }

    /// The name, to be shown.
    pub fn shown_name(&self) -> String {
        escape::line(&self.name.to_str())
    }
}

/// A domain, without the dot that may end it, or an IP address.
pub fn server_name(text: &str) -> Result<ServerName<'static>, ()> {
    let text = text.strip_suffix('.').unwrap_or(text);
    ServerName::try_from(text.to_owned()).map_err(|_| ())
}

/// The roots in a PEM file.
fn roots_in(path: &str) -> Result<RootCertStore, Refused> {
    let octets = fs::read(path).map_err(|error| unreadable("--ca", path, &error))?;
    let path = escape::line(path);
    let wrong = |what: String| Refused::Invalid(format!("--ca: {path} {what}"));
    let mut roots = RootCertStore::empty();
    for (number, certificate) in CertificateDer::pem_slice_iter(&octets).enumerate() {
        let number = number + 1;
        let added = certificate
            .map_err(|error| error.to_string())
            .and_then(|one| roots.add(one).map_err(|error| error.to_string()));
        added.map_err(|error| {
            let error = escape::line(&error);
            wrong(format!(
                "holds a certificate (number {number}) that cannot be used ({error}): take it out"
            ))
        })?;
    }
    if roots.is_empty() {
        let what = "holds no certificate: give a file in PEM, with -----BEGIN CERTIFICATE-----";
        return Err(wrong(what.into()));
    }
    Ok(roots)
}
