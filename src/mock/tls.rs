//! TLS on a connection of the server's, by rustls, without any I/O.
//!
//! Ciphertext comes in and goes out; in between stands the [`Dialogue`], which knows nothing of it.
//! What the handshake does differently where a script says so is decided here.

use core::fmt;
use core::time::Duration;
use std::borrow::ToOwned;
use std::io::{Read, Write};
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ProtocolVersion, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::builder::Builder;
use super::dialogue::Dialogue;
use super::outbox::{Next, Outbox, Switch};
use super::record::Event;
use super::script::{Action, Say, Stage, Then};

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
    /// Makes TLS real: behind the 220 to STARTTLS, or from the first octet with
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
        Some(Layer {
            tls: ServerConnection::new(config.clone()).expect("a configuration that works"),
            state: State::Fresh,
            after_starttls,
            wire: Outbox::new(super::Writes::Coalesced),
            flight: None,
        })
    }
}

/// The TLS of one connection.
pub(super) struct Layer {
    tls: ServerConnection,
    state: State,
    /// Whether the server may have ended the conversation before the handshake.
    after_starttls: bool,
    /// What the client is to be sent as it is: records, or what the script has in their place.
    wire: Outbox,
    /// What the script does with the server's part of the handshake.
    flight: Option<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing has come yet.
    Fresh,
    Handshake,
    Open,
    /// Open, but what the server says is not encrypted any more.
    Bare,
    /// Nothing that comes is looked at.
    Dead,
}

impl Layer {
    /// Takes what the client sent.
    pub(super) fn receive(&mut self, octets: &[u8], dialogue: &mut Dialogue, out: &mut Outbox) {
        if self.state == State::Fresh && !(self.after_starttls && dialogue.is_over()) {
            self.state = State::Handshake;
            self.begin(dialogue, out);
        }
        let mut rest = octets;
        while !rest.is_empty() && !matches!(self.state, State::Fresh | State::Dead) {
            // It takes nothing behind the client's close_notify.
            match self.tls.read_tls(&mut rest) {
                Ok(1..) => self.process(dialogue, out),
                Ok(0) | Err(_) => break,
            }
        }
    }

    /// What the transport is to do next.
    pub(super) fn next(&mut self, out: &mut Outbox, buffer: &mut [u8]) -> Next {
        let mut said = std::vec![0; RECORD];
        loop {
            let next = self.wire.next(buffer);
            if self.wire.is_empty() {
                out.hold(false);
            }
            if next != Next::Nothing {
                return next;
            }
            match self.state {
                State::Open | State::Bare => {}
                // A script may close behind the 220.
                _ if self.after_starttls && out.is_at_close() => {
                    self.wire.close();
                    continue;
                }
                _ => return Next::Nothing,
            }
            if out.take_switch() == Some(Switch::Bare) {
                self.state = State::Bare;
            }
            match out.next(&mut said) {
                Next::Octets(count) => {
                    self.say(&said[..count]);
                    out.hold(true);
                }
                Next::Pause(time) => return Next::Pause(time),
                Next::Close => {
                    if self.state == State::Open {
                        self.tls.send_close_notify();
                        self.flush();
                    }
                    self.wire.close();
                }
                Next::Nothing => return Next::Nothing,
            }
        }
    }

    pub(super) fn resume_pause(&mut self, time: Duration) {
        self.wire.resume_pause(time);
    }

    pub(super) fn is_at_close(&self, out: &Outbox) -> bool {
        let may_close = self.after_starttls || matches!(self.state, State::Open | State::Bare);
        self.wire.is_at_close() || (may_close && self.wire.is_empty() && out.is_at_close())
    }

    /// Finds what the script has for the handshake, and does what takes the place of it.
    fn begin(&mut self, dialogue: &mut Dialogue, out: &mut Outbox) {
        let Some(action) = dialogue.shared.scripted(Stage::Handshake) else {
            return;
        };
        let octets = match &action.say {
            Say::Normal => {
                self.flight = Some(action);
                return;
            }
            Say::Octets(octets) => octets.clone(),
            Say::Nothing => Vec::new(),
            Say::Endless(octets) => {
                self.wire.endless(octets, action.drip);
                self.state = State::Dead;
                return;
            }
        };
        self.act(&action, &octets, dialogue, out);
        self.state = State::Dead;
    }

    /// Does a scripted action with these octets.
    fn act(&mut self, action: &Action, octets: &[u8], dialogue: &mut Dialogue, out: &mut Outbox) {
        if let Some(time) = action.after {
            self.wire.pause(time);
        }
        match action.drip {
            Some(interval) => self.wire.drip(octets, interval),
            None => self.wire.say(octets),
        }
        match action.then {
            Then::GoOn => return,
            Then::Close => {
                self.wire.close();
                dialogue.close(out);
            }
            Then::Silence => dialogue.log(Event::note("silent from here on")),
        }
        self.state = State::Dead;
    }

    fn process(&mut self, dialogue: &mut Dialogue, out: &mut Outbox) {
        let result = self.tls.process_new_packets();
        let flight = self.pending();
        match self.flight.take_if(|_| !flight.is_empty()) {
            Some(action) => self.act(&action, &flight, dialogue, out),
            None => self.wire.say(&flight),
        }
        if self.state == State::Handshake && !self.tls.is_handshaking() {
            self.state = State::Open;
            self.opened(dialogue);
        }
        let mut plain = Vec::new();
        // It says that there is no more, or that there will be none.
        drop(self.tls.reader().read_to_end(&mut plain));
        dialogue.receive(&plain, out);
        match result {
            Ok(state) if state.peer_has_closed() => self.closed(dialogue),
            Ok(_) => {}
            Err(error) => self.fail(&error, dialogue, out),
        }
    }

    fn opened(&self, dialogue: &Dialogue) {
        let session = TlsSession {
            version: self
                .tls
                .protocol_version()
                .and_then(version)
                .expect("a version that was agreed on"),
            cipher_suite: self
                .tls
                .negotiated_cipher_suite()
                .map(|suite| std::format!("{:?}", suite.suite()))
                .unwrap_or_default(),
            server_name: self.tls.server_name().map(ToOwned::to_owned),
            closed: false,
        };
        dialogue.log(Event::Note(std::format!("TLS {}", session.version).into()));
        dialogue.shared.record().connections[dialogue.connection].tls = Some(session);
    }

    /// The client has sent close_notify.
    fn closed(&self, dialogue: &Dialogue) {
        let mut record = dialogue.shared.record();
        let session = record.connections[dialogue.connection].tls.as_mut();
        let before = session.map(|session| core::mem::replace(&mut session.closed, true));
        drop(record);
        if before == Some(false) {
            dialogue.log(Event::note("TLS closed by the client"));
        }
    }

    /// TLS is over. That the client did not like the certificate, or knows no version or cipher that
    /// the server knows, is no violation.
    fn fail(&mut self, error: &rustls::Error, dialogue: &mut Dialogue, out: &mut Outbox) {
        use rustls::Error::{AlertReceived, PeerIncompatible};
        dialogue.log(Event::Note(std::format!("TLS failed: {error}").into()));
        if !matches!(error, AlertReceived(_) | PeerIncompatible(_)) {
            dialogue.violate(std::format!("TLS: {error}"));
        }
        if self.state != State::Dead {
            self.wire.close();
            dialogue.close(out);
            self.state = State::Dead;
        }
    }

    fn say(&mut self, octets: &[u8]) {
        if self.state == State::Bare {
            self.wire.say(octets);
        } else {
            let mut writer = self.tls.writer();
            writer.write_all(octets).expect("room for one record");
            self.flush();
        }
    }

    fn flush(&mut self) {
        let octets = self.pending();
        self.wire.say(&octets);
    }

    /// The records that are ready.
    fn pending(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut octets).expect("a write to memory");
        }
        octets
    }
}

fn version(version: ProtocolVersion) -> Option<TlsVersion> {
    match version {
        ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
        _ => None,
    }
}

/// Octets of one record at most, RFC 8446 §5.1.
const RECORD: usize = 16 * 1024;
