//! `--eml`: the message itself, its octets as they would be delivered.

use std::io::{self, Write};

use embedded_smtp::Message;

use crate::letter::{Letter, Refused};
use crate::outcome::exit;
use crate::source::Source;
use crate::{advice, escape};

/// Why a message was not written to its end.
enum Trouble {
    /// The message cannot be completed: one line for a person.
    Message(String),
    Output(io::Error),
}

/// Reads the whole message, as only so some of what cannot be sent is found.
pub fn check(
    message: &Message<'_>,
    letter: &Letter,
    sources: &mut [Source<'_>],
) -> Result<(), Refused> {
    match write(message, letter, sources, &mut io::sink()) {
        Err(Trouble::Message(text)) => Err(Refused::Invalid(text)),
        Err(Trouble::Output(_)) | Ok(()) => Ok(()),
    }
}

/// Prints the message to stdout.
pub fn print(
    message: &Message<'_>,
    letter: &Letter,
    sources: &mut [Source<'_>],
) -> Result<u8, Refused> {
    // A refused message prints nothing, so files are read twice where that is possible.
    if !sources.is_empty() && sources.iter().all(Source::is_seekable) {
        check(message, letter, sources)?;
    }
    let mut stdout = io::stdout().lock();
    let trouble = match write(message, letter, sources, &mut stdout) {
        Ok(()) => return Ok(exit::OK),
        Err(Trouble::Message(text)) => escape::line(&text),
        Err(Trouble::Output(error)) => format!("cannot write to stdout ({error})"),
    };
    let _ = writeln!(io::stderr(), "error: {trouble}");
    Ok(exit::IO)
}

fn write(
    message: &Message<'_>,
    letter: &Letter,
    sources: &mut [Source<'_>],
    out: &mut impl Write,
) -> Result<(), Trouble> {
    sources.iter_mut().for_each(Source::rewind);
    let mut reader = message.reader();
    let mut piece = [0; 8192];
    loop {
        let octets = reader.read_with(&mut piece, |part, into| {
            // A source that fails is asked below why it did.
            let source = letter.source_number(part);
            let source = source.and_then(|number| sources.get_mut(number));
            source.map_or(0, |source| source.read(into).unwrap_or(0))
        });
        if let Some(complaint) = sources.iter().find_map(Source::complaint) {
            return Err(Trouble::Message(complaint + ": check the file"));
        }
        let octets = octets.map_err(|fault| Trouble::Message(advice::of_content(fault, letter)))?;
        match piece.get(..octets) {
            None | Some([]) => break,
            Some(piece) => out.write_all(piece).map_err(Trouble::Output)?,
        }
    }
    out.flush().map_err(Trouble::Output)
}
