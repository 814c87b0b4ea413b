//! Why an operation did not succeed, sorted by whose fault it was.
//!
//! This file does not know the order of commands.

use core::fmt;

use crate::error::Invalid;
use crate::message::ContentFault;
use crate::phase::{Phase, Retry};
use crate::report::{Refusal, RefusalKind};
use crate::wire::ehlo::{Extension, Mechanism};

/// Why the connection can no longer be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fault<E> {
    /// The transport gave an error; a timeout of its own is one.
    Transport(E),
    /// The server closed the connection where a reply was due.
    Closed,
    /// The server broke the protocol.
    Protocol(Violation),
    /// The caller's source of a streamed part gave an error. The mail was given up without its
    /// terminator.
    Source(embedded_io::ErrorKind),
    /// The content could not be completed. The mail was given up without its terminator.
    Content(ContentFault),
}

/// How the server broke the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Violation {
    /// A line that is no reply.
    Grammar,
    /// A reply of several lines with differing codes.
    CodesDiffer,
    /// A reply of more than 128 KiB.
    TooLong,
    /// A well-formed reply whose code has no place here.
    OutOfPlace(u16),
    /// Octets that no command had asked for.
    Unasked,
    /// The server took part in an exchange of authentication that has no further step.
    AuthExchange,
    /// A challenge that is not what the SASL mechanism has there.
    Challenge,
    /// A challenge that the client's buffer does not hold.
    LongChallenge,
    /// In SCRAM, the server wants fewer than 4,096 rounds of hashing, or more than 100,000.
    Rounds,
    /// In SCRAM, the server has not proven that it knows the password. Nothing was said to it any
    /// more.
    ServerSignature,
}

impl Violation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Grammar => "the server sent a line that is no SMTP reply",
            Self::CodesDiffer => "the server sent a reply whose lines have differing codes",
            Self::TooLong => "the server sent a reply of more than 128 KiB",
            Self::OutOfPlace(_) => "the server sent a reply that has no place here",
            Self::Unasked => "the server sent octets nothing had asked for",
            Self::AuthExchange => "the server went on with an authentication that was complete",
            Self::Challenge => "the server sent a challenge that this mechanism does not have",
            Self::LongChallenge => "the server sent a challenge that the buffer does not hold",
            Self::Rounds => "the server wants too few or too many rounds of hashing",
            Self::ServerSignature => "the server did not prove that it knows the password",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::OutOfPlace(code) => write!(f, " ({code})"),
            _ => Ok(()),
        }
    }
}

/// What the caller asked for and the server does not offer.
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

/// Why an operation did not succeed. `E` is the transport's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The server said no. The connection can be used further, unless the code is 421 or the server
    /// broke the protocol or the link besides.
    Refused(Refusal),
    /// The connection is of no use any more. No mail was accepted by what failed.
    Failed {
        /// What happened.
        fault: Fault<E>,
        /// What the session was doing.
        phase: Phase,
    },
    /// The connection broke after the whole mail had been handed to the transport and before a
    /// valid final reply: the server may have accepted the mail, or not.
    Unknown {
        /// What happened.
        fault: Fault<E>,
    },
    /// The server does not offer what was asked for. Nothing was sent.
    NotOffered(Missing),
    /// The caller broke a rule. Nothing was sent.
    Invalid(Invalid),
    /// The server's limits (LIMITS, RFC 9422) let this mail not through on this connection: there
    /// were as many mails already, or mails to as many domains. Nothing was sent, and QUIT still
    /// can be.
    LimitReached,
    /// The session is not in a state for this operation: before `open`, after a refusal that
    /// allows only QUIT, or a second STARTTLS. Nothing was sent.
    OutOfOrder,
    /// The connection ended earlier: by a fault, by QUIT, or because an operation was dropped
    /// before its end. Nothing was sent.
    Ended,
}

impl<E> Error<E> {
    /// Whether to try the same again.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Refused(refusal) => match refusal.kind {
                RefusalKind::Closing => Retry::Reconnect,
                RefusalKind::Temporary => Retry::Later,
                _ => Retry::Never,
            },
            // Octets that cannot be sent will not be sendable later; a length may be another.
            Self::Failed {
                fault: Fault::Content(fault),
                ..
            } if !fault.is_about_length() => Retry::Never,
            // It will not know the password the next time.
            Self::Failed {
                fault: Fault::Protocol(Violation::ServerSignature),
                ..
            } => Retry::Never,
            Self::Failed { .. } | Self::Unknown { .. } | Self::Ended | Self::LimitReached => {
                Retry::Reconnect
            }
            Self::NotOffered(_) | Self::Invalid(_) | Self::OutOfOrder => Retry::Never,
        }
    }

    /// The outcome as a status number: 400 the request, 401 authentication, 403 refused, 404 no
    /// such mailbox, 500 temporary, broken or unknown.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 400,
            Self::Refused(Refusal {
                phase: Phase::StartTls,
                ..
            }) => 500,
            Self::Refused(refusal) => match refusal.kind {
                RefusalKind::Closing | RefusalKind::Temporary => 500,
                RefusalKind::Authentication => 401,
                RefusalKind::NoSuchMailbox => 404,
                RefusalKind::Request => 400,
                RefusalKind::Permanent => 403,
            },
            Self::NotOffered(Missing::Extension(Extension::Auth))
            | Self::NotOffered(Missing::Mechanism(_) | Missing::AnyMechanism)
            | Self::Failed {
                fault: Fault::Protocol(Violation::ServerSignature),
                ..
            } => 401,
            _ => 500,
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
            Self::Failed { fault, phase } => Error::Failed {
                fault: lift(fault),
                phase,
            },
            Self::Unknown { fault } => Error::Unknown { fault: lift(fault) },
            Self::NotOffered(missing) => Error::NotOffered(missing),
            Self::Invalid(invalid) => Error::Invalid(invalid),
            Self::LimitReached => Error::LimitReached,
            Self::OutOfOrder => Error::OutOfOrder,
            Self::Ended => Error::Ended,
        }
    }
}

impl Fault<()> {
    /// A fault of the session, which has no transport, as one of a driver, which has its error.
    /// Kept apart: it has two callers.
    #[inline(never)]
    pub(crate) fn with_transport<E>(&self, error: Option<E>) -> Fault<E> {
        match (*self, error) {
            (Self::Transport(()), Some(error)) => Fault::Transport(error),
            (Self::Transport(()) | Self::Closed, _) => Fault::Closed,
            (Self::Protocol(violation), _) => Fault::Protocol(violation),
            (Self::Source(kind), _) => Fault::Source(kind),
            (Self::Content(fault), _) => Fault::Content(fault),
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

impl<E: fmt::Display> fmt::Display for Fault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => {
                f.write_str("the transport failed: ")?;
                error.fmt(f)
            }
            Self::Closed => f.write_str("the server closed the connection"),
            Self::Protocol(violation) => violation.fmt(f),
            Self::Source(kind) => {
                f.write_str("the source of a streamed part failed: ")?;
                kind.fmt(f)
            }
            Self::Content(fault) => fault.fmt(f),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => {
                write!(
                    f,
                    "the server refused ({}) with {}",
                    refusal.phase, refusal.head.code
                )?;
                match refusal.head.enhanced() {
                    Some(enhanced) => write!(f, " {enhanced}"),
                    None => Ok(()),
                }
            }
            Self::Failed { fault, phase } => write!(f, "{fault} (phase: {phase})"),
            Self::Unknown { fault } => {
                write!(
                    f,
                    "{fault} after the whole mail was handed over: its delivery is unknown"
                )
            }
            Self::NotOffered(missing) => write!(f, "the server does not offer {missing}"),
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::LimitReached => {
                f.write_str("the server's limits leave no room for this mail on this connection")
            }
            Self::OutOfOrder => f.write_str("the session is not in a state for this operation"),
            Self::Ended => f.write_str("the connection has ended; a new one is needed"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for Error<E> {}

impl<E: embedded_io::Error> embedded_io::Error for Error<E> {
    fn kind(&self) -> embedded_io::ErrorKind {
        use embedded_io::ErrorKind;
        match self {
            Self::Failed { fault, .. } | Self::Unknown { fault } => match fault {
                Fault::Transport(error) => error.kind(),
                Fault::Closed => ErrorKind::ConnectionAborted,
                Fault::Protocol(_) | Fault::Content(_) => ErrorKind::InvalidData,
                Fault::Source(kind) => *kind,
            },
            Self::Refused(_) => ErrorKind::PermissionDenied,
            Self::NotOffered(_) | Self::LimitReached => ErrorKind::Unsupported,
            Self::Invalid(_) | Self::OutOfOrder => ErrorKind::InvalidInput,
            Self::Ended => ErrorKind::NotConnected,
        }
    }
}

/// Why STARTTLS did not lead to a session under TLS. What is left of the client is in it.
///
/// `A` is the client before, `B` after TLS was opened, `E` and `F` their transports' errors, `U`
/// the error of the upgrade.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartTlsError<A, B, E, F, U> {
    /// STARTTLS was not offered or refused, or the connection broke: TLS was not begun. Of the
    /// client, QUIT can still be sent at best.
    Refused {
        /// The client, over the plain transport.
        client: A,
        /// What happened.
        error: Error<E>,
    },
    /// Opening TLS failed. The transport went to the upgrade, and only its error can bring it back.
    Upgrade(U),
    /// The EHLO under TLS failed.
    Ehlo {
        /// The client, over TLS.
        client: B,
        /// What happened.
        error: Error<F>,
    },
}

impl<A, B, E: fmt::Display, F: fmt::Display, U: fmt::Display> fmt::Display
    for StartTlsError<A, B, E, F, U>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { error, .. } => error.fmt(f),
            Self::Upgrade(error) => {
                f.write_str("opening TLS failed: ")?;
                error.fmt(f)
            }
            Self::Ehlo { error, .. } => error.fmt(f),
        }
    }
}

impl<A, B, E, F, U> core::error::Error for StartTlsError<A, B, E, F, U>
where
    A: fmt::Debug,
    B: fmt::Debug,
    E: fmt::Debug + fmt::Display,
    F: fmt::Debug + fmt::Display,
    U: fmt::Debug + fmt::Display,
{
}
