//! XOAUTH2 (of Google and Microsoft) and OAUTHBEARER (RFC 7628): an OAuth 2.0 access token.
//!
//! A server that refuses the token first gives its reason, as JSON in a challenge. It refuses once
//! the client has answered the challenge.

use base64ct::{Base64, Encoding};

use super::{Credentials, Heard, Memory, Scheme, escaped, escaped_len};
use crate::wire::base64_line::Base64Line;
use crate::wire::ehlo::Mechanism;

/// XOAUTH2: `user=NAME^Aauth=Bearer TOKEN^A^A`.
pub(super) static XOAUTH2: Scheme = Scheme {
    mechanism: Mechanism::XOAuth2,
    first_len: |credentials| {
        let user = credentials.user.len();
        let texts = user.checked_add(credentials.secret.len())?;
        texts.checked_add("user=\x01auth=Bearer \x01\x01".len())
    },
    respond: |number, credentials, _, _, out| {
        // An empty line answers the reason for a refusal.
        if number == 0 {
            out.bytes(b"user=");
            out.bytes(credentials.user.as_bytes());
            bearer(credentials, out);
        }
    },
    hear,
    #[cfg(feature = "scram-sha-256")]
    proof: None,
};

/// OAUTHBEARER: `n,a=NAME,^Aauth=Bearer TOKEN^A^A`.
pub(super) static OAUTHBEARER: Scheme = Scheme {
    mechanism: Mechanism::OAuthBearer,
    first_len: |credentials| {
        let user = escaped_len(credentials.user)?;
        let texts = user.checked_add(credentials.secret.len())?;
        texts.checked_add("n,a=,\x01auth=Bearer \x01\x01".len())
    },
    respond: |number, credentials, _, _, out| {
        if number == 0 {
            out.bytes(b"n,a=");
            escaped(credentials.user, &mut |bytes| out.bytes(bytes));
            out.bytes(b",");
            bearer(credentials, out);
        } else {
            // RFC 7628 §3.2.3: "the client MUST send … a single control-A".
            out.bytes(b"\x01");
        }
    },
    hear,
    #[cfg(feature = "scram-sha-256")]
    proof: None,
};

/// Writes the token, which both mechanisms send in the same form.
fn bearer(credentials: &Credentials<'_>, out: &mut Base64Line<'_, '_>) {
    out.bytes(b"\x01auth=Bearer ");
    out.bytes(credentials.secret.as_bytes());
    out.bytes(b"\x01\x01");
}

fn hear(number: u8, _: &Credentials<'_>, _: &mut Memory, challenge: &mut [u8], _: bool) -> Heard {
    match number {
        0 => Heard::Answer { kept: 0 },
        // The reason, as much of it as there was room for. Nothing if it is not base64.
        1 => {
            let whole = challenge.len() & !3;
            let whole = challenge.get_mut(..whole).unwrap_or_default();
            let kept = Base64::decode_in_place(whole).map_or(0, |reason| reason.len());
            Heard::Answer { kept }
        }
        _ => Heard::TooMany,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::said;
    use super::*;

    #[test]
    fn responses_are_those_of_the_documentation() {
        let user = Credentials::token(
            "someuser@example.com",
            "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
        )
        .unwrap();
        // Google's documentation of XOAUTH2.
        assert_eq!(
            said(&XOAUTH2, 0, &user, &Memory::default(), &[]),
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhk\
             SFJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
        assert_eq!(said(&XOAUTH2, 1, &user, &Memory::default(), &[]), "");
        assert_eq!(
            said(&OAUTHBEARER, 1, &user, &Memory::default(), &[]),
            "AQ=="
        );
        let odd = Credentials::token("a,b=c@x", "t").unwrap();
        assert_eq!(
            said(&OAUTHBEARER, 0, &odd, &Memory::default(), &[]),
            "bixhPWE9MkNiPTNEY0B4LAFhdXRoPUJlYXJlciB0AQE="
        );
    }

    #[test]
    fn a_reason_that_was_cut_is_decoded_as_far_as_possible() {
        let mut memory = Memory::default();
        let user = Credentials::token("u", "t").unwrap();
        let mut hear = |number, challenge: &str| {
            let mut text = challenge.as_bytes().to_vec();
            let heard = (XOAUTH2.hear)(number, &user, &mut memory, &mut text, false);
            (heard, text)
        };
        let (heard, text) = hear(1, "eyJzdGF0dXMiOiI0MDEifQ");
        assert_eq!(heard, Heard::Answer { kept: 15 });
        assert_eq!(&text[..15], b"{\"status\":\"401\"");
        assert_eq!(hear(1, "no base64").0, Heard::Answer { kept: 0 });
        assert_eq!(hear(0, "").0, Heard::Answer { kept: 0 });
        assert_eq!(hear(2, "").0, Heard::TooMany);
    }
}
