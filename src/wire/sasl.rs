//! SASL PLAIN (RFC 4616) and LOGIN: what the client says, in base64.
//!
//! This file does not know when a response is due; the order of an exchange is in `session/`.

use zeroize::Zeroize;

use super::ehlo::Mechanism;
use super::writer::Writer;
use crate::error::{Field, Invalid, Reason};

/// The most octets of name and password that an initial response of PLAIN may have.
///
/// RFC 4954 §4: "If the client is transmitting an initial response of non-zero length and …
/// that would make the AUTH command exceed 512 octets, it MUST NOT use the initial response".
/// So much is left of them by `AUTH PLAIN ` and CRLF, by base64, and by two NUL.
const INITIAL_MAX: usize = (512 - 13) / 4 * 3 - 2;

/// A user name and a password.
///
/// They are borrowed, never copied, and shown by nothing: `Debug` prints neither.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    user: &'a str,
    password: &'a str,
}

impl<'a> Credentials<'a> {
    /// Credentials for the mechanisms PLAIN and LOGIN.
    ///
    /// # Errors
    ///
    /// [`Reason::Empty`] for an empty name or password, [`Reason::ControlCharacter`] for one that
    /// holds NUL: RFC 4616 §2 has no way to send either.
    pub const fn new(user: &'a str, password: &'a str) -> Result<Self, Invalid> {
        if let Some(reason) = refusal(user) {
            return Err(Invalid::new(Field::UserName, reason));
        }
        if let Some(reason) = refusal(password) {
            return Err(Invalid::new(Field::Password, reason));
        }
        Ok(Self { user, password })
    }
}

impl core::fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Credentials(..)")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Credentials<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Credentials(..)");
    }
}

const fn refusal(text: &str) -> Option<Reason> {
    let mut rest = text.as_bytes();
    if rest.is_empty() {
        return Some(Reason::Empty);
    }
    while let [first, others @ ..] = rest {
        if *first == 0 {
            return Some(Reason::ControlCharacter);
        }
        rest = others;
    }
    None
}

/// Whether PLAIN's response may stand in the AUTH command.
pub(crate) fn fits_auth_line(credentials: &Credentials<'_>) -> bool {
    // Two texts in memory are not longer than a usize counts.
    credentials
        .user
        .len()
        .wrapping_add(credentials.password.len())
        <= INITIAL_MAX
}

/// The response with this number, counted from 0, in base64 in constant time: three octets at a
/// time, so that neither the response nor its text needs a buffer of its size.
#[inline(never)]
pub(crate) fn response(
    out: &mut Writer<'_>,
    credentials: &Credentials<'_>,
    mechanism: Mechanism,
    number: u8,
) {
    let (user, password) = (credentials.user.as_bytes(), credentials.password.as_bytes());
    let pieces: [&[u8]; 4] = match (mechanism, number) {
        // No authorization identity, the authentication identity, the password.
        (Mechanism::Plain, _) => [b"\0", user, b"\0", password],
        // The name first, the password second, whatever the prompts say.
        (Mechanism::Login, 0) => [user, b"", b"", b""],
        (Mechanism::Login, _) => [password, b"", b"", b""],
    };
    // The octets not written yet, the last one lowest.
    let mut group = 0_u32;
    let mut octets = 0_u8;
    for piece in pieces {
        for byte in piece {
            group = group << 8 | u32::from(*byte);
            octets = octets.wrapping_add(1);
            if octets == 3 {
                characters(out, group, 4);
                group = 0;
                octets = 0;
            }
        }
    }
    match octets {
        0 => {}
        1 => characters(out, group << 16, 2),
        _ => characters(out, group << 8, 3),
    }
    group.zeroize();
}

/// Writes the first `used` of the four characters that 24 bits make, and `=` for the others.
#[inline(never)]
fn characters(out: &mut Writer<'_>, mut group: u32, used: usize) {
    let mut text = [b'='; 4];
    for slot in text.iter_mut().take(used) {
        *slot = character(group >> 18 & 0x3F);
        group <<= 6;
    }
    out.bytes(&text);
    text.zeroize();
    group.zeroize();
}

/// The character that stands for six bits, by arithmetic alone: neither a branch nor an address
/// depends on what is secret.
const fn character(bits: u32) -> u8 {
    // Each difference is negative, and so all ones above, from the first of its characters on.
    let upper = bits.wrapping_add(0x41);
    let to_lower = 25_u32.wrapping_sub(bits) >> 8 & 6;
    let to_digit = 51_u32.wrapping_sub(bits) >> 8 & 75;
    let to_plus = 61_u32.wrapping_sub(bits) >> 8 & 15;
    let to_slash = 62_u32.wrapping_sub(bits) >> 8 & 3;
    upper
        .wrapping_add(to_lower)
        .wrapping_sub(to_digit)
        .wrapping_sub(to_plus)
        .wrapping_add(to_slash) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, string::String};

    fn text(write: impl Fn(&mut Writer<'_>)) -> String {
        let mut out = [0; 128];
        let mut writer = Writer::new(&mut out, 0);
        write(&mut writer);
        assert_eq!(writer.end_atom(), None);
        let n = writer.len();
        String::from_utf8(out[..n].to_vec()).unwrap()
    }

    #[test]
    fn plain_as_in_rfc_4616() {
        // RFC 4616 §4: `C: <NUL>tim<NUL>tanstaaftanstaaf`
        let c = Credentials::new("tim", "tanstaaftanstaaf").unwrap();
        assert_eq!(
            text(|w| response(w, &c, Mechanism::Plain, 0)),
            "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"
        );
    }

    #[test]
    fn every_character_is_the_one_of_rfc_4648() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (bits, expected) in alphabet.iter().enumerate() {
            assert_eq!(character(bits as u32), *expected, "{bits}");
        }
    }

    #[test]
    fn every_remainder_is_padded() {
        for (user, want) in [
            ("a", "YQ=="),
            ("ab", "YWI="),
            ("abc", "YWJj"),
            ("abcd", "YWJjZA=="),
        ] {
            let c = Credentials::new(user, user).unwrap();
            assert_eq!(text(|w| response(w, &c, Mechanism::Login, 0)), want);
            assert_eq!(text(|w| response(w, &c, Mechanism::Login, 1)), want);
        }
    }

    #[test]
    fn an_initial_response_leaves_512_octets_to_the_command() {
        for (octets, fits) in [(185, true), (186, false)] {
            let user = "u".repeat(octets);
            let c = Credentials::new(&user, &user).unwrap();
            assert_eq!(fits_auth_line(&c), fits);
            let mut out = [0; 600];
            let mut writer = Writer::new(&mut out, 0);
            response(&mut writer, &c, Mechanism::Plain, 0);
            let line = "AUTH PLAIN ".len() + writer.len() + 2;
            assert_eq!(line <= 512, fits, "{line}");
        }
    }

    #[test]
    fn nul_and_nothing_are_refused_and_debug_is_silent() {
        let refused = |u, p| Credentials::new(u, p).unwrap_err();
        assert_eq!(
            refused("a\0b", "p"),
            Invalid::new(Field::UserName, Reason::ControlCharacter)
        );
        assert_eq!(
            refused("a", "\0"),
            Invalid::new(Field::Password, Reason::ControlCharacter)
        );
        assert_eq!(
            refused("", "p"),
            Invalid::new(Field::UserName, Reason::Empty)
        );
        assert_eq!(
            refused("a", ""),
            Invalid::new(Field::Password, Reason::Empty)
        );
        let shown = format!("{:?}", Credentials::new("boiler", "secret").unwrap());
        assert_eq!(shown, "Credentials(..)");
    }
}
