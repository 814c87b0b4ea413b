//! What a server says in SCRAM (RFC 5802 §7), taken apart.
//!
//! This file hashes nothing.

use base64ct::{Base64, Encoding};

/// `r=NONCE,s=SALT,i=ROUNDS`, and what extensions may follow.
pub(super) struct ServerFirst<'a> {
    pub(super) nonce: &'a [u8],
    salt: &'a [u8],
    pub(super) iterations: u32,
}

impl<'a> ServerFirst<'a> {
    /// RFC 5802 §5.1: "m=" in front would be an extension that must be understood, and none is.
    pub(super) fn parse(message: &'a [u8]) -> Option<Self> {
        let (nonce, rest) = attribute(message, b"r=")?;
        let (salt, rest) = attribute(rest, b"s=")?;
        let (iterations, _) = attribute(rest, b"i=")?;
        // Only digits: `parse` would take a sign.
        let is_number = iterations.iter().all(u8::is_ascii_digit);
        let iterations = core::str::from_utf8(iterations).ok()?.parse().ok()?;
        is_number.then_some(Self {
            nonce,
            salt,
            iterations,
        })
    }

    /// Gives the salt's octets; whether it is base64.
    pub(super) fn salt(&self, out: &mut dyn FnMut(&[u8])) -> bool {
        let mut groups = self.salt.chunks(4).peekable();
        let mut is_any = false;
        while let Some(group) = groups.next() {
            let mut octets = [0; 3];
            match Base64::decode(group, &mut octets) {
                // Only the last may be padded.
                Ok(octets) if octets.len() == 3 || groups.peek().is_none() => out(octets),
                _ => return false,
            }
            is_any = true;
        }
        is_any
    }
}

/// `v=SIGNATURE`, and what extensions may follow.
pub(super) fn signature(message: &[u8]) -> Option<[u8; 32]> {
    let (text, _) = attribute(message, b"v=")?;
    let mut octets = [0; 32];
    let length = Base64::decode(text, &mut octets).ok()?.len();
    (length == octets.len()).then_some(octets)
}

/// The value of the attribute that a message begins with, and what follows the comma behind it.
fn attribute<'a>(message: &'a [u8], name: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let value = message.strip_prefix(name)?;
    let length = value.iter().take_while(|&&octet| octet != b',').count();
    let (value, rest) = value.split_at_checked(length)?;
    Some((value, rest.strip_prefix(b",").unwrap_or_default()))
}
