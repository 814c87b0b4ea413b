//! The choices of what a server must prove.
//!
//! This file judges certificates. The latch checks that the server has their key.

use core::fmt;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest, Sha256};

use crate::proof::Proof;
use crate::{Field, Invalid, Reason};

use super::certificate::PublicKeyInfo;
use super::chain::{self, Algorithms, Clock};
use super::error::CertificateFault;
use super::key::{KeyTypes, LeafKey};
use super::name::ServerName;
use super::pace::Tick;

/// The proof that a server must give: [`Pins`], [`Roots`], or [`DangerNoVerification`].
pub trait Verify: Judge {}

/// The work of a choice. Sealed: no other crate can say that a server is proven.
pub trait Judge {
    /// Judges a chain, whose first certificate is the server's, and gives the server's key.
    #[doc(hidden)]
    fn judge<'c>(
        &mut self,
        chain: &[&'c [u8]],
        name: &ServerName<'_>,
        tick: Tick<'_>,
    ) -> Result<LeafKey<'c>, CertificateFault>;

    /// The proof, once the server has shown that it has that key.
    #[doc(hidden)]
    fn proof(&self) -> Proof;

    /// Whether RSA is offered to the server.
    #[doc(hidden)]
    fn offers_rsa(&self) -> bool;
}

/// The SHA-256 of a SubjectPublicKeyInfo in DER: the fingerprint of a server's key (RFC 7469 §2.4).
///
/// It stays the same when a certificate is renewed for the same key. `alert --transcript` shows a server's
/// pin; so does
///
/// ```sh
/// openssl x509 -in certificate.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin with these bytes.
    #[must_use]
    pub const fn new(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// Reads 64 hexadecimal digits of either case, with or without colons between the bytes.
    /// [`pin!`](crate::pin) reads a constant.
    ///
    /// # Errors
    ///
    /// [`Reason::Empty`], or [`Reason::Syntax`].
    pub const fn parse(hex: &str) -> Result<Self, Invalid> {
        match bytes_of(hex) {
            Some(bytes) => Ok(Self(bytes)),
            None if hex.is_empty() => Err(Invalid::new(Field::Pin, Reason::Empty)),
            None => Err(Invalid::new(Field::Pin, Reason::Syntax)),
        }
    }

    /// The pin of the key in a certificate.
    ///
    /// # Errors
    ///
    /// [`CertificateFault::Malformed`].
    pub fn of_certificate(der: &[u8]) -> Result<Self, CertificateFault> {
        PublicKeyInfo::of_certificate(der)
            .map(|info| Self::of_key(info))
            .ok_or(CertificateFault::Malformed)
    }

    fn of_key(info: PublicKeyInfo<'_>) -> Self {
        Self(Sha256::digest(info.whole).into())
    }

    /// The bytes.
    #[must_use]
    pub const fn as_octets(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The bytes of 64 hexadecimal digits.
const fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    let mut rest = hex.as_bytes();
    let mut bytes = [0; 32];
    let mut room: &mut [u8] = &mut bytes;
    while let Some((byte, behind)) = room.split_first_mut() {
        let [high, low, after @ ..] = rest else {
            return None;
        };
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
            return None;
        };
        *byte = high << 4 | low;
        rest = match after {
            [b':', digits @ ..] if !behind.is_empty() => digits,
            digits => digits,
        };
        room = behind;
    }
    if rest.is_empty() { Some(bytes) } else { None }
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "a digit less the first of its kind is at most 9, and 10 more at most 15"
)]
const fn digit(character: u8) -> Option<u8> {
    Some(match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        b'A'..=b'F' => character - b'A' + 10,
        _ => return None,
    })
}

/// A [`Pin`](crate::tls::Pin) from a constant string, checked by the compiler.
///
/// ```
/// use embedded_smtp::pin;
/// use embedded_smtp::tls::Pin;
///
/// const RELAY: Pin = pin!("00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef");
/// ```
///
/// ```compile_fail,E0080
/// use embedded_smtp::pin;
/// use embedded_smtp::tls::Pin;
///
/// const RELAY: Pin = pin!("0011");
/// ```
#[macro_export]
macro_rules! pin {
    ($hex:expr) => {
        $crate::__literal!($crate::tls::Pin, $crate::tls::Pin::parse($hex))
    };
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

/// The server has one of these keys. Nothing else in its certificate counts: neither name nor dates nor
/// issuer.
///
/// For your own server, whose key changes when you change it: also when an ACME client renews the
/// certificate, unless it is told to reuse the key. A second pin is for the next key. P-256 keys are
/// accepted; methods here add other kinds.
#[derive(Clone, Copy)]
pub struct Pins<'a> {
    pins: &'a [Pin],
    kinds: KeyTypes,
}

impl<'a> Pins<'a> {
    /// Accepts any of these keys. An empty slice accepts no server.
    #[must_use]
    pub const fn new(pins: &'a [Pin]) -> Self {
        Self {
            pins,
            kinds: KeyTypes::P256,
        }
    }

    /// Accepts RSA keys too, of 2048 to 4096 bits.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub const fn with_rsa(mut self) -> Self {
        self.kinds.rsa = Some(&super::rsa::KEY);
        self
    }

    /// Accepts P-384 keys too.
    #[cfg(feature = "p384")]
    #[must_use]
    pub const fn with_p384(mut self) -> Self {
        self.kinds.p384 = Some(&super::p384::KEY);
        self
    }
}

impl Verify for Pins<'_> {}

impl Judge for Pins<'_> {
    fn judge<'c>(
        &mut self,
        chain: &[&'c [u8]],
        _: &ServerName<'_>,
        _: Tick<'_>,
    ) -> Result<LeafKey<'c>, CertificateFault> {
        let info = key_of(chain)?;
        let key = LeafKey::of(info, self.kinds)?;
        compare(self.pins, info)?;
        Ok(key)
    }

    fn proof(&self) -> Proof {
        Proof::Key
    }

    fn offers_rsa(&self) -> bool {
        self.kinds.rsa.is_some()
    }
}

/// The server has a certificate for its name, and a chain from there leads to one of these roots.
///
/// Checked by rustls-webpki: the name, always; the dates; the constraints of every issuer on path
/// length, names and purpose; every signature. The chain may come in any order, with certificates
/// that do not belong to it, and with the root. ECDSA with P-256 is accepted; methods here add other kinds.
/// Not checked: whether a certificate was revoked.
#[derive(Clone, Copy)]
pub struct Roots<'a> {
    anchors: &'a [TrustAnchor<'a>],
    clock: Clock,
    pins: Option<&'a [Pin]>,
    kinds: KeyTypes,
    algorithms: Algorithms,
}

impl<'a> Roots<'a> {
    /// One of these roots, at this time, in seconds since 1970 (UTC).
    ///
    /// The anchors come from [`anchor`], or from `webpki-roots`: all, or some by their index.
    #[must_use]
    pub const fn new(anchors: &'a [TrustAnchor<'a>], now: u64) -> Self {
        Self::with_clock(anchors, Clock::Now(now))
    }

    /// For devices without a clock: one of these roots, at some time after `floor`, in seconds since
    /// 1970 (UTC). The time of the firmware's build is a good floor. A stolen certificate that has since
    /// expired is accepted.
    ///
    /// All else is checked as in [`Self::new`], but the proof is a [`Proof::UndatedChain`]. A certificate
    /// that had expired at `floor` is refused, and so is a chain that is not valid as a whole at any time
    /// after it.
    #[must_use]
    pub const fn danger_without_dates(anchors: &'a [TrustAnchor<'a>], floor: u64) -> Self {
        Self::with_clock(anchors, Clock::NotBefore(floor))
    }

    const fn with_clock(anchors: &'a [TrustAnchor<'a>], clock: Clock) -> Self {
        Self {
            anchors,
            clock,
            pins: None,
            kinds: KeyTypes::P256,
            algorithms: [&super::p256::CHAIN, &[], &[]],
        }
    }

    /// The server must also have one of these keys.
    #[must_use]
    pub const fn and_pins(mut self, pins: &'a [Pin]) -> Self {
        self.pins = Some(pins);
        self
    }

    /// Accepts RSA keys too, of 2048 to 4096 bits, of servers and of issuers.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub const fn with_rsa(mut self) -> Self {
        self.kinds.rsa = Some(&super::rsa::KEY);
        self.algorithms[2] = &super::rsa::CHAIN;
        self
    }

    /// Accepts P-384 keys too, of servers and of issuers.
    #[cfg(feature = "p384")]
    #[must_use]
    pub const fn with_p384(mut self) -> Self {
        self.kinds.p384 = Some(&super::p384::KEY);
        self.algorithms[1] = &super::p384::CHAIN;
        self
    }
}

impl Verify for Roots<'_> {}

impl Judge for Roots<'_> {
    fn judge<'c>(
        &mut self,
        chain: &[&'c [u8]],
        name: &ServerName<'_>,
        tick: Tick<'_>,
    ) -> Result<LeafKey<'c>, CertificateFault> {
        let info = key_of(chain)?;
        let key = LeafKey::of(info, self.kinds)?;
        if let Some(pins) = self.pins {
            compare(pins, info)?;
        }
        chain::verify(chain, name, self.anchors, self.algorithms, self.clock, tick)?;
        Ok(key)
    }

    fn proof(&self) -> Proof {
        match self.clock {
            Clock::Now(_) => Proof::Chain,
            Clock::NotBefore(_) => Proof::UndatedChain,
        }
    }

    fn offers_rsa(&self) -> bool {
        self.kinds.rsa.is_some()
    }
}

/// The server proves nothing: anyone on the way can take its place, read everything and change it.
#[derive(Debug, Clone, Copy)]
pub struct DangerNoVerification;

impl Verify for DangerNoVerification {}

impl Judge for DangerNoVerification {
    fn judge<'c>(
        &mut self,
        _: &[&'c [u8]],
        _: &ServerName<'_>,
        _: Tick<'_>,
    ) -> Result<LeafKey<'c>, CertificateFault> {
        // The latch does not ask for a key here.
        Err(CertificateFault::KeyType)
    }

    fn proof(&self) -> Proof {
        Proof::Nothing
    }

    fn offers_rsa(&self) -> bool {
        true
    }
}

/// A choice, and a function that sees the certificates.
///
/// The function is called with each certificate in DER, the server's first, before the choice judges them.
/// It does not see chains that are too long, and changes nothing.
pub struct Watched<V, F> {
    choice: V,
    watcher: F,
}

impl<V: Verify, F: FnMut(&[u8])> Watched<V, F> {
    /// Shows the certificates to `watcher`, then lets `choice` judge.
    pub const fn new(choice: V, watcher: F) -> Self {
        Self { choice, watcher }
    }
}

impl<V: Verify, F: FnMut(&[u8])> Verify for Watched<V, F> {}

impl<V: Verify, F: FnMut(&[u8])> Judge for Watched<V, F> {
    fn judge<'c>(
        &mut self,
        chain: &[&'c [u8]],
        name: &ServerName<'_>,
        tick: Tick<'_>,
    ) -> Result<LeafKey<'c>, CertificateFault> {
        chain.iter().for_each(|der| (self.watcher)(der));
        self.choice.judge(chain, name, tick)
    }

    fn proof(&self) -> Proof {
        self.choice.proof()
    }

    fn offers_rsa(&self) -> bool {
        self.choice.offers_rsa()
    }
}

/// Makes a trust anchor from a root's certificate. Its dates and its constraints other than those on names
/// are not checked.
///
/// # Errors
///
/// [`CertificateFault::Malformed`].
pub fn anchor<'a>(root: &'a CertificateDer<'a>) -> Result<TrustAnchor<'a>, CertificateFault> {
    webpki::anchor_from_trusted_cert(root).map_err(|_| CertificateFault::Malformed)
}

fn key_of<'a>(chain: &[&'a [u8]]) -> Result<PublicKeyInfo<'a>, CertificateFault> {
    let leaf = chain.first().ok_or(CertificateFault::Empty)?;
    PublicKeyInfo::of_certificate(leaf).ok_or(CertificateFault::Malformed)
}

fn compare(pins: &[Pin], info: PublicKeyInfo<'_>) -> Result<(), CertificateFault> {
    // Public values: the server shows its key to anyone who connects.
    if pins.contains(&Pin::of_key(info)) {
        Ok(())
    } else {
        Err(CertificateFault::PinMismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    const HEX: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
    const PIN: Pin = crate::pin!(HEX);

    #[test]
    fn a_pin_is_read_as_it_is_shown() {
        assert_eq!(PIN.to_string(), HEX);
        assert_eq!(Pin::parse(&HEX.to_uppercase()), Ok(PIN));
        let colons: std::vec::Vec<&str> = (0..32).map(|n| &HEX[2 * n..2 * n + 2]).collect();
        assert_eq!(Pin::parse(&colons.join(":")), Ok(PIN));
        assert_eq!(PIN.as_octets()[..3], [0, 0x11, 0x22]);
        assert_eq!(Pin::new(*PIN.as_octets()), PIN);
        assert_eq!(std::format!("{PIN:?}"), std::format!("Pin({HEX})"));
    }

    #[test]
    fn another_text_is_refused() {
        let empty = Invalid::new(Field::Pin, Reason::Empty);
        assert_eq!(Pin::parse(""), Err(empty));
        let longer = [HEX, "0"].concat();
        let blank = HEX.replacen('2', " ", 1);
        let other = HEX.replacen('a', "g", 1);
        let last = [HEX, ":"].concat();
        let first = [":", &HEX[1..]].concat();
        for text in [
            "00",
            &HEX[1..],
            &HEX[2..],
            &longer,
            &blank,
            &other,
            &last,
            &first,
            "ü",
        ] {
            let invalid = Invalid::new(Field::Pin, Reason::Syntax);
            assert_eq!(Pin::parse(text), Err(invalid), "{text}");
        }
    }
}
