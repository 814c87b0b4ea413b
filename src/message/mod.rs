//! The message: header fields and MIME parts, produced in constant memory.
//!
//! A [`Message`] borrows everything it is made of and is written piece by piece into whatever
//! buffer there is; the bytes do not depend on the buffer. It needs no clock and no random
//! numbers: the caller gives a date and a number of the message's own, or does without.
//!
//! This module knows neither SMTP's commands nor any transport.

mod body;
mod boundary;
mod coding;
mod cursor;
mod dsn;
mod encoder;
mod fault;
mod header;
mod mail;
mod reader;
mod ready;
mod recipients;
mod setters;
#[cfg(test)]
mod tests;

pub use body::calendar::{Calendar, CalendarMethod};
pub use body::file_name::FileName;
pub use body::label::Label;
pub use body::media_type::MediaType;
pub use body::part::Attachment;
pub use body::text::Text;
pub use coding::lines::Octets;
pub use dsn::{EnvelopeId, Notify, Return};
pub use fault::{ContentFault, ContentFaultKind, Part};
pub use header::custom::Header;
pub use header::date::Date;
pub use header::head::Head;
pub use header::id::{ContentId, MessageId, ParentId};
pub use header::text::HeaderText;
pub use mail::Mail;
pub use reader::Reader;
pub use ready::ReadyMade;
pub use recipients::Recipients;

pub(crate) use cursor::Cursor;
pub(crate) use dsn::DsnParameters;
pub(crate) use fault::Filled;
pub(crate) use mail::message;
pub(crate) use recipients::{Envelope, Walk};

pub(crate) use crate::wire::dot::Dots;

use crate::wire::ehlo::Extension;
use crate::wire::writer::Writer;
use coding::Content;
use cursor::Progress;

/// How urgent a message is to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Importance {
    /// `Importance: high` and `X-Priority: 1 (Highest)`.
    High,
    /// No field.
    #[default]
    Normal,
    /// `Importance: low` and `X-Priority: 5 (Lowest)`.
    Low,
}

/// A message that can be sent: a [`Head`], and what is this message's own.
///
/// Every setter checks what it is given, so a message that exists is safe to send. The head,
/// attachments and texts are borrowed.
///
/// # Examples
///
/// ```
/// use embedded_smtp::message::{Attachment, Date, Head, Importance, Message};
/// use embedded_smtp::Mailbox;
///
/// let head = Head::new(Mailbox::parse("Boiler 3 <boiler3@example.org>")?)
///     .to("ops@example.org; duty@example.org")?;
/// let attachments = [Attachment::new("log.csv", "text/csv", b"time;bar\r\n12:00;8.4\r\n")?];
/// let alert = Message::new(&head)
///     .subject("Überdruck: 8.4 bar")?
///     .importance(Importance::High)
///     .date(Date::from_unix(1_764_000_000, 60)?)
///     .unique(4711)
///     .text("Overpressure in boiler 3")
///     .html("<h1>Overpressure</h1>")
///     .attachments(&attachments);
///
/// let mut out = [0; 2048];
/// let octets = alert.reader().read(&mut out).unwrap();
/// assert_eq!(Some(octets as u32), alert.encoded_len());
/// assert!(out.starts_with(b"Date: Mon, 24 Nov 2025 17:00:00 +0100\r\n"));
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    head: &'a Head<'a>,
    /// In place of the head's.
    subject: Option<HeaderText<'a>>,
    date: Option<Date>,
    message_id: Option<MessageId<'a>>,
    /// Writes the Message-ID field. A pointer, so that only what is used is linked.
    id_field: fn(&Message<'_>, &mut Writer<'_>),
    /// The fields that say how urgent it is.
    importance: &'static str,
    /// The number that makes the Message-ID, and the boundaries if there is no seed.
    unique: u64,
    seed: u64,
    text: Option<Content<'a>>,
    html: Option<Content<'a>>,
    calendar: Option<&'a Calendar<'a>>,
    attachments: &'a [Attachment<'a>],
    /// The atoms of the body. A pointer, so that only programs that use MIME link it.
    body: Atoms,
    kind: &'static Kind,
}

/// Produces the atom at the cursor and moves the cursor to the next one.
type Atoms = fn(&Message<'_>, &mut Cursor, Dots, &mut Writer<'_>) -> Progress;

/// What differs between a message that is made of fields and parts, and one that is ready.
#[derive(Debug)]
struct Kind {
    /// The atoms of the message.
    atom: Atoms,
    /// The extensions that the server must offer, as a sum of their bits.
    needs: fn(&Message<'_>) -> u16,
    has_author: fn(&Message<'_>) -> bool,
}

/// A message that is made of fields and parts.
static COMPOSED: Kind = FIELDS_AND_PARTS;

/// Its content is always of seven bits.
const FIELDS_AND_PARTS: Kind = Kind {
    atom: encoder::atom,
    needs: |message| {
        if message.head.needs_smtputf8 {
            Extension::SmtpUtf8.bit()
        } else {
            0
        }
    },
    has_author: |message| !message.head.from.address().as_str().is_empty(),
};

impl<'a> Message<'a> {
    /// A message with this head.
    #[must_use]
    pub const fn new(head: &'a Head<'a>) -> Self {
        Self {
            head,
            subject: None,
            date: None,
            message_id: None,
            id_field: |_, _| {},
            importance: "",
            unique: 0,
            seed: 0,
            text: None,
            html: None,
            calendar: None,
            attachments: &[],
            body: body::atom,
            kind: &COMPOSED,
        }
    }

    /// Its head.
    #[must_use]
    pub const fn head(&self) -> &'a Head<'a> {
        self.head
    }

    /// Whether it names an author, or is ready and names whom it does.
    pub(crate) fn has_author(&self) -> bool {
        (self.kind.has_author)(self)
    }

    /// The envelope's recipients: see [`Head::recipients`].
    #[must_use]
    pub fn recipients(&self) -> Recipients<'_> {
        self.head.recipients()
    }

    /// Whether an address holds a character outside ASCII, so that the server must offer SMTPUTF8.
    #[must_use]
    pub const fn needs_smtputf8(&self) -> bool {
        self.head.needs_smtputf8
    }

    /// The extensions that the server must offer, as a sum of their bits.
    pub(crate) fn needs(&self) -> u16 {
        (self.kind.needs)(self)
    }

    /// What MAIL and RCPT carry beside the address where the server offers DSN.
    pub(crate) const fn dsn_parameters(&self) -> Option<DsnParameters> {
        self.head.dsn_parameters()
    }

    /// How many parts come from a source.
    #[must_use]
    pub fn streamed_parts(&self) -> usize {
        let texts = self.text.iter().chain(&self.html);
        let attachments = self.attachments.iter().map(|part| &part.content);
        let all = texts.chain(attachments);
        all.filter(|content| content.is_streamed()).count()
    }

    /// The number of the source that gives this part's bytes: sources are counted from 0 in the
    /// order text, HTML, attachments.
    pub(crate) fn source_number(&self, part: Part) -> usize {
        let (texts, attachments) = match part {
            Part::Text | Part::Message => (0, 0),
            Part::Html => (1, 0),
            Part::Attachment(index) => (2, usize::from(index)),
        };
        let texts = [&self.text, &self.html].into_iter().take(texts).flatten();
        let before = self.attachments.iter().take(attachments);
        let before = texts.chain(before.map(|part| &part.content));
        before.filter(|content| content.is_streamed()).count()
    }

    /// What SMTP has to know beside the content.
    pub(crate) fn envelope(&self) -> Envelope<'_> {
        Envelope::of(self.head)
    }
}
