//! The server's half of SASL mechanisms.
//!
//! A mechanism is one [`Exchange`]: it is given responses, already decoded, and says what comes next.
//! It knows neither base64 nor reply codes. A new mechanism is a variant of [`Mechanism`] and an
//! `Exchange`.

use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use base64ct::{Base64, Encoding};

/// A SASL mechanism the server can offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// The obsolete mechanism that many servers still offer.
    Login,
}

impl Mechanism {
    /// The name in the EHLO reply and the AUTH command.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
        }
    }

    pub(super) fn exchange(self) -> Box<dyn Exchange> {
        match self {
            Mechanism::Plain => Box::new(Plain),
            Mechanism::Login => Box::new(Login { user: None }),
        }
    }
}

/// A user and what proves them.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) password: String,
}

impl core::fmt::Debug for Account {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Account")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// One run of a mechanism.
pub(super) trait Exchange: Send {
    /// What follows on this response; `None` where AUTH came without an initial one.
    fn next(&mut self, response: Option<&[u8]>, accounts: &[Account]) -> Step;
}

/// What a mechanism wants next.
pub(super) enum Step {
    Challenge(Vec<u8>),
    Accept(String),
    Refuse,
    Malformed,
}

struct Plain;

impl Exchange for Plain {
    fn next(&mut self, response: Option<&[u8]>, accounts: &[Account]) -> Step {
        let Some(response) = response else {
            return Step::Challenge(Vec::new());
        };
        // RFC 4616 §2: message = [authzid] UTF8NUL authcid UTF8NUL passwd
        let fields: Vec<&[u8]> = response.split(|octet| *octet == 0).collect();
        let [_, user, password] = fields[..] else {
            return Step::Malformed;
        };
        check(user, password, accounts)
    }
}

struct Login {
    user: Option<Vec<u8>>,
}

impl Exchange for Login {
    fn next(&mut self, response: Option<&[u8]>, accounts: &[Account]) -> Step {
        match (response, self.user.take()) {
            (None, _) => Step::Challenge(b"Username:".to_vec()),
            (Some(user), None) => {
                self.user = Some(user.to_vec());
                Step::Challenge(b"Password:".to_vec())
            }
            (Some(password), Some(user)) => check(&user, password, accounts),
        }
    }
}

fn check(user: &[u8], password: &[u8], accounts: &[Account]) -> Step {
    let found = accounts
        .iter()
        .find(|account| account.user.as_bytes() == user && account.password.as_bytes() == password);
    found.map_or(Step::Refuse, |account| Step::Accept(account.user.clone()))
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
