//! A message that is ready in the form of RFC 5322, and only sent.

use super::coding::{Content, Place};
use super::cursor::{Cursor, Progress};
use super::fault::Part;
use super::{Head, Kind, Message, Octets};
use crate::invalid::{Field, Invalid};
use crate::wire::dot::Dots;
use crate::wire::ehlo::Extension;
use crate::wire::writer::Writer;

/// A message that is ready in the form of RFC 5322, header and all: it is sent as it is to the recipients
/// of its head.
///
/// A `Bcc:` line in the header is sent too, and every recipient reads it: take it out, and give its
/// addresses as recipients. The recipients are not taken from the header.
///
/// ```
/// use embedded_smtp::message::{Head, ReadyMade};
/// use embedded_smtp::{MailboxList, ReversePath};
///
/// let path = ReversePath::parse("boiler3@example.org")?;
/// let head = Head::envelope(path, MailboxList::parse("ops@example.org")?);
/// let report = ReadyMade::new(&head, b"Subject: Report\r\n\r\nAll is well.\r\n")?;
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ReadyMade<'a>(Message<'a>);

impl<'a> ReadyMade<'a> {
    /// These bytes.
    ///
    /// # Errors
    ///
    /// `LineEnd` for a CR or LF that is not part of a CRLF, `LineTooLong` for a line of more than
    /// 998 bytes, `ControlCharacter` for a byte 0; `NotUtf8` for a header that holds bytes above
    /// 0x7F and is not UTF-8 (RFC 6532 §3.1). The body may hold any other bytes.
    pub const fn new(head: &'a Head<'a>, octets: &'a [u8]) -> Result<Self, Invalid> {
        match Content::message(octets) {
            Ok(content) => Ok(Self::of(head, content)),
            Err(reason) => Err(Invalid::new(Field::Message, reason)),
        }
    }

    /// Bytes from a source: part [`Part::Message`]. They are checked while they are sent, as
    /// [`new`](Self::new) checks them, and must hold no others than `octets` announces.
    #[must_use]
    pub const fn streamed(head: &'a Head<'a>, octets: Octets) -> Self {
        Self::of(head, Content::message_from_source(octets))
    }

    const fn of(head: &'a Head<'a>, content: Content<'a>) -> Self {
        let mut message = Message::new(head);
        message.text = Some(content);
        message.kind = &READY;
        Self(message)
    }

    pub(super) const fn message(&self) -> &Message<'a> {
        &self.0
    }
}

static READY: Kind = Kind {
    atom,
    needs,
    has_author: |_| true,
};

fn needs(message: &Message<'_>) -> u16 {
    let of_head = (super::COMPOSED.needs)(message);
    match content(message).coding.octets {
        Octets::SevenBit => of_head,
        Octets::EightBit => of_head | Extension::EightBitMime.bit(),
        Octets::Utf8 => of_head | Extension::EightBitMime.bit() | Extension::SmtpUtf8.bit(),
    }
}

fn content<'m>(message: &'m Message<'_>) -> &'m Content<'m> {
    message.text.as_ref().unwrap_or(&Content::EMPTY)
}

/// The atoms of the message.
fn atom(message: &Message<'_>, at: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Progress {
    let place = Place {
        part: Part::Message,
        dots,
        is_enclosed: false,
        message,
    };
    content(message).atom(place, at, w)
}
