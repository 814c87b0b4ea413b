//! The arguments of a command into the buffer, and the command's copy for the observer with secrets
//! masked.
//!
//! This file does not know when a command may be sent.

use crate::message::Message;
use crate::observer::Observer;
use crate::wire::address::Address;
use crate::wire::command::{self, MailParameters};
use crate::wire::sasl::Credentials;
use crate::wire::writer::Writer;

use super::login::Login;

/// The reverse-path of MAIL and its parameters.
pub(super) fn reverse_path(
    out: &mut Writer<'_>,
    message: &Message<'_>,
    parameters: MailParameters,
    has_dsn: bool,
) {
    command::path(out, message.envelope().reverse_path().as_str());
    command::mail_parameters(out, parameters);
    dsn_parameters(out, message, None, has_dsn);
}

/// The forward-path of RCPT and its parameters.
pub(super) fn recipient(
    out: &mut Writer<'_>,
    message: &Message<'_>,
    to: Address<'_>,
    has_dsn: bool,
) {
    command::path(out, to.as_str());
    dsn_parameters(out, message, Some(to), has_dsn);
}

/// The mechanism of AUTH, and the first response if it is part of the command. Where that begins.
pub(super) fn auth(
    out: &mut Writer<'_>,
    login: &Login,
    credentials: &Credentials<'_>,
) -> Option<usize> {
    out.str(login.mechanism());
    if !login.is_initial() {
        return None;
    }
    out.byte(b' ');
    response(out, login, credentials, &[])
}

/// A response; `kept` is what was kept of a challenge. Where it begins.
#[inline(never)]
pub(super) fn response(
    out: &mut Writer<'_>,
    login: &Login,
    credentials: &Credentials<'_>,
    kept: &[u8],
) -> Option<usize> {
    let secret = out.len();
    login.respond(credentials, kept, out);
    Some(secret)
}

/// Shows a command that begins at `from` in the writer; of one with a secret, what comes before it.
pub(super) fn show(
    out: &Writer<'_>,
    from: usize,
    secret: Option<usize>,
    is_whole: bool,
    observer: &mut dyn Observer,
) {
    let shown = out.between(from, secret.unwrap_or(usize::MAX));
    if !shown.is_empty() {
        observer.sent(shown);
    }
    if secret.is_some() && is_whole {
        observer.sent(b"***\r\n");
    }
}

/// The parameters that ask for reports on the delivery.
fn dsn_parameters(
    out: &mut Writer<'_>,
    message: &Message<'_>,
    to: Option<Address<'_>>,
    has_dsn: bool,
) {
    if let Some(parameters) = message.dsn_parameters()
        && has_dsn
    {
        parameters(message.head(), to, out);
    }
}
