//! The domain or address literal after the `@` and in EHLO.
//!
//! - ASCII labels are letters, digits and hyphens, without underscores, empty labels or a final
//!   dot: a name that some server refuses is refused here, where the reason can still be read.
//! - UTF-8 labels pass as they are. Whether the server takes them is not known here.
//!
//! This file does not resolve names, and does not turn U-labels into A-labels.

use core::fmt;

use super::scan::{self, Dotted};
use crate::{Field, Invalid, Reason};

/// A domain (`mail.example.org`) or an address literal (`[192.0.2.1]`, `[IPv6:2001:db8::1]`) that
/// is safe to send.
///
/// # Examples
///
/// ```
/// use embedded_smtp::{Domain, domain};
///
/// const HOST: Domain = domain!("boiler3.example.org");
/// assert!(HOST.eq_ignore_ascii_case(Domain::parse("Boiler3.Example.ORG")?));
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Domain<'a>(&'a str);

impl<'a> Domain<'a> {
    /// Checks a domain or address literal. Blanks around it are refused.
    ///
    /// # Errors
    ///
    /// [`Reason::Empty`], [`Reason::TooLong`] (255 bytes, or 63 in one label),
    /// [`Reason::ControlCharacter`], [`Reason::Character`], [`Reason::Syntax`] (an empty label, a
    /// hyphen at the edge of one, a final dot) or [`Reason::AddressLiteral`].
    pub const fn parse(text: &'a str) -> Result<Self, Invalid> {
        let fault = if scan::has_control(text.as_bytes()) {
            Some(Reason::ControlCharacter)
        } else {
            fault(text.as_bytes())
        };
        match fault {
            Some(reason) => Err(Invalid::new(Field::Domain, reason)),
            None => Ok(Self(text)),
        }
    }

    /// Wraps a text that was checked before.
    pub(crate) const fn checked(text: &'a str) -> Self {
        Self(text)
    }

    /// The domain as it was given.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether it can be sent without SMTPUTF8.
    #[must_use]
    pub const fn is_ascii(self) -> bool {
        scan::is_ascii(self.0.as_bytes())
    }

    /// Whether both are the same apart from the case of ASCII letters, as the DNS compares them.
    #[must_use]
    pub fn eq_ignore_ascii_case(self, other: Domain<'_>) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl<'a> TryFrom<&'a str> for Domain<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl fmt::Display for Domain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The fault of a domain that holds no control character.
pub(crate) const fn fault(text: &[u8]) -> Option<Reason> {
    let literal = match text {
        [] => return Some(Reason::Empty),
        _ if text.len() > DOMAIN_MAX => return Some(Reason::TooLong),
        [b'[', literal @ .., b']'] => literal,
        [b'[', ..] => return Some(Reason::AddressLiteral),
        _ => return scan::dotted_fault(text, Dotted::Domain),
    };
    let good = match literal {
        [
            b'I' | b'i',
            b'P' | b'p',
            b'V' | b'v',
            b'6',
            b':',
            address @ ..,
        ] => is_ipv6(address),
        // RFC 5321 §4.1.3: "Standardized-tag MUST be specified in a Standards-Track RFC and
        // registered with IANA". Only IPv6 is, so the general form is refused.
        _ => is_ipv4(literal),
    };
    if good {
        None
    } else {
        Some(Reason::AddressLiteral)
    }
}

/// Whether the text is four times `Snum` of RFC 5321 §4.1.3: "1*3DIGIT ; representing a decimal
/// integer value in the range 0 through 255".
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a number has at most three digits and then 255, and there are at most four numbers"
)]
const fn is_ipv4(mut rest: &[u8]) -> bool {
    let mut numbers = 1_usize;
    let mut digits = 0_usize;
    let mut value = 0_u16;
    loop {
        match rest {
            [digit @ b'0'..=b'9', tail @ ..] => {
                value = value * 10 + (*digit - b'0') as u16;
                digits += 1;
                if digits > 3 || value > 255 {
                    return false;
                }
                rest = tail;
            }
            [b'.', tail @ ..] if digits > 0 && numbers < 4 => {
                numbers += 1;
                digits = 0;
                value = 0;
                rest = tail;
            }
            [] => return numbers == 4 && digits > 0,
            _ => return false,
        }
    }
}

/// Whether the text has one of the three forms of RFC 4291 §2.2: eight groups, `::` for one or more
/// of them, and the last two as an IPv4 address.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "no more digits and groups are counted than the text has bytes"
)]
const fn is_ipv6(mut rest: &[u8]) -> bool {
    let mut groups = 0_usize;
    let mut compressed = false;
    if let [b':', b':', tail @ ..] = rest {
        compressed = true;
        rest = tail;
    }
    // No group follows a "::" that ends the address.
    while !(rest.is_empty() && compressed) {
        let group = rest;
        let mut digits = 0_usize;
        while let [b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F', tail @ ..] = rest {
            digits += 1;
            rest = tail;
        }
        if digits == 0 || digits > 4 {
            return false;
        }
        groups += 1;
        match rest {
            [] => break,
            [b'.', ..] if is_ipv4(group) => {
                groups += 1;
                break;
            }
            [b':', b':', tail @ ..] if !compressed => {
                compressed = true;
                rest = tail;
            }
            // A group follows a single colon.
            [b':', tail @ ..] if !tail.is_empty() => rest = tail,
            _ => return false,
        }
    }
    if compressed {
        groups < GROUPS
    } else {
        groups == GROUPS
    }
}

/// The longest domain, in bytes. RFC 5321 §4.5.3.1.2: "The maximum total length of a domain name or
/// number is 255 octets."
const DOMAIN_MAX: usize = 255;

/// The groups of 16 bits in an IPv6 address.
const GROUPS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use proptest::prelude::*;
    use std::string::String;

    proptest! {
        #[test]
        fn ipv6_is_what_the_standard_library_takes(text in "(::|[0-9a-fA-F]{1,5}|:|1\\.2\\.3\\.4){1,12}") {
            // Apart from leading zeros in `::01.2.3.4`, which RFC 5321 allows.
            let last = text.rsplit(':').next().unwrap();
            prop_assume!(!last.contains('.') || !last.starts_with('0'));
            prop_assert_eq!(is_ipv6(text.as_bytes()), text.parse::<Ipv6Addr>().is_ok());
        }

        #[test]
        fn ipv6_is_taken_in_every_form(bits: u128, mask: u128) {
            let address = Ipv6Addr::from(bits & mask & (mask << 40));
            let text = std::format!("{address}");
            prop_assert!(is_ipv6(text.as_bytes()), "{}", text);
        }

        // Apart from leading zeros, which RFC 5321 allows and the standard library does not.
        #[test]
        fn ipv4_is_what_the_standard_library_takes(
            text in "(0|[1-9][0-9]{0,3}|\\.){1,4}(\\.(0|[1-9][0-9]{0,3})){2,4}"
        ) {
            let numbers = text.split('.').all(|n| n == "0" || !n.starts_with('0'));
            prop_assume!(numbers);
            prop_assert_eq!(is_ipv4(text.as_bytes()), text.parse::<Ipv4Addr>().is_ok());
        }
    }

    #[test]
    fn leading_zeros_of_ipv4_are_taken() {
        assert!(is_ipv4(b"01.002.3.4"));
        assert!(is_ipv6(b"::01.002.3.4"));
        assert!(!is_ipv4(b"0001.2.3.4"));
    }

    #[test]
    fn a_label_has_63_characters_and_a_domain_255_bytes() {
        let label: String = "a".repeat(63);
        let umlauts: String = "\u{fc}".repeat(63);
        let domain = std::format!("{label}.{label}.{label}.{label}");
        assert_eq!(fault(domain.as_bytes()), None);
        assert_eq!(fault(umlauts.as_bytes()), None);
        assert_eq!(
            fault(std::format!("{label}a").as_bytes()),
            Some(Reason::TooLong)
        );
        assert_eq!(
            fault(std::format!("{umlauts}\u{fc}").as_bytes()),
            Some(Reason::TooLong)
        );
        assert_eq!(
            fault(std::format!("a.{domain}").as_bytes()),
            Some(Reason::TooLong)
        );
    }
}
