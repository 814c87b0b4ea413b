//! rustls without any I/O: records in and out, plain octets in and out.
//!
//! Both drivers' streams pump it. What was deciphered is given before a fault behind it.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, Error, HandshakeType, InvalidMessage,
    PeerIncompatible, ProtocolVersion,
};

use crate::trust::Trust;

use super::Fault;
use super::distrust::Distrust;
use super::shown::{Shown, Terms};
use super::verifier::Verifier;

/// A client's end of TLS.
pub struct Pump {
    tls: ClientConnection,
    verifier: Verifier,
    /// Records that are to be sent, and how many octets of them were.
    records: Vec<u8>,
    sent: usize,
    fault: Option<Error>,
    /// Nothing will come any more.
    is_at_end: bool,
}

impl Pump {
    /// Has a ClientHello to send.
    pub fn new(trust: &Trust) -> Result<Self, Fault> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new(trust, provider.clone()).map_err(Fault::Incompatible)?;
        let incompatible = |error: Error| Fault::Incompatible(error.to_string());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(incompatible)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.clone()))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        let tls = ClientConnection::new(Arc::new(config), trust.name.clone());
        let mut pump = Self {
            tls: tls.map_err(incompatible)?,
            verifier,
            records: Vec::new(),
            sent: 0,
            fault: None,
            is_at_end: false,
        };
        pump.collect();
        Ok(pump)
    }

    /// What is to be sent.
    pub fn outgoing(&self) -> &[u8] {
        self.records.get(self.sent..).unwrap_or_default()
    }

    /// So many octets of it were.
    pub fn sent(&mut self, octets: usize) {
        self.sent += octets;
        if self.outgoing().is_empty() {
            self.records.clear();
            self.sent = 0;
        }
    }

    /// Takes what came from the server; nothing at all is its end.
    pub fn receive(&mut self, octets: &[u8]) {
        self.is_at_end |= octets.is_empty();
        let mut rest = octets;
        while !rest.is_empty() && self.fault.is_none() {
            match self.tls.read_tls(&mut rest) {
                Ok(1..) => match self.tls.process_new_packets() {
                    Ok(state) => self.is_at_end |= state.peer_has_closed(),
                    Err(error) => self.fault = Some(error),
                },
                // Behind a close_notify nothing counts.
                Ok(0) | Err(_) => break,
            }
        }
        self.collect();
    }

    /// Whether the handshake is over: `None` while it goes on.
    pub fn opened(&self) -> Option<Result<(), Fault>> {
        match &self.fault {
            Some(error) => Some(Err(self.describe(error))),
            None if !self.tls.is_handshaking() => Some(Ok(())),
            None if self.is_at_end => Some(Err(Fault::Closed)),
            None => None,
        }
    }

    /// Gives plain octets; `None` if there are none yet.
    pub fn read(&mut self, buf: &mut [u8]) -> Option<io::Result<usize>> {
        match self.tls.reader().read(buf) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            result @ Ok(1..) => return Some(result),
            // The server has closed, with close_notify or without: SMTP knows what is whole.
            Ok(0) | Err(_) => {}
        }
        match &self.fault {
            Some(error) => Some(Err(self.describe(error).into())),
            None if self.is_at_end || buf.is_empty() => Some(Ok(0)),
            None => None,
        }
    }

    /// Takes plain octets, at most a record of them.
    pub fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Some(error) = &self.fault {
            return Err(self.describe(error).into());
        }
        let piece = buf.get(..RECORD).unwrap_or(buf);
        let taken = self.tls.writer().write(piece)?;
        self.collect();
        Ok(taken)
    }

    /// Nothing more will be said.
    pub fn close(&mut self) {
        self.tls.send_close_notify();
        self.collect();
    }

    /// What the server has shown of itself.
    pub fn shown(&self) -> Shown {
        self.verifier.shown()
    }

    /// What was agreed on, once the handshake is over.
    pub fn terms(&self) -> Option<Terms> {
        let version = match self.tls.protocol_version()? {
            ProtocolVersion::TLSv1_2 => "1.2",
            ProtocolVersion::TLSv1_3 => "1.3",
            _ => return None,
        };
        let suite = self.tls.negotiated_cipher_suite()?.suite();
        Some(Terms {
            version,
            // As the RFC and the other library write it.
            cipher_suite: format!("{suite:?}").replace("TLS13_", "TLS_"),
        })
    }

    fn collect(&mut self) {
        while self.tls.wants_write() {
            // Memory takes all.
            if self.tls.write_tls(&mut self.records).is_err() {
                return;
            }
        }
    }

    fn describe(&self, error: &Error) -> Fault {
        if let Some(distrust) = self.verifier.distrust() {
            return Fault::Distrust(distrust);
        }
        match error {
            Error::AlertReceived(AlertDescription::ProtocolVersion)
                if self.tls.is_handshaking() =>
            {
                Fault::Incompatible("the server speaks neither TLS 1.2 nor 1.3".into())
            }
            Error::AlertReceived(AlertDescription::CertificateRequired) => Fault::ClientCertificate,
            // The words of older servers for it, once the client's flight has left.
            Error::AlertReceived(AlertDescription::BadCertificate)
                if !self.tls.is_handshaking() =>
            {
                Fault::ClientCertificate
            }
            Error::AlertReceived(alert) => Fault::Alert(format!("{alert:?}")),
            Error::NoCertificatesPresented => Fault::Distrust(Distrust::NoCertificate),
            Error::InvalidCertificate(_) => {
                Fault::Distrust(Distrust::Chain("the server's certificate cannot be used"))
            }
            Error::PeerMisbehaved(
                rustls::PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme
                | rustls::PeerMisbehaved::SignedKxWithWrongAlgorithm,
            ) => Fault::Distrust(Distrust::HandshakeSignature),
            // What was due here is what proves the server.
            Error::InappropriateHandshakeMessage { expect_types, .. }
                if expect_types.iter().any(|expected| PROOF.contains(expected)) =>
            {
                Fault::Distrust(Distrust::NotProven)
            }
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
                Fault::Incompatible("the server speaks neither TLS 1.2 nor 1.3".into())
            }
            Error::PeerIncompatible(what) => Fault::Incompatible(format!(
                "the server and this client have nothing in common ({what:?})"
            )),
            Error::InvalidMessage(InvalidMessage::InvalidContentType)
                if self.tls.protocol_version().is_none() =>
            {
                Fault::Broken("what the server sent is no TLS".into())
            }
            error => Fault::Broken(format!("the server broke TLS ({error})")),
        }
    }
}

/// The messages by which a server proves who it is.
const PROOF: [HandshakeType; 3] = [
    HandshakeType::Certificate,
    HandshakeType::CertificateVerify,
    HandshakeType::ServerKeyExchange,
];

/// Octets of one record at most, RFC 8446 §5.1.
const RECORD: usize = 16 * 1024;
