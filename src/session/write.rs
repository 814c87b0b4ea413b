//! One command into the buffer, and its copy for the observer with secrets masked.
//!
//! This file does not know when a command may be sent.

use crate::message::Message;
use crate::observer::Observer;
use crate::wire::address::Address;
use crate::wire::command::{self, MailParameters};
use crate::wire::domain::Domain;
use crate::wire::sasl::Credentials;
use crate::wire::writer::Writer;

use super::body::Body;
use super::login::Login;
use super::table::Verb;

/// The arguments of a command.
pub(super) enum Arguments<'a> {
    None,
    /// The client's name.
    Name(Domain<'a>),
    /// Of MAIL, for this message; whether DSN is offered.
    ReversePath(&'a Message<'a>, MailParameters, bool),
    /// Of RCPT; whether DSN is offered.
    Recipient(&'a Message<'a>, Address<'a>, bool),
    /// Of BDAT, and what writes them.
    Chunk(fn(&Body, &mut Writer<'_>), &'a Body),
    /// Of AUTH, and of a response: what was kept of a challenge.
    Login(&'a Login, &'a Credentials<'a>, &'a [u8]),
}

/// Writes a command. Where a secret in it begins, if it has one.
#[inline(never)]
pub(super) fn command(
    verb: Verb,
    arguments: &Arguments<'_>,
    out: &mut Writer<'_>,
) -> Option<usize> {
    out.str(verb.words());
    let mut secret = None;
    match *arguments {
        Arguments::None => {}
        Arguments::Name(name) => out.str(name.as_str()),
        Arguments::ReversePath(message, parameters, has_dsn) => {
            command::path(out, message.envelope().reverse_path().as_str());
            command::mail_parameters(out, parameters);
            dsn_parameters(message, None, has_dsn, out);
        }
        Arguments::Recipient(message, to, has_dsn) => {
            command::path(out, to.as_str());
            dsn_parameters(message, Some(to), has_dsn, out);
        }
        Arguments::Chunk(write, body) => write(body, out),
        Arguments::Login(login, credentials, kept) => {
            let is_auth = verb == Verb::Auth;
            if is_auth {
                out.str(login.mechanism());
                if login.is_initial() {
                    out.byte(b' ');
                }
            }
            if !is_auth || login.is_initial() {
                secret = Some(out.len());
                login.respond(credentials, kept, out);
            }
        }
    }
    command::line_end(out);
    secret
}

/// Shows a command that begins at `from` in the writer; of one with a secret, what comes before it.
pub(super) fn show(
    out: &Writer<'_>,
    from: usize,
    secret: Option<usize>,
    is_whole: bool,
    observer: &mut dyn Observer,
) {
    let Some(secret) = secret else {
        return observer.sent(out.since(from));
    };
    let before = out.between(from, secret);
    if !before.is_empty() {
        observer.sent(before);
    }
    if is_whole {
        observer.sent(b"***\r\n");
    }
}

/// Writes the parameters that ask for reports on the delivery.
fn dsn_parameters(
    message: &Message<'_>,
    to: Option<Address<'_>>,
    has_dsn: bool,
    out: &mut Writer<'_>,
) {
    if let Some(parameters) = message.dsn_parameters()
        && has_dsn
    {
        parameters(message, to, out);
    }
}
