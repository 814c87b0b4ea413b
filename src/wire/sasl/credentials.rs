//! The user name and secret of a login.

use super::Scheme;
use super::oauth::{OAUTHBEARER, XOAUTH2};
use super::password::{LOGIN, PLAIN};
use crate::invalid::{Field, Invalid, Reason};
use crate::wire::ehlo::Mechanism;

/// A user name with a password or an OAuth 2.0 token.
///
/// Credentials decide which mechanisms can be used. Unless told which, a client takes the first of
/// these that the server offers:
///
/// | made by | mechanisms |
/// |---|---|
/// | [`new`](Self::new) | PLAIN, LOGIN |
/// | [`new`](Self::new) and `with_nonce` (feature `scram-sha-256`) | SCRAM-SHA-256, PLAIN, LOGIN |
/// | [`token`](Self::token) | OAUTHBEARER, XOAUTH2 |
/// | `cram_md5` (feature `cram-md5`) | CRAM-MD5 |
///
/// They are borrowed, never copied, and never shown: `Debug` prints neither.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    pub(super) user: &'a str,
    /// The password or token.
    pub(super) secret: &'a str,
    /// Random bytes for SCRAM.
    #[cfg(feature = "scram-sha-256")]
    pub(super) nonce: &'a [u8],
    /// They were made by [`Self::new`], so they are not a token, and not only for CRAM-MD5.
    #[cfg(feature = "scram-sha-256")]
    is_password: bool,
    schemes: &'static [&'static Scheme],
}

impl<'a> Credentials<'a> {
    /// Makes credentials of a user name and a password.
    ///
    /// # Errors
    ///
    /// [`Reason::Empty`] for an empty name or password, [`Reason::ControlCharacter`] for one that
    /// holds NUL: PLAIN (RFC 4616 §2) cannot send either.
    pub const fn new(user: &'a str, password: &'a str) -> Result<Self, Invalid> {
        const PASSWORD: &[&Scheme] = &[&PLAIN, &LOGIN];
        let credentials = Self::checked(user, password, PASSWORD);
        #[cfg(feature = "scram-sha-256")]
        if let Ok(mut credentials) = credentials {
            credentials.is_password = true;
            return Ok(credentials);
        }
        credentials
    }

    /// Makes credentials of a user name and an OAuth 2.0 access token, which may be longer than the
    /// client's buffer.
    ///
    /// # Errors
    ///
    /// [`Reason::Empty`] for an empty name or token, [`Reason::ControlCharacter`] for a name with
    /// a control character, [`Reason::Character`] for a token with anything but visible ASCII
    /// (RFC 6750 §2.1), [`Reason::TooLong`] for a token of more than 8,192 bytes.
    pub const fn token(user: &'a str, token: &'a str) -> Result<Self, Invalid> {
        const TOKEN: &[&Scheme] = &[&OAUTHBEARER, &XOAUTH2];
        if let Some(reason) = control_character(user) {
            return Err(Invalid::new(Field::UserName, reason));
        }
        if token.len() > TOKEN_MAX {
            return Err(Invalid::new(Field::Token, Reason::TooLong));
        }
        let mut rest = token.as_bytes();
        while let [first, others @ ..] = rest {
            if !matches!(first, 0x21..=0x7E) {
                return Err(Invalid::new(Field::Token, Reason::Character));
            }
            rest = others;
        }
        match Self::checked(user, token, TOKEN) {
            Err(Invalid {
                field: Field::Password,
                reason,
            }) => Err(Invalid::new(Field::Token, reason)),
            result => result,
        }
    }

    /// Adds SCRAM-SHA-256, which is then preferred: the password does not leave the device, and the
    /// server has to prove that it knows the password.
    ///
    /// `nonce` is random and new for every login.
    ///
    /// # Errors
    ///
    /// [`Reason::TooSmall`] for a nonce of fewer than 12 bytes, [`Reason::TooLong`] for one of more
    /// than 48. [`Reason::NotAscii`] or [`Reason::ControlCharacter`] for a name or password that
    /// would have to be prepared first (RFC 4013), which this crate cannot do.
    /// [`Reason::Mechanism`] for credentials that were not made by [`new`](Self::new): PLAIN and
    /// LOGIN must not send them.
    #[cfg(feature = "scram-sha-256")]
    pub const fn with_nonce(mut self, nonce: &'a [u8]) -> Result<Self, Invalid> {
        const WITH_NONCE: &[&Scheme] = &[&super::scram::SCRAM_SHA_256, &PLAIN, &LOGIN];
        if !self.is_password {
            return Err(Invalid::new(Field::Credentials, Reason::Mechanism));
        }
        if let Some(reason) = unprepared(self.user) {
            return Err(Invalid::new(Field::UserName, reason));
        }
        if let Some(reason) = unprepared(self.secret) {
            return Err(Invalid::new(Field::Password, reason));
        }
        if nonce.len() < NONCE_MIN {
            return Err(Invalid::new(Field::Nonce, Reason::TooSmall));
        }
        if nonce.len() > NONCE_MAX {
            return Err(Invalid::new(Field::Nonce, Reason::TooLong));
        }
        self.nonce = nonce;
        self.schemes = WITH_NONCE;
        Ok(self)
    }

    /// Makes credentials for CRAM-MD5 only: for old servers that have nothing better and no TLS.
    /// MD5 is broken for most uses, and the server must store the password in plain text.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    #[cfg(feature = "cram-md5")]
    pub const fn cram_md5(user: &'a str, password: &'a str) -> Result<Self, Invalid> {
        const CRAM_MD5: &[&Scheme] = &[&super::cram_md5::CRAM_MD5];
        Self::checked(user, password, CRAM_MD5)
    }

    const fn checked(
        user: &'a str,
        secret: &'a str,
        schemes: &'static [&'static Scheme],
    ) -> Result<Self, Invalid> {
        if let Some(reason) = refusal(user) {
            return Err(Invalid::new(Field::UserName, reason));
        }
        if let Some(reason) = refusal(secret) {
            return Err(Invalid::new(Field::Password, reason));
        }
        Ok(Self {
            user,
            secret,
            #[cfg(feature = "scram-sha-256")]
            nonce: &[],
            #[cfg(feature = "scram-sha-256")]
            is_password: false,
            schemes,
        })
    }

    /// The same credentials, for this mechanism only.
    ///
    /// # Errors
    ///
    /// `Mechanism` if they cannot be used with it: see the table above.
    pub const fn only(mut self, mechanism: Mechanism) -> Result<Self, Invalid> {
        let mut rest = self.schemes;
        while let Some((one, others)) = rest.split_at_checked(1)
            && let [first] = one
        {
            if first.mechanism as u8 == mechanism as u8 {
                self.schemes = one;
                return Ok(self);
            }
            rest = others;
        }
        Err(Invalid::new(Field::Credentials, Reason::Mechanism))
    }

    /// The mechanisms they can be used with, the best first.
    pub(crate) const fn schemes(&self) -> &'static [&'static Scheme] {
        self.schemes
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

/// The longest token, in bytes: twice as long as those of the largest providers. In base64 and with
/// the rest of the response it stays below the 12,288 bytes that RFC 4954 §4 makes servers accept.
const TOKEN_MAX: usize = 8_192;

/// The shortest nonce, in bytes: 96 random bits do not repeat.
#[cfg(feature = "scram-sha-256")]
const NONCE_MIN: usize = 12;

/// The longest nonce, in bytes. The server sends it back, and that must fit the smallest buffer.
#[cfg(feature = "scram-sha-256")]
const NONCE_MAX: usize = 48;

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

const fn control_character(text: &str) -> Option<Reason> {
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        if matches!(*first, ..0x20 | 0x7F) {
            return Some(Reason::ControlCharacter);
        }
        rest = others;
    }
    None
}

/// The reason why a text would have to be prepared. RFC 4013: all but plain ASCII has to be mapped
/// and normalised.
#[cfg(feature = "scram-sha-256")]
const fn unprepared(text: &str) -> Option<Reason> {
    if text.is_ascii() {
        control_character(text)
    } else {
        Some(Reason::NotAscii)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    fn why<T>(result: Result<T, Invalid>) -> Option<(Field, Reason)> {
        result.err().map(|invalid| (invalid.field, invalid.reason))
    }

    #[test]
    fn nul_and_empty_texts_are_refused_and_debug_shows_nothing() {
        use Reason::{ControlCharacter, Empty};
        let new = |user, password| why(Credentials::new(user, password));
        assert_eq!(new("a\0b", "p"), Some((Field::UserName, ControlCharacter)));
        assert_eq!(new("a", "\0"), Some((Field::Password, ControlCharacter)));
        assert_eq!(new("", "p"), Some((Field::UserName, Empty)));
        assert_eq!(new("a", ""), Some((Field::Password, Empty)));
        assert_eq!(new("Jürgen", "Paßwort"), None);
        let shown = format!("{:?}", Credentials::new("boiler", "secret").unwrap());
        assert_eq!(shown, "Credentials(..)");
    }

    #[test]
    fn a_token_is_visible_ascii() {
        use Reason::{Character, ControlCharacter, Empty, TooLong};
        let token = |user, token| why(Credentials::token(user, token));
        for user in ["a\x01b", "a\0", "a\r", "a\x7f"] {
            assert_eq!(token(user, "t"), Some((Field::UserName, ControlCharacter)));
        }
        for wrong in ["a\x01", "a b", "ü", "a\n", "\x7f"] {
            assert_eq!(token("a", wrong), Some((Field::Token, Character)));
        }
        assert_eq!(token("a", ""), Some((Field::Token, Empty)));
        assert_eq!(token("", "t"), Some((Field::UserName, Empty)));
        let (longest, longer) = ("t".repeat(8_192), "t".repeat(8_193));
        assert_eq!(token("a", &longest), None);
        assert_eq!(token("a", &longer), Some((Field::Token, TooLong)));
        assert_eq!(token("ü@example.org", "eyJ0.eyJh-._~+/=="), None);
    }

    #[cfg(feature = "scram-sha-256")]
    #[test]
    fn scram_refuses_texts_that_need_preparation() {
        use Reason::{ControlCharacter, NotAscii, TooLong, TooSmall};
        let with = |user, password, nonce: &[u8]| {
            why(Credentials::new(user, password).unwrap().with_nonce(nonce))
        };
        assert_eq!(with("a", "p", &[0; 12]), None);
        assert_eq!(with("a", "p", &[0; 48]), None);
        assert_eq!(with("a", "p", &[0; 11]), Some((Field::Nonce, TooSmall)));
        assert_eq!(with("a", "p", &[0; 49]), Some((Field::Nonce, TooLong)));
        assert_eq!(with("ü", "p", &[0; 12]), Some((Field::UserName, NotAscii)));
        assert_eq!(with("a", "ß", &[0; 12]), Some((Field::Password, NotAscii)));
        let tab = Some((Field::Password, ControlCharacter));
        assert_eq!(with("a", "p\t", &[0; 12]), tab);
    }
}
