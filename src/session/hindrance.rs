//! The reasons an operation does not begin.

use crate::error::Error;
use crate::invalid::Invalid;
use crate::missing::Missing;
use crate::state::State;

/// The reason an operation does not begin. Small, so that it is passed in few registers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hindrance {
    Invalid(Invalid),
    Missing(Missing),
    Limit,
    OutOfOrder(State),
    Ended,
}

impl Hindrance {
    /// The error for the caller.
    pub(super) const fn error<E>(self) -> Error<E> {
        match self {
            Self::Invalid(invalid) => Error::Invalid(invalid),
            Self::Missing(missing) => Error::NotOffered(missing),
            Self::Limit => Error::LimitReached,
            Self::OutOfOrder(state) => Error::OutOfOrder(state),
            Self::Ended => Error::ConnectionEnded,
        }
    }
}

impl From<Invalid> for Hindrance {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<Missing> for Hindrance {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}
