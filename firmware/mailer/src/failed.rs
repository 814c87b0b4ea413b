//! Why an attempt failed, and what that means for the alert.
//!
//! Only what the server says of a mail is final. Whatever fails before, the login too, says nothing of
//! the alert: were it given up for a STARTTLS that is not offered, or a key that is not the pinned one,
//! then whoever sits on the line for a moment could delete it.

use embedded_smtp::session::Delivery;
use embedded_smtp::{Error, StartTlsError, tls};

use crate::{TimedOut, Verdict};

/// Why an attempt failed.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failed {
    /// The date is not known.
    Date,
    /// The name of the server has no address.
    Name,
    /// There is no connection to the server.
    Connect,
    /// The server did not prove who it is, or the session could not be opened.
    Tls(tls::Error),
    /// The session before the mail, without TLS.
    Plain(Error<embedded_io::ErrorKind>),
    /// The session before the mail: greeting, EHLO, login.
    Session(Error<tls::Error>),
    /// The mail.
    Mail(Error<tls::Error>),
    /// What is in the settings, or in the mail, is no valid value.
    Invalid,
    /// A deadline was over, and the server has no mail.
    TimedOut,
    /// A deadline was over behind the whole mail: the server may have it.
    Unknown,
    /// A deadline was over when the server had accepted the mail.
    BehindMail,
}

impl Failed {
    /// A mail was dropped, since its deadline was over; the client knows what became of it.
    pub fn of_dropped(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Accepted => Self::BehindMail,
            Delivery::Unknown => Self::Unknown,
            _ => Self::TimedOut,
        }
    }

    /// What it means for the alert.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Mail(error) => Verdict::of(&Err(error)),
            Self::Invalid => Verdict::Never,
            Self::BehindMail => Verdict::Sent,
            _ => Verdict::Later,
        }
    }
}

impl From<TimedOut> for Failed {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl From<tls::Error> for Failed {
    fn from(error: tls::Error) -> Self {
        Self::Tls(error)
    }
}

impl<A, B, E: embedded_io::Error> From<StartTlsError<A, B, E, tls::Error, tls::Error>> for Failed {
    fn from(error: StartTlsError<A, B, E, tls::Error, tls::Error>) -> Self {
        match error {
            StartTlsError::Upgrade(error) => Self::Tls(error),
            StartTlsError::Ehlo { error, .. } => Self::Session(error),
            StartTlsError::Refused { error, .. } => Self::Plain(error.erase()),
            // What may be added there failed before the mail, too.
            _ => Self::Session(Error::ConnectionEnded),
        }
    }
}
