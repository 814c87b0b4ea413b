//! Parses the messages of a server in SCRAM (RFC 5802 §7).
//!
//! This file hashes nothing.

use base64ct::{Base64, Encoding};

/// `r=NONCE,s=SALT,i=ROUNDS`, which extensions may follow.
pub(super) struct ServerFirst<'a> {
    pub(super) nonce: &'a [u8],
    salt: &'a [u8],
    pub(super) iterations: u32,
}

impl<'a> ServerFirst<'a> {
    /// Parses the message. RFC 5802 §5.1: "m=" at its beginning is an extension that must be
    /// understood; none is known here.
    pub(super) fn parse(message: &'a [u8]) -> Option<Self> {
        let (nonce, rest) = attribute(message, b"r=")?;
        let (salt, rest) = attribute(rest, b"s=")?;
        let (iterations, _) = attribute(rest, b"i=")?;
        // Only digits: `parse` accepts a sign.
        let is_number = iterations.iter().all(u8::is_ascii_digit);
        let iterations = core::str::from_utf8(iterations).ok()?.parse().ok()?;
        is_number.then_some(Self {
            nonce,
            salt,
            iterations,
        })
    }

    /// Passes the bytes of the salt to `out`, and returns whether the salt is base64.
    pub(super) fn salt(&self, out: &mut dyn FnMut(&[u8])) -> bool {
        let mut groups = self.salt.chunks(4).peekable();
        let mut is_any = false;
        while let Some(group) = groups.next() {
            let mut bytes = [0; 3];
            match Base64::decode(group, &mut bytes) {
                // Only the last group may be padded.
                Ok(bytes) if bytes.len() == 3 || groups.peek().is_none() => out(bytes),
                _ => return false,
            }
            is_any = true;
        }
        is_any
    }
}

/// The signature of `v=SIGNATURE`, which extensions may follow.
pub(super) fn signature(message: &[u8]) -> Option<[u8; 32]> {
    let (text, _) = attribute(message, b"v=")?;
    let mut bytes = [0; 32];
    let length = Base64::decode(text, &mut bytes).ok()?.len();
    (length == bytes.len()).then_some(bytes)
}

/// The value of the attribute that a message begins with, and the text after the comma that
/// follows.
fn attribute<'a>(message: &'a [u8], name: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let value = message.strip_prefix(name)?;
    let length = value.iter().take_while(|&&byte| byte != b',').count();
    let (value, rest) = value.split_at_checked(length)?;
    Some((value, rest.strip_prefix(b",").unwrap_or_default()))
}
