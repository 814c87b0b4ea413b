//! CRAM-MD5 (RFC 2195): a challenge, hashed with the password.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, Mac};
use md5::Md5;

use super::{Credentials, Heard, Memory, Scheme};
use crate::wire::base64_line::Base64Line;
use crate::wire::ehlo::Mechanism;
use crate::wire::quoted_printable::hex;

pub(super) static CRAM_MD5: Scheme = Scheme {
    mechanism: Mechanism::CramMd5,
    first_len: |_| None,
    respond,
    hear,
    #[cfg(feature = "scram-sha-256")]
    proof: None,
};

/// The bytes of an MD5 hash.
const HASH: usize = 16;

/// Writes, as in RFC 2195 §2, the user name, a space, and the digest in "lower-case" hexadecimal.
fn respond(
    _: u8,
    credentials: &Credentials<'_>,
    memory: &Memory,
    _: &[u8],
    out: &mut Base64Line<'_, '_>,
) {
    out.bytes(credentials.user.as_bytes());
    out.bytes(b" ");
    for byte in memory.hash.first.iter().take(HASH) {
        let digits = [hex(byte >> 4), hex(byte & 0x0F)];
        out.bytes(&digits.map(|digit| digit.to_ascii_lowercase()));
    }
}

fn hear(
    number: u8,
    credentials: &Credentials<'_>,
    memory: &mut Memory,
    challenge: &mut [u8],
    is_cut: bool,
) -> Heard {
    if number > 0 {
        return Heard::TooMany;
    }
    if is_cut {
        return Heard::Cut;
    }
    let challenge = match Base64::decode_in_place(challenge) {
        Ok(bytes) if !bytes.is_empty() => bytes,
        _ => return Heard::Malformed,
    };
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(credentials.secret.as_bytes()) else {
        return Heard::Malformed;
    };
    mac.update(challenge);
    for (slot, byte) in memory
        .hash
        .first
        .iter_mut()
        .zip(mac.finalize().into_bytes())
    {
        *slot = byte;
    }
    Heard::Answer { kept: 0 }
}

#[cfg(test)]
mod tests {
    use super::super::tests::said;
    use super::*;

    #[test]
    fn the_response_is_that_of_rfc_2195() {
        let tim = Credentials::cram_md5("tim", "tanstaaftanstaaf").unwrap();
        let mut memory = Memory::default();
        let mut challenge = *b"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
        let heard = (CRAM_MD5.hear)(0, &tim, &mut memory, &mut challenge, false);
        assert_eq!(heard, Heard::Answer { kept: 0 });
        assert_eq!(
            said(&CRAM_MD5, 0, &tim, &memory, &[]),
            "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
        );
    }

    #[test]
    fn malformed_challenges_are_refused() {
        let tim = Credentials::cram_md5("tim", "t").unwrap();
        let hear = |number, challenge: &str, is_cut| {
            let mut text = challenge.as_bytes().to_vec();
            (CRAM_MD5.hear)(number, &tim, &mut Memory::default(), &mut text, is_cut)
        };
        for wrong in ["", "x", "YQ", "YQ==YQ==", "what?", "YQ==\nYQ=="] {
            assert_eq!(hear(0, wrong, false), Heard::Malformed, "{wrong}");
        }
        assert_eq!(hear(0, "YQ==", true), Heard::Cut);
        assert_eq!(hear(1, "YQ==", false), Heard::TooMany);
    }
}
