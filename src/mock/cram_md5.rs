//! CRAM-MD5, RFC 2195: the server asks, the client answers with a keyed digest of the question.

use std::format;
use std::string::String;

use hmac::{Hmac, Mac};
use md5::Md5;

use super::accounts::Accounts;
use super::auth::{Exchange, Step};

pub(super) struct CramMd5 {
    challenge: String,
    answered: bool,
}

impl CramMd5 {
    /// RFC 2195 §2: the challenge has the form of a message id, of a number, a time and the server's
    /// name. Here the time stands still, so that tests can be repeated.
    pub(super) fn numbered(number: usize, hostname: &str) -> Self {
        Self::asking(format!("<{number}.857529045@{hostname}>"))
    }

    fn asking(challenge: String) -> Self {
        Self {
            challenge,
            answered: false,
        }
    }
}

impl Exchange for CramMd5 {
    fn next(&mut self, response: Option<&[u8]>, accounts: &Accounts) -> Step {
        let Some(response) = response else {
            return Step::Challenge(self.challenge.clone().into_bytes());
        };
        if core::mem::replace(&mut self.answered, true) {
            return Step::Refuse;
        }
        let (user, digest) = match parse(response) {
            Ok(parts) => parts,
            Err(fault) => return Step::Malformed(fault),
        };
        let mut passwords = accounts.passwords(user.as_bytes());
        if passwords.any(|one| hex_digest(one, &self.challenge) == digest) {
            Step::Accept(user.into())
        } else {
            Step::Refuse
        }
    }
}

/// RFC 2195 §2: "a string consisting of the user name, a space, and a 'digest'", 16 octets "in
/// hexadecimal format, using lower-case ASCII characters".
fn parse(response: &[u8]) -> Result<(&str, &str), &'static str> {
    let text = super::auth::text(response)?;
    // A blank in the user name is its own.
    let (user, digest) = text.rsplit_once(' ').ok_or("no space before the digest")?;
    if user.is_empty() {
        return Err("an empty user name");
    }
    let is_digit = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    if digest.len() != 32 || !digest.bytes().all(is_digit) {
        return Err("the digest is not 32 lower-case hexadecimal digits");
    }
    Ok((user, digest))
}

fn hex_digest(password: &str, challenge: &str) -> String {
    let keyed = Hmac::<Md5>::new_from_slice(password.as_bytes());
    let mut keyed = keyed.expect("HMAC takes a key of any length");
    keyed.update(challenge.as_bytes());
    let digest = keyed.finalize().into_bytes();
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::accounts::tests::accounts;
    use super::*;

    fn answer(response: &[u8]) -> Step {
        let accounts = accounts("tim", "tanstaaftanstaaf", "token");
        let challenge = "<1896.697170952@postoffice.reston.mci.net>";
        let mut exchange = CramMd5::asking(challenge.into());
        assert!(exchange.next(None, &accounts) == Step::Challenge(challenge.into()));
        exchange.next(Some(response), &accounts)
    }

    // RFC 2195 §2.
    #[test]
    fn the_example_of_the_rfc() {
        let user = Step::Accept("tim".into());
        assert!(answer(b"tim b913a602c7eda7a495b4e6e7334d3890") == user);
    }

    #[test]
    fn wrong_and_malformed_answers() {
        for wrong in [
            "tim b913a602c7eda7a495b4e6e7334d3891",
            "tom b913a602c7eda7a495b4e6e7334d3890",
            "tim  b913a602c7eda7a495b4e6e7334d3890",
        ] {
            assert!(answer(wrong.as_bytes()) == Step::Refuse, "{wrong}");
        }
        for malformed in [
            &b""[..],
            b"tim",
            b" b913a602c7eda7a495b4e6e7334d3890",
            b"timb913a602c7eda7a495b4e6e7334d3890",
            b"tim\tb913a602c7eda7a495b4e6e7334d3890",
            b"tim B913A602C7EDA7A495B4E6E7334D3890",
            b"tim b913a602c7eda7a495b4e6e7334d389",
            b"tim b913a602c7eda7a495b4e6e7334d38900",
            b"tim b913a602c7eda7a495b4e6e7334d389g",
            b"tim b913a602c7eda7a495b4e6e7334d3890 ",
            b"tim b913a602c7eda7a495b4e6e7334d3890\r\n",
            b"\xff b913a602c7eda7a495b4e6e7334d3890",
        ] {
            assert!(matches!(answer(malformed), Step::Malformed(_)));
        }
    }

    #[test]
    fn a_second_answer_is_refused() {
        let accounts = accounts("tim", "tanstaaftanstaaf", "token");
        let mut exchange = CramMd5::numbered(7, "mock.example");
        let challenge = Step::Challenge(b"<7.857529045@mock.example>".to_vec());
        assert!(exchange.next(None, &accounts) == challenge);
        let digest = hex_digest("tanstaaftanstaaf", "<7.857529045@mock.example>");
        let answer = format!("tim {digest}");
        assert!(exchange.next(Some(answer.as_bytes()), &accounts) == Step::Accept("tim".into()));
        assert!(exchange.next(Some(answer.as_bytes()), &accounts) == Step::Refuse);
    }
}
