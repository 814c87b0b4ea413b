//! The alert, and the mail that it is sent as.

use core::fmt::Write as _;

use embedded_smtp::message::{Attachment, Date, Head, Importance, Message};
use embedded_smtp::{Invalid, head};
use heapless::String;

use crate::{HOST, Pressures, Settings};

/// Recipients whose results are noted.
pub const RECIPIENTS_MAX: usize = 4;

/// What is held until it is sent: what makes the mail, and makes it the same at every attempt.
#[derive(Clone, Copy)]
pub struct Alert {
    /// When it was raised, in seconds since 1970.
    pub raised: u64,
    /// Its number since the device started.
    pub number: u32,
    /// When the device started, in seconds since 1970: with the number, it makes the alert unlike all
    /// others of this device.
    pub started: u64,
}

static HEAD: Head = head! {
    from: "Boiler 3 <boiler3@example.org>",
    subject: "Boiler 3: 8.4 bar",
};

/// What the mails of this device have in common, with their recipients.
///
/// # Errors
///
/// Recipients that are none.
pub fn head(to: &str) -> Result<Head<'_>, Invalid> {
    HEAD.auto_submitted().to(to)
}

/// The parts of the mail that are made at run time.
pub struct Letter {
    id: String<64>,
    date: Date,
    seed: u64,
    attachments: [Attachment<'static>; 1],
}

impl Letter {
    /// # Errors
    ///
    /// A date behind the year 9999.
    pub fn of(alert: &Alert, settings: &Settings) -> Result<Self, Invalid> {
        let mut id = String::new();
        // There is room for it: ten and sixteen digits, and the name. If there were none, an empty ID is
        // refused; one that was cut could be that of another alert.
        if write!(id, "{}.{:x}@{HOST}", alert.number, alert.started).is_err() {
            id.clear();
        }
        let length = Pressures::octets(settings.rows);
        Ok(Self {
            id,
            date: Date::from_unix(alert.raised, 0)?,
            seed: alert.started << 16 | u64::from(alert.number),
            attachments: [Attachment::streamed(
                "pressure.csv",
                "text/csv",
                Some(length),
            )?],
        })
    }

    /// The mail, whose log is to be given while it is sent.
    ///
    /// # Errors
    ///
    /// Recipients that are none.
    pub fn message<'a>(&'a self, head: &'a Head<'a>) -> Result<Message<'a>, Invalid> {
        Ok(Message::new(head)
            .importance(Importance::High)
            .date(self.date)
            .message_id(self.id.as_str())?
            .seed(self.seed)
            .text("Pressure in boiler 3 is above 8 bar. The log is attached.")
            .html("<h1>Boiler 3</h1><p>Pressure is above <b>8 bar</b>. The log is attached.</p>")
            .attachments(&self.attachments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_numbers_have_room() {
        let alert = Alert {
            raised: 1_800_000_000,
            number: u32::MAX,
            started: u64::MAX,
        };
        let settings = Settings::parse(["port=25"].into_iter()).unwrap();
        let letter = Letter::of(&alert, &settings).unwrap();
        assert_eq!(letter.id, "4294967295.ffffffffffffffff@boiler3.example.org");
        assert!(letter.message(&head(settings.to).unwrap()).is_ok());
        assert!(head("nobody").is_err());
    }
}
