//! The error of an operation.
//!
//! This file does not know the order of commands.

use core::fmt;

use crate::fault::{Fault, Violation};
use crate::invalid::Invalid;
use crate::missing::Missing;
use crate::phase::{Phase, Retry};
use crate::report::Refusal;
use crate::state::State;
use crate::wire::ehlo::Extension;

/// The reason an operation did not succeed. `E` is the transport's error.
///
/// [`Error::advice`] gives one sentence of what to do. The text of the reply that decided, or of
/// the last refusal before a fault, is in
/// [`Client::last_reply`](crate::blocking::Client::last_reply).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The server said no. The connection stays usable, unless the code is 421 or a fault occurred
    /// as well.
    Refused(Refusal),
    /// The connection broke before the whole mail was handed over, or in an operation without a
    /// mail. No recipient got it.
    Failed {
        /// What happened.
        fault: Fault<E>,
        /// What the session was doing.
        phase: Phase,
        /// The last 4yz or 5yz that the server gave in this operation: often the reason.
        last: Option<Refusal>,
    },
    /// The connection broke after the whole mail had been handed to the transport and before a
    /// valid final reply, or the replies did not match the commands: the server may have accepted
    /// the mail, or not. A repeated mail keeps its Message-ID, date and seed, so that a reader can
    /// recognise the second copy.
    DeliveryUnknown {
        /// What happened.
        fault: Fault<E>,
        /// The last 4yz or 5yz that the server gave in this operation.
        last: Option<Refusal>,
    },
    /// The server does not offer what was asked for. Nothing was sent.
    NotOffered(Missing),
    /// The caller broke a rule. Nothing was sent.
    Invalid(Invalid),
    /// Sending this mail would exceed a limit the server announced (LIMITS, RFC 9422) for one
    /// connection: mails, or recipient domains. Nothing was sent, and QUIT can still follow.
    LimitReached,
    /// The session is not in a state for this operation: before `open`, after a refusal that
    /// allows only QUIT, or a second STARTTLS. Nothing was sent.
    OutOfOrder(State),
    /// The connection ended earlier: by a fault, by QUIT, or because an operation was dropped
    /// before its end. Nothing was sent.
    ConnectionEnded,
}

impl<E> Error<E> {
    /// Whether to try the same again.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Refused(refusal) => refusal.retry(),
            // Bytes that cannot be sent now cannot be sent later; a length may be another.
            Self::Failed {
                fault: Fault::Content(fault),
                ..
            } if !fault.is_about_length() => Retry::Never,
            // The server will not know the password the next time.
            Self::Failed {
                fault: Fault::Protocol(Violation::ServerSignature),
                ..
            } => Retry::Never,
            Self::Failed { .. }
            | Self::DeliveryUnknown { .. }
            | Self::ConnectionEnded
            | Self::LimitReached => Retry::Reconnect,
            Self::NotOffered(_) | Self::Invalid(_) | Self::OutOfOrder(_) => Retry::Never,
        }
    }

    /// The outcome as a status number: 400 the request, 401 authentication, 403 refused, 404 no
    /// such mailbox, 500 temporary, broken or unknown.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 400,
            Self::Refused(refusal) => refusal.status(),
            Self::NotOffered(Missing::Extension(Extension::Auth))
            | Self::NotOffered(Missing::Mechanism(_) | Missing::AnyMechanism)
            | Self::Failed {
                fault: Fault::Protocol(Violation::ServerSignature),
                ..
            } => 401,
            _ => 500,
        }
    }

    /// The last 4yz or 5yz that the server gave in the operation, whether it decided or a fault
    /// followed it.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused(refusal) => Some(*refusal),
            Self::Failed { last, .. } | Self::DeliveryUnknown { last, .. } => *last,
            _ => None,
        }
    }

    /// The same error with another type for the transport's.
    pub fn map_transport<F>(self, map: impl FnOnce(E) -> F) -> Error<F> {
        let lift = |fault| match fault {
            Fault::Transport(error) => Fault::Transport(map(error)),
            Fault::Closed => Fault::Closed,
            Fault::Protocol(violation) => Fault::Protocol(violation),
            Fault::Source(kind) => Fault::Source(kind),
            Fault::Content(fault) => Fault::Content(fault),
        };
        match self {
            Self::Refused(refusal) => Error::Refused(refusal),
            Self::Failed { fault, phase, last } => Error::Failed {
                fault: lift(fault),
                phase,
                last,
            },
            Self::DeliveryUnknown { fault, last } => Error::DeliveryUnknown {
                fault: lift(fault),
                last,
            },
            Self::NotOffered(missing) => Error::NotOffered(missing),
            Self::Invalid(invalid) => Error::Invalid(invalid),
            Self::LimitReached => Error::LimitReached,
            Self::OutOfOrder(state) => Error::OutOfOrder(state),
            Self::ConnectionEnded => Error::ConnectionEnded,
        }
    }
}

impl<E: embedded_io::Error> Error<E> {
    /// The same error without the transport's type: only the kind of its error is kept.
    #[must_use]
    pub fn erase(self) -> Error<embedded_io::ErrorKind> {
        self.map_transport(|error| error.kind())
    }
}

impl<E> From<Invalid> for Error<E> {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Failed { fault, phase, last } => {
                write!(f, "{fault} (phase: {phase})")?;
                before_that(*last, f)
            }
            Self::DeliveryUnknown { fault, last } => {
                write!(
                    f,
                    "{fault} after the whole mail was handed over: its delivery is unknown"
                )?;
                before_that(*last, f)
            }
            Self::NotOffered(missing) => write!(f, "the server does not offer {missing}"),
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::LimitReached => {
                f.write_str("the server's limits leave no room for this mail on this connection")
            }
            Self::OutOfOrder(state) => {
                write!(
                    f,
                    "the session is not in a state for this operation: it is {state}"
                )
            }
            Self::ConnectionEnded => f.write_str("the connection has ended; a new one is needed"),
        }
    }
}

/// The refusal that a fault followed.
fn before_that(last: Option<Refusal>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match last {
        Some(refusal) => write!(f, "; before that, {refusal}"),
        None => Ok(()),
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for Error<E> {}

impl<E: embedded_io::Error> embedded_io::Error for Error<E> {
    fn kind(&self) -> embedded_io::ErrorKind {
        use embedded_io::ErrorKind;
        match self {
            Self::Failed { fault, .. } | Self::DeliveryUnknown { fault, .. } => match fault {
                Fault::Transport(error) => error.kind(),
                Fault::Closed => ErrorKind::ConnectionAborted,
                Fault::Protocol(_) | Fault::Content(_) => ErrorKind::InvalidData,
                Fault::Source(kind) => *kind,
            },
            Self::Refused(_) => ErrorKind::PermissionDenied,
            Self::NotOffered(_) | Self::LimitReached => ErrorKind::Unsupported,
            Self::Invalid(_) | Self::OutOfOrder(_) => ErrorKind::InvalidInput,
            Self::ConnectionEnded => ErrorKind::NotConnected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::RefusalKind;
    use crate::wire::reply::ReplyHead;
    use std::string::ToString;

    /// A refusal before the mail was offered says nothing of the mail.
    #[test]
    fn a_refusal_that_met_no_mail_never_drops_one() {
        for phase in [Phase::Reset, Phase::Ehlo, Phase::Greeting, Phase::StartTls] {
            for code in [500, 501, 502, 550, 552, 554] {
                let refusal = Refusal::of(ReplyHead::new(code, None), phase);
                let error = Error::<()>::Refused(refusal);
                assert_eq!(refusal.kind(), RefusalKind::Permanent, "{code} at {phase}");
                assert_eq!(error.retry(), Retry::Reconnect, "{code} at {phase}");
            }
        }
    }

    #[test]
    fn a_fault_names_the_refusal_before_it() {
        let last = Refusal::of(ReplyHead::new(550, None), Phase::Rcpt);
        let error = Error::<embedded_io::ErrorKind>::Failed {
            fault: Fault::Closed,
            phase: Phase::Data,
            last: Some(last),
        };
        assert_eq!(
            error.to_string(),
            "the server closed the connection (phase: data); before that, the server refused \
             (rcpt) with 550"
        );
        assert_eq!(error.refusal(), Some(last));
    }

    #[test]
    fn an_operation_out_of_order_names_the_state() {
        let error = Error::<embedded_io::ErrorKind>::OutOfOrder(State::Connected);
        assert!(error.to_string().ends_with("it is connected, not opened"));
    }
}
