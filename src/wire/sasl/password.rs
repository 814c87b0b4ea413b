//! PLAIN (RFC 4616) and LOGIN, which was never standardised. Both send the password itself.

use super::{Heard, Scheme};
use crate::wire::ehlo::Mechanism;

/// PLAIN: one message. The client speaks first.
pub(super) static PLAIN: Scheme = Scheme {
    mechanism: Mechanism::Plain,
    first_len: |credentials| {
        let user = credentials.user.len();
        let texts = user.checked_add(credentials.secret.len())?;
        texts.checked_add(2)
    },
    respond: |_, credentials, _, _, out| {
        // An empty authorization identity, the authentication identity, the password.
        out.bytes(b"\0");
        out.bytes(credentials.user.as_bytes());
        out.bytes(b"\0");
        out.bytes(credentials.secret.as_bytes());
    },
    hear: |number, _, _, _, _| {
        if number == 0 {
            Heard::Answer { kept: 0 }
        } else {
            Heard::TooMany
        }
    },
    #[cfg(feature = "scram-sha-256")]
    proof: None,
};

/// LOGIN: first the name, then the password, whatever the prompts say.
pub(super) static LOGIN: Scheme = Scheme {
    mechanism: Mechanism::Login,
    first_len: |_| None,
    respond: |number, credentials, _, _, out| {
        let text = if number == 0 {
            credentials.user
        } else {
            credentials.secret
        };
        out.bytes(text.as_bytes());
    },
    hear: |number, _, _, _, _| {
        if number < 2 {
            Heard::Answer { kept: 0 }
        } else {
            Heard::TooMany
        }
    },
    #[cfg(feature = "scram-sha-256")]
    proof: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::said;
    use super::super::{Credentials, Memory};
    use super::*;

    #[test]
    fn plain_as_in_rfc_4616() {
        // RFC 4616 §4: `C: <NUL>tim<NUL>tanstaaftanstaaf`
        let tim = Credentials::new("tim", "tanstaaftanstaaf").unwrap();
        let response = said(&PLAIN, 0, &tim, &Memory::default(), &[]);
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
                assert_eq!(said(&LOGIN, number, &c, &Memory::default(), &[]), want);
            }
        }
    }
}
