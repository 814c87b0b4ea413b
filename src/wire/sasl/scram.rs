//! SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding: the client proves that it knows the
//! password without showing it, and so does the server.
//!
//! ```text
//! C: n,,n=NAME,r=NONCE
//! S: r=NONCE…,s=SALT,i=ROUNDS       kept in the buffer; the hashing follows
//! C: c=biws,r=NONCE…,p=PROOF
//! S: v=SIGNATURE                    must be right, or 235 does not count
//! C: (empty)
//! ```

use base64ct::{Base64, Encoding};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::scram_message::{ServerFirst, signature};
use super::{Credentials, Heard, Memory, Proof, Scheme, escaped, escaped_len};
use crate::wire::base64_line::Base64Line;
use crate::wire::ehlo::Mechanism;

/// The fewest rounds of hashing that a server may ask for. RFC 7677 §4: "at least 4096".
pub const SCRAM_ITERATIONS_MIN: u32 = 4_096;

/// The most rounds of hashing that a server may ask for. They take a Cortex-M at 100 MHz about ten
/// seconds, and a server must not keep it busy for longer.
pub const SCRAM_ITERATIONS_MAX: u32 = 100_000;

/// The rounds between two pauses: about a hundredth of a second on a Cortex-M at 50 MHz.
const ROUNDS: u32 = 32;

pub(super) static SCRAM_SHA_256: Scheme = Scheme {
    mechanism: Mechanism::ScramSha256,
    first_len: |credentials| {
        let nonce = credentials.nonce.len().div_ceil(3).checked_mul(4)?;
        let texts = escaped_len(credentials.user)?.checked_add(nonce)?;
        texts.checked_add("n,,n=,r=".len())
    },
    respond,
    hear: |number, credentials, memory, challenge, is_cut| match number {
        0 => Heard::Answer { kept: 0 },
        _ if is_cut => Heard::Cut,
        1 => hear_first(credentials, memory, challenge),
        2 => hear_final(memory, challenge),
        _ => Heard::TooMany,
    },
    proof: Some(Proof {
        work,
        is_given: |memory| memory.hash.is_proven,
    }),
};

type Key = [u8; 32];

fn respond(
    number: u8,
    credentials: &Credentials<'_>,
    memory: &Memory,
    kept: &[u8],
    out: &mut Base64Line<'_, '_>,
) {
    match number {
        0 => {
            out.bytes(GS2_HEADER);
            first_bare(credentials, &mut |bytes| out.bytes(bytes));
        }
        1 => {
            final_without_proof(kept, &mut |bytes| out.bytes(bytes));
            out.bytes(b",p=");
            base64(&memory.hash.first, &mut |bytes| out.bytes(bytes));
        }
        _ => {}
    }
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "no more rounds are done than are left"
)]
fn work(credentials: &Credentials<'_>, memory: &mut Memory, kept: &[u8]) -> bool {
    let hash = &mut memory.hash;
    let Some(keyed) = keyed(credentials.secret.as_bytes()) else {
        return true;
    };
    // RFC 5802 §2.2: "Ui := HMAC(str, Ui-1)", "Hi := U1 XOR U2 XOR ... XOR Ui".
    let rounds = hash.rounds.min(ROUNDS);
    for _ in 0..rounds {
        hash.first = mac(keyed.clone(), &hash.first);
        xor(&mut hash.second, &hash.first);
    }
    hash.rounds -= rounds;
    if hash.rounds > 0 {
        return false;
    }
    conclude(credentials, memory, kept);
    true
}

/// No channel binding, no authorization identity.
const GS2_HEADER: &[u8] = b"n,,";

/// Reads the server's first message, and does the first round.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a server may ask for SCRAM_ITERATIONS_MIN rounds and more"
)]
fn hear_first(credentials: &Credentials<'_>, memory: &mut Memory, challenge: &mut [u8]) -> Heard {
    let Ok(message) = Base64::decode_in_place(challenge) else {
        return Heard::Malformed;
    };
    let kept = message.len();
    let Some(first) = ServerFirst::parse(message) else {
        return Heard::Malformed;
    };
    // RFC 5802 §5.1: "The client MUST verify that the initial part of the nonce used in subsequent
    // messages is the same as the nonce it initially specified."
    let mut rest = Some(first.nonce);
    base64(credentials.nonce, &mut |bytes| {
        rest = rest.and_then(|rest| rest.strip_prefix(bytes));
    });
    if rest.is_none_or(<[u8]>::is_empty) {
        return Heard::Malformed;
    }
    if !(SCRAM_ITERATIONS_MIN..=SCRAM_ITERATIONS_MAX).contains(&first.iterations) {
        return Heard::Rounds;
    }
    // "U1 := HMAC(str, salt + INT(1))"
    let Some(mut mac) = keyed(credentials.secret.as_bytes()) else {
        return Heard::Malformed;
    };
    if !first.salt(&mut |bytes| mac.update(bytes)) {
        return Heard::Malformed;
    }
    mac.update(&1_u32.to_be_bytes());
    memory.hash.first = mac.finalize().into_bytes().into();
    memory.hash.second = memory.hash.first;
    memory.hash.rounds = first.iterations - 1;
    memory.hash.is_proven = false;
    Heard::Work { kept }
}

/// Computes the client's proof and the signature that the server has to give from the salted
/// password (RFC 5802 §3). `kept` is the server's first message.
fn conclude(credentials: &Credentials<'_>, memory: &mut Memory, kept: &[u8]) {
    let salted = &mut memory.hash.second;
    let mut client_key = signed(salted, &mut |mac| mac.update(b"Client Key"));
    let mut server_key = signed(salted, &mut |mac| mac.update(b"Server Key"));
    let mut stored_key: Key = Sha256::digest(client_key).into();
    let mut whole = |mac: &mut Hmac<Sha256>| {
        first_bare(credentials, &mut |bytes| mac.update(bytes));
        mac.update(b",");
        mac.update(kept);
        mac.update(b",");
        final_without_proof(kept, &mut |bytes| mac.update(bytes));
    };
    let client_signature = signed(&stored_key, &mut whole);
    xor(&mut client_key, &client_signature);
    memory.hash.first = client_key;
    memory.hash.second = signed(&server_key, &mut whole);
    for secret in [&mut client_key, &mut server_key, &mut stored_key] {
        secret.zeroize();
    }
}

/// Reads the server's last message.
fn hear_final(memory: &mut Memory, challenge: &mut [u8]) -> Heard {
    let Ok(message) = Base64::decode_in_place(challenge) else {
        return Heard::Malformed;
    };
    // RFC 5802 §5.1: "e=" gives a reason for a refusal. The reply that follows refuses.
    if message.starts_with(b"e=") {
        return Heard::Answer { kept: 0 };
    }
    let given = signature(message);
    // In constant time, so that its duration reveals nothing.
    let differences = given.map(|mut given: Key| {
        xor(&mut given, &memory.hash.second);
        given.iter().fold(0, |all, byte| all | byte)
    });
    if differences != Some(0) {
        return Heard::Impostor;
    }
    memory.hash.is_proven = true;
    Heard::Answer { kept: 0 }
}

/// Writes `client-first-message-bare` of RFC 5802 §7.
fn first_bare(credentials: &Credentials<'_>, out: &mut dyn FnMut(&[u8])) {
    out(b"n=");
    escaped(credentials.user, out);
    out(b",r=");
    base64(credentials.nonce, out);
}

/// Writes `client-final-message-without-proof` of RFC 5802 §7; `c` is the header of the first
/// message.
fn final_without_proof(server_first: &[u8], out: &mut dyn FnMut(&[u8])) {
    out(b"c=biws,r=");
    out(ServerFirst::parse(server_first).map_or(&[], |first| first.nonce));
}

/// Writes a few bytes as base64.
fn base64(bytes: &[u8], out: &mut dyn FnMut(&[u8])) {
    for group in bytes.chunks(3) {
        let mut text = [0; 4];
        if let Ok(text) = Base64::encode(group, &mut text) {
            out(text.as_bytes());
        }
        text.zeroize();
    }
}

/// An HMAC with this key, which may have any length.
fn keyed(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

fn mac(mut mac: Hmac<Sha256>, bytes: &[u8]) -> Key {
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// The HMAC of the bytes that `message` adds.
#[inline(never)]
fn signed(key: &Key, message: &mut dyn FnMut(&mut Hmac<Sha256>)) -> Key {
    let Some(mut mac) = keyed(key) else {
        return [0; 32];
    };
    message(&mut mac);
    mac.finalize().into_bytes().into()
}

fn xor(value: &mut Key, other: &Key) {
    for (slot, byte) in value.iter_mut().zip(other) {
        *slot ^= byte;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::said;
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use std::string::String;
    use std::vec::Vec;

    // RFC 7677 §3. These are the bytes of its nonce, `rOprNGfwEbeRWgbNEkqO`.
    const NONCE: [u8; 15] = [
        0xac, 0xea, 0x6b, 0x34, 0x67, 0xf0, 0x11, 0xb7, 0x91, 0x5a, 0x06, 0xcd, 0x12, 0x4a, 0x8e,
    ];
    const FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                         s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn user() -> Credentials<'static> {
        let user = Credentials::new("user", "pencil").unwrap();
        user.with_nonce(&NONCE).unwrap()
    }

    fn plain(text: &str) -> String {
        String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
    }

    fn hear(number: u8, memory: &mut Memory, text: &str) -> (Heard, Vec<u8>) {
        let mut challenge = STANDARD.encode(text).into_bytes();
        let heard = (SCRAM_SHA_256.hear)(number, &user(), memory, &mut challenge, false);
        (heard, challenge)
    }

    #[test]
    fn the_exchange_is_that_of_rfc_7677() {
        let mut memory = Memory::default();
        assert_eq!(
            plain(&said(&SCRAM_SHA_256, 0, &user(), &memory, &[])),
            "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
        );
        let (heard, challenge) = hear(1, &mut memory, FIRST);
        let Heard::Work { kept } = heard else {
            panic!("{heard:?}")
        };
        assert_eq!(&challenge[..kept], FIRST.as_bytes());
        let mut pauses = 0;
        while !work(&user(), &mut memory, FIRST.as_bytes()) {
            pauses += 1;
        }
        assert_eq!(pauses, 4096 / 32 - 1);
        assert_eq!(
            plain(&said(&SCRAM_SHA_256, 1, &user(), &memory, FIRST.as_bytes())),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(!memory.hash.is_proven);
        let mut other = memory.clone();
        let wrong = FINAL.replace("6rri", "7rri");
        assert_eq!(hear(2, &mut other, &wrong).0, Heard::Impostor);
        for wrong in ["", "v=", "v=AAAA", "x=1", &FINAL[..FINAL.len() - 4]] {
            assert_eq!(hear(2, &mut other, wrong).0, Heard::Impostor, "{wrong}");
            assert!(!other.hash.is_proven);
        }
        assert_eq!(
            hear(2, &mut other, "e=invalid-proof").0,
            Heard::Answer { kept: 0 }
        );
        assert!(!other.hash.is_proven);
        assert_eq!(hear(2, &mut memory, FINAL).0, Heard::Answer { kept: 0 });
        assert!(memory.hash.is_proven);
        assert_eq!(said(&SCRAM_SHA_256, 2, &user(), &memory, &[]), "");
        assert_eq!(hear(3, &mut memory, FINAL).0, Heard::TooMany);
        memory.wipe();
        assert!(!memory.hash.is_proven);
        assert_eq!(memory.hash.second, [0; 32]);
    }

    #[test]
    fn malformed_first_messages_are_refused() {
        let mut memory = Memory::default();
        let mut heard = |text: &str| hear(1, &mut memory, text).0;
        for (rounds, expected) in [
            ("4095", Heard::Rounds),
            ("1", Heard::Rounds),
            ("0", Heard::Rounds),
            ("100001", Heard::Rounds),
            ("4294967295", Heard::Rounds),
            ("4294967296", Heard::Malformed),
            ("99999999999999999999", Heard::Malformed),
            ("4096x", Heard::Malformed),
            ("+4096", Heard::Malformed),
            ("", Heard::Malformed),
        ] {
            assert_eq!(heard(&FIRST.replace("4096", rounds)), expected, "{rounds}");
        }
        for wrong in [
            "",
            "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W2==W2==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z",
            "r=rOprNGfwEbeRWgbNEkqOx,i=4096,s=W22Z",
            "m=1,r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4096",
            // The server adds nothing to the nonce, or has another.
            "r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096",
            "r=rOprNGfwEbeRWgbNEkq,s=W22Z,i=4096",
            "r=xOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4096",
        ] {
            assert_eq!(heard(wrong), Heard::Malformed, "{wrong}");
        }
        let extended = std::format!("{FIRST},x=future");
        assert!(matches!(heard(&extended), Heard::Work { .. }));
        let mut cut = STANDARD.encode(FIRST).into_bytes();
        let scheme = &SCRAM_SHA_256;
        let heard = (scheme.hear)(1, &user(), &mut memory, &mut cut, true);
        assert_eq!(heard, Heard::Cut);
        let heard = (scheme.hear)(1, &user(), &mut memory, &mut cut[1..], false);
        assert_eq!(heard, Heard::Malformed);
    }

    #[test]
    fn commas_and_equal_signs_of_a_name_are_escaped() {
        let user = Credentials::new("a,b=c", "p").unwrap();
        let user = user.with_nonce(&NONCE).unwrap();
        assert_eq!(
            plain(&said(&SCRAM_SHA_256, 0, &user, &Memory::default(), &[])),
            "n,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO"
        );
    }
}
