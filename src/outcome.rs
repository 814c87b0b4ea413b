//! How an operation ended: sent, refused, failed, unknown or invalid, in which phase, and whether
//! trying again is of use.
//!
//! This file sorts; it does not know the order of commands.

use core::fmt;

use crate::error::Invalid;
use crate::wire::ehlo::{Extension, Mechanism};
use crate::wire::reply::{EnhancedStatusCode, ReplyHead};

/// What the session was doing: the phase whose reply is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for the server's greeting.
    Greeting,
    /// EHLO, or HELO.
    Ehlo,
    /// STARTTLS; not the handshake that follows it.
    StartTls,
    /// AUTH and the exchange behind it.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA, until its 354.
    Data,
    /// The content, until the final reply.
    Content,
    /// RSET.
    Reset,
    /// NOOP.
    Noop,
    /// QUIT.
    Quit,
}

impl Phase {
    /// The phase in a word, as a log or a status line has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
            Self::Reset => "reset",
            Self::Noop => "noop",
            Self::Quit => "quit",
        }
    }

    /// The least time in seconds that a client should wait for the reply that ends the phase:
    /// RFC 5321 §4.5.3.2 where it names one, else the time it gives to MAIL.
    ///
    /// For the content, each write is given three minutes (§4.5.3.2.5), and the final reply ten
    /// minutes (§4.5.3.2.6), which is the number here.
    #[must_use]
    pub const fn timeout_seconds(self) -> u32 {
        match self {
            Self::Data => 120,
            Self::Content => 600,
            _ => 300,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same mail may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Retry {
    /// The same would happen again.
    Never,
    /// Later, when what was temporary has passed.
    Later,
    /// On a new connection.
    Reconnect,
}

/// A mail that was accepted by the server, for all recipients or for some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a mail may have been accepted for some recipients only"]
pub struct Report {
    pub(crate) head: ReplyHead,
    pub(crate) accepted: u16,
    pub(crate) refused: u16,
    pub(crate) is_any_temporary: bool,
}

impl Report {
    /// The report on an operation that is not a mail.
    pub(crate) const NONE: Self = Self {
        head: ReplyHead {
            code: 0,
            enhanced: None,
        },
        accepted: 0,
        refused: 0,
        is_any_temporary: false,
    };

    /// The final reply's code, 200 to 299.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.head.code
    }

    /// The final reply's enhanced status code.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.head.enhanced
    }

    /// The number of recipients the mail was accepted for; at least one.
    #[must_use]
    pub const fn accepted(&self) -> u16 {
        self.accepted
    }

    /// The number of recipients that were refused.
    #[must_use]
    pub const fn refused(&self) -> u16 {
        self.refused
    }

    /// Whether some recipients were refused.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.refused > 0
    }

    /// Whether to try again for the recipients that were refused; `None` when there are none.
    #[must_use]
    pub const fn retry(&self) -> Option<Retry> {
        match (self.refused, self.is_any_temporary) {
            (0, _) => None,
            (_, true) => Some(Retry::Later),
            (_, false) => Some(Retry::Never),
        }
    }

    /// The outcome as a status number: 200 sent, 202 sent to some.
    #[must_use]
    pub const fn status(&self) -> u16 {
        if self.is_partial() { 202 } else { 200 }
    }
}

/// The reply to one recipient's RCPT command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RecipientStatus {
    pub(crate) head: ReplyHead,
}

impl RecipientStatus {
    /// The reply code; `None` while the reply was not read.
    #[must_use]
    pub const fn code(&self) -> Option<u16> {
        if self.head.code == 0 {
            None
        } else {
            Some(self.head.code)
        }
    }

    /// The enhanced status code.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.head.enhanced
    }

    /// Whether the recipient was accepted.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.head.code / 100 == 2
    }

    /// Whether the recipient was refused for now only.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        is_temporary(self.head, Phase::Rcpt)
    }
}

/// The server said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Refusal {
    pub(crate) head: ReplyHead,
    /// What was asked.
    pub(crate) phase: Phase,
    pub(crate) kind: RefusalKind,
}

impl Refusal {
    /// The code of the reply that decided: 400 to 599. When every recipient was refused, that of
    /// the first.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.head.code
    }

    /// Its enhanced status code.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.head.enhanced
    }

    /// What was asked.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// What the refusal means.
    #[must_use]
    pub const fn kind(&self) -> RefusalKind {
        self.kind
    }
}

/// What a refusal means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RefusalKind {
    /// 421: the server is closing the connection. Another connection may fare better.
    Closing,
    /// For now only: 4yz.
    Temporary,
    /// Authentication was refused, or is required: 530, 5.7.8, 5.7.9, any 5yz in AUTH.
    Authentication,
    /// Every recipient was refused because there is no such mailbox.
    NoSuchMailbox,
    /// The request or the message is at fault: its syntax, parameters or size.
    Request,
    /// Any other permanent refusal, policy above all.
    Permanent,
}

impl RefusalKind {
    /// Sorts a 4yz or 5yz reply. Replies to RCPT are sorted one by one; when all were refused,
    /// [`Self::of_recipients`] has the last word.
    pub(crate) fn of(head: ReplyHead, phase: Phase) -> Self {
        if head.code == 421 {
            return Self::Closing;
        }
        if is_temporary(head, phase) {
            return Self::Temporary;
        }
        let about = |subject, detail| head.enhanced.is_some_and(|e| e.is(subject, detail));
        if phase == Phase::Auth || head.code == 530 || about(7, 8) || about(7, 9) {
            return Self::Authentication;
        }
        match phase {
            Phase::Rcpt if is_no_such_mailbox(head) => Self::NoSuchMailbox,
            Phase::Mail | Phase::Data | Phase::Content if is_request_fault(head) => Self::Request,
            _ => Self::Permanent,
        }
    }

    /// Adds another recipient's refusal to what the first ones came to: authentication stays, one
    /// temporary makes all temporary, and only if all lack a mailbox there is no such mailbox.
    pub(crate) fn and_recipient(self, other: Self) -> Self {
        match (self, other) {
            (Self::Authentication, _) => self,
            (Self::Temporary, _) | (_, Self::Temporary) => Self::Temporary,
            (Self::NoSuchMailbox, Self::NoSuchMailbox) => self,
            _ => Self::Permanent,
        }
    }
}

/// 4yz; at RCPT also 552, unless it is about the mailbox or the mail system.
///
/// RFC 5321 §4.5.3.1.10: "if an SMTP server implementation … returns 552 … the client SHOULD treat
/// a 552 code in this case as a temporary, rather than permanent, failure".
const fn is_temporary(head: ReplyHead, phase: Phase) -> bool {
    match head.code {
        400..=499 => true,
        552 => {
            matches!(phase, Phase::Rcpt)
                && !matches!(
                    head.enhanced,
                    Some(EnhancedStatusCode { subject: 2 | 3, .. })
                )
        }
        _ => false,
    }
}

/// 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10; 550, 551, 553 or 556 without an enhanced code.
fn is_no_such_mailbox(head: ReplyHead) -> bool {
    match head.enhanced {
        Some(e) => e.subject == 1 && matches!(e.detail, 1 | 2 | 3 | 6 | 10),
        None => matches!(head.code, 550 | 551 | 553 | 556),
    }
}

/// 501, 503, 504, 552, 555, 5.5.x, 5.6.x.
fn is_request_fault(head: ReplyHead) -> bool {
    matches!(head.code, 501 | 503 | 504 | 552 | 555)
        || head.enhanced.is_some_and(|e| matches!(e.subject, 5 | 6))
}

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
        }
    }
}

/// Why an operation did not succeed. `E` is the transport's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The server said no. The connection can be used further, unless the code is 421.
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
            Self::Failed { .. } | Self::Unknown { .. } | Self::Ended => Retry::Reconnect,
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
            | Self::NotOffered(Missing::Mechanism(_) | Missing::AnyMechanism) => 401,
            _ => 500,
        }
    }

    /// The same error with another type for the transport's.
    pub fn map_transport<F>(self, map: impl FnOnce(E) -> F) -> Error<F> {
        let lift = |fault| match fault {
            Fault::Transport(error) => Fault::Transport(map(error)),
            Fault::Closed => Fault::Closed,
            Fault::Protocol(violation) => Fault::Protocol(violation),
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
            Self::OutOfOrder => Error::OutOfOrder,
            Self::Ended => Error::Ended,
        }
    }
}

impl Error<core::convert::Infallible> {
    /// An error of the session, which has no transport, as one of a driver.
    pub(crate) fn widen<E>(self) -> Error<E> {
        self.map_transport(|never| match never {})
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
                match refusal.head.enhanced {
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
                Fault::Protocol(_) => ErrorKind::InvalidData,
            },
            Self::Refused(_) => ErrorKind::PermissionDenied,
            Self::NotOffered(_) => ErrorKind::Unsupported,
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
