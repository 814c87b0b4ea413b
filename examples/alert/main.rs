//! Sends an alert by mail: the crate's main job as a command.
//!
//! ```text
//! cargo run --example alert                                  a demonstration
//! cargo run --example alert -- --server HOST:PORT [options]  sends for real
//! cargo run --example alert -- --help                        the options
//! ```
//!
//! How a device would use the crate is in `send.rs`, and what it needs of a transport in `link.rs`;
//! the rest is what a command has to do: read options and files, and say how it ended.

mod advice;
mod check;
mod demo;
mod escape;
mod identity;
mod json;
mod letter;
mod link;
mod options;
mod outcome;
mod picture;
mod report;
mod send;
mod watch;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use embedded_smtp::message::ContentFault;
use embedded_smtp::{Credentials, Domain, Field, Invalid, Message, Reason};

use check::Usage;
use identity::Identity;
use letter::{Letter, Parts, Refused};
use options::Options;
use outcome::{Ruling, exit};
use report::Ending;

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
    let count = options.repeat.unwrap_or(1);
    let identities: Vec<_> = (0..count)
        .map(|number| Identity::new(options, parts.domain(), number))
        .collect();
    let messages = messages(&parts, &identities)?;
    if options.eml {
        return Ok(print(&messages));
    }
    let helo = Domain::parse(&options.helo).map_err(|e| e.in_field(Field::EhloName))?;
    if !helo.is_ascii() {
        return Err(Invalid::new(Field::EhloName, Reason::NotAscii).into());
    }
    let credentials: Option<Credentials<'_>> = match (&options.user, secret) {
        (Some(user), Some(secret)) => Some(send::credentials(user, secret)?),
        _ => None,
    };
    let Some(server) = &options.server else {
        return Err(Refused::Usage("give --server HOST:PORT".into()));
    };
    let ending = send::send(options, server, credentials.as_ref(), &messages);
    ending.print(&letter.recipients());
    Ok(ending.ruling.exit)
}

fn messages<'a>(
    parts: &'a Parts<'_>,
    identities: &'a [Identity],
) -> Result<Vec<Message<'a>>, Refused> {
    identities
        .iter()
        .map(|identity| parts.message(identity))
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

/// A message that cannot be completed.
fn invalid_content(fault: ContentFault) -> u8 {
    let _ = writeln!(std::io::stderr(), "error: {fault}");
    exit::DATA
}

/// `--eml`: the octets as they would be delivered.
fn print(messages: &[Message<'_>]) -> u8 {
    let mut stdout = std::io::stdout().lock();
    let mut piece = [0; 8192];
    for message in messages {
        let mut reader = message.reader();
        loop {
            let octets = match reader.read(&mut piece) {
                Ok(octets) => octets,
                Err(fault) => return invalid_content(fault),
            };
            let Some(piece) = piece.get(..octets).filter(|piece| !piece.is_empty()) else {
                break;
            };
            if let Err(error) = stdout.write_all(piece) {
                let _ = writeln!(std::io::stderr(), "error: cannot write to stdout ({error})");
                return exit::IO;
            }
        }
    }
    match stdout.flush() {
        Ok(()) => exit::OK,
        Err(_) => exit::IO,
    }
}
