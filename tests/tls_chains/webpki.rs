//! A rustls client, which checks the chain by webpki: the second opinion on every chain.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, PeerMisbehaved,
    RootCertStore, SignatureScheme, Stream,
};

use super::server::Link;
use super::table::Row;
use super::{Answer, Refusal};

/// Opens TLS and has a few octets sent back; what should not be goes to `faults`.
pub fn try_chain(row: &Row, faults: &mut Vec<String>) -> Answer {
    let judge = Arc::new(Judge::new(row));
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(judge.clone())
        .with_no_client_auth();
    let host = ServerName::try_from(row.host.clone()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), host).unwrap();
    let mut link = Link::new(row);
    let mut stream = Stream::new(&mut client, &mut link);

    let mut answer = [0; 4];
    let done = stream
        .write_all(b"ping")
        .and_then(|()| stream.read_exact(&mut answer));
    match done {
        Ok(()) => {
            if answer != *b"ping" || link.received != b"ping" {
                faults.push("rustls: the octets sent did not come back".into());
            }
            Ok(())
        }
        Err(error) => {
            if let Err(sent) = link.is_silent() {
                faults.push(format!("rustls: {sent}"));
            }
            let error = error
                .downcast::<Error>()
                .unwrap_or_else(|error| panic!("{error}"));
            let word = word(&error, judge.chain_accepted.load(Ordering::Relaxed));
            Err(Refusal {
                word,
                text: error.to_string(),
            })
        }
    }
}

/// Webpki's judgement at the row's time, and a note of how far it came.
#[derive(Debug)]
struct Judge {
    webpki: Arc<WebPkiServerVerifier>,
    time: UnixTime,
    chain_accepted: AtomicBool,
}

impl Judge {
    fn new(row: &Row) -> Self {
        let mut roots = RootCertStore::empty();
        for anchor in &row.anchors {
            roots.add(CertificateDer::from(anchor.as_slice())).unwrap();
        }
        let provider = Arc::new(ring::default_provider());
        Self {
            webpki: WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .unwrap(),
            time: UnixTime::since_unix_epoch(Duration::from_secs(row.time)),
            chain_accepted: AtomicBool::new(false),
        }
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self
            .webpki
            .verify_server_cert(leaf, others, host, ocsp, self.time)?;
        self.chain_accepted.store(true, Ordering::Relaxed);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls12_signature(message, leaf, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// The table's word for an error.
fn word(error: &Error, chain_accepted: bool) -> &'static str {
    use CertificateError::*;
    let certificate = match error {
        Error::InvalidCertificate(certificate) => certificate,
        Error::NoCertificatesPresented => return "empty",
        Error::PeerMisbehaved(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme) => {
            return "scheme-mismatch";
        }
        _ => return "other",
    };
    match certificate {
        BadSignature if chain_accepted => "handshake-signature",
        BadSignature => "bad-signature",
        UnsupportedSignatureAlgorithmContext { .. }
        | UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            if chain_accepted {
                "scheme-mismatch"
            } else {
                "algorithm"
            }
        }
        BadEncoding => "malformed",
        Expired | ExpiredContext { .. } => "expired",
        NotValidYet | NotValidYetContext { .. } => "not-yet-valid",
        UnknownIssuer => "unknown-issuer",
        NotValidForName | NotValidForNameContext { .. } => "wrong-name",
        InvalidPurpose | InvalidPurposeContext { .. } => "wrong-purpose",
        Other(error) => {
            let text = format!("{error:?}");
            let known = OTHERS.iter().find(|(name, _)| text.contains(name));
            known.map_or("other", |(_, word)| word)
        }
        _ => "other",
    }
}

/// Webpki's errors that rustls has no name for.
const OTHERS: &[(&str, &str)] = &[
    ("CaUsedAsEndEntity", "ca-as-leaf"),
    ("EndEntityUsedAsCa", "not-a-ca"),
    ("PathLenConstraintViolated", "path-length"),
    ("NameConstraintViolation", "name-constraint"),
    ("UnsupportedCriticalExtension", "critical-extension"),
    ("MaximumSignatureChecksExceeded", "too-much-work"),
    ("MalformedDnsIdentifier", "wrong-name"),
    ("UnsupportedCertVersion", "malformed"),
    ("SignatureAlgorithmMismatch", "malformed"),
    ("ExtensionValueInvalid", "malformed"),
];
