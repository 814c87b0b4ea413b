//! A TLS 1.3 server in memory that sends any chain, signed by any key in any way.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::version::TLS13;
use rustls::{Error, ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme};

use super::table::Row;

/// The client's end of the link, with the server behind it: what is written is answered at once. The
/// server sends back whatever it receives after the handshake.
pub struct Link {
    server: ServerConnection,
    fault: Option<Error>,
    /// Every octet of the client.
    written: Vec<u8>,
    /// What the client sent after the handshake, deciphered.
    pub received: Vec<u8>,
}

impl Link {
    pub fn new(row: &Row) -> Self {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Chain::new(row)));
        Self {
            server: ServerConnection::new(Arc::new(config)).unwrap(),
            fault: None,
            written: Vec::new(),
            received: Vec::new(),
        }
    }

    /// Whether the client has left off, with an alert at most: `Err` says what else it sent.
    pub fn is_silent(&self) -> Result<(), String> {
        if !self.received.is_empty() {
            return Err(format!(
                "{} octets were sent to a refused server",
                self.received.len()
            ));
        }
        if !self.server.is_handshaking() {
            return Err("the handshake with a refused server was ended".into());
        }
        let mut alerts = 0;
        for (index, (kind, body)) in records(&self.written)?.into_iter().enumerate() {
            match (index, kind, body.len()) {
                (0, HANDSHAKE, _) | (_, CHANGE_CIPHER_SPEC, 1) => {}
                (_, ALERT, 2) => alerts += 1,
                // RFC 8446 §5.2: an alert may be enciphered. Only the server can tell.
                (_, APPLICATION_DATA, 19)
                    if matches!(self.fault, Some(Error::AlertReceived(_))) =>
                {
                    alerts += 1;
                }
                _ => return Err(format!("record {index} is of type {kind}: {body:02x?}")),
            }
        }
        if alerts > 1 {
            Err(format!("{alerts} alerts"))
        } else {
            Ok(())
        }
    }
}

impl Write for Link {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(octets);
        let mut rest = octets;
        while !rest.is_empty() && self.fault.is_none() {
            self.server.read_tls(&mut rest)?;
            match self.server.process_new_packets() {
                Err(fault) => self.fault = Some(fault),
                Ok(state) => {
                    let mut plain = vec![0; state.plaintext_bytes_to_read()];
                    self.server.reader().read_exact(&mut plain)?;
                    self.server.writer().write_all(&plain)?;
                    self.received.extend(plain);
                }
            }
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // No more than was asked for: what is not taken stays with the server.
        if !self.server.wants_write() {
            return Ok(0);
        }
        let mut room = Room { buffer, filled: 0 };
        self.server.write_tls(&mut room)?;
        Ok(room.filled)
    }
}

/// Takes as much as there is room for.
struct Room<'b> {
    buffer: &'b mut [u8],
    filled: usize,
}

impl Write for Room<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = (&mut self.buffer[self.filled..]).write(octets)?;
        self.filled += taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The types and bodies of TLS records.
fn records(mut octets: &[u8]) -> Result<Vec<(u8, &[u8])>, String> {
    let mut records = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = octets {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (body, rest) = rest.split_at_checked(length).ok_or("a record was cut")?;
        records.push((*kind, body));
        octets = rest;
    }
    if octets.is_empty() {
        Ok(records)
    } else {
        Err("a record was cut".into())
    }
}

/// Serves the chain and the key of a row.
#[derive(Debug)]
struct Chain(Arc<CertifiedKey>);

impl Chain {
    fn new(row: &Row) -> Self {
        let chain = row
            .chain
            .iter()
            .map(|der| CertificateDer::from(der.clone()))
            .collect();
        Self(Arc::new(CertifiedKey::new(
            chain,
            Arc::new(AnyKey::new(row)),
        )))
    }
}

impl ResolvesServerCert for Chain {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A key that signs whatever the client offers, and says of the signature what the row wants.
#[derive(Debug, Clone)]
struct AnyKey {
    /// None of a key that ring does not sign with: the signature is then made up.
    key: Option<Arc<dyn SigningKey>>,
    own: SignatureScheme,
    announced: SignatureScheme,
    change: Option<String>,
}

impl AnyKey {
    fn new(row: &Row) -> Self {
        let (name, der) = &row.key;
        let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der.clone()));
        let own = match name.split('-').next().unwrap() {
            "p256" => SignatureScheme::ECDSA_NISTP256_SHA256,
            "p384" => SignatureScheme::ECDSA_NISTP384_SHA384,
            "p521" => SignatureScheme::ECDSA_NISTP521_SHA512,
            "ed25519" => SignatureScheme::ED25519,
            _ => SignatureScheme::RSA_PSS_SHA256,
        };
        let announced = row.scheme.as_deref().map_or(own, scheme);
        let key = ring::sign::any_supported_type(&der).ok();
        // The row's scheme where the key has it, else its own under another's name.
        let has = |scheme| {
            key.as_ref()
                .is_some_and(|key| key.choose_scheme(&[scheme]).is_some())
        };
        let own = if has(announced) { announced } else { own };
        Self {
            key,
            own,
            announced,
            change: row.signature.clone(),
        }
    }
}

impl SigningKey for AnyKey {
    fn choose_scheme(&self, _offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(self.clone()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for AnyKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let Some(key) = &self.key else {
            return Ok(vec![1; MADE_UP]);
        };
        let signer = key.choose_scheme(&[self.own]).unwrap();
        let mut signature = signer.sign(message)?;
        match self.change.as_deref() {
            None => {}
            Some("changed") => *signature.last_mut().unwrap() ^= 1,
            Some("empty") => signature.clear(),
            Some("other") => signature = signer.sign(&[message, b"x"].concat())?,
            Some(change) => panic!("unknown change: {change}"),
        }
        Ok(signature)
    }

    fn scheme(&self) -> SignatureScheme {
        self.announced
    }
}

fn scheme(name: &str) -> SignatureScheme {
    match name {
        "ecdsa_p256_sha256" => SignatureScheme::ECDSA_NISTP256_SHA256,
        "ecdsa_p384_sha384" => SignatureScheme::ECDSA_NISTP384_SHA384,
        "ed25519" => SignatureScheme::ED25519,
        "rsa_pkcs1_sha256" => SignatureScheme::RSA_PKCS1_SHA256,
        "rsa_pss_sha256" => SignatureScheme::RSA_PSS_SHA256,
        "rsa_pss_sha384" => SignatureScheme::RSA_PSS_SHA384,
        "rsa_pss_sha512" => SignatureScheme::RSA_PSS_SHA512,
        // Of those that are left for private use, RFC 8446 §4.2.3.
        "unknown" => SignatureScheme::Unknown(0xfe01),
        _ => panic!("unknown scheme: {name}"),
    }
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Octets of a made-up signature: as long as that of an RSA key of 1,024 bits.
const MADE_UP: usize = 128;
