//! SCRAM-SHA-256 (RFC 5802, RFC 7677) and the hashes of CRAM-MD5 (RFC 2195), written from the RFCs.

use std::cell::RefCell;

use hmac::{Hmac, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};

use super::login::{Say, Secret, base64, unbase64, unbase64_loosely};

type Key = [u8; 32];

/// The rounds of hashing that a server may ask for.
const ROUNDS: std::ops::RangeInclusive<u32> = 4_096..=100_000;

/// The response with this number. Of the challenges, the first precedes the first response.
pub fn respond(secret: &Secret, number: usize, challenges: &[Vec<u8>]) -> Say {
    let first = match number {
        0 => return Say::This(format!("n,,{}", bare(secret)).into_bytes()),
        1 | 2 => First::read(secret, &challenges[1]),
        _ => None,
    };
    let Some(first) = first else {
        return Say::Cancel;
    };
    let proofs = Proofs::of(secret, &first);
    if number == 1 {
        let proof = format!(",p={}", base64(&proofs.client));
        return Say::This([first.without_proof(), proof.into_bytes()].concat());
    }
    let Some(last) = unbase64_loosely(&challenges[2]) else {
        return Say::Cancel;
    };
    if last.starts_with(b"e=") || is_signed(&last, &proofs.server) {
        return Say::This(Vec::new());
    }
    Say::Nothing
}

/// Whether the server has shown that it knows the password.
pub fn is_proven(secret: &Secret, challenges: &[Vec<u8>]) -> bool {
    let [_, first, last] = challenges else {
        return false;
    };
    let first = First::read(secret, first);
    let last = unbase64_loosely(last);
    first.is_some_and(|first| {
        let proofs = Proofs::of(secret, &first);
        last.is_some_and(|last| is_signed(&last, &proofs.server))
    })
}

fn is_signed(last: &[u8], signature: &Key) -> bool {
    let value = last.split(|&b| b == b',').next().unwrap();
    let value = value.strip_prefix(b"v=").and_then(unbase64);
    value.is_some_and(|value| value == signature)
}

/// CRAM-MD5: the name and the digest of the challenge, if that is one.
pub fn cram_md5(secret: &Secret, challenge: &[u8]) -> Say {
    match unbase64_loosely(challenge) {
        Some(challenge) if !challenge.is_empty() => {
            let mut mac = Hmac::<Md5>::new_from_slice(secret.password.as_bytes()).unwrap();
            mac.update(&challenge);
            let octets = mac.finalize().into_bytes();
            let digest: String = octets.iter().map(|b| format!("{b:02x}")).collect();
            Say::This(format!("{} {digest}", secret.user).into_bytes())
        }
        _ => Say::Cancel,
    }
}

/// `client-first-message-bare`.
fn bare(secret: &Secret) -> String {
    format!("n={},r={}", escaped(&secret.user), base64(&secret.nonce))
}

/// RFC 5802 §5.1.
pub fn escaped(user: &str) -> String {
    user.replace('=', "=3D").replace(',', "=2C")
}

/// The server's first message.
struct First {
    message: Vec<u8>,
    nonce: Vec<u8>,
    salt: Vec<u8>,
    rounds: u32,
}

impl First {
    /// `None` for what is none, or does not belong to this login.
    fn read(secret: &Secret, challenge: &[u8]) -> Option<Self> {
        let message = unbase64_loosely(challenge)?;
        let mut parts = message.split(|&b| b == b',');
        let mut part = |name: &[u8]| parts.next()?.strip_prefix(name).map(<[u8]>::to_vec);
        let (nonce, salt, rounds) = (part(b"r=")?, unbase64(&part(b"s=")?)?, part(b"i=")?);
        let own = base64(&secret.nonce);
        let is_longer = nonce.len() > own.len() && nonce.starts_with(own.as_bytes());
        let is_number = rounds.iter().all(u8::is_ascii_digit);
        let rounds = String::from_utf8(rounds).ok()?.parse().ok()?;
        (is_longer && is_number && !salt.is_empty() && ROUNDS.contains(&rounds)).then_some(Self {
            message,
            nonce,
            salt,
            rounds,
        })
    }

    fn without_proof(&self) -> Vec<u8> {
        [b"c=biws,r=", &*self.nonce].concat()
    }
}

struct Proofs {
    client: Key,
    server: Key,
}

impl Proofs {
    /// RFC 5802 §3.
    fn of(secret: &Secret, first: &First) -> Self {
        let salted = salted(secret.password.as_bytes(), &first.salt, first.rounds);
        let message = [
            bare(secret).as_bytes(),
            &first.message,
            &first.without_proof(),
        ]
        .join(&b',');
        let mut client = mac(&salted, b"Client Key");
        let signature = mac(&Sha256::digest(client), &message);
        client.iter_mut().zip(signature).for_each(|(a, b)| *a ^= b);
        Self {
            client,
            server: mac(&mac(&salted, b"Server Key"), &message),
        }
    }
}

/// A password, a salt, the rounds, and what came of them.
type Salted = (Vec<u8>, Vec<u8>, u32, Key);

thread_local! {
    /// What was computed last: it takes long.
    static LAST: RefCell<Option<Salted>> = const { RefCell::new(None) };
}

/// `Hi(password, salt, rounds)`.
fn salted(password: &[u8], salt: &[u8], rounds: u32) -> Key {
    LAST.with_borrow_mut(|last| match last {
        Some((p, s, r, key)) if p == password && s == salt && *r == rounds => *key,
        _ => {
            let mut one = mac(password, &[salt, &[0, 0, 0, 1]].concat());
            let mut key = one;
            for _ in 1..rounds {
                one = mac(password, &one);
                key.iter_mut().zip(one).for_each(|(a, b)| *a ^= b);
            }
            *last = Some((password.into(), salt.into(), rounds, key));
            key
        }
    })
}

fn mac(key: &[u8], message: &[u8]) -> Key {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}
