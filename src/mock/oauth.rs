//! XOAUTH2 and OAUTHBEARER, RFC 7628: the client shows a token, and answers an error with a dummy.

use std::string::String;
use std::vec::Vec;

use super::accounts::Accounts;
use super::auth::{Exchange, Step, text};
use super::gs2;

pub(super) struct OAuth {
    parse: fn(&str) -> Result<Claim<'_>, &'static str>,
    /// What the client says to an error.
    dummy: &'static [u8],
    answered: bool,
}

/// A user's name, which OAUTHBEARER can do without, and a token.
struct Claim<'a> {
    user: Option<String>,
    token: &'a str,
}

impl OAuth {
    pub(super) fn xoauth2() -> Self {
        Self {
            parse: xoauth2,
            dummy: b"",
            answered: false,
        }
    }

    pub(super) fn bearer() -> Self {
        Self {
            parse: bearer,
            // RFC 7628 §3.2.3: "The client MUST then send either an additional client response
            // consisting of a single %x01 (control A) character … or" cancel.
            dummy: b"\x01",
            answered: false,
        }
    }
}

impl Exchange for OAuth {
    fn next(&mut self, response: Option<&[u8]>, accounts: &Accounts) -> Step {
        let Some(response) = response else {
            return Step::Challenge(Vec::new());
        };
        if core::mem::replace(&mut self.answered, true) {
            return if response == self.dummy {
                Step::Refuse
            } else {
                Step::Malformed("not the dummy that answers an OAuth error")
            };
        }
        let claim = match text(response).and_then(self.parse) {
            Ok(claim) => claim,
            Err(fault) => return Step::Malformed(fault),
        };
        let mut users = accounts.users(claim.token);
        let named = |user: &&str| claim.user.as_ref().is_none_or(|named| named == user);
        match users.find(named) {
            Some(user) => Step::Accept(user.into()),
            None => Step::Challenge(ERROR.into()),
        }
    }
}

/// `user=` user ^A `auth=Bearer ` token ^A ^A.
fn xoauth2(message: &str) -> Result<Claim<'_>, &'static str> {
    let rest = message.strip_prefix("user=").ok_or("no user= in front")?;
    let (user, rest) = rest.split_once('\x01').ok_or("no 0x01 behind the user")?;
    if user.is_empty() || user.contains(char::is_control) {
        return Err("an empty user, or a control character in it");
    }
    let token = rest
        .strip_prefix("auth=Bearer ")
        .ok_or("no auth=Bearer behind the user")?
        .strip_suffix("\x01\x01")
        .ok_or("two 0x01 do not end the message")?;
    Ok(Claim {
        user: Some(user.into()),
        token: bearer_token(token)?,
    })
}

/// RFC 7628 §3.1: `client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep`
fn bearer(message: &str) -> Result<Claim<'_>, &'static str> {
    let (header, rest) = gs2::Header::split(message)?;
    let pairs = rest
        .strip_prefix('\x01')
        .ok_or("no 0x01 behind the GS2 header")?
        .strip_suffix('\x01')
        .ok_or("0x01 does not end the message")?;
    let (mut auth, mut host, mut port) = (None, None, None);
    for pair in pairs.split_terminator('\x01') {
        let (key, value) = pair.split_once('=').ok_or("a pair without =")?;
        // RFC 7628 §3.1: key = 1*(ALPHA), value = *(VCHAR / SP / HTAB / CR / LF)
        let named = !key.is_empty() && key.bytes().all(|octet| octet.is_ascii_alphabetic());
        let valued = |octet: u8| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n');
        if !named || !value.bytes().all(valued) {
            return Err("a malformed pair");
        }
        let known = match key {
            "auth" => &mut auth,
            "host" => &mut host,
            "port" => &mut port,
            // RFC 7628 §3.1 has a server pass over keys it does not know.
            _ => continue,
        };
        if known.replace(value).is_some() {
            return Err("a key stands twice");
        }
    }
    if !pairs.is_empty() && !pairs.ends_with('\x01') {
        return Err("two 0x01 do not end the message");
    }
    // "a decimal positive integer string without leading zeros"
    let is_port = |port: &str| port.parse::<u16>().is_ok() && !port.starts_with(['0', '+']);
    if host.is_some_and(str::is_empty) || port.is_some_and(|port| !is_port(port)) {
        return Err("a malformed host or port");
    }
    // RFC 9110 §11.1: the name of the scheme has no case.
    let (scheme, token) = auth
        .and_then(|auth| auth.split_once(' '))
        .ok_or("no auth= with a scheme and a token")?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err("the scheme is not Bearer");
    }
    Ok(Claim {
        user: header.authzid,
        token: bearer_token(token)?,
    })
}

/// RFC 6750 §2.1: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn bearer_token(token: &str) -> Result<&str, &'static str> {
    let body = token.trim_end_matches('=');
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~+/".contains(&octet);
    if body.is_empty() || !body.bytes().all(allowed) {
        return Err("the token is not a b64token (RFC 6750)");
    }
    Ok(token)
}

/// In the form of Google's; RFC 7628 §3.2.2 has `status` and `scope` too.
const ERROR: &str = r#"{"status":"401","schemes":"bearer","scope":"mail"}"#;

#[cfg(test)]
mod tests {
    use super::super::accounts::tests::accounts;
    use super::*;

    const USER: &str = "user@example.com";
    const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

    fn answers(mut exchange: OAuth, responses: &[&[u8]]) -> Step {
        let accounts = accounts(USER, "password", TOKEN);
        let mut last = exchange.next(None, &accounts);
        assert!(last == Step::Challenge(Vec::new()));
        for response in responses {
            last = exchange.next(Some(response), &accounts);
        }
        last
    }

    /// Accepted, answered with the error, or malformed.
    fn verdict(step: Step) -> char {
        match step {
            Step::Accept(user) if user == USER => 'a',
            Step::Challenge(challenge) if challenge == ERROR.as_bytes() => 'e',
            Step::Malformed(_) => 'm',
            _ => '?',
        }
    }

    // RFC 7628 §4.1, with the port of submission.
    #[test]
    fn bearers() {
        for (message, wanted) in [
            (
                "n,a=user@example.com,|host=server.example.com|port=587|auth=Bearer TOKEN||",
                'a',
            ),
            ("n,a=user@example.com,|auth=Bearer TOKEN||", 'a'),
            ("y,,|auth=bearer TOKEN||", 'a'),
            ("n,,|x=1|auth=Bearer TOKEN|y=||", 'a'),
            ("n,a=user=2Cx@example.com,|auth=Bearer TOKEN||", 'e'),
            ("n,a=user@example.com,|auth=Bearer other||", 'e'),
            ("n,a=user,x@example.com,|auth=Bearer TOKEN||", 'm'),
            ("n,a=user=x@example.com,|auth=Bearer TOKEN||", 'm'),
            ("p=tls-unique,,|auth=Bearer TOKEN||", 'm'),
            ("user=user@example.com|auth=Bearer TOKEN||", 'm'),
            ("n,,auth=Bearer TOKEN||", 'm'),
            ("n,,|auth=Bearer TOKEN|", 'm'),
            ("n,,|auth=Bearer TOKEN", 'm'),
            ("n,,|auth=Bearer TOKEN|||", 'm'),
            ("n,,|auth=Bearer  TOKEN||", 'm'),
            ("n,,|auth=Bearer to ken||", 'm'),
            ("n,,|auth=Bearer ||", 'm'),
            ("n,,|auth=Bearer||", 'm'),
            ("n,,|auth=MAC TOKEN||", 'm'),
            ("n,,|Auth=Bearer TOKEN||", 'm'),
            ("n,,|auth=Bearer TOKEN|auth=Bearer TOKEN||", 'm'),
            ("n,,|host=|auth=Bearer TOKEN||", 'm'),
            ("n,,|port=0587|auth=Bearer TOKEN||", 'm'),
            ("n,,|port=+587|auth=Bearer TOKEN||", 'm'),
            ("n,,|port=65536|auth=Bearer TOKEN||", 'm'),
            ("n,,|x1=1|auth=Bearer TOKEN||", 'm'),
            ("n,,|x=\u{fc}|auth=Bearer TOKEN||", 'm'),
            ("n,,||", 'm'),
            ("|", 'm'),
            ("", 'm'),
        ] {
            let octets = message.replace("TOKEN", TOKEN).replace('|', "\x01");
            let step = answers(OAuth::bearer(), &[octets.as_bytes()]);
            assert_eq!(verdict(step), wanted, "{message}");
        }
        let malformed = answers(OAuth::bearer(), &[b"n,,\x01auth=Bearer \xff\x01\x01"]);
        assert_eq!(verdict(malformed), 'm');
    }

    #[test]
    fn xoauth2s() {
        for (message, wanted) in [
            ("user=user@example.com|auth=Bearer TOKEN||", 'a'),
            ("user=user@example.com|auth=Bearer other||", 'e'),
            ("user=a,b=c|auth=Bearer TOKEN||", 'e'),
            ("user=|auth=Bearer TOKEN||", 'm'),
            ("user=a\t|auth=Bearer TOKEN||", 'm'),
            ("user=user@example.com|auth=bearer TOKEN||", 'm'),
            ("user=user@example.com|auth=Bearer TOKEN|", 'm'),
            ("user=user@example.com|auth=Bearer TOKEN|||", 'm'),
            ("user=user@example.com|auth=Bearer to,ken||", 'm'),
            ("user=user@example.com|auth=Bearer =||", 'm'),
            ("user=user@example.com||auth=Bearer TOKEN||", 'm'),
            ("n,a=user@example.com,|auth=Bearer TOKEN||", 'm'),
            ("", 'm'),
        ] {
            let octets = message.replace("TOKEN", TOKEN).replace('|', "\x01");
            let step = answers(OAuth::xoauth2(), &[octets.as_bytes()]);
            assert_eq!(verdict(step), wanted, "{message}");
        }
    }

    #[test]
    fn an_error_is_answered_with_the_dummy() {
        let wrong = [
            &b"user=u\x01auth=Bearer x\x01\x01"[..],
            b"n,a=u,\x01auth=Bearer x\x01\x01",
        ];
        assert!(answers(OAuth::xoauth2(), &[wrong[0], b""]) == Step::Refuse);
        assert!(answers(OAuth::bearer(), &[wrong[1], b"\x01"]) == Step::Refuse);
        for other in [&b"\x01"[..], b"x", wrong[0]] {
            let step = answers(OAuth::xoauth2(), &[wrong[0], other]);
            assert!(matches!(step, Step::Malformed(_)));
        }
        for other in [&b""[..], b"\x01\x01", wrong[1]] {
            let step = answers(OAuth::bearer(), &[wrong[1], other]);
            assert!(matches!(step, Step::Malformed(_)));
        }
    }
}
