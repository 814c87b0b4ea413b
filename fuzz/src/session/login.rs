//! What a client says in a login, as a table: one row a mechanism.

use embedded_smtp::Mechanism;

/// A user and what proves them.
#[derive(Debug, Clone)]
pub struct Secret {
    pub user: String,
    pub password: String,
}

/// A SASL mechanism.
pub struct Row {
    pub name: &'static str,
    pub mechanism: Mechanism,
    /// Whether the first response stands in the AUTH command, if that has at most 512 octets then.
    pub is_initial: bool,
    /// The response with this number, counted from 0, to this challenge (for the first, the text of
    /// an empty 334, or nothing), before base64. `None` where the login is to be given up.
    pub respond: fn(secret: &Secret, number: usize, challenge: &[u8]) -> Option<Vec<u8>>,
}

/// Every mechanism.
pub const MECHANISMS: &[Row] = &[
    Row {
        name: "PLAIN",
        mechanism: Mechanism::Plain,
        is_initial: true,
        respond: |secret, number, _| {
            let response = format!("\0{}\0{}", secret.user, secret.password);
            (number == 0).then_some(response.into_bytes())
        },
    },
    Row {
        name: "LOGIN",
        mechanism: Mechanism::Login,
        is_initial: false,
        respond: |secret, number, _| match number {
            0 => Some(secret.user.clone().into_bytes()),
            1 => Some(secret.password.clone().into_bytes()),
            _ => None,
        },
    },
];

/// RFC 4954 §4: an initial response must not make the AUTH command longer.
const AUTH_LINE_MAX: usize = 512;

/// A login under way.
pub struct Login {
    pub row: &'static Row,
    secret: Secret,
    /// Responses given.
    given: usize,
}

impl Login {
    /// The login that the arguments of AUTH begin, which must be just these.
    pub fn begin(arguments: &str, secret: &Secret) -> Self {
        let name = arguments.split(' ').next().unwrap();
        let row = MECHANISMS
            .iter()
            .find(|row| row.name == name)
            .unwrap_or_else(|| panic!("the mechanism {name:?}"));
        let mut login = Self {
            row,
            secret: secret.clone(),
            given: 0,
        };
        let initial = row.is_initial.then(|| login.response(b"").unwrap());
        let with = initial.map(|response| format!("{name} {response}"));
        let fits = |with: &String| "AUTH \r\n".len() + with.len() <= AUTH_LINE_MAX;
        match with.filter(fits) {
            Some(with) => {
                assert_eq!(arguments, with, "an initial response is due");
                login.given = 1;
            }
            None => assert_eq!(arguments, name, "no initial response is due"),
        }
        login
    }

    /// Whether the AUTH command had a response in it.
    pub fn has_begun(&self) -> bool {
        self.given > 0
    }

    /// Takes a line that answers a challenge; whether it gives up.
    pub fn respond(&mut self, line: &str, challenge: &[u8]) -> bool {
        let due = self.response(challenge);
        self.given += 1;
        assert_eq!(line, due.as_deref().unwrap_or("*"), "the response");
        due.is_none()
    }

    fn response(&self, challenge: &[u8]) -> Option<String> {
        let response = (self.row.respond)(&self.secret, self.given, challenge)?;
        Some(base64(&response))
    }
}

/// Base64 (RFC 4648 §4).
pub fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
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
