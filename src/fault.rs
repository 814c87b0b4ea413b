//! What ended a connection, sorted by whose fault it was.
//!
//! This file does not know the order of commands.

use core::fmt;

use crate::message::ContentFault;

/// The reason a connection can no longer be used.
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

/// A breach of the protocol by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Violation {
    /// A line that is not a reply.
    Grammar,
    /// A reply of several lines whose codes differ.
    CodesDiffer,
    /// A reply of more than 128 KiB.
    TooLong,
    /// A well-formed reply whose code has no place here.
    OutOfPlace(u16),
    /// A reply that belongs to another command: the server sent one reply too many before it.
    OutOfStep,
    /// Bytes that no command had asked for, or more replies than commands.
    Unasked,
    /// The server continued an authentication exchange that was complete.
    AuthExchange,
    /// A malformed challenge.
    Challenge,
    /// A challenge longer than the client's buffer.
    LongChallenge,
    /// In SCRAM, the server wants fewer than 4,096 rounds of hashing, or more than 100,000.
    Rounds,
    /// The SCRAM server signature is missing or wrong. Nothing more was sent.
    ServerSignature,
}

impl Violation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Grammar => "the server sent a line that is not an SMTP reply",
            Self::CodesDiffer => "the server sent a reply whose lines have differing codes",
            Self::TooLong => "the server sent a reply of more than 128 KiB",
            Self::OutOfPlace(_) => "the server sent a reply that has no place here",
            Self::OutOfStep => "the server sent one reply too many, so its replies fit no command",
            Self::Unasked => "the server sent bytes that no command had asked for",
            Self::AuthExchange => "the server went on with an authentication that was complete",
            Self::Challenge => "the server sent a malformed challenge",
            Self::LongChallenge => "the server sent a challenge longer than the buffer",
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

/// The trouble with a call of the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The call was interrupted, and can be repeated.
    Interrupted,
    /// The other side closed the connection, so a read will not wait.
    Closed,
    /// Anything else, such as a timeout.
    Broken,
}

impl Fault<()> {
    /// A fault of the session, which has no transport, as one of a driver, which has its error.
    /// Not inlined: it has two callers.
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
