//! An invitation: a calendar object (RFC 5545) as the last alternative of the text.

use super::mime;
use super::text::Text;
use crate::message::cursor::{Cursor, Progress, Step};
use crate::message::{Dots, FIELDS_AND_PARTS, Kind, Message, encoder};
use crate::wire::writer::Writer;

/// A calendar object that a message carries beside its text and HTML: mail programs then show an
/// invitation, to a maintenance for example, with buttons to accept it (RFC 6047).
///
/// ```
/// use embedded_smtp::message::{Calendar, CalendarMethod};
///
/// let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Boiler//EN\r\n\
///             METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:4711@boiler3.example.org\r\n\
///             DTSTAMP:20251124T160000Z\r\nDTSTART:20251201T080000Z\r\n\
///             DTEND:20251201T090000Z\r\nORGANIZER:mailto:boiler3@example.org\r\n\
///             ATTENDEE:mailto:ops@example.org\r\nSUMMARY:Valve V12\r\n\
///             END:VEVENT\r\nEND:VCALENDAR\r\n";
/// let maintenance = Calendar::new(CalendarMethod::Request, text);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    pub(super) text: Text<'a>,
    /// What follows `text/` in the media type.
    pub(super) subtype: &'static str,
}

/// What a calendar object is for (RFC 5546 §1.4). The same word stands in its METHOD property: mail
/// programs do not show an invitation where the two differ (RFC 6047 §2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CalendarMethod {
    /// It tells of an event, and no answer is expected.
    Publish,
    /// It invites to an event, or changes one.
    Request,
    /// It calls an event off.
    Cancel,
}

impl<'a> Calendar<'a> {
    /// This object, which is not checked: a [`Text`] or a `&str`.
    pub fn new(method: CalendarMethod, text: impl Into<Text<'a>>) -> Self {
        Self {
            text: text.into(),
            subtype: match method {
                CalendarMethod::Publish => "calendar; method=PUBLISH",
                CalendarMethod::Request => "calendar; method=REQUEST",
                CalendarMethod::Cancel => "calendar; method=CANCEL",
            },
        }
    }
}

impl<'a> Message<'a> {
    /// An invitation beside the text and the HTML, as the last of the alternatives.
    #[must_use]
    pub const fn calendar(mut self, calendar: &'a Calendar<'a>) -> Self {
        self.calendar = Some(calendar);
        self.kind = &INVITING;
        self
    }
}

/// A kind of its own, so that a program without invitations links nothing for them.
static INVITING: Kind = Kind {
    atom,
    ..FIELDS_AND_PARTS
};

fn atom(message: &Message<'_>, at: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Progress {
    if at.step < Step::Body {
        encoder::atom(message, at, dots, w)
    } else {
        mime::atom::<true>(message, at, dots, w)
    }
}
