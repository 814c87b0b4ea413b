//! Who is trusted, with rustls: a chain to a root, a pinned key, both, or anybody.
//!
//! What the server shows is noted before it is judged, and the first thing that is not accepted is
//! too.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::trust::Trust;

use super::distrust::Distrust;
use super::shown::Shown;

/// Judges the server; clones share what was seen.
#[derive(Debug, Clone)]
pub struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
    /// `None` where no chain is wanted.
    chain: Option<Arc<WebPkiServerVerifier>>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    shown: Shown,
    distrust: Option<Distrust>,
}

impl Verifier {
    /// A verifier for this trust; an error if the roots are of no use.
    pub fn new(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let chain = match &trust.roots {
            None => None,
            Some(roots) => {
                let builder =
                    WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone());
                Some(builder.build().map_err(|error| error.to_string())?)
            }
        };
        Ok(Self {
            trust: trust.clone(),
            provider,
            chain,
            seen: Arc::default(),
        })
    }

    /// What the server has shown so far.
    pub fn shown(&self) -> Shown {
        self.seen().shown.clone()
    }

    /// What was not accepted.
    pub fn distrust(&self) -> Option<Distrust> {
        self.seen().distrust
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse(&self, distrust: Distrust, error: Error) -> Error {
        self.seen().distrust.get_or_insert(distrust);
        error
    }

    fn check_pin(&self) -> Result<(), Error> {
        let pin = self.seen().shown.server().and_then(|server| server.pin);
        let is_pinned = |pin| self.trust.pins.contains(&pin);
        if self.trust.pins.is_empty() || pin.is_some_and(is_pinned) {
            return Ok(());
        }
        let error = CertificateError::ApplicationVerificationFailure.into();
        Err(self.refuse(Distrust::Pin, error))
    }

    fn signed(
        &self,
        verify: impl FnOnce() -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.trust.is_danger() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify().map_err(|error| self.refuse(Distrust::HandshakeSignature, error))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        {
            let shown = &mut self.seen().shown;
            *shown = Shown::default();
            shown.add(end_entity);
            intermediates.iter().for_each(|one| shown.add(one));
        }
        if let Some(chain) = &self.chain {
            chain
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| self.refuse(of_chain(&error), error))?;
        }
        self.check_pin()?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.signed(|| verify_tls12_signature(message, cert, dss, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.signed(|| verify_tls13_signature(message, cert, dss, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

fn of_chain(error: &Error) -> Distrust {
    use CertificateError as Fault;
    let Error::InvalidCertificate(fault) = error else {
        return Distrust::Chain("the server's certificates were not accepted");
    };
    match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => Distrust::Expired,
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => Distrust::NotYetValid,
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => Distrust::WrongName,
        Fault::UnknownIssuer => Distrust::UnknownIssuer,
        Fault::BadSignature => Distrust::ChainSignature,
        Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. } => Distrust::Purpose,
        Fault::UnsupportedSignatureAlgorithmContext { .. }
        | Fault::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Distrust::Algorithm,
        Fault::BadEncoding => Distrust::Chain("a certificate of the server is not well formed"),
        Fault::UnhandledCriticalExtension => {
            Distrust::Chain("a certificate of the server has a critical extension of unknown kind")
        }
        // The library below has no word of its own for it.
        Fault::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            Distrust::AuthorityAsServer
        }
        _ => Distrust::Chain("the server's certificates break a rule for chains"),
    }
}
