//! SASL (RFC 4422): credentials, and what each mechanism says with them.
//!
//! A mechanism is a [`Scheme`]. It knows its own messages; base64 lines, `*` and the order of an
//! exchange are in `session/`. Credentials hold the schemes they can be used with, the best first,
//! so a program links only what its credentials need.

mod base64_line;
#[cfg(feature = "cram-md5")]
mod cram_md5;
mod credentials;
mod oauth;
mod password;
#[cfg(feature = "scram-sha-256")]
mod scram;
#[cfg(feature = "scram-sha-256")]
mod scram_message;

pub use credentials::Credentials;
#[cfg(feature = "scram-sha-256")]
pub use scram::{SCRAM_ITERATIONS_MAX, SCRAM_ITERATIONS_MIN};

pub(crate) use base64_line::Base64Line;

use crate::wire::ehlo::Mechanism;
use crate::wire::writer::Writer;

/// How a mechanism talks. A value and not a trait, so that what is data takes no code.
pub(crate) struct Scheme {
    /// Which one it is.
    pub(crate) mechanism: Mechanism,
    /// Octets of the first response if the client has the first word, so that it may stand in the
    /// AUTH command.
    first_len: fn(&Credentials<'_>) -> Option<usize>,
    /// Writes the response with this number, counted from 0. The octets are what was kept of the
    /// last challenge. The same response each time, since one may go out in pieces.
    respond: fn(u8, &Credentials<'_>, &Memory, &[u8], &mut Base64Line<'_, '_>),
    /// Takes a challenge that follows so many responses: base64 as it was received, which may be
    /// overwritten, and whether its end is missing.
    pub(crate) hear: fn(u8, &Credentials<'_>, &mut Memory, &mut [u8], bool) -> Heard,
    /// How the server proves itself, where it does.
    #[cfg(feature = "scram-sha-256")]
    pub(crate) proof: Option<Proof>,
}

/// How the server proves that it knows the password.
#[cfg(feature = "scram-sha-256")]
pub(crate) struct Proof {
    /// Does a part of what takes long before the next response; whether it is done.
    pub(crate) work: fn(&Credentials<'_>, &mut Memory, &[u8]) -> bool,
    /// Whether the server has proven what it must have before its 235 counts.
    pub(crate) is_given: fn(&Memory) -> bool,
}

/// What a challenge leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The next response; so many octets at the challenge's beginning are kept for it.
    Answer { kept: usize },
    /// The same, after some [`Proof::work`].
    #[cfg(feature = "scram-sha-256")]
    Work { kept: usize },
    /// `*`, since there is no further response.
    TooMany,
    /// `*`, since it is not what the mechanism has here.
    #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
    Malformed,
    /// `*`, since its end is missing.
    #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
    Cut,
    /// `*`, since the server wants too few or too many rounds of hashing.
    #[cfg(feature = "scram-sha-256")]
    Rounds,
    /// Nothing more is said: this is not the server that knows the password.
    #[cfg(feature = "scram-sha-256")]
    Impostor,
}

/// What a mechanism remembers between its messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
    hash: Hashes,
}

/// Two values of 32 octets and how far the work on them is. They are secret.
#[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
#[derive(Clone, Default)]
struct Hashes {
    first: [u8; 32],
    #[cfg(feature = "scram-sha-256")]
    second: [u8; 32],
    #[cfg(feature = "scram-sha-256")]
    rounds: u32,
    #[cfg(feature = "scram-sha-256")]
    is_proven: bool,
}

#[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
impl core::fmt::Debug for Hashes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hashes(..)")
    }
}

impl Memory {
    /// Overwrites what was remembered. To be called at the end of an operation, and not at that of a
    /// session: with a `Drop`, a client takes 300 octets more of stack where it is moved.
    #[cfg_attr(any(feature = "scram-sha-256", feature = "cram-md5"), inline(never))]
    pub(crate) fn wipe(&mut self) {
        #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
        {
            use zeroize::Zeroize;
            self.hash.first.zeroize();
            #[cfg(feature = "scram-sha-256")]
            {
                self.hash.second.zeroize();
                self.hash.is_proven = false;
            }
        }
    }
}

/// Whether `AUTH`, the mechanism and the first response make a line that may be sent.
///
/// RFC 4954 §4: "If the client is transmitting an initial response of non-zero length and …
/// that would make the AUTH command exceed 512 octets, it MUST NOT use the initial response".
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a mechanism's name has at most 20 characters, RFC 4422 §3.1"
)]
pub(crate) fn fits_auth_line(scheme: &Scheme, credentials: &Credentials<'_>) -> bool {
    const AUTH_LINE_MAX: usize = 512;
    /// `AUTH `, the blank behind the mechanism, and CRLF.
    const FRAME: usize = 8;
    let name = scheme.mechanism.as_str().len();
    // Octets of base64, and those that they are made of.
    let room = AUTH_LINE_MAX - FRAME - name;
    let first = (scheme.first_len)(credentials);
    first.is_some_and(|octets| octets <= room / 4 * 3)
}

/// Writes the response with this number in base64.
pub(crate) fn write(
    scheme: &Scheme,
    number: u8,
    credentials: &Credentials<'_>,
    memory: &Memory,
    kept: &[u8],
    out: &mut Writer<'_>,
) {
    let mut line = Base64Line::new(out);
    (scheme.respond)(number, credentials, memory, kept, &mut line);
    line.end();
}

/// The length of a user name as [`escaped`] writes it, if a `usize` holds it.
fn escaped_len(name: &str) -> Option<usize> {
    let special = name.bytes().filter(|byte| matches!(byte, b',' | b'='));
    special.count().checked_mul(2)?.checked_add(name.len())
}

/// Writes a user name as RFC 5802 §5.1 has it: `,` and `=` as `=2C` and `=3D`.
fn escaped(name: &str, out: &mut dyn FnMut(&[u8])) {
    for byte in name.bytes() {
        match byte {
            b',' => out(b"=2C"),
            b'=' => out(b"=3D"),
            _ => out(&[byte]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    /// A response in base64.
    pub(super) fn said(
        scheme: &Scheme,
        number: u8,
        credentials: &Credentials<'_>,
        memory: &Memory,
        kept: &[u8],
    ) -> String {
        let mut out = [0; 16_384];
        let mut writer = Writer::new(&mut out, 0);
        write(scheme, number, credentials, memory, kept, &mut writer);
        assert_eq!(writer.end_atom(), None);
        let n = writer.len();
        String::from_utf8(out[..n].to_vec()).unwrap()
    }

    #[test]
    fn a_first_response_leaves_512_octets_to_the_command() {
        for octets in 1..300 {
            let user = "u,="
                .repeat(octets)
                .chars()
                .take(octets)
                .collect::<String>();
            let password = Credentials::new(&user, &user).unwrap();
            let token = Credentials::token(&user, &user).unwrap();
            let all = [
                password,
                token,
                #[cfg(feature = "scram-sha-256")]
                password.with_nonce(&[7; 20]).unwrap(),
                #[cfg(feature = "cram-md5")]
                Credentials::cram_md5(&user, &user).unwrap(),
            ];
            for credentials in all {
                for scheme in credentials.schemes() {
                    let Some(length) = (scheme.first_len)(&credentials) else {
                        continue;
                    };
                    let first = said(scheme, 0, &credentials, &Memory::default(), &[]);
                    assert_eq!(first.len(), length.div_ceil(3) * 4);
                    let line = std::format!("AUTH {} {}\r\n", scheme.mechanism.as_str(), first);
                    assert_eq!(fits_auth_line(scheme, &credentials), line.len() <= 512);
                }
            }
        }
    }
}
