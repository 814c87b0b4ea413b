//! What to tell a person: what happened and what to do about it, in one line.

use std::io;

use embedded_io::ErrorKind;
use embedded_smtp::message::{ContentFault, ContentFaultKind, Part};
use embedded_smtp::{
    Error, Extension, Fault, Field, Invalid, Missing, Reason, RefusalKind, Violation,
};

use crate::letter::Letter;
use crate::outcome::Ruling;

/// What happened and what to do, in one line. `reply` is the reply that decided, ready to show.
pub fn of_error(error: &Error<io::Error>, reply: Option<&str>) -> String {
    let phase = Ruling::of_error(error).phase.unwrap_or_default();
    match error {
        Error::Invalid(invalid) => of_invalid(*invalid),
        Error::NotOffered(Missing::Extension(Extension::StartTls)) => {
            "the server does not offer STARTTLS, or somebody on the way has taken it out: check host \
             and port, or use --security tls"
                .into()
        }
        Error::NotOffered(Missing::VerifiedChain) => {
            "--require-tls needs a server that is verified by its certificates: leave out --pin and \
             --danger-no-verify, or give --ca"
                .into()
        }
        Error::NotOffered(missing) => {
            format!("the server does not offer {missing}: check host and port, or send without it")
        }
        Error::Refused(refusal) => {
            let advice = match refusal.kind() {
                RefusalKind::Closing | RefusalKind::Temporary => "try again later",
                RefusalKind::Authentication => "check user name and password or token",
                RefusalKind::NoSuchMailbox => "check the recipients' addresses",
                RefusalKind::Request => "change the message or its addresses",
                _ => "ask who runs the server",
            };
            let reply = reply.unwrap_or_default();
            format!("the server refused ({phase}): {reply}: {advice}")
        }
        Error::Failed { fault, .. } => {
            format!("{} (phase: {phase}): {}", describe(fault), advise(fault))
        }
        Error::Unknown { fault } => format!(
            "{} after the whole mail went out: it may have been delivered or not, so sending it \
             again may deliver it twice",
            describe(fault)
        ),
        Error::LimitReached => format!("{error}: send it over another"),
        _ => format!("{error}: try again"),
    }
}

/// Why there is no connection.
pub fn of_unreachable(error: &io::Error) -> String {
    format!("cannot connect ({error}): check host, port and network")
}

/// A part turned out to be what cannot be sent.
pub fn of_content(fault: ContentFault, letter: &Letter) -> String {
    let file = match fault.part {
        Part::Attachment(index) => letter.files.get(usize::from(index)),
        _ => None,
    };
    let what = match file {
        Some(file) => format!("attachment {} {}", file.name, fault.kind.as_str()),
        None => fault.to_string(),
    };
    let advice = match fault.kind {
        ContentFaultKind::TooShort | ContentFaultKind::TooLong => {
            "it changed while it was read: send it again"
        }
        _ => "leave out encoding=none, so that it travels in base64",
    };
    format!("{what}: {advice}")
}

fn describe(fault: &Fault<io::Error>) -> String {
    match fault {
        Fault::Transport(error) if is_timeout(error) => "the server took too long".into(),
        Fault::Transport(error) if is_broken_tls(error) => error.to_string(),
        Fault::Transport(error) => format!("the connection broke ({error})"),
        fault => fault.to_string(),
    }
}

fn advise(fault: &Fault<io::Error>) -> &'static str {
    match fault {
        Fault::Transport(error) if is_timeout(error) => "try again, or give it a longer --timeout",
        Fault::Transport(error) if is_broken_tls(error) => {
            "try again; if it stays, something on the way changes what is sent"
        }
        Fault::Protocol(Violation::OutOfPlace(_) | Violation::Unasked) => {
            "try again, perhaps with --no-pipelining"
        }
        Fault::Protocol(Violation::ServerSignature) => "do not trust it: check host and port",
        Fault::Protocol(Violation::LongChallenge) => "give it a larger --buffer",
        Fault::Protocol(Violation::Rounds | Violation::Challenge | Violation::AuthExchange) => {
            "try another --auth"
        }
        Fault::Protocol(_) => "check that an SMTP server listens there, and how it is secured",
        _ => "try again",
    }
}

fn is_broken_tls(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

fn is_timeout(error: &io::Error) -> bool {
    embedded_io::Error::kind(error) == ErrorKind::TimedOut
}

/// What is wrong with a value, and what to do.
pub fn of_invalid(invalid: Invalid) -> String {
    let advice = match (invalid.field, invalid.reason) {
        (Field::Recipients, Reason::Empty) => "give --to, --cc or --bcc",
        (_, Reason::ControlCharacter) => "take out line ends and other control characters",
        (_, Reason::TooLong) => "shorten it",
        (_, Reason::Empty) => "give it a value, or leave it out",
        (_, Reason::NoAt | Reason::LocalPart | Reason::DomainPart | Reason::AddressLiteral) => {
            "write it as name@example.org"
        }
        (_, Reason::Reserved) => "use the option meant for it, or leave it out",
        (_, Reason::QuoteName) => "",
        (_, Reason::AsIsOnly) => "make it ASCII with CRLF line ends, and give it encoding=none",
        (Field::Attachment, _) => "leave out encoding=none, so that it travels in base64",
        (Field::Recipients, Reason::TooMany) => "send to fewer at once",
        (Field::UserName | Field::Password, Reason::NotAscii) => "use another --auth",
        (_, Reason::TooLarge) => "send less, or ask for a higher limit",
        (_, Reason::NeedsSmtpUtf8) => "use ASCII addresses, or another server",
        (Field::EhloName, _) => "give --helo a domain in ASCII or an address literal",
        _ => "correct it",
    };
    if advice.is_empty() {
        invalid.to_string()
    } else {
        format!("{invalid}: {advice}")
    }
}
