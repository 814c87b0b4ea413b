//! The error of STARTTLS, which holds what is left of the client.

use core::fmt;

use crate::error::Error;
use crate::fault::Fault;
use crate::phase::Phase;

/// The reason STARTTLS did not lead to a session under TLS. It holds what is left of the client.
///
/// `Plain` is the client before TLS was opened, `Tls` the one after; `E` and `F` are the errors of
/// their transports, `U` the error of the upgrade. [`into_error`](Self::into_error) makes one error
/// of all three, for `?`.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartTlsError<Plain, Tls, E, F, U> {
    /// STARTTLS was not offered or was refused, or the connection broke: TLS was not begun. At most
    /// QUIT can still be sent.
    Refused {
        /// The client, over the plain transport.
        client: Plain,
        /// What happened.
        error: Error<E>,
    },
    /// Opening TLS failed. The transport went to the upgrade, and only its error can bring it back.
    Upgrade(U),
    /// The EHLO under TLS failed.
    Ehlo {
        /// The client, over TLS.
        client: Tls,
        /// What happened.
        error: Error<F>,
    },
}

impl<Plain, Tls, E, F, U> StartTlsError<Plain, Tls, E, F, U> {
    /// The error alone; the client is dropped. A failed upgrade becomes [`Error::Failed`] in the
    /// phase [`Phase::StartTls`].
    pub fn into_error(self) -> Error<LinkError<E, F, U>> {
        match self {
            Self::Refused { error, .. } => error.map_transport(LinkError::Plain),
            Self::Upgrade(error) => Error::Failed {
                fault: Fault::Transport(LinkError::Upgrade(error)),
                phase: Phase::StartTls,
                last: None,
            },
            Self::Ehlo { error, .. } => error.map_transport(LinkError::Tls),
        }
    }
}

impl<Plain, Tls, E: fmt::Display, F: fmt::Display, U: fmt::Display> fmt::Display
    for StartTlsError<Plain, Tls, E, F, U>
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

impl<Plain, Tls, E, F, U> core::error::Error for StartTlsError<Plain, Tls, E, F, U>
where
    Plain: fmt::Debug,
    Tls: fmt::Debug,
    E: fmt::Debug + fmt::Display,
    F: fmt::Debug + fmt::Display,
    U: fmt::Debug + fmt::Display,
{
}

/// The error of whichever layer failed on the way to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkError<E, F, U> {
    /// The plain transport's error.
    Plain(E),
    /// The error of the transport under TLS.
    Tls(F),
    /// The error of opening TLS.
    Upgrade(U),
}

impl<E: fmt::Display, F: fmt::Display, U: fmt::Display> fmt::Display for LinkError<E, F, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Upgrade(error) => {
                f.write_str("opening TLS failed: ")?;
                error.fmt(f)
            }
        }
    }
}

impl<E, F, U> core::error::Error for LinkError<E, F, U>
where
    E: fmt::Debug + fmt::Display,
    F: fmt::Debug + fmt::Display,
    U: fmt::Debug + fmt::Display,
{
}

impl<E, F, U> embedded_io::Error for LinkError<E, F, U>
where
    E: embedded_io::Error,
    F: embedded_io::Error,
    U: fmt::Debug + fmt::Display,
{
    fn kind(&self) -> embedded_io::ErrorKind {
        match self {
            Self::Plain(error) => error.kind(),
            Self::Tls(error) => error.kind(),
            Self::Upgrade(_) => embedded_io::ErrorKind::Other,
        }
    }
}
