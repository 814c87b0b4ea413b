//! One line for a person: what happened, what the server said last, and what to do.
//!
//! The advice is the library's, except where this command has an option to name.

use std::io;

use embedded_io::ErrorKind;
use embedded_smtp::message::{ContentFault, ContentFaultKind, Part};
use embedded_smtp::{Error, Extension, Fault, Field, Invalid, Missing, Phase, Reason, Violation};

use crate::letter::Letter;
use crate::options::{Options, Security};
use crate::outcome::Ruling;
use crate::watch::Heard;
use crate::{escape, media_type, tls};

/// The server's words about an operation that did not succeed.
#[derive(Debug, Default)]
pub struct Words {
    /// The reply that decided, or the last refusal before a fault.
    pub reply: Option<Heard>,
    /// Bytes that ended the connection without being a reply, safe to show.
    pub stray: String,
    /// The reason given for a token that was refused, safe to show.
    pub reason: String,
}

impl Words {
    /// The words after the event itself.
    fn show(&self, is_refusal: bool) -> String {
        let mut shown = String::new();
        match &self.reply {
            Some(reply) if is_refusal => shown.push_str(&format!(": {reply}")),
            Some(reply) => shown.push_str(&format!("; it had said {reply}")),
            None => {}
        }
        if !self.reason.is_empty() {
            shown.push_str(&format!(" (its reason: {})", self.reason));
        }
        if !self.stray.is_empty() {
            shown.push_str(&format!("; its last words were \"{}\"", self.stray));
        }
        shown
    }
}

/// The line on an operation that did not succeed.
pub fn of_error(error: &Error<io::Error>, words: &Words, options: &Options) -> String {
    let phase = Ruling::of_error(error).phase.unwrap_or_default();
    let what = match error {
        Error::Invalid(invalid) => return of_invalid(*invalid),
        Error::Refused(_) => format!("the server refused ({phase})"),
        Error::Failed { fault, .. } => format!("{} (phase: {phase})", describe(fault)),
        Error::DeliveryUnknown { fault, .. } => format!(
            "{} after the whole mail went out, so it may have been delivered or not",
            describe(fault)
        ),
        error => error.to_string(),
    };
    let is_refusal = matches!(error, Error::Refused(_));
    let said = words.show(is_refusal);
    let advice = advise(error, options).unwrap_or(error.advice());
    format!("{what}{said}: {advice}")
}

/// There is no connection.
pub fn of_unreachable(error: &io::Error) -> String {
    format!("cannot connect ({error}): check host, port and network")
}

/// A part holds what cannot be sent.
pub fn of_content(fault: ContentFault, letter: &Letter) -> String {
    use ContentFaultKind::{
        BareCr, BareLf, Boundary, EightBit, LineTooLong, Nul, TooLong, TooShort,
    };
    let file = match fault.part {
        Part::Attachment(index) => letter.files.get(usize::from(index)),
        _ => None,
    };
    let what = match file {
        Some(file) => format!("attachment {} {}", file.name, fault.kind.as_str()),
        None => fault.to_string(),
    };
    let advice = match (fault.kind, file) {
        (TooShort | TooLong, _) => "it changed while it was read: send it again",
        // It has the boundaries of another mail with this seed.
        (Boundary, _) => "give another --seed",
        (BareCr | BareLf | EightBit | Nul | LineTooLong, Some(file)) => not_as_is(&file.media_type),
        _ => {
            let (fault, phase, last) = (Fault::Content(fault), Phase::Content, None);
            Error::<io::Error>::Failed { fault, phase, last }.advice()
        }
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

/// The advice, if there is an option to name.
fn advise(error: &Error<io::Error>, options: &Options) -> Option<&'static str> {
    Some(match error {
        Error::NotOffered(Missing::Extension(Extension::StartTls)) => {
            "check host and port, or use --security tls; someone on the way may have removed the \
             offer"
        }
        Error::NotOffered(Missing::VerifiedChain) => {
            "leave out --pin and --danger-no-verify, or give --ca: --require-tls needs a server \
             that is verified by its certificates"
        }
        Error::NotOffered(Missing::Extension(Extension::RequireTls)) => "leave out --require-tls",
        Error::NotOffered(Missing::Mechanism(_)) => "try another --auth, or check host and port",
        Error::Refused(refusal) if refusal.phase() != Phase::Auth => {
            return of_missing_login(refusal.code(), options);
        }
        Error::Refused(refusal) if refusal.code() == 535 && options.token.is_some() => {
            "check the user name, and get a new token: this one may have expired, or be for another \
             service"
        }
        Error::Failed { fault, phase, last } => match last {
            Some(last) if last.code() == 503 && !matches!(fault, Fault::Source(_)) => {
                "try again with --no-pipelining: the server loses count of commands that are sent \
                 together"
            }
            // The refusal was the reason.
            Some(_) if is_lost(fault) => return None,
            _ => return of_fault(fault, *phase, options),
        },
        Error::DeliveryUnknown {
            fault: Fault::Protocol(Violation::OutOfStep),
            ..
        } => "see whether it arrived, and leave out --chunking: the server sends a reply too many",
        Error::DeliveryUnknown { .. } => {
            "if you send it again with the same --message-id, --date and --seed, a reader can tell \
             that the second is a copy"
        }
        _ => return None,
    })
}

/// The server wants TLS or a login, and this command was told to use neither.
fn of_missing_login(code: u16, options: &Options) -> Option<&'static str> {
    match (code, options.security(), &options.user) {
        (530, Security::Plain, None) => {
            Some("use --security starttls or tls, else log in with --user: it wants one of them")
        }
        (530, Security::Plain, Some(_)) => Some("use --security starttls or tls"),
        (530 | 503, _, None) => Some(
            "log in with --user, and --password or --token; where that is not the reason, try \
             --no-pipelining",
        ),
        (503, _, Some(_)) => Some("try --no-pipelining"),
        _ => None,
    }
}

fn of_fault(fault: &Fault<io::Error>, phase: Phase, options: &Options) -> Option<&'static str> {
    if let Fault::Transport(error) = fault
        && let Some(advice) = tls::advice_after(error)
    {
        return Some(advice);
    }
    Some(match fault {
        Fault::Transport(error) if is_broken_tls(error) => {
            "try again; if it stays, something on the way changes what is sent"
        }
        fault if is_lost(fault) && phase == Phase::Greeting && !is_tls(options) => {
            "check host and port, and use --security tls if the port expects TLS from the start; \
             else try again"
        }
        Fault::Transport(error) if is_timeout(error) => "try again, or give it a longer --timeout",
        Fault::Protocol(Violation::OutOfPlace(_) | Violation::Unasked)
            if phase != Phase::Greeting =>
        {
            "try again, perhaps with --no-pipelining"
        }
        Fault::Protocol(Violation::OutOfStep) => "leave out --chunking",
        Fault::Protocol(Violation::LongChallenge) => "give it a larger --buffer",
        Fault::Protocol(Violation::Rounds | Violation::Challenge | Violation::AuthExchange) => {
            "try another --auth"
        }
        _ => return None,
    })
}

fn is_tls(options: &Options) -> bool {
    options.security() == Security::Tls
}

/// The link was lost, or nothing more came.
fn is_lost(fault: &Fault<io::Error>) -> bool {
    match fault {
        Fault::Transport(error) => !is_broken_tls(error),
        Fault::Closed => true,
        _ => false,
    }
}

fn is_broken_tls(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

fn is_timeout(error: &io::Error) -> bool {
    embedded_io::Error::kind(error) == ErrorKind::TimedOut
}

/// The line on a value that was refused.
pub fn of_invalid(invalid: Invalid) -> String {
    let advice = match (invalid.field, invalid.reason) {
        (Field::Recipients, Reason::Empty) => "give --to, --cc or --bcc",
        (_, Reason::Reserved) => "use the option meant for it, or leave it out",
        // The reason says it already.
        (_, Reason::QuoteName) => return invalid.to_string(),
        (_, Reason::AsIsOnly) => {
            "attach it as application/octet-stream, or, if it is ASCII with CRLF line ends, with \
             encoding=none"
        }
        (Field::EhloName, _) => "give --helo a domain in ASCII or an address literal",
        (Field::Recipients, Reason::TooMany) => "send to fewer at once",
        (Field::UserName | Field::Password, Reason::NotAscii) => "use another --auth",
        _ => Error::<io::Error>::Invalid(invalid).advice(),
    };
    format!("{invalid}: {advice}")
}

/// The line on a file of this type that was refused.
pub fn of_file(invalid: Invalid, media_type: &str) -> String {
    match invalid.field {
        Field::Attachment => format!("{invalid}: {}", not_as_is(media_type)),
        _ => of_invalid(invalid),
    }
}

/// The advice on a file that cannot be sent as it is. A message may not be sent in base64.
fn not_as_is(media_type: &str) -> &'static str {
    if media_type::is_message(media_type) {
        "attach it as application/octet-stream, without encoding=none"
    } else {
        "leave out encoding=none, so that it is sent in base64"
    }
}

/// Bytes that are no reply, on one line and safe to show.
pub fn quoted(bytes: &[u8]) -> String {
    escape::octets(bytes.trim_ascii_end())
}
