//! What proved whose server is at the other end of a link.
//!
//! This file proves nothing.

use core::fmt;

/// What proved the server's identity on a link under TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Proof {
    /// A certificate chain to a trusted root, valid for the server's name and at the time given.
    /// REQUIRETLS needs it (RFC 8689).
    Chain,
    /// A certificate chain as [`Chain`](Self::Chain), but for its dates, which nobody has checked.
    UndatedChain,
    /// A pinned key, or what the caller vouches for.
    Key,
    /// Nothing: the caller chose not to verify. Whoever sits on the way can read and change all.
    Nothing,
}

impl Proof {
    /// The proof in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chain => "certificate chain",
            Self::UndatedChain => "certificate chain, dates not checked",
            Self::Key => "pinned or vouched for",
            Self::Nothing => "not verified",
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
