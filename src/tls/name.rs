//! The server's name, as the caller's configuration has it.
//!
//! One value is sent to the server (SNI) and looked for in its certificate.

use core::mem::ManuallyDrop;
use core::net::IpAddr;

use rustls_pki_types::{DnsName, Ipv4Addr, Ipv6Addr};

use crate::{Field, Invalid, Reason};

/// The name of a server: a DNS name, or an IP address.
///
/// Take it from your configuration, never from a reply or a record of the network. It is sent to the
/// server (SNI, RFC 6066 §3), unless it is an IP address, and [`Roots`](super::Roots) look for it in the
/// certificate.
///
/// # Examples
///
/// ```
/// use core::net::IpAddr;
/// use embedded_smtp::tls::ServerName;
/// use embedded_smtp::{Invalid, server_name};
///
/// const RELAY: ServerName = server_name!("mail.example.org");
///
/// fn from_settings(text: &str) -> Result<ServerName<'_>, Invalid> {
///     match text.parse::<IpAddr>() {
///         Ok(address) => Ok(address.into()),
///         Err(_) => ServerName::parse(text),
///     }
/// }
///
/// assert_eq!(from_settings("mail.example.org")?, RELAY);
/// assert!(from_settings("192.0.2.1").is_ok());
/// # Ok::<(), Invalid>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ServerName<'a>(Kind<'a>);

#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Kind<'a> {
    /// A DNS name that was checked.
    Dns(&'a str),
    V4([u8; 4]),
    V6([u16; 8]),
}

impl<'a> ServerName<'a> {
    /// Checks a DNS name, in ASCII. A final dot is left out.
    ///
    /// # Errors
    ///
    /// [`Reason::Empty`], or [`Reason::Syntax`]. An IP address is refused too: use
    /// [`From<IpAddr>`](#impl-From<IpAddr>-for-ServerName<'_>).
    pub const fn parse(name: &'a str) -> Result<Self, Invalid> {
        let reason = if name.is_empty() {
            Reason::Empty
        } else if is_dns_name(name) {
            return Ok(Self(Kind::Dns(without_final_dot(name))));
        } else {
            Reason::Syntax
        };
        Err(Invalid::new(Field::ServerName, reason))
    }

    /// The name, unless it is an IP address.
    pub(super) const fn as_dns_name(self) -> Option<&'a str> {
        match self.0 {
            Kind::Dns(name) => Some(name),
            _ => None,
        }
    }

    /// The name as rustls-webpki takes it. `None` is never returned: [`Self::parse`] asked the same
    /// library.
    pub(super) fn for_webpki(self) -> Option<rustls_pki_types::ServerName<'a>> {
        Some(match self.0 {
            Kind::Dns(name) => DnsName::try_from_str(name).ok()?.into(),
            Kind::V4(address) => Ipv4Addr::from(address).into(),
            Kind::V6(address) => Ipv6Addr::from(address).into(),
        })
    }
}

const fn is_dns_name(name: &str) -> bool {
    let checked = DnsName::try_from_str(name);
    let is_dns_name = checked.is_ok();
    // With `alloc` a name may have something to drop, which `const` code cannot do.
    let _ = ManuallyDrop::new(checked);
    is_dns_name
}

const fn without_final_dot(name: &str) -> &str {
    match name.as_bytes() {
        [front @ .., b'.'] => match name.split_at_checked(front.len()) {
            Some((front, _)) => front,
            None => name,
        },
        _ => name,
    }
}

impl PartialEq for ServerName<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Kind::Dns(one), Kind::Dns(other)) => one.eq_ignore_ascii_case(other),
            (Kind::V4(one), Kind::V4(other)) => one == other,
            (Kind::V6(one), Kind::V6(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for ServerName<'_> {}

impl<'a> TryFrom<&'a str> for ServerName<'a> {
    type Error = Invalid;

    fn try_from(name: &'a str) -> Result<Self, Invalid> {
        Self::parse(name)
    }
}

impl From<IpAddr> for ServerName<'_> {
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => Kind::V4(address.octets()),
            IpAddr::V6(address) => Kind::V6(address.segments()),
        })
    }
}

/// A [`ServerName`](crate::tls::ServerName) from a constant string, checked by the compiler.
///
/// ```
/// const RELAY: embedded_smtp::tls::ServerName = embedded_smtp::server_name!("mail.example.org");
/// ```
///
/// ```compile_fail,E0080
/// const RELAY: embedded_smtp::tls::ServerName = embedded_smtp::server_name!("mail..example.org");
/// ```
#[macro_export]
macro_rules! server_name {
    ($text:expr) => {
        $crate::__literal!(
            $crate::tls::ServerName<'static>,
            $crate::tls::ServerName::parse($text)
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_dns_name_or_an_address() {
        for name in [
            "mail.example.org",
            "localhost",
            "a",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(ServerName::parse(name).unwrap().as_dns_name(), Some(name));
        }
        let dotted = ServerName::parse("mail.example.org.").unwrap();
        assert_eq!(dotted, ServerName::parse("Mail.example.org").unwrap());
        assert_eq!(dotted.as_dns_name(), Some("mail.example.org"));
        for address in ["192.0.2.1", "2001:db8::1"] {
            let name = ServerName::from(address.parse::<IpAddr>().unwrap());
            assert_eq!(name.as_dns_name(), None);
            let theirs = rustls_pki_types::ServerName::try_from(address).unwrap();
            assert_eq!(name.for_webpki(), Some(theirs));
        }
    }

    #[test]
    fn a_wrong_name_says_so() {
        for (name, reason) in [
            ("", Reason::Empty),
            ("mail..org", Reason::Syntax),
            ("-a", Reason::Syntax),
            ("b\u{fc}cher.example", Reason::Syntax),
            ("192.0.2.1", Reason::Syntax),
            ("2001:db8::1", Reason::Syntax),
            ("a b", Reason::Syntax),
        ] {
            let invalid = Invalid::new(Field::ServerName, reason);
            assert_eq!(ServerName::parse(name), Err(invalid), "{name}");
        }
    }
}
