//! What happened, and the mail that tells of it.

use core::fmt::Write;

use embedded_smtp::message::{Date, HeaderText, Importance};
use embedded_smtp::{Invalid, Message, header_text};
use heapless::String;
use mailer::Serial;

use crate::settings::{DEVICE, HEAD};

/// What happened, and when.
#[derive(Clone, Copy, defmt::Format)]
pub struct Alert {
    pub cause: Cause,
    /// Seconds since the board started.
    pub at: u64,
}

#[derive(Clone, Copy, defmt::Format)]
pub enum Cause {
    /// The board started. A watchdog made it, or else power or the reset button.
    Started { by_watchdog: bool },
    /// Someone pressed BOOT.
    Pressed,
}

/// The texts of a mail, which the mail borrows.
pub struct Texts {
    id: String<96>,
    text: String<192>,
    html: String<256>,
}

impl Texts {
    /// `boot` tells this start of the board from all others. Two attempts at one alert have the same
    /// Message-ID, so that a receiver can drop the double.
    ///
    /// # Errors
    ///
    /// None: the texts have room for the longest name that `settings.rs` lets pass.
    // What is put into the HTML are numbers and a domain: nothing in it means anything there.
    pub fn new(serial: Serial, alert: &Alert, boot: u64) -> Result<Self, core::fmt::Error> {
        let mut texts = Self {
            id: String::new(),
            text: String::new(),
            html: String::new(),
        };
        let (what, seconds) = (alert.cause.sentence(), alert.at);
        write!(texts.id, "{boot:016x}.{}@{DEVICE}", serial.0)?;
        write!(
            texts.text,
            "{what}\n\n{DEVICE}, {seconds} seconds after its start.\n"
        )?;
        write!(
            texts.html,
            "<h1>{what}</h1><p>{DEVICE}, {seconds} seconds after its start.</p>"
        )?;
        Ok(texts)
    }

    /// The mail, with the date on which it happened: seconds since 1970.
    pub fn mail(&self, alert: &Alert, date: u64) -> Result<Message<'_>, Invalid> {
        Ok(Message::new(&HEAD)
            .subject(alert.cause.subject())?
            .importance(Importance::High)
            .date(Date::from_unix(date, 0)?)
            .message_id(self.id.as_str())?
            .text(&self.text)
            .html(&self.html))
    }
}

impl Cause {
    fn subject(self) -> HeaderText<'static> {
        match self {
            Self::Started { .. } => header_text!("ESP32-C3: started"),
            Self::Pressed => header_text!("ESP32-C3: button pressed"),
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Started { by_watchdog: false } => "The board has started.",
            Self::Started { by_watchdog: true } => "The watchdog has started the board anew.",
            Self::Pressed => "The BOOT button was pressed.",
        }
    }
}
