//! How an attempt ended: in a word for the log, as an exit code for who booted the firmware, and as a
//! verdict for the outbox.

use embedded_smtp::session::Delivery;
use embedded_smtp::{
    Error, Extension, Fault, Invalid, Message, Missing, Phase, RecipientStatus, Refusal,
    RefusalKind, Report, Violation,
};
use mailer::Verdict;

/// Exit codes, those of sysexits.h but for the first two.
pub mod exit {
    pub const SENT: u8 = 0;
    pub const PARTIAL: u8 = 1;
    pub const USAGE: u8 = 64;
    pub const DATA: u8 = 65;
    pub const NO_USER: u8 = 68;
    pub const UNAVAILABLE: u8 = 69;
    pub const IO: u8 = 74;
    pub const TEMPORARY: u8 = 75;
    pub const PROTOCOL: u8 = 76;
    pub const NO_PERMISSION: u8 = 77;
}

#[derive(Clone, Copy)]
pub struct Ending {
    pub word: &'static str,
    pub exit: u8,
    pub verdict: Verdict,
}

impl Ending {
    /// Nobody answered, or the link broke, before there was a mail.
    pub const LOST: Self = Self::new("failed", exit::IO, Verdict::Later);
    /// The server is not the one that is wanted, and nothing was said to it. It may have a new
    /// certificate the next time: the alert is held.
    pub const DISTRUSTED: Self = Self::new("failed", exit::NO_PERMISSION, Verdict::Later);
    /// No TLS came about otherwise.
    pub const NO_TLS: Self = Self::new("failed", exit::PROTOCOL, Verdict::Later);
    /// The date is not known, so no certificate can be judged.
    pub const NO_DATE: Self = Self::new("failed", exit::IO, Verdict::Later);

    const fn new(word: &'static str, exit: u8, verdict: Verdict) -> Self {
        Self {
            word,
            exit,
            verdict,
        }
    }

    /// What comes before a mail failed: that says nothing of the alert, which is held. If it were given up
    /// for a login that is refused, or for STARTTLS that is not on offer, whoever sits on the line for a
    /// moment could delete it.
    pub fn before_mail(ending: impl Into<Self>) -> Self {
        Self {
            verdict: Verdict::Later,
            ..ending.into()
        }
    }

    /// A mail was sent, or was tried to be; or what comes before one failed.
    pub fn of<E: embedded_io::Error>(end: &Result<Report, Error<E>>) -> Self {
        let (word, exit) = match end {
            Ok(report) if report.is_partial() => ("partial", exit::PARTIAL),
            Ok(_) => ("sent", exit::SENT),
            Err(error) => of_error(error),
        };
        Self::new(word, exit, Verdict::of(end))
    }

    /// The same, with a log of it, and of the recipients who were refused.
    pub fn of_mail<E: embedded_io::Error + defmt::Format>(
        end: &Result<Report, Error<E>>,
        message: &Message<'_>,
        results: &[RecipientStatus],
    ) -> Self {
        match end {
            Ok(report) => defmt::info!("{}", report),
            Err(error) => defmt::warn!("{}", error),
        }
        for (recipient, result) in message.recipients().zip(results) {
            // Of those who were not answered for there is nothing to say.
            let is_refused = result.code().is_some() && !result.is_accepted();
            if is_refused || result.is_deferred() {
                defmt::warn!("{=str}: {}", recipient.as_str(), result);
            }
        }
        Self::of(end)
    }

    /// An attempt that was dropped, since its time was over.
    pub const fn of_dropped(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Accepted => Self::new("sent", exit::SENT, Verdict::Sent),
            Delivery::Refused => Self::new("refused", exit::UNAVAILABLE, Verdict::Later),
            Delivery::Unknown => Self::new("unknown", exit::TEMPORARY, Verdict::Later),
            _ => Self::LOST,
        }
    }

    /// No session was opened.
    #[cfg(feature = "tls")]
    pub const fn of_tls(error: &embedded_smtp::tls::Error) -> Self {
        use embedded_smtp::tls::Error as Tls;
        match error {
            Tls::Certificate(_) | Tls::NotProven => Self::DISTRUSTED,
            Tls::Io(_) | Tls::NoAnswer | Tls::Closed => Self::LOST,
            _ => Self::NO_TLS,
        }
    }
}

impl From<Invalid> for Ending {
    fn from(_: Invalid) -> Self {
        Self::new("invalid", exit::DATA, Verdict::Never)
    }
}

impl<E: embedded_io::Error> From<Error<E>> for Ending {
    fn from(error: Error<E>) -> Self {
        Self::of(&Err(error))
    }
}

fn of_error<E: embedded_io::Error>(error: &Error<E>) -> (&'static str, u8) {
    match error {
        Error::Refused(refusal) => ("refused", of_refusal(refusal)),
        Error::DeliveryUnknown { .. } => ("unknown", exit::TEMPORARY),
        Error::Failed { fault, .. } => ("failed", of_fault(fault)),
        Error::NotOffered(
            Missing::Extension(Extension::Auth) | Missing::Mechanism(_) | Missing::AnyMechanism,
        ) => ("failed", exit::NO_PERMISSION),
        Error::NotOffered(_) => ("failed", exit::UNAVAILABLE),
        Error::Invalid(_) => ("invalid", exit::DATA),
        Error::LimitReached => ("failed", exit::TEMPORARY),
        _ => ("failed", exit::IO),
    }
}

fn of_refusal(refusal: &Refusal) -> u8 {
    match refusal.kind() {
        RefusalKind::Closing | RefusalKind::Temporary => exit::TEMPORARY,
        _ if refusal.phase() == Phase::StartTls => exit::UNAVAILABLE,
        RefusalKind::Authentication => exit::NO_PERMISSION,
        RefusalKind::NoSuchMailbox => exit::NO_USER,
        _ => exit::UNAVAILABLE,
    }
}

fn of_fault<E: embedded_io::Error>(fault: &Fault<E>) -> u8 {
    match fault {
        Fault::Protocol(Violation::ServerSignature) => exit::NO_PERMISSION,
        Fault::Protocol(_) => exit::PROTOCOL,
        // A record of TLS that was broken.
        Fault::Transport(error) if error.kind() == embedded_io::ErrorKind::InvalidData => {
            exit::PROTOCOL
        }
        _ => exit::IO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_io::ErrorKind;
    use embedded_smtp::Phase;

    type Failure = Error<ErrorKind>;

    fn row(ending: Ending) -> (&'static str, u8, Verdict) {
        (ending.word, ending.exit, ending.verdict)
    }

    #[test]
    fn the_end_of_a_mail() {
        let closed = Fault::Closed;
        let phase = Phase::Rcpt;
        for (error, expected) in [
            (
                Failure::DeliveryUnknown {
                    fault: closed,
                    last: None,
                },
                ("unknown", 75, Verdict::Later),
            ),
            (
                Failure::Failed {
                    fault: closed,
                    phase,
                    last: None,
                },
                ("failed", 74, Verdict::Later),
            ),
            (
                Failure::Failed {
                    fault: Fault::Protocol(Violation::Grammar),
                    phase,
                    last: None,
                },
                ("failed", 76, Verdict::Later),
            ),
            (
                Failure::NotOffered(Missing::Extension(Extension::StartTls)),
                ("failed", 69, Verdict::Never),
            ),
            (
                Failure::NotOffered(Missing::AnyMechanism),
                ("failed", 77, Verdict::Never),
            ),
        ] {
            assert_eq!(row(Ending::of(&Err(error))), expected, "{error:?}");
            // Before a mail the alert is held.
            let (word, exit, _) = expected;
            let held = (word, exit, Verdict::Later);
            assert_eq!(row(Ending::before_mail(error)), held, "{error:?}");
        }
    }

    #[test]
    fn a_mail_that_was_dropped() {
        for (delivery, expected) in [
            (Delivery::None, ("failed", 74, Verdict::Later)),
            (Delivery::Unknown, ("unknown", 75, Verdict::Later)),
            (Delivery::Accepted, ("sent", 0, Verdict::Sent)),
            (Delivery::Refused, ("refused", 69, Verdict::Later)),
        ] {
            assert_eq!(row(Ending::of_dropped(delivery)), expected, "{delivery:?}");
        }
    }
}
