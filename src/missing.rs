//! What the caller asked for and the server does not offer.

use core::fmt;

use crate::wire::ehlo::{Extension, Mechanism};

/// A service that the caller asked for and the server does not offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Missing {
    /// An extension.
    Extension(Extension),
    /// The SASL mechanism that was asked for.
    Mechanism(Mechanism),
    /// Any SASL mechanism that the credentials can be used with.
    AnyMechanism,
    /// For REQUIRETLS, a certificate chain that was verified (RFC 8689).
    VerifiedChain,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(extension) => f.write_str(extension.as_str()),
            Self::Mechanism(mechanism) => {
                f.write_str("AUTH ")?;
                f.write_str(mechanism.as_str())
            }
            Self::AnyMechanism => f.write_str("an AUTH mechanism for these credentials"),
            Self::VerifiedChain => f.write_str("a certificate chain that was verified"),
        }
    }
}
