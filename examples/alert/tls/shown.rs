//! What a server shows of itself in a handshake: its certificates, to be read by a person.
//!
//! Nothing here decides anything. All text comes from whoever is there, and is made safe to show.

use std::net::IpAddr;

use embedded_smtp::tls::Pin;
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate};

use crate::escape;

/// The certificates, the server's first.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub chain: Vec<Certificate>,
}

/// What was agreed on.
#[derive(Debug, Clone)]
pub struct Terms {
    /// `1.2` or `1.3`.
    pub version: &'static str,
    pub cipher_suite: String,
}

/// A certificate.
#[derive(Debug, Clone, Default)]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    pub names: Vec<String>,
    pub not_before: String,
    pub not_after: String,
    /// Of its key; `None` if it cannot be read.
    pub pin: Option<Pin>,
    pub is_self_issued: bool,
}

impl Shown {
    /// Adds the next certificate.
    pub fn add(&mut self, der: &[u8]) {
        self.chain.push(Certificate::read(der));
    }

    /// The server's own.
    pub fn server(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// The pin of the server's key, to be copied.
    pub fn pin(&self) -> Option<String> {
        self.server()?.pin.map(|pin| pin.to_string())
    }

    /// The lines of a transcript.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, one) in self.chain.iter().enumerate() {
            let Certificate {
                subject,
                issuer,
                not_before,
                not_after,
                ..
            } = one;
            let names = match number {
                0 => format!(" for {}", one.shown_names()),
                _ => String::new(),
            };
            lines.push(format!(
                "certificate {}: {subject}{names}, issued by {issuer}, valid from {not_before} to \
                 {not_after}",
                number + 1
            ));
        }
        lines.extend(self.pin().map(|pin| format!("pin of the key: {pin}")));
        lines
    }
}

impl Certificate {
    fn read(der: &[u8]) -> Self {
        let pin = Pin::of_certificate(der).ok();
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            return Self {
                pin,
                subject: "(not readable)".into(),
                issuer: "(not readable)".into(),
                ..Self::default()
            };
        };
        let names = match certificate.subject_alternative_name() {
            Ok(Some(extension)) => extension.value.general_names.iter().map(name).collect(),
            _ => Vec::new(),
        };
        Self {
            subject: text(&certificate.subject().to_string()),
            issuer: text(&certificate.issuer().to_string()),
            names,
            not_before: day(certificate.validity().not_before),
            not_after: day(certificate.validity().not_after),
            pin,
            is_self_issued: certificate.subject() == certificate.issuer(),
        }
    }

    /// The names it is for, the first few of many.
    pub fn shown_names(&self) -> String {
        let mut shown: Vec<&str> = self.names.iter().take(NAMES).map(|one| &**one).collect();
        if self.names.is_empty() {
            shown.push("no name");
        }
        if self.names.len() > NAMES {
            shown.push("…");
        }
        shown.join(", ")
    }
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            text(name)
        }
        GeneralName::IPAddress(octets) => address(octets).map_or_else(
            || "a malformed address".into(),
            |address| address.to_string(),
        ),
        _ => "a name of another kind".into(),
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

fn day(time: ASN1Time) -> String {
    time.to_datetime().date().to_string()
}

/// Safe to show, and not longer than a line.
fn text(text: &str) -> String {
    let text = escape::line(text);
    if text.is_empty() {
        return "(empty)".into();
    }
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Names of a certificate that are shown.
const NAMES: usize = 10;
/// Characters of a name that are shown: a domain has no more.
const TEXT: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_shown_as_such() {
        let mut shown = Shown::default();
        shown.add(b"\x1b[2J");
        assert_eq!(shown.pin(), None);
        assert!(shown.lines()[0].contains("(not readable) for no name"));
    }

    #[test]
    fn text_is_safe_and_short() {
        assert_eq!(text("a\x1b\nb"), "a\\u{1b} b");
        assert_eq!(text(&"ü".repeat(300)).chars().count(), TEXT + 1);
        assert_eq!(address(&[127, 0, 0, 1]).unwrap().to_string(), "127.0.0.1");
        assert_eq!(address(&[1]), None);
    }
}
