//! Sends an alert by mail: the crate's main job as a command.
//!
//! ```text
//! cargo run --example alert                                  a demonstration
//! cargo run --example alert -- --server HOST:PORT [options]  sends for real
//! cargo run --example alert -- --help                        the options
//! ```
//!
//! `driver/` uses the crate as a device would, `link/` is the transport and `tls/` is TLS, each for the
//! blocking client and for the async one. The rest is a command's work: to read options and files, and
//! to print the result.

mod advice;
mod check;
mod demo;
mod driver;
mod eml;
mod escape;
mod identity;
mod json;
mod letter;
mod link;
mod login;
mod media_type;
mod options;
mod outcome;
mod picture;
mod report;
mod send;
mod source;
mod tls;
mod trust;
mod watch;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use embedded_smtp::message::Head;
use embedded_smtp::{Domain, Field, Invalid, Message, Reason};

use check::Usage;
use identity::Identity;
use letter::{Letter, Parts, Refused};
use options::Options;
use outcome::{Ruling, exit};
use report::Ending;
use send::Job;
use trust::Way;

fn main() -> ExitCode {
    if std::env::args_os().len() <= 1 {
        return demo::run();
    }
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) if error.use_stderr() => {
            return usage(escape::lines(error.to_string().trim_end()));
        }
        Err(help) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    match run(&options) {
        Ok(exit) => ExitCode::from(exit),
        Err(Usage(text)) => usage(format!("error: {}", escape::line(&text))),
    }
}

fn usage(text: String) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(exit::USAGE)
}

fn run(options: &Options) -> Result<u8, Usage> {
    options.check()?;
    let secret = options.secret()?;
    let letter = match &options.json {
        Some(path) => json::read(path).map(|letter| Letter {
            envelope_from: options.envelope_from.clone(),
            ..letter
        }),
        None => Letter::from_options(options),
    };
    let letter = match letter {
        Ok(letter) => letter,
        Err(Refused::Usage(text)) => return Err(Usage(text)),
        Err(Refused::Invalid(error)) => return Ok(invalid(options, &[], error)),
    };
    match deliver(options, &letter, secret.as_deref()) {
        Ok(exit) => Ok(exit),
        Err(Refused::Usage(text)) => Err(Usage(text)),
        Err(Refused::Invalid(error)) => Ok(invalid(options, &letter.recipients(), error)),
    }
}

/// Checks everything that needs no server, then sends.
fn deliver(options: &Options, letter: &Letter, secret: Option<&str>) -> Result<u8, Refused> {
    let parts = letter.parts()?;
    let mut sources = letter.sources();
    // Only one message is printed.
    let count = if options.eml {
        1
    } else {
        options.repeat.unwrap_or(1)
    };
    let identities: Vec<_> = (0..count)
        .map(|number| Identity::new(options, parts.domain(), number))
        .collect();
    let head = parts.head()?;
    let messages = messages(&parts, &head, &identities)?;
    if letter.is_any_held_as_is() {
        for message in &messages {
            eml::check(message, letter, &mut sources)?;
        }
    }
    let helo = Domain::parse(&options.helo).map_err(|e| e.in_field(Field::EhloName))?;
    if !helo.is_ascii() {
        return Err(Invalid::new(Field::EhloName, Reason::NotAscii).into());
    }
    if options.eml {
        return match messages.first() {
            Some(message) => eml::print(message, letter, &mut sources),
            None => Ok(exit::OK),
        };
    }
    let nonce = identity::nonce();
    let credentials = login::credentials(options, secret, &nonce)?;
    let Some(server) = &options.server else {
        return Err(Refused::Usage("give --server HOST:PORT".into()));
    };
    let way = Way::new(options, server)?;
    let job = Job::new(
        options,
        server,
        credentials.as_ref(),
        letter,
        &messages,
        way,
    );
    let ending = job.send(&mut sources);
    ending.print(&letter.recipients());
    Ok(ending.ruling.exit)
}

fn messages<'a>(
    parts: &'a Parts<'_>,
    head: &'a Head<'a>,
    identities: &'a [Identity],
) -> Result<Vec<Message<'a>>, Refused> {
    identities
        .iter()
        .map(|identity| parts.message(head, identity))
        .collect()
}

/// The message was refused and nothing was sent.
fn invalid(options: &Options, recipients: &[String], error: String) -> u8 {
    if options.eml {
        let _ = writeln!(std::io::stderr(), "error: {}", escape::line(&error));
    } else {
        Ending::early(Ruling::INVALID, error).print(recipients);
    }
    exit::DATA
}
