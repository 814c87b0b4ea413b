//! SASL (RFC 4422): credentials, and the messages of each mechanism.
//!
//! A mechanism is a [`Scheme`]. It knows its own messages; base64 lines, `*` and the order of an
//! exchange are in `session/`. Credentials hold the schemes they can be used with, the best first,
//! so a program links only what its credentials need.

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

use crate::wire::base64_line::Base64Line;
use crate::wire::ehlo::Mechanism;
use crate::wire::writer::Writer;

/// The messages of a mechanism. A value, not a trait, so that data takes no code.
pub(crate) struct Scheme {
    /// The mechanism.
    pub(crate) mechanism: Mechanism,
    /// The length of the first response, if the client speaks first, so that the response can be
    /// part of the AUTH command.
    first_len: fn(&Credentials<'_>) -> Option<usize>,
    /// Writes the response with this number, counted from 0. The bytes are those kept of the last
    /// challenge. It writes the same response each time, since a response may go out in pieces.
    respond: fn(u8, &Credentials<'_>, &Memory, &[u8], &mut Base64Line<'_, '_>),
    /// Takes the challenge after this many responses: base64 as it was received, which may be
    /// overwritten, and whether its end is missing.
    pub(crate) hear: fn(u8, &Credentials<'_>, &mut Memory, &mut [u8], bool) -> Heard,
    /// The server's proof, if the mechanism has one.
    #[cfg(feature = "scram-sha-256")]
    pub(crate) proof: Option<Proof>,
}

/// The server's proof that it knows the password.
#[cfg(feature = "scram-sha-256")]
pub(crate) struct Proof {
    /// Does a part of the long work before the next response, and returns whether the work is done.
    pub(crate) work: fn(&Credentials<'_>, &mut Memory, &[u8]) -> bool,
    /// Whether the server has given its proof, without which its 235 does not count.
    pub(crate) is_given: fn(&Memory) -> bool,
}

/// The result of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The next response is sent. It needs the first `kept` bytes of the challenge.
    Answer { kept: usize },
    /// The next response is sent after some [`Proof::work`].
    #[cfg(feature = "scram-sha-256")]
    Work { kept: usize },
    /// `*` is sent, since there is no further response.
    TooMany,
    /// `*` is sent, since the challenge is malformed.
    #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
    Malformed,
    /// `*` is sent, since the challenge's end is missing.
    #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
    Cut,
    /// `*` is sent, since the server asks for too few or too many rounds of hashing.
    #[cfg(feature = "scram-sha-256")]
    Rounds,
    /// Nothing more is sent, since the server does not know the password.
    #[cfg(feature = "scram-sha-256")]
    Impostor,
}

/// The memory of a mechanism between its messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    #[cfg(any(feature = "scram-sha-256", feature = "cram-md5"))]
    hash: Hashes,
}

/// Two secret values of 32 bytes, and how many rounds of work on them are left.
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
    /// Overwrites the secrets. To be called at the end of each operation: with a `Drop` instead, a
    /// client takes 300 bytes more of stack where it is moved.
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
    /// `AUTH `, the blank after the mechanism, and CRLF.
    const FRAME: usize = 8;
    let name = scheme.mechanism.as_str().len();
    // The characters of base64, three quarters of which are the bytes they encode.
    let room = AUTH_LINE_MAX - FRAME - name;
    let first = (scheme.first_len)(credentials);
    first.is_some_and(|bytes| bytes <= room / 4 * 3)
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

/// Writes a user name as in RFC 5802 §5.1: `,` and `=` as `=2C` and `=3D`.
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
    fn a_first_response_leaves_512_bytes_to_the_command() {
        for bytes in 1..300 {
            let user = "u,=".repeat(bytes).chars().take(bytes).collect::<String>();
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
