//! A message that is ready in the form of RFC 5322, and only sent.

use super::coding::{Content, Place};
use super::cursor::{Cursor, Progress};
use super::fault::Part;
use super::{Head, Message, Octets};
use crate::invalid::{Field, Invalid};
use crate::wire::dot::Dots;
use crate::wire::writer::Writer;

impl<'a> Message<'a> {
    /// A message that is ready in the form of RFC 5322: `octets` are sent as they are, header and
    /// all, to the recipients of the head. Other fields and parts that are set are not written.
    ///
    /// A `Bcc:` line in the header is sent as it is, and every recipient reads it: take it out, and
    /// give its addresses as recipients. The recipients are not taken from the header.
    ///
    /// ```
    /// use embedded_smtp::{MailboxList, Message, ReversePath};
    /// use embedded_smtp::message::Head;
    ///
    /// let path = ReversePath::parse("boiler3@example.org")?;
    /// let head = Head::envelope(path, MailboxList::parse("ops@example.org")?);
    /// let report = Message::ready_made(&head, b"Subject: Report\r\n\r\nAll is well.\r\n")?;
    /// # Ok::<(), embedded_smtp::Invalid>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `LineEnd` for a CR or LF that is not part of a CRLF, `LineTooLong` for a line of more than
    /// 998 bytes, `ControlCharacter` for a byte 0; `NotUtf8` for a header that holds bytes above
    /// 0x7F and is not UTF-8 (RFC 6532 §3.1). The body may hold any other bytes.
    pub const fn ready_made(head: &'a Head<'a>, octets: &'a [u8]) -> Result<Self, Invalid> {
        match Content::message(octets) {
            Ok(content) => Ok(Self::ready(head, content)),
            Err(reason) => Err(Invalid::new(Field::Message, reason)),
        }
    }

    /// A message that is ready, from a source: part [`Part::Message`]. It is checked while it is
    /// sent, as [`ready_made`](Self::ready_made) checks it, and must hold no other bytes than
    /// `octets` announces. A `Bcc:` line in its header is sent as it is.
    #[must_use]
    pub const fn ready_made_streamed(head: &'a Head<'a>, octets: Octets) -> Self {
        Self::ready(head, Content::message_from_source(octets))
    }

    const fn ready(head: &'a Head<'a>, content: Content<'a>) -> Self {
        let mut message = Self::new(head);
        message.text = Some(content);
        message.atoms = atom;
        message.is_ready_made = true;
        message
    }
}

/// The atoms of the message.
fn atom(message: &Message<'_>, at: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Progress {
    let place = Place {
        part: Part::Message,
        dots,
        is_enclosed: false,
        message,
    };
    message
        .text
        .as_ref()
        .unwrap_or(&Content::EMPTY)
        .atom(place, at, w)
}
