//! SCRAM-SHA-256, RFC 5802 and RFC 7677, without channel binding: the order of its four messages.
//!
//! ```text
//!  C: n,,n=user,r=…                client-first
//!  S: r=…,s=salt,i=4096            server-first, the nonce longer than it was
//!  C: c=biws,r=…,p=proof           client-final
//!  S: v=signature                  server-final; where the proof is wrong, 535 instead
//!  C: (nothing)                    RFC 4954 has no room for data beside 235
//! ```
//!
//! What a message must look like, and the digests, stand in `scram_message.rs`.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::accounts::Accounts;
use super::auth::{Exchange, Step, encode_base64};
use super::scram_message::{ClientFinal, ClientFirst, Keys};

/// What a server does otherwise than a good one in SCRAM-SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScramOddity {
    /// One bit of the server's signature is wrong. A client that goes on is let in, and it is a
    /// violation.
    WrongSignature,
    /// The server's signature lacks its last byte. A client that goes on is let in, and it is a
    /// violation.
    ShortSignature,
    /// 235 follows on the right proof, without any signature.
    NoSignature,
    /// The nonce does not begin with the client's. A client that goes on is let in, and it is a
    /// violation.
    ForeignNonce,
    /// Extensions that nobody knows stand at the end of both of the server's messages: no fault, and
    /// nothing to a good client.
    Extensions,
}

/// What all exchanges of a server go by.
pub(super) struct ScramSettings {
    pub(super) iterations: u32,
    pub(super) salt: Vec<u8>,
    pub(super) oddity: Option<ScramOddity>,
}

impl Default for ScramSettings {
    fn default() -> Self {
        Self {
            iterations: ITERATIONS,
            salt: SALT.to_vec(),
            oddity: None,
        }
    }
}

pub(super) struct Scram {
    /// The server's part of the nonce.
    nonce: String,
    iterations: u32,
    salt: Vec<u8>,
    oddity: Option<ScramOddity>,
    state: State,
}

#[derive(Default)]
enum State {
    ClientFirst,
    ClientFinal(Begun),
    /// The signature is out, and nothing but consent may follow.
    Signed(String),
    #[default]
    Over,
}

/// What the end of an exchange needs of its beginning.
struct Begun {
    first: ClientFirst,
    nonce: String,
    server_first: String,
}

impl Scram {
    /// The nonce is never the same twice, and can be foretold, so that tests can be repeated.
    pub(super) fn numbered(number: usize, settings: &ScramSettings) -> Self {
        Self::with_nonce(format!("%mock={number}~"), settings)
    }

    fn with_nonce(nonce: String, settings: &ScramSettings) -> Self {
        Self {
            nonce,
            iterations: settings.iterations,
            salt: settings.salt.clone(),
            oddity: settings.oddity,
            state: State::ClientFirst,
        }
    }

    fn server_first(&mut self, message: &[u8]) -> Result<Step, &'static str> {
        let first = ClientFirst::parse(message)?;
        let nonce = if self.oddity == Some(ScramOddity::ForeignNonce) {
            format!("{}{}", self.nonce, first.nonce)
        } else {
            format!("{}{}", first.nonce, self.nonce)
        };
        let salt = encode_base64(&self.salt);
        let (iterations, extensions) = (self.iterations, self.extensions());
        let server_first = format!("r={nonce},s={salt},i={iterations}{extensions}");
        let challenge = server_first.clone().into_bytes();
        self.state = State::ClientFinal(Begun {
            first,
            nonce,
            server_first,
        });
        Ok(Step::Challenge(challenge))
    }

    fn server_final(
        &mut self,
        message: &[u8],
        begun: &Begun,
        accounts: &Accounts,
    ) -> Result<Step, &'static str> {
        let header = &begun.first.header;
        let last = ClientFinal::parse(message, header, &begun.nonce)?;
        let user = &begun.first.user;
        // Nobody may act for another here.
        let authzid = begun.first.authzid.as_ref();
        if authzid.is_some_and(|other| other != user) {
            return Ok(Step::Refuse);
        }
        // RFC 5802 §3: AuthMessage.
        let (bare, server_first) = (&begun.first.bare, &begun.server_first);
        let said = format!("{bare},{server_first},{}", last.without_proof);
        let keys = accounts
            .passwords(user.as_bytes())
            .map(|password| Keys::derive(password, &self.salt, self.iterations))
            .find(|keys| keys.prove(&said, &last.proof));
        let Some(keys) = keys else {
            return Ok(Step::Refuse);
        };
        let mut signature = keys.signature(&said);
        match self.oddity {
            Some(ScramOddity::NoSignature) => return Ok(Step::Accept(user.clone())),
            Some(ScramOddity::ShortSignature) => drop(signature.pop()),
            Some(ScramOddity::WrongSignature) => {
                if let Some(octet) = signature.last_mut() {
                    *octet ^= 1;
                }
            }
            _ => {}
        }
        self.state = State::Signed(user.clone());
        let signature = encode_base64(&signature);
        let server_final = format!("v={signature}{}", self.extensions());
        Ok(Step::Challenge(server_final.into_bytes()))
    }

    /// The client has seen the signature, and has not cancelled.
    fn consent(&self, message: &[u8], user: String) -> Step {
        if !message.is_empty() {
            return Step::Malformed("the answer to the server's signature is not empty");
        }
        match self.oddity {
            // RFC 5802 §5: "If the two are different, the client MUST consider the authentication
            // exchange to be unsuccessful".
            Some(ScramOddity::WrongSignature | ScramOddity::ShortSignature) => {
                Step::Careless(user, "a wrong signature of the server's was taken")
            }
            // RFC 5802 §5.1: "The client MUST verify that the initial part of the nonce used in
            // subsequent messages is the same as the nonce it initially specified."
            Some(ScramOddity::ForeignNonce) => Step::Careless(
                user,
                "a nonce that does not begin with the client's was taken",
            ),
            _ => Step::Accept(user),
        }
    }

    fn extensions(&self) -> &'static str {
        match self.oddity {
            Some(ScramOddity::Extensions) => ",x=mock,y=1=2",
            _ => "",
        }
    }
}

impl Exchange for Scram {
    fn next(&mut self, response: Option<&[u8]>, accounts: &Accounts) -> Step {
        let Some(message) = response else {
            return Step::Challenge(Vec::new());
        };
        let step = match core::mem::take(&mut self.state) {
            State::ClientFirst => self.server_first(message),
            State::ClientFinal(begun) => self.server_final(message, &begun, accounts),
            State::Signed(user) => Ok(self.consent(message, user)),
            State::Over => Ok(Step::Refuse),
        };
        step.unwrap_or_else(Step::Malformed)
    }
}

/// The least that RFC 7677 recommends to servers.
const ITERATIONS: u32 = 4096;
/// That of RFC 7677 §3.
const SALT: [u8; 16] = [
    0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81,
];

#[cfg(test)]
mod tests {
    use super::super::accounts::tests::accounts;
    use super::super::scram_message::client;
    use super::*;

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

    fn example(oddity: Option<ScramOddity>) -> Scram {
        let settings = ScramSettings {
            oddity,
            ..ScramSettings::default()
        };
        Scram::with_nonce(SERVER_NONCE.into(), &settings)
    }

    fn say(exchange: &mut Scram, message: &str) -> Step {
        let accounts = accounts("user", "pencil", "token");
        exchange.next(Some(message.as_bytes()), &accounts)
    }

    fn challenge(step: Step) -> String {
        match step {
            Step::Challenge(octets) => String::from_utf8(octets).unwrap(),
            _ => String::new(),
        }
    }

    // RFC 7677 §3.
    #[test]
    fn the_example_of_the_rfc() {
        let mut exchange = example(None);
        let first = say(&mut exchange, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        assert_eq!(
            challenge(first),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let last = say(
            &mut exchange,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        );
        assert_eq!(
            challenge(last),
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
        assert!(say(&mut exchange, "") == Step::Accept("user".into()));
        assert!(say(&mut exchange, "") == Step::Refuse);
    }

    /// Runs an exchange up to the answer to client-final.
    fn run(exchange: &mut Scram, header: &str, user: &str, password: &str) -> Step {
        let bare = format!("n={user},r={NONCE}");
        let server_first = challenge(say(exchange, &format!("{header}{bare}")));
        let last = client::last(header, &bare, &server_first, password);
        say(exchange, &last)
    }

    #[test]
    fn headers_names_and_proofs() {
        for (header, user, password, right) in [
            ("n,,", "user", "pencil", true),
            ("y,,", "user", "pencil", true),
            ("n,a=user,", "user", "pencil", true),
            ("n,a=other,", "user", "pencil", false),
            ("n,,", "user", "Pencil", false),
            ("n,,", "nobody", "pencil", false),
            ("n,,", "us=2Cer=3D", "pencil", false),
            // A token is no password.
            ("n,,", "user", "token", false),
        ] {
            let step = run(&mut example(None), header, user, password);
            assert_eq!(step == Step::Refuse, !right, "{header}{user} {password}");
            assert_eq!(challenge(step).starts_with("v="), right);
        }
    }

    #[test]
    fn oddities() {
        let right = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        for (oddity, signature) in [
            (
                ScramOddity::WrongSignature,
                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=",
            ),
            (
                ScramOddity::ShortSignature,
                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==",
            ),
        ] {
            let mut exchange = example(Some(oddity));
            let last = run(&mut exchange, "n,,", "user", "pencil");
            assert_eq!(challenge(last), signature);
            assert_ne!(signature, right);
            let careless = "a wrong signature of the server's was taken";
            assert!(say(&mut exchange, "") == Step::Careless("user".into(), careless));
        }
        let mut silent = example(Some(ScramOddity::NoSignature));
        let last = run(&mut silent, "n,,", "user", "pencil");
        assert!(last == Step::Accept("user".into()));
        let mut silent = example(Some(ScramOddity::NoSignature));
        assert!(run(&mut silent, "n,,", "user", "wrong") == Step::Refuse);

        let mut foreign = example(Some(ScramOddity::ForeignNonce));
        assert!(challenge(run(&mut foreign, "n,,", "user", "pencil")).starts_with("v="));
        let careless = "a nonce that does not begin with the client's was taken";
        assert!(say(&mut foreign, "") == Step::Careless("user".into(), careless));

        let mut extended = example(Some(ScramOddity::Extensions));
        let last = challenge(run(&mut extended, "n,,", "user", "pencil"));
        assert!(last.starts_with("v=") && last.ends_with("=,x=mock,y=1=2"));
        assert!(say(&mut extended, "") == Step::Accept("user".into()));
    }

    #[test]
    fn the_answer_to_the_signature_is_empty() {
        let mut exchange = example(None);
        run(&mut exchange, "n,,", "user", "pencil");
        assert!(matches!(say(&mut exchange, "="), Step::Malformed(_)));
        assert!(say(&mut exchange, "") == Step::Refuse);
    }

    #[test]
    fn nonces_are_never_the_same() {
        let settings = ScramSettings::default();
        let first = |number| {
            let mut exchange = Scram::numbered(number, &settings);
            challenge(say(&mut exchange, "n,,n=user,r=abc"))
        };
        assert!(first(1).starts_with("r=abc%mock=1~,s="));
        assert!(first(2).starts_with("r=abc%mock=2~,s="));
    }
}
