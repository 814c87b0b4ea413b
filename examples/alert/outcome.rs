//! The table of outcomes: what an ending means as a word, an exit code and a status number, and
//! whether to try again.
//!
//! This file opens, sends and prints nothing.

use std::io;

use embedded_smtp::message::ContentFaultKind;
use embedded_smtp::{
    Error, Extension, Fault, Missing, Phase, RefusalKind, Report, Retry, Violation,
};

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    pub outcome: &'static str,
    pub exit: u8,
    pub status: u16,
    /// The phase in which it ended; `None` when nothing was connected.
    pub phase: Option<&'static str>,
    pub retry: Option<&'static str>,
}

/// Exit codes, with the names that sysexits.h has for them.
pub mod exit {
    pub const OK: u8 = 0;
    /// Sent to some. Not from sysexits.h.
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

/// The way in which opening TLS failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The server has not proven who it is.
    Distrusted,
    /// The handshake failed otherwise.
    Broken,
    /// The link closed, broke or was too slow in it.
    Lost,
}

const NEVER: Option<&str> = Some("never");
const LATER: Option<&str> = Some("later");
const RECONNECT: Option<&str> = Some("reconnect");

impl Ruling {
    /// The input was refused before there was a connection.
    pub const INVALID: Self = Self::invalid(None);

    /// No connection came about.
    pub const UNREACHABLE: Self = Self::failed(exit::IO, "connect");

    /// No TLS came about.
    pub const fn of_opening(opening: Opening) -> Self {
        match opening {
            Opening::Distrusted => Self {
                status: 401,
                retry: NEVER,
                ..Self::failed(exit::NO_PERMISSION, "tls")
            },
            Opening::Broken => Self::failed(exit::PROTOCOL, "tls"),
            Opening::Lost => Self::failed(exit::IO, "tls"),
        }
    }

    /// The mail was accepted.
    pub fn of_report(report: &Report) -> Self {
        Self::accepted(report.is_partial(), report.retry() == Some(Retry::Later))
    }

    /// The mail was not accepted by anybody, as far as is known.
    pub fn of_error(error: &Error<io::Error>) -> Self {
        let ruling = match error {
            Error::Invalid(_) => Self::invalid(Some("mail")),
            Error::NotOffered(Missing::Extension(Extension::Auth))
            | Error::NotOffered(Missing::Mechanism(_) | Missing::AnyMechanism) => Self {
                outcome: "failed",
                exit: exit::NO_PERMISSION,
                status: 401,
                phase: Some("auth"),
                retry: NEVER,
            },
            Error::NotOffered(missing) => Self {
                outcome: "failed",
                exit: exit::UNAVAILABLE,
                status: 500,
                phase: Some(match missing {
                    Missing::Extension(Extension::StartTls) => "starttls",
                    _ => "mail",
                }),
                retry: NEVER,
            },
            Error::Refused(refusal) => {
                let kind = match (refusal.kind(), refusal.phase()) {
                    // In the middle of the content it is about this mail, and no goodbye.
                    (RefusalKind::Closing, Phase::Content) if refusal.code() != 421 => {
                        RefusalKind::Temporary
                    }
                    (kind, _) => kind,
                };
                Self::refused(kind, refusal.phase())
            }
            Error::Failed {
                fault: Fault::Protocol(Violation::ServerSignature),
                phase,
                ..
            } => Self {
                exit: exit::NO_PERMISSION,
                status: 401,
                retry: NEVER,
                ..Self::failed(exit::PROTOCOL, name(*phase))
            },
            Error::LimitReached => Self::failed(exit::TEMPORARY, "mail"),
            Error::Failed {
                fault: Fault::Protocol(_),
                phase,
                ..
            } => Self::failed(exit::PROTOCOL, name(*phase)),
            Error::Failed {
                fault: Fault::Content(fault),
                phase,
                ..
            } if !has_changed(fault.kind) => Self {
                retry: NEVER,
                ..Self::failed(exit::IO, name(*phase))
            },
            // A record of TLS that was broken: nothing else on a link is of this kind.
            Error::Failed {
                fault: Fault::Transport(error),
                phase,
                ..
            } if error.kind() == io::ErrorKind::InvalidData => {
                Self::failed(exit::PROTOCOL, name(*phase))
            }
            Error::Failed { phase, .. } => Self::failed(exit::IO, name(*phase)),
            Error::DeliveryUnknown { .. } => Self {
                outcome: "unknown",
                exit: exit::TEMPORARY,
                status: 500,
                phase: Some("content"),
                retry: RECONNECT,
            },
            // Only after an error that was reported instead.
            _ => Self::failed(exit::IO, "mail"),
        };
        debug_assert!(ruling.status == error.status() || ruling.phase == Some("mail"));
        ruling
    }

    const fn invalid(phase: Option<&'static str>) -> Self {
        Self {
            outcome: "invalid",
            exit: exit::DATA,
            status: 400,
            phase,
            retry: NEVER,
        }
    }

    const fn failed(exit: u8, phase: &'static str) -> Self {
        Self {
            outcome: "failed",
            exit,
            status: 500,
            phase: Some(phase),
            retry: RECONNECT,
        }
    }

    /// The mail was accepted, by some or by all.
    pub const fn accepted(is_partial: bool, is_any_temporary: bool) -> Self {
        let (outcome, exit, status) = if is_partial {
            ("partial", exit::PARTIAL, 202)
        } else {
            ("sent", exit::OK, 200)
        };
        let retry = match (is_partial, is_any_temporary) {
            (false, _) => None,
            (true, true) => LATER,
            (true, false) => NEVER,
        };
        Self {
            outcome,
            exit,
            status,
            phase: Some("content"),
            retry,
        }
    }

    const fn refused(kind: RefusalKind, phase: Phase) -> Self {
        let (exit, status, retry) = match kind {
            RefusalKind::Closing => (exit::TEMPORARY, 500, RECONNECT),
            RefusalKind::Temporary => (exit::TEMPORARY, 500, LATER),
            // A server that wants no STARTTLS has said nothing about the mail.
            _ if matches!(phase, Phase::StartTls) => (exit::UNAVAILABLE, 500, NEVER),
            RefusalKind::Authentication => (exit::NO_PERMISSION, 401, NEVER),
            // Between two mails: the server has said nothing about the next one.
            _ if matches!(phase, Phase::Reset) => (exit::TEMPORARY, 500, RECONNECT),
            RefusalKind::NoSuchMailbox => (exit::NO_USER, 404, NEVER),
            RefusalKind::Request => (exit::UNAVAILABLE, 400, NEVER),
            _ => (exit::UNAVAILABLE, 403, NEVER),
        };
        Self {
            outcome: "refused",
            exit,
            status,
            phase: Some(name(phase)),
            retry,
        }
    }
}

/// Whether a file was not what it had been, which may be otherwise the next time.
const fn has_changed(kind: ContentFaultKind) -> bool {
    matches!(kind, ContentFaultKind::TooShort | ContentFaultKind::TooLong)
}

/// The phase as the result has it.
const fn name(phase: Phase) -> &'static str {
    match phase {
        // Between two mails, and so before the next one's MAIL.
        Phase::Reset | Phase::Noop | Phase::Quit => "mail",
        phase => phase.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_smtp::message::{ContentFault, Part};
    use embedded_smtp::{Field, Invalid, Reason};

    fn row(ruling: Ruling) -> (&'static str, u8, u16, &'static str, &'static str) {
        let Ruling {
            outcome,
            exit,
            status,
            phase,
            retry,
        } = ruling;
        (
            outcome,
            exit,
            status,
            phase.unwrap_or("null"),
            retry.unwrap_or("null"),
        )
    }

    fn refused(
        kind: RefusalKind,
        phase: Phase,
    ) -> (&'static str, u8, u16, &'static str, &'static str) {
        row(Ruling::refused(kind, phase))
    }

    fn failed(fault: Fault<io::Error>, phase: Phase) -> Ruling {
        let last = None;
        Ruling::of_error(&Error::Failed { fault, phase, last })
    }

    fn timeout() -> Fault<io::Error> {
        Fault::Transport(io::ErrorKind::TimedOut.into())
    }

    #[test]
    fn sent() {
        assert_eq!(
            row(Ruling::accepted(false, false)),
            ("sent", 0, 200, "content", "null")
        );
        assert_eq!(
            row(Ruling::accepted(true, false)),
            ("partial", 1, 202, "content", "never")
        );
        assert_eq!(
            row(Ruling::accepted(true, true)),
            ("partial", 1, 202, "content", "later")
        );
    }

    #[test]
    fn invalid() {
        assert_eq!(row(Ruling::INVALID), ("invalid", 65, 400, "null", "never"));
        for reason in [Reason::TooLarge, Reason::NeedsSmtpUtf8] {
            let error = Error::Invalid(Invalid::new(Field::Message, reason));
            let row = row(Ruling::of_error(&error));
            assert_eq!(row, ("invalid", 65, 400, "mail", "never"));
        }
    }

    #[test]
    fn tls() {
        let opening = |opening| row(Ruling::of_opening(opening));
        let distrusted = ("failed", 77, 401, "tls", "never");
        assert_eq!(opening(Opening::Distrusted), distrusted);
        assert_eq!(
            opening(Opening::Broken),
            ("failed", 76, 500, "tls", "reconnect")
        );
        assert_eq!(
            opening(Opening::Lost),
            ("failed", 74, 500, "tls", "reconnect")
        );
        let broken = || Fault::Transport(io::Error::new(io::ErrorKind::InvalidData, "record"));
        let row_of = |fault| row(failed(fault, Phase::Mail));
        assert_eq!(row_of(broken()), ("failed", 76, 500, "mail", "reconnect"));
        let alert = Fault::Transport(io::ErrorKind::ConnectionAborted.into());
        assert_eq!(row_of(alert), ("failed", 74, 500, "mail", "reconnect"));
        let (fault, last) = (broken(), None);
        let late = Ruling::of_error(&Error::DeliveryUnknown { fault, last });
        assert_eq!(row(late), ("unknown", 75, 500, "content", "reconnect"));
    }

    #[test]
    fn not_offered() {
        let missing = |missing| row(Ruling::of_error(&Error::NotOffered(missing)));
        let starttls = ("failed", 69, 500, "starttls", "never");
        assert_eq!(missing(Missing::Extension(Extension::StartTls)), starttls);
        let auth = ("failed", 77, 401, "auth", "never");
        assert_eq!(missing(Missing::Extension(Extension::Auth)), auth);
        assert_eq!(
            missing(Missing::Mechanism(embedded_smtp::Mechanism::Plain)),
            auth
        );
        assert_eq!(missing(Missing::AnyMechanism), auth);
    }

    #[test]
    fn refusals() {
        use Phase::{Auth, Content, Data, Ehlo, Greeting, Mail, Rcpt, StartTls};
        use RefusalKind::{Authentication, Closing, NoSuchMailbox, Permanent, Request, Temporary};
        for phase in [Greeting, Ehlo, StartTls, Auth, Mail, Rcpt, Data, Content] {
            let name = phase.as_str();
            assert_eq!(
                refused(Closing, phase),
                ("refused", 75, 500, name, "reconnect")
            );
            assert_eq!(
                refused(Temporary, phase),
                ("refused", 75, 500, name, "later")
            );
        }
        assert_eq!(
            refused(Permanent, StartTls),
            ("refused", 69, 500, "starttls", "never")
        );
        for kind in [Permanent, Request] {
            assert_eq!(
                refused(kind, Phase::Reset),
                ("refused", 75, 500, "mail", "reconnect")
            );
        }
        for phase in [Auth, Mail, Rcpt, Data, Content] {
            let row = ("refused", 77, 401, phase.as_str(), "never");
            assert_eq!(refused(Authentication, phase), row);
        }
        assert_eq!(
            refused(NoSuchMailbox, Rcpt),
            ("refused", 68, 404, "rcpt", "never")
        );
        for phase in [Mail, Data, Content] {
            assert_eq!(
                refused(Request, phase),
                ("refused", 69, 400, phase.as_str(), "never")
            );
        }
        for phase in [Greeting, Ehlo, Mail, Rcpt, Data, Content] {
            assert_eq!(
                refused(Permanent, phase),
                ("refused", 69, 403, phase.as_str(), "never")
            );
        }
    }

    #[test]
    fn faults() {
        let unreachable = ("failed", 74, 500, "connect", "reconnect");
        assert_eq!(row(Ruling::UNREACHABLE), unreachable);
        let lost = ("failed", 74, 500, "rcpt", "reconnect");
        assert_eq!(row(failed(Fault::Closed, Phase::Rcpt)), lost);
        assert_eq!(row(failed(timeout(), Phase::Rcpt)), lost);
        let broken = ("failed", 76, 500, "data", "reconnect");
        let signature = failed(Fault::Protocol(Violation::ServerSignature), Phase::Auth);
        assert_eq!(row(signature), ("failed", 77, 401, "auth", "never"));
        let limit = Ruling::of_error(&Error::LimitReached);
        assert_eq!(row(limit), ("failed", 75, 500, "mail", "reconnect"));
        for violation in [
            Violation::Grammar,
            Violation::OutOfPlace(250),
            Violation::TooLong,
        ] {
            assert_eq!(row(failed(Fault::Protocol(violation), Phase::Data)), broken);
        }
        let file = |kind| {
            let part = Part::Attachment(0);
            row(failed(
                Fault::Content(ContentFault {
                    part,
                    kind,
                    offset: 7,
                }),
                Phase::Content,
            ))
        };
        let changed = ("failed", 74, 500, "content", "reconnect");
        assert_eq!(file(ContentFaultKind::TooShort), changed);
        let wrong = ("failed", 74, 500, "content", "never");
        assert_eq!(file(ContentFaultKind::BareLf), wrong);
        let unreadable = Fault::Source(embedded_io::ErrorKind::Other);
        assert_eq!(row(failed(unreadable, Phase::Content)), changed);
        let unknown = ("unknown", 75, 500, "content", "reconnect");
        for fault in [
            Fault::Closed,
            timeout(),
            Fault::Protocol(Violation::Grammar),
        ] {
            let last = None;
            let error = Error::DeliveryUnknown { fault, last };
            assert_eq!(row(Ruling::of_error(&error)), unknown);
        }
    }
}
