//! The settings of TLS: the server's certificate and its versions; and what a handshake came to.

use core::fmt;
use std::borrow::ToOwned;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ProtocolVersion, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::builder::Builder;
use super::tls_layer::Layer;

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsVersion {
    /// TLS 1.2, RFC 5246.
    Tls12,
    /// TLS 1.3, RFC 8446.
    Tls13,
}

impl fmt::Display for TlsVersion {
    /// `1.2` or `1.3`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        })
    }
}

/// What client and server agreed on in a handshake that was completed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsSession {
    /// The version.
    pub version: TlsVersion,
    /// The cipher suite: `TLS13_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// The name in the client's server_name extension, RFC 6066 §3.
    pub server_name: Option<String>,
    /// Whether the client has ended it with close_notify.
    pub closed: bool,
}

impl Builder {
    /// Makes TLS real: after the 220 to STARTTLS, or from the first byte with
    /// [`implicit_tls`](Self::implicit_tls). Without a certificate the link only counts as TLS.
    ///
    /// The chain is in DER, the server's certificate first. The key is in DER too: PKCS#8, or as
    /// SEC 1 and PKCS#1 have it; ECDSA on P-256 and P-384, RSA or Ed25519. Whether it is the
    /// certificate's is not checked, nor is anything else: to find out is the client's part.
    ///
    /// # Panics
    /// If the key is of no such kind.
    pub fn certificate<C: AsRef<[u8]>>(
        mut self,
        chain: impl IntoIterator<Item = C>,
        key: &[u8],
    ) -> Self {
        let chain = chain
            .into_iter()
            .map(|certificate| CertificateDer::from(certificate.as_ref().to_owned()))
            .collect();
        let key = PrivateKeyDer::try_from(key.to_owned()).expect("a private key in DER");
        let key = ring::sign::any_supported_type(&key).expect("a key of a kind that is known");
        self.settings.tls.identity = Some(Arc::new(CertifiedKey::new(chain, key)));
        self.settings.tls.configure();
        self
    }

    /// The versions of TLS it takes part in; both if not said.
    ///
    /// # Panics
    /// If there is none.
    pub fn tls_versions(mut self, versions: &[TlsVersion]) -> Self {
        assert!(!versions.is_empty(), "a version of TLS");
        self.settings.tls.versions = versions.to_owned();
        self.settings.tls.configure();
        self
    }
}

/// What TLS goes by.
#[derive(Default)]
pub(super) struct TlsSettings {
    identity: Option<Arc<CertifiedKey>>,
    /// Empty: all.
    versions: Vec<TlsVersion>,
    config: Option<Arc<ServerConfig>>,
}

impl TlsSettings {
    fn configure(&mut self) {
        let Some(identity) = self.identity.clone() else {
            return;
        };
        let versions: Vec<&'static SupportedProtocolVersion> = rustls::ALL_VERSIONS
            .iter()
            .copied()
            .filter(|supported| {
                let named = version(supported.version);
                self.versions.is_empty() || named.is_some_and(|one| self.versions.contains(&one))
            })
            .collect();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&versions)
            .expect("cipher suites for each version")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
        self.config = Some(Arc::new(config));
    }

    /// Whether there is a certificate.
    pub(super) fn is_real(&self) -> bool {
        self.config.is_some()
    }

    /// The TLS of a connection, if there is a certificate.
    pub(super) fn layer(&self, after_starttls: bool) -> Option<Layer> {
        let config = self.config.as_ref()?;
        let tls = ServerConnection::new(config.clone()).expect("a configuration that works");
        Some(Layer::new(tls, after_starttls))
    }
}

pub(super) fn version(version: ProtocolVersion) -> Option<TlsVersion> {
    match version {
        ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
        _ => None,
    }
}
