//! The session: from connecting to QUIT, with the crate's blocking client.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::time::Duration;

use embedded_smtp::blocking::Client;
use embedded_smtp::{Credentials, Error, Fault, Mechanism, Message, Phase, Report, Violation};
use indicatif::{ProgressBar, ProgressStyle};

use crate::advice;
use crate::letter::Refused;
use crate::link::{Deadlines, Link};
use crate::options::{Auth, Options, Policy, Server};
use crate::outcome::Ruling;
use crate::report::Ending;
use crate::watch::{Heard, Watch};

type SmtpClient<'b, 'w> = Client<'b, Link, &'w Watch>;

/// Sends the messages over one connection, and says how it ended.
pub fn send(
    options: &Options,
    server: &Server,
    credentials: Option<&Credentials<'_>>,
    messages: &[Message<'_>],
) -> Ending {
    let timeout = options
        .timeout
        .map(|seconds| Duration::from_secs(seconds.get().into()));
    let deadlines = Deadlines::new(timeout);
    let link = match Link::connect(server, deadlines.clone()) {
        Ok(link) => link,
        Err(error) => return Ending::early(Ruling::UNREACHABLE, advice::of_unreachable(&error)),
    };
    let watch = Watch::new(deadlines, options.transcript, progress(messages));
    let mut buffer = vec![0; options.buffer];
    let mut client = Client::new(link, &mut buffer).observe(&watch);
    if options.no_pipelining {
        client = client.without_pipelining();
    }
    if options.policy == Policy::All {
        client = client.all_or_none();
    }
    if credentials.is_none() {
        client = client.or_helo();
    }
    let ending = match open(&mut client, options, credentials) {
        Ok(()) => send_messages(&mut client, &watch, messages),
        Err(error) => lost(&watch, 0, &error),
    };
    // After a fault, and where QUIT was sent already, the client refuses to.
    let _ = client.quit();
    watch.end();
    ending
}

/// Builds the credentials that `--user` and its password make.
pub fn credentials<'a>(user: &'a str, password: &'a str) -> Result<Credentials<'a>, Refused> {
    Ok(Credentials::new(user, password)?)
}

fn open<'b>(
    client: &mut SmtpClient<'b, '_>,
    options: &'b Options,
    credentials: Option<&Credentials<'_>>,
) -> Result<(), Error<io::Error>> {
    client.open(&*options.helo)?;
    let Some(credentials) = credentials else {
        return Ok(());
    };
    let mechanism = match options.auth {
        Auth::Plain => Some(Mechanism::Plain),
        Auth::Login => Some(Mechanism::Login),
        _ => None,
    };
    client.danger_login_in_plaintext(credentials, mechanism)
}

fn send_messages(
    client: &mut SmtpClient<'_, '_>,
    watch: &Watch,
    messages: &[Message<'_>],
) -> Ending {
    if let [message] = messages {
        // QUIT rides behind the content.
        return match client.send_last(message, &mut []) {
            Ok(report) => accepted(watch, 1, report),
            Err(error) => lost(watch, 0, &error),
        };
    }
    let mut count = 0;
    let mut ending: Option<Ending> = None;
    client.send_all(messages, |result| {
        let flow = match result {
            Ok(report) => {
                count += 1;
                let this = accepted(watch, count, report);
                // Of several partial mails the last is shown, but one recipient that may fare
                // better later makes the whole worth another try.
                ending = Some(match ending.take() {
                    Some(last) if last.error.is_some() && this.error.is_none() => last,
                    Some(last) if last.ruling.retry == Some("later") => Ending {
                        ruling: last.ruling,
                        ..this
                    },
                    _ => this,
                });
                ControlFlow::Continue(())
            }
            Err(error) => {
                ending = Some(lost(watch, count, &error));
                ControlFlow::Break(())
            }
        };
        watch.next_mail();
        flow
    });
    match ending {
        Some(ending) => Ending {
            messages: count,
            ..ending
        },
        None => Ending::early(Ruling::INVALID, "there is no message to send".into()),
    }
}

/// A mail was accepted, as the last of so many.
fn accepted(watch: &Watch, messages: usize, report: Report) -> Ending {
    let recipients = watch.recipients();
    let error = report.is_partial().then(|| {
        let refused: Vec<String> = recipients
            .iter()
            .filter(|reply| reply.code >= 300)
            .map(|reply| format!("{} {}", reply.code, reply.text))
            .collect();
        let advice = match report.retry() {
            Some(embedded_smtp::Retry::Later) => "send it to them later",
            _ => "check their addresses",
        };
        let count = refused.len();
        format!(
            "{count} of {} recipients refused ({}): {advice}",
            recipients.len(),
            refused.join("; ")
        )
    });
    Ending {
        ruling: Ruling::of_report(&report),
        reply: watch.last_reply(Phase::Content, report.code()),
        messages,
        recipients,
        error,
    }
}

/// A mail was not accepted, and so many were before it.
fn lost(watch: &Watch, messages: usize, error: &Error<io::Error>) -> Ending {
    let reply = match error {
        Error::Refused(refusal) if refusal.phase() == Phase::Rcpt => watch
            .first_refusal(refusal.code())
            .or_else(|| watch.last_reply(Phase::Rcpt, refusal.code())),
        Error::Refused(refusal) => watch.last_reply(refusal.phase(), refusal.code()),
        Error::Failed {
            fault: Fault::Protocol(Violation::OutOfPlace(code)),
            phase,
        } => watch.last_reply(*phase, *code),
        Error::Unknown {
            fault: Fault::Protocol(Violation::OutOfPlace(code)),
        } => watch.last_reply(Phase::Content, *code),
        _ => None,
    };
    let shown = reply.as_ref().map(Heard::to_string);
    Ending {
        ruling: Ruling::of_error(error),
        recipients: watch.recipients(),
        error: Some(advice::of_error(error, shown.as_deref())),
        reply,
        messages,
    }
}

/// A bar on stderr, for what takes long enough to watch.
fn progress(messages: &[Message<'_>]) -> ProgressBar {
    let octets: u64 = messages
        .iter()
        .map(|message| u64::from(message.encoded_len().unwrap_or(0)))
        .sum();
    if octets < PROGRESS_FROM || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(octets).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Octets of content from which a progress bar is shown: a megabyte and its base64.
const PROGRESS_FROM: u64 = 1_400_000;
