//! Why a server is not trusted, and what to do about it.

use crate::trust::Trust;

use super::shown::Shown;

/// What was wrong with the server's proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    Expired,
    NotYetValid,
    WrongName,
    UnknownIssuer,
    /// The certificate of an authority, mostly one signed by itself.
    AuthorityAsServer,
    /// The key is not one of those pinned.
    Pin,
    /// A signature in the chain.
    ChainSignature,
    /// The server's signature in the handshake.
    HandshakeSignature,
    /// The certificate is not for servers.
    Purpose,
    /// A kind of key or signature that is not supported.
    Algorithm,
    /// No certificate came.
    NoCertificate,
    /// The messages that prove the server were missing or out of order.
    NotProven,
    /// Not well formed, or against a rule for chains.
    Chain(&'static str),
}

impl Distrust {
    /// What happened and what to do, in one line.
    pub fn advice(self, shown: &Shown, trust: &Trust) -> String {
        let server = shown.server().cloned().unwrap_or_default();
        let name = trust.shown_name();
        let pin = shown.pin().unwrap_or_default();
        // A certificate of the chain, not always the first, has expired.
        let dates = |what: fn(&super::shown::Certificate) -> &str| {
            let days: Vec<&str> = shown.chain.iter().map(what).collect();
            days.join(", ")
        };
        let is_self_signed = server.is_self_issued && shown.chain.len() == 1;
        match self {
            Self::Expired => format!(
                "a certificate of the server has expired (valid until {}): check this computer's \
                 clock, else ask who runs the server to renew it",
                dates(|one| &one.not_after)
            ),
            Self::NotYetValid => format!(
                "a certificate of the server is not valid yet (valid from {}): check this \
                 computer's clock",
                dates(|one| &one.not_before)
            ),
            Self::WrongName if !(is_self_signed && server.names.is_empty()) => format!(
                "the server's certificate is not for {name} but for {}: check the host, or give the \
                 right one as --server-name",
                server.shown_names()
            ),
            Self::WrongName | Self::UnknownIssuer | Self::AuthorityAsServer if is_self_signed => {
                format!(
                    "the server's certificate is signed by itself: if this is your server, pin its \
                     key with --pin {pin}"
                )
            }
            Self::UnknownIssuer | Self::WrongName => {
                let issuer = shown.chain.last().map_or("", |last| &last.issuer);
                let or_pin = if trust.pins.is_empty() {
                    format!(", or pin the server's key with --pin {pin}, if this is your server")
                } else {
                    String::new()
                };
                format!(
                    "the server's certificate leads to no trusted root (issued by {issuer}): give \
                     that root with --ca{or_pin}"
                )
            }
            Self::AuthorityAsServer => format!(
                "the server shows the certificate of a certificate authority as its own: if this is \
                 your server, pin its key with --pin {pin}"
            ),
            Self::Pin => format!(
                "the server's key is not a pinned one, its pin is {pin}: find out why before you \
                 trust it"
            ),
            Self::ChainSignature => {
                "a signature in the server's certificates is wrong: do not trust it, check host and \
                 port"
                    .into()
            }
            Self::HandshakeSignature => {
                "the server has not proven that it has the key of its certificate: do not trust it, \
                 check host and port"
                    .into()
            }
            Self::Purpose => {
                "the server's certificate is not for servers: ask who runs the server".into()
            }
            Self::Algorithm => {
                "the server's key or certificate is of a kind that is not supported: try the other \
                 --tls-stack, or ask who runs the server"
                    .into()
            }
            Self::NoCertificate => {
                "the server showed no certificate: do not trust it, check host and port".into()
            }
            Self::NotProven => {
                "the server has not proven who it is: do not trust it, check host and port".into()
            }
            Self::Chain(what) => format!("{what}: ask who runs the server"),
        }
    }
}
