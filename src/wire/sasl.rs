//! SASL PLAIN (RFC 4616) and LOGIN: what the client says, in base64.
//!
//! This file does not know when a response is due; the order of an exchange is in `session/`.

use base64ct::{Base64, Encoding};
use zeroize::Zeroize;

use super::writer::Writer;
use crate::error::{Field, Invalid, Reason};

/// The longest AUTH command that may carry an initial response, in octets, CRLF included.
///
/// RFC 4954 §4: "If the client is transmitting an initial response of non-zero length and …
/// that would make the AUTH command exceed 512 octets, it MUST NOT use the initial response".
pub(crate) const AUTH_LINE_MAX: u32 = 512;

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

/// PLAIN: no authorization identity, the authentication identity, the password.
pub(crate) fn plain(out: &mut Writer<'_>, credentials: &Credentials<'_>) {
    let (user, password) = (credentials.user.as_bytes(), credentials.password.as_bytes());
    base64(out, &[b"\0", user, b"\0", password]);
}

/// The octets of [`plain`].
pub(crate) fn plain_len(credentials: &Credentials<'_>) -> u32 {
    let octets = credentials
        .user
        .len()
        .saturating_add(credentials.password.len());
    let groups = octets.saturating_add(2).div_ceil(3);
    u32::try_from(groups).unwrap_or(u32::MAX).saturating_mul(4)
}

/// LOGIN's first response.
pub(crate) fn login_user(out: &mut Writer<'_>, credentials: &Credentials<'_>) {
    base64(out, &[credentials.user.as_bytes()]);
}

/// LOGIN's second response.
pub(crate) fn login_password(out: &mut Writer<'_>, credentials: &Credentials<'_>) {
    base64(out, &[credentials.password.as_bytes()]);
}

/// Base64 in constant time of the pieces put together, three octets at a time, so that neither the
/// pieces nor the result need a buffer of their size.
fn base64(out: &mut Writer<'_>, pieces: &[&[u8]]) {
    let mut group = [0; 3];
    let mut used = 0_usize;
    for byte in pieces.iter().copied().flatten() {
        if let Some(slot) = group.get_mut(used) {
            *slot = *byte;
        }
        used = used.wrapping_add(1);
        if used == group.len() {
            base64_group(out, &group);
            used = 0;
        }
    }
    base64_group(out, group.get(..used).unwrap_or_default());
    group.zeroize();
}

/// At most three octets as four characters, padded.
fn base64_group(out: &mut Writer<'_>, octets: &[u8]) {
    if octets.is_empty() {
        return;
    }
    // Of constant length for the encoder, which is then a third of its size.
    let mut group = [0; 3];
    for (slot, octet) in group.iter_mut().zip(octets) {
        *slot = *octet;
    }
    let mut text = [0; 4];
    // Cannot fail: three octets make four characters. Were it ever to, the exchange would end in a
    // refusal by the server, not in something else sent.
    if Base64::encode(&group, &mut text).is_ok() {
        for slot in text.iter_mut().skip(octets.len().wrapping_add(1)) {
            *slot = b'=';
        }
        out.bytes(&text);
    }
    text.zeroize();
    group.zeroize();
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
        assert_eq!(text(|w| plain(w, &c)), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
        assert_eq!(plain_len(&c), 28);
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
            assert_eq!(text(|w| login_user(w, &c)), want);
            assert_eq!(text(|w| login_password(w, &c)), want);
            assert_eq!(text(|w| plain(w, &c)).len() as u32, plain_len(&c));
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
