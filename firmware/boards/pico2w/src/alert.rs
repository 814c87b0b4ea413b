//! What the board has to say, and the mail that says it.

use core::fmt::{Arguments, Write as _};

use embedded_smtp::message::{Date, Importance, Message};
use embedded_smtp::{Invalid, header_text};
use heapless::String;
use mailer::{Failed, Serial};

use crate::settings;

/// What happened.
#[derive(Clone, defmt::Format)]
pub struct Alert {
    pub cause: Cause,
    /// Seconds since the board started.
    pub at: u64,
}

/// Why there is an alert.
#[derive(Clone, defmt::Format)]
pub enum Cause {
    Started,
    /// The watchdog started the board anew.
    StartedByWatchdog,
    /// The input went low, this often since the board started.
    Input(u32),
}

/// The parts of the mail that are put together here; a mail borrows them.
pub struct Parts {
    id: String<96>,
    text: String<256>,
    html: String<320>,
}

impl Alert {
    /// `boot` is random, and other at every start. The parts are the same at every attempt: who gets the
    /// mail twice sees it once, by its Message-ID.
    ///
    /// # Errors
    ///
    /// [`Failed::Invalid`]: it is too long.
    pub fn parts(&self, serial: Serial, boot: u64) -> Result<Parts, Failed> {
        let device = settings::DEVICE;
        let (what, at) = (self.cause.text(), self.at);
        let times = match self.cause {
            Cause::Input(times) => times,
            _ => 0,
        };
        // What is put into the HTML are numbers and a domain: nothing of it means anything there.
        Ok(Parts {
            id: written(format_args!("{boot:016x}.{}@{device}", serial.0))?,
            text: written(format_args!(
                "{device}: {what}.\nSeconds since the start: {at}\nAlarms since then: {times}\n"
            ))?,
            html: written(format_args!(
                "<h1>{what}</h1><table><tr><td>Board<td>{device}<tr><td>Seconds since the start<td>{at}\
                 <tr><td>Alarms since then<td>{times}</table>"
            ))?,
        })
    }

    /// The mail; `date` is that of the alert, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// What is in the settings, or the date, is no valid value.
    pub fn mail<'a>(&self, parts: &'a Parts, date: u64) -> Result<Message<'a>, Invalid> {
        let subject = match self.cause {
            Cause::Started => header_text!("Board started"),
            Cause::StartedByWatchdog => header_text!("Board started by its watchdog"),
            Cause::Input(_) => header_text!("Alarm: the input is low"),
        };
        Ok(Message::new(&settings::HEAD)
            .subject(subject)?
            .message_id(parts.id.as_str())?
            .date(Date::from_unix(date, 0)?)
            .importance(Importance::High)
            .text(&parts.text)
            .html(&parts.html))
    }
}

impl Cause {
    fn text(&self) -> &'static str {
        match self {
            Self::Started => "The board started",
            Self::StartedByWatchdog => "The watchdog started the board anew",
            Self::Input(_) => "The input went low",
        }
    }
}

fn written<const N: usize>(what: Arguments<'_>) -> Result<String<N>, Failed> {
    let mut string = String::new();
    string.write_fmt(what).map_err(|_| Failed::Invalid)?;
    Ok(string)
}
