//! The server's half of SASL: which mechanisms there are, and what all of them have in common.
//!
//! A mechanism is one [`Exchange`]: it is given responses, already decoded, and says what comes next.
//! It knows neither base64 on the line nor reply codes. A new mechanism is a variant of [`Mechanism`]
//! and an `Exchange` in a file of its own.

use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use base64ct::{Base64, Encoding};

use super::accounts::{Accounts, AuthSettings};
use super::cram_md5::CramMd5;
use super::oauth::OAuth;
use super::plain::{Login, Plain};
use super::scram::Scram;

/// A SASL mechanism the server can offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// The obsolete mechanism that many servers still offer.
    Login,
    /// RFC 2195.
    CramMd5,
    /// RFC 7677, without channel binding.
    ScramSha256,
    /// A token as Google and Microsoft take it; older than RFC 7628, and in no RFC.
    XOAuth2,
    /// A token as RFC 7628 has it.
    OAuthBearer,
}

impl Mechanism {
    /// The name in the EHLO reply and the AUTH command.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
            Mechanism::CramMd5 => "CRAM-MD5",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::XOAuth2 => "XOAUTH2",
            Mechanism::OAuthBearer => "OAUTHBEARER",
        }
    }

    /// Whether the first message is the client's, so that it may stand in the AUTH command.
    pub(super) fn client_begins(self) -> bool {
        !matches!(self, Mechanism::Login | Mechanism::CramMd5)
    }

    /// Begins an exchange; `number` tells it from every other one of this server.
    pub(super) fn exchange(
        self,
        settings: &AuthSettings,
        hostname: &str,
        number: usize,
    ) -> Box<dyn Exchange> {
        match self {
            Mechanism::Plain => Box::new(Plain),
            Mechanism::Login => Box::new(Login::default()),
            Mechanism::CramMd5 => Box::new(CramMd5::numbered(number, hostname)),
            Mechanism::ScramSha256 => Box::new(Scram::numbered(number, &settings.scram)),
            Mechanism::XOAuth2 => Box::new(OAuth::xoauth2()),
            Mechanism::OAuthBearer => Box::new(OAuth::bearer()),
        }
    }
}

/// One run of a mechanism.
///
/// A script can make the server go on where the mechanism had come to its end: what is said to it
/// then is refused.
pub(super) trait Exchange: Send {
    /// What follows on this response; `None` where AUTH came without an initial one.
    fn next(&mut self, response: Option<&[u8]>, accounts: &Accounts) -> Step;
}

/// What a mechanism wants next.
#[derive(PartialEq, Eq)]
pub(super) enum Step {
    Challenge(Vec<u8>),
    /// The user has logged in.
    Accept(String),
    /// The user has logged in, and the client did not see what it had to see.
    Careless(String, &'static str),
    Refuse,
    /// The response is not what the mechanism's RFC allows, and why.
    Malformed(&'static str),
}

/// The message as text.
pub(super) fn text(octets: &[u8]) -> Result<&str, &'static str> {
    core::str::from_utf8(octets).map_err(|_| "not UTF-8")
}

/// RFC 4648 §4, with padding, and nothing else in it: no blank, no missing `=`, no loose bits.
pub(super) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = std::vec![0; text.len()];
    let decoded = Base64::decode(text, &mut octets).ok()?.len();
    octets.truncate(decoded);
    Some(octets)
}

pub(super) fn encode_base64(octets: &[u8]) -> String {
    let mut text = std::vec![0; octets.len().div_ceil(3) * 4];
    let encoded = Base64::encode(octets, &mut text).unwrap_or_default();
    String::from(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_taken_in_its_one_form_only() {
        assert_eq!(decode_base64(b"").unwrap(), b"");
        assert_eq!(decode_base64(b"AQ==").unwrap(), [1]);
        assert_eq!(decode_base64(b"AQI=").unwrap(), [1, 2]);
        // RFC 4954 §4: "=AAA" and "AAA=BBB" are not allowed. RFC 4648 §3.5: pad bits are zero.
        for text in [
            "=", "AQ", "AQ=", "AQ===", "=AAA", "AAA=BBB", "AR==", "AQJ=", "AQ== ", " AQ==",
            "AQ\n=", "A_-=", "AQ==AQ==",
        ] {
            assert_eq!(decode_base64(text.as_bytes()), None, "{text}");
        }
    }
}
