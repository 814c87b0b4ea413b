//! What a client says in a login, as a table: one row a mechanism.

use embedded_smtp::Mechanism;

use super::scram;

/// What the credentials are, and so what they may be used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Password,
    /// A password, and a nonce for SCRAM.
    Nonce,
    Token,
    Cram,
}

/// A user and what proves them.
#[derive(Debug, Clone)]
pub struct Secret {
    pub kind: Kind,
    pub user: String,
    /// The password or the token.
    pub password: String,
    pub nonce: Vec<u8>,
}

/// What comes next in a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// These octets in base64.
    This(Vec<u8>),
    /// `*`.
    Cancel,
    /// Nothing any more.
    Nothing,
}

/// A SASL mechanism.
pub struct Row {
    pub name: &'static str,
    pub mechanism: Mechanism,
    /// The credentials it may be used with.
    pub kinds: &'static [Kind],
    /// Whether the first response stands in the AUTH command, if that has at most 512 octets then.
    pub is_initial: bool,
    /// The response with this number, counted from 0. The challenge with the same number is what
    /// it answers (for the first, the text of an empty 334, or nothing), as it came.
    pub respond: fn(secret: &Secret, number: usize, challenges: &[Vec<u8>]) -> Say,
    /// Whether the server's 235 counts.
    pub is_proven: fn(secret: &Secret, challenges: &[Vec<u8>]) -> bool,
}

/// Every mechanism. Of those for the same credentials, the first that is offered is taken.
pub const MECHANISMS: &[Row] = &[
    Row {
        name: "SCRAM-SHA-256",
        mechanism: Mechanism::ScramSha256,
        kinds: &[Kind::Nonce],
        is_initial: true,
        respond: scram::respond,
        is_proven: scram::is_proven,
    },
    Row {
        name: "PLAIN",
        mechanism: Mechanism::Plain,
        kinds: &[Kind::Password, Kind::Nonce],
        is_initial: true,
        respond: |secret, number, _| {
            let response = format!("\0{}\0{}", secret.user, secret.password);
            say((number == 0).then_some(response))
        },
        is_proven: |_, _| true,
    },
    Row {
        name: "LOGIN",
        mechanism: Mechanism::Login,
        kinds: &[Kind::Password, Kind::Nonce],
        is_initial: false,
        respond: |secret, number, _| {
            say(match number {
                0 => Some(secret.user.clone()),
                1 => Some(secret.password.clone()),
                _ => None,
            })
        },
        is_proven: |_, _| true,
    },
    Row {
        name: "OAUTHBEARER",
        mechanism: Mechanism::OAuthBearer,
        kinds: &[Kind::Token],
        is_initial: true,
        respond: |secret, number, _| {
            let user = scram::escaped(&secret.user);
            say(match number {
                0 => Some(format!("n,a={user},{}", bearer(secret))),
                1 => Some("\x01".into()),
                _ => None,
            })
        },
        is_proven: |_, _| true,
    },
    Row {
        name: "XOAUTH2",
        mechanism: Mechanism::XOAuth2,
        kinds: &[Kind::Token],
        is_initial: true,
        respond: |secret, number, _| {
            say(match number {
                0 => Some(format!("user={}{}", secret.user, bearer(secret))),
                1 => Some(String::new()),
                _ => None,
            })
        },
        is_proven: |_, _| true,
    },
    Row {
        name: "CRAM-MD5",
        mechanism: Mechanism::CramMd5,
        kinds: &[Kind::Cram],
        is_initial: false,
        respond: |secret, number, challenges| match number {
            0 => scram::cram_md5(secret, &challenges[0]),
            _ => Say::Cancel,
        },
        is_proven: |_, _| true,
    },
];

fn say(text: Option<String>) -> Say {
    text.map_or(Say::Cancel, |text| Say::This(text.into_bytes()))
}

/// The token, as both mechanisms for it have it.
fn bearer(secret: &Secret) -> String {
    format!("\x01auth=Bearer {}\x01\x01", secret.password)
}

/// RFC 4954 §4: an initial response must not make the AUTH command longer.
const AUTH_LINE_MAX: usize = 512;

/// A login under way.
pub struct Login {
    pub row: &'static Row,
    secret: Secret,
    /// What was answered so far.
    challenges: Vec<Vec<u8>>,
    /// What was said in it, in base64.
    pub said: Vec<String>,
    /// The last challenge may have been longer than the buffer, or is no strict base64.
    is_long: bool,
}

impl Login {
    /// The login that the arguments of AUTH begin, which must be just these.
    pub fn begin(arguments: &str, secret: &Secret) -> Self {
        let name = arguments.split(' ').next().unwrap();
        let row = MECHANISMS
            .iter()
            .find(|row| row.name == name && row.kinds.contains(&secret.kind))
            .unwrap_or_else(|| panic!("the mechanism {name:?}"));
        let mut login = Self {
            row,
            secret: secret.clone(),
            challenges: Vec::new(),
            said: Vec::new(),
            is_long: false,
        };
        let initial = match row.is_initial.then(|| (row.respond)(secret, 0, &[])) {
            Some(Say::This(response)) => Some(base64(&response)),
            _ => None,
        };
        let fits =
            |response: &String| "AUTH  \r\n".len() + name.len() + response.len() <= AUTH_LINE_MAX;
        match initial.filter(fits) {
            Some(response) => {
                let due = format!("{name} {response}");
                assert_eq!(arguments, due, "an initial response is due");
                login.challenges.push(Vec::new());
                login.said.push(response);
            }
            None => assert_eq!(arguments, name, "no initial response is due"),
        }
        login
    }

    /// Whether the AUTH command had a response in it.
    pub fn has_begun(&self) -> bool {
        !self.challenges.is_empty()
    }

    /// Takes a challenge. `is_long`: the client may not have room for it.
    pub fn challenged(&mut self, challenge: Vec<u8>, is_long: bool) {
        // RFC 4648 §3.5: where pad bits are not zero, a decoder may refuse. So may the client.
        let is_loose = unbase64(&challenge).is_none() && unbase64_loosely(&challenge).is_some();
        self.challenges.push(challenge);
        self.is_long = is_long || is_loose;
    }

    /// What is to be said to the last challenge.
    pub fn due(&self) -> Say {
        (self.row.respond)(&self.secret, self.challenges.len() - 1, &self.challenges)
    }

    /// Whether the client may say that the last challenge is too long for it.
    pub fn may_be_cut(&self) -> bool {
        self.is_long
    }

    /// Takes a line that answers a challenge; whether it gives up.
    pub fn respond(&mut self, line: &str) -> bool {
        if self.is_long && line == "*" {
            return true;
        }
        match self.due() {
            Say::This(response) => {
                let response = base64(&response);
                assert_eq!(line, response, "the response");
                self.said.push(response);
                false
            }
            Say::Cancel => {
                assert_eq!(line, "*", "the response");
                true
            }
            Say::Nothing => panic!("something is said to an impostor"),
        }
    }

    /// Whether the server's 235 counts.
    pub fn is_proven(&self) -> bool {
        (self.row.is_proven)(&self.secret, &self.challenges)
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648 §4).
pub fn base64(octets: &[u8]) -> String {
    let mut text = String::new();
    for group in octets.chunks(3) {
        let octet = |n: usize| u32::from(group.get(n).copied().unwrap_or_default());
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for n in 0..4 {
            let index = (bits >> (18 - 6 * n)) & 63;
            text.push(if n <= group.len() {
                char::from(ALPHABET[index as usize])
            } else {
                '='
            });
        }
    }
    text
}

/// The octets of a text that is just their base64.
pub fn unbase64(text: &[u8]) -> Option<Vec<u8>> {
    unbase64_loosely(text).filter(|octets| base64(octets).as_bytes() == text)
}

/// The octets of a text that is their base64, but for the pad bits.
pub fn unbase64_loosely(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.iter().filter(|&&letter| letter != b'=') {
        let value = ALPHABET.iter().position(|l| l == letter)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    let due = base64(&octets);
    let (digits, padding) = due.split_at(due.trim_end_matches('=').len());
    let is_whole = text.len() == due.len() && text.ends_with(padding.as_bytes());
    let is_same = digits.is_empty() || text.starts_with(&digits.as_bytes()[..digits.len() - 1]);
    (is_whole && is_same).then_some(octets)
}
