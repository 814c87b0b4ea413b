//! PLAIN (RFC 4616) and LOGIN, which was never standardised: the password itself.

use super::{Base64Line, Credentials, Heard, Memory, Scheme};
use crate::wire::ehlo::Mechanism;

/// PLAIN: one message, which the client has the first word with.
pub(super) struct Plain;

impl Scheme for Plain {
    fn mechanism(&self) -> Mechanism {
        Mechanism::Plain
    }

    fn first_len(&self, credentials: &Credentials<'_>) -> Option<usize> {
        let texts = credentials
            .user
            .len()
            .wrapping_add(credentials.secret.len());
        Some(texts.wrapping_add(2))
    }

    fn respond(
        &self,
        _: u8,
        credentials: &Credentials<'_>,
        _: &Memory,
        _: &[u8],
        out: &mut Base64Line<'_, '_>,
    ) {
        // No authorization identity, the authentication identity, the password.
        out.bytes(b"\0");
        out.bytes(credentials.user.as_bytes());
        out.bytes(b"\0");
        out.bytes(credentials.secret.as_bytes());
    }

    fn hear(
        &self,
        number: u8,
        _: &Credentials<'_>,
        _: &mut Memory,
        _: &mut [u8],
        _: bool,
    ) -> Heard {
        if number == 0 {
            Heard::Answer { kept: 0 }
        } else {
            Heard::TooMany
        }
    }
}

/// LOGIN: the name first, the password second, whatever the prompts say.
pub(super) struct Login;

impl Scheme for Login {
    fn mechanism(&self) -> Mechanism {
        Mechanism::Login
    }

    fn first_len(&self, _: &Credentials<'_>) -> Option<usize> {
        None
    }

    fn respond(
        &self,
        number: u8,
        credentials: &Credentials<'_>,
        _: &Memory,
        _: &[u8],
        out: &mut Base64Line<'_, '_>,
    ) {
        let text = if number == 0 {
            credentials.user
        } else {
            credentials.secret
        };
        out.bytes(text.as_bytes());
    }

    fn hear(
        &self,
        number: u8,
        _: &Credentials<'_>,
        _: &mut Memory,
        _: &mut [u8],
        _: bool,
    ) -> Heard {
        if number < 2 {
            Heard::Answer { kept: 0 }
        } else {
            Heard::TooMany
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::said;
    use super::*;

    #[test]
    fn plain_as_in_rfc_4616() {
        // RFC 4616 §4: `C: <NUL>tim<NUL>tanstaaftanstaaf`
        let tim = Credentials::new("tim", "tanstaaftanstaaf").unwrap();
        let response = said(&Plain, 0, &tim, &Memory::default(), &[]);
        assert_eq!(response, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
    }

    #[test]
    fn every_remainder_is_padded() {
        for (text, want) in [
            ("a", "YQ=="),
            ("ab", "YWI="),
            ("abc", "YWJj"),
            ("abcd", "YWJjZA=="),
        ] {
            let c = Credentials::new(text, text).unwrap();
            for number in [0, 1] {
                assert_eq!(said(&Login, number, &c, &Memory::default(), &[]), want);
            }
        }
    }
}
