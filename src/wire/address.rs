//! The address between `<` and `>` in MAIL and RCPT.
//!
//! - It is sent as it was given, byte for byte: nothing is unquoted, folded to lower case or
//!   converted.
//! - So it is checked against the grammar of RFC 5321, which is narrower than that of RFC 5322:
//!   no blanks, no comments, no source route.
//!
//! This file does not know display names.

use core::fmt;

use super::domain::{self, Domain};
use super::scan::{self, Dotted};
use crate::{Field, Invalid, Reason};

/// `local-part@domain`, safe to send in a command.
///
/// # Examples
///
/// ```
/// use embedded_smtp::{Address, address};
///
/// const OPS: Address = address!("\"night shift\"@example.org");
/// assert_eq!(OPS.local_part(), "\"night shift\"");
/// assert_eq!(OPS.domain().as_str(), "example.org");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Address<'a>(&'a str);

impl<'a> Address<'a> {
    /// Checks an address without angle brackets. Blanks around it are refused.
    ///
    /// # Errors
    ///
    /// [`Reason::Empty`], [`Reason::TooLong`] (254 bytes, 64 before the `@`, 63 in one label),
    /// [`Reason::ControlCharacter`], [`Reason::OpenQuote`], [`Reason::NoAt`],
    /// [`Reason::LocalPart`], [`Reason::DomainPart`] or [`Reason::AddressLiteral`].
    pub const fn parse(text: &'a str) -> Result<Self, Invalid> {
        Self::parse_in(text, Field::Mailbox)
    }

    /// Checks an address that is meant for `field`.
    const fn parse_in(text: &'a str, field: Field) -> Result<Self, Invalid> {
        let fault = if scan::has_control(text.as_bytes()) {
            Some(Reason::ControlCharacter)
        } else {
            fault(text.as_bytes())
        };
        match fault {
            Some(reason) => Err(Invalid::new(field, reason)),
            None => Ok(Self(text)),
        }
    }

    /// Wraps a text that was checked before.
    pub(crate) const fn checked(text: &'a str) -> Self {
        Self(text)
    }

    /// The address as it was given and as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The part before the `@`, quotes included.
    #[must_use]
    pub const fn local_part(self) -> &'a str {
        scan::part(self.0, 0, self.at())
    }

    /// The part after the `@`.
    #[must_use]
    pub const fn domain(self) -> Domain<'a> {
        Domain::checked(scan::part(self.0, scan::after(self.at()), self.0.len()))
    }

    /// Whether it can be sent without SMTPUTF8.
    #[must_use]
    pub const fn is_ascii(self) -> bool {
        scan::is_ascii(self.0.as_bytes())
    }

    /// Whether mail to both goes to one mailbox. Local parts are compared byte by byte, domains
    /// without regard to the case of ASCII letters.
    // RFC 5321 §2.4: "The local-part of a mailbox MUST BE treated as case sensitive. [...]
    // Mailbox domains follow normal DNS rules and are hence not case sensitive."
    #[must_use]
    pub const fn is_same(self, other: Address<'_>) -> bool {
        let (mut this, mut other) = (self.0.as_bytes(), other.0.as_bytes());
        // The length comes first: it differs most often, and costs nothing.
        if this.len() != other.len() {
            return false;
        }
        let mut is_domain = true;
        // Local parts differ more often than domains.
        if let ([a, ..], [b, ..]) = (this, other)
            && *a != *b
            && !a.eq_ignore_ascii_case(b)
        {
            return false;
        }
        while let ([this_rest @ .., a], [other_rest @ .., b]) = (this, other) {
            if *a != *b && !(is_domain && a.eq_ignore_ascii_case(b)) {
                return false;
            }
            // The last `@` is the one before the domain.
            is_domain &= *a != b'@';
            (this, other) = (this_rest, other_rest);
        }
        true
    }

    /// The position of the last `@`. A quoted local part may hold others.
    const fn at(self) -> usize {
        let mut rest = self.0.as_bytes();
        while let [head @ .., last] = rest {
            if *last == b'@' {
                return head.len();
            }
            rest = head;
        }
        0
    }
}

impl<'a> TryFrom<&'a str> for Address<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The address in `MAIL FROM:<…>`, to which reports of failed delivery go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReversePath<'a> {
    /// `<>`: no reports. For reports themselves (RFC 5321 §4.5.5) and automatic answers (RFC 3834
    /// §3.3).
    Null,
    /// Reports go to this address.
    Address(Address<'a>),
}

impl<'a> ReversePath<'a> {
    /// Reads `<>`, `<address>` or `address`.
    ///
    /// # Errors
    ///
    /// Those of [`Address::parse`], with [`Field::ReversePath`], and [`Reason::AngleBracket`] for a
    /// display name or a single angle bracket.
    pub const fn parse(text: &'a str) -> Result<Self, Invalid> {
        let address = match text.as_bytes() {
            [b'<', b'>'] => return Ok(Self::Null),
            [b'<', .., b'>'] => scan::inside(text),
            [b'<', ..] | [.., b'>'] if !scan::has_control(text.as_bytes()) => {
                return Err(Invalid::new(Field::ReversePath, Reason::AngleBracket));
            }
            _ => text,
        };
        match Address::parse_in(address, Field::ReversePath) {
            Ok(address) => Ok(Self::Address(address)),
            Err(invalid) => Err(invalid),
        }
    }

    /// The text between the angle brackets; empty for [`ReversePath::Null`].
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Null => "",
            Self::Address(address) => address.as_str(),
        }
    }

    /// Whether it can be sent without SMTPUTF8.
    #[must_use]
    pub const fn is_ascii(self) -> bool {
        scan::is_ascii(self.as_str().as_bytes())
    }
}

impl<'a> TryFrom<&'a str> for ReversePath<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl<'a> From<Address<'a>> for ReversePath<'a> {
    fn from(address: Address<'a>) -> Self {
        Self::Address(address)
    }
}

/// The fault of an address that holds no control character.
pub(crate) const fn fault(text: &[u8]) -> Option<Reason> {
    if text.is_empty() {
        return Some(Reason::Empty);
    }
    if text.len() > ADDRESS_MAX {
        return Some(Reason::TooLong);
    }
    let length = match text {
        [b'"', tail @ ..] => match scan::after_quoted(tail) {
            Some(after) => scan::start_of(after, text),
            None => return Some(Reason::OpenQuote),
        },
        _ => match scan::find(text, b'@') {
            Some(at) => at,
            None => return Some(Reason::NoAt),
        },
    };
    let (local_part, domain) = match text.split_at_checked(length) {
        Some((local_part, [b'@', domain @ ..])) => (local_part, domain),
        Some((_, [])) => return Some(Reason::NoAt),
        _ => return Some(Reason::LocalPart),
    };
    if local_part.len() > LOCAL_PART_MAX {
        return Some(Reason::TooLong);
    }
    let good = match local_part {
        [b'"', ..] => pairs_are_ascii(local_part),
        _ => scan::dotted_fault(local_part, Dotted::LocalPart).is_none(),
    };
    if !good {
        return Some(Reason::LocalPart);
    }
    match domain::fault(domain) {
        Some(Reason::Empty | Reason::Character | Reason::Syntax) => Some(Reason::DomainPart),
        fault => fault,
    }
}

/// RFC 5321 §4.1.2: "quoted-pairSMTP = %d92 %d32-126". RFC 6531 §3.3 opens qtextSMTP to UTF-8, but
/// not the pair.
const fn pairs_are_ascii(mut rest: &[u8]) -> bool {
    loop {
        match rest {
            [b'\\', 0x80..=0xFF, ..] => return false,
            [b'\\', _, tail @ ..] | [_, tail @ ..] => rest = tail,
            [] => return true,
        }
    }
}

/// The longest address, in bytes. RFC 5321 §4.5.3.1.3: "The maximum total length of a reverse-path
/// or forward-path is 256 octets (including the punctuation and element separators)", which are the
/// two angle brackets.
const ADDRESS_MAX: usize = 254;

/// The longest local part, in bytes. RFC 5321 §4.5.3.1.1: "The maximum total length of a user name
/// or other local-part is 64 octets."
const LOCAL_PART_MAX: usize = 64;
