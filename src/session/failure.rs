//! Why an operation did not succeed, as the session keeps it.
//!
//! It is made into an [`Error`] once, at the end, by the driver's last step.

use crate::error::Invalid;
use crate::outcome::{Error, Fault, Missing};
use crate::phase::Phase;
use crate::report::Refusal;

/// Why an operation did not succeed. The transport's own error is not kept here: the driver has it,
/// and puts it in at the end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    Refused(Refusal),
    Failed { fault: Fault<()>, phase: Phase },
    Unknown { fault: Fault<()> },
    Hindered(Hindrance),
}

/// Why an operation does not begin. Small, and so handed through few registers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hindrance {
    Invalid(Invalid),
    Missing(Missing),
    Limit,
    OutOfOrder,
    Ended,
}

impl Failure {
    /// What the caller is told.
    pub(super) fn with_transport<E>(&self, error: Option<E>) -> Error<E> {
        match *self {
            Self::Refused(refusal) => Error::Refused(refusal),
            Self::Failed { ref fault, phase } => Error::Failed {
                fault: fault.with_transport(error),
                phase,
            },
            Self::Unknown { ref fault } => Error::Unknown {
                fault: fault.with_transport(error),
            },
            Self::Hindered(hindrance) => match hindrance {
                Hindrance::Invalid(invalid) => Error::Invalid(invalid),
                Hindrance::Missing(missing) => Error::NotOffered(missing),
                Hindrance::Limit => Error::LimitReached,
                Hindrance::OutOfOrder => Error::OutOfOrder,
                Hindrance::Ended => Error::Ended,
            },
        }
    }
}

impl From<Invalid> for Hindrance {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<Hindrance> for Failure {
    fn from(hindrance: Hindrance) -> Self {
        Self::Hindered(hindrance)
    }
}
