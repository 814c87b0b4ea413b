//! The message: header fields and MIME parts, produced in constant memory.
//!
//! A [`Message`] borrows everything it is made of and is written piece by piece into whatever
//! buffer there is; the octets do not depend on the buffer. It needs no clock and no random
//! numbers: the caller gives a date, a Message-ID and a seed, or does without.
//!
//! This module knows neither SMTP's commands nor any transport.

mod as_is;
mod body;
mod check;
mod content;
mod cursor;
mod date;
mod dsn;
mod encoded_word;
mod encoder;
mod fault;
mod file_name;
mod header;
mod id;
mod mailboxes;
mod media_type;
mod mime;
mod part;
mod reader;
mod ready;
mod recipients;
mod setters;
mod source;
#[cfg(test)]
mod tests;
mod text;

pub use check::Octets;
pub use date::Date;
pub use dsn::{EnvelopeId, Notify, Return};
pub use fault::{ContentFault, ContentFaultKind, Part};
pub use file_name::FileName;
pub use header::Header;
pub use id::{ContentId, MessageId, ParentId};
pub use media_type::MediaType;
pub use part::Attachment;
pub use reader::Reader;
pub use recipients::Recipients;
pub use text::HeaderText;

pub(crate) use cursor::Cursor;
pub(crate) use dsn::DsnParameters;
pub(crate) use fault::Filled;
pub(crate) use recipients::{Envelope, Walk};

pub(crate) use crate::wire::dot::Dots;

use crate::invalid::{Field, Invalid, Reason};
use crate::wire::address::{Address, ReversePath};
use crate::wire::ehlo::Extension;
use crate::wire::list::MailboxList;
use crate::wire::mailbox::Mailbox;
use crate::wire::writer::Writer;
use content::Content;
use cursor::Progress;
use dsn::Wishes;

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

/// A message that can be sent.
///
/// Every setter checks what it is given, so a message that exists is safe to send. Attachments,
/// custom fields and texts are borrowed.
///
/// # Examples
///
/// ```
/// use embedded_smtp::message::{Attachment, Date, Importance, Message};
/// use embedded_smtp::Mailbox;
///
/// let attachments = [Attachment::new("log.csv", "text/csv", b"time;bar\r\n12:00;8.4\r\n")?];
/// let alert = Message::new(Mailbox::parse("Boiler 3 <boiler3@example.org>")?)
///     .to("ops@example.org; duty@example.org")?
///     .subject("Überdruck: 8.4 bar")?
///     .importance(Importance::High)
///     .date(Date::from_unix(1_764_000_000, 60)?)
///     .message_id("4711@boiler3.example.org")?
///     .seed(4711)
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
    from: Mailbox<'a>,
    /// The authors, if there are several; `from` is the sender then.
    authors: MailboxList<'a>,
    sender: Option<Mailbox<'a>>,
    reply_to: MailboxList<'a>,
    to: MailboxList<'a>,
    cc: MailboxList<'a>,
    bcc: MailboxList<'a>,
    reverse_path: Option<ReversePath<'a>>,
    subject: Option<HeaderText<'a>>,
    date: Option<Date>,
    message_id: Option<MessageId<'a>>,
    importance: Importance,
    auto_submitted: bool,
    /// `text` is the whole message.
    is_ready_made: bool,
    in_reply_to: Option<ParentId<'a>>,
    references: &'a str,
    read_receipt: Option<Address<'a>>,
    delivery_receipt: Option<Address<'a>>,
    /// What it asks of those who deliver it.
    wishes: Wishes<'a>,
    /// What MAIL and RCPT carry for them where the server offers DSN; linked on use.
    dsn: Option<DsnParameters>,
    seed: u64,
    headers: &'a [Header<'a>],
    text: Option<Content<'a>>,
    html: Option<Content<'a>>,
    attachments: &'a [Attachment<'a>],
    /// Writes a mailbox. A pointer, so that only programs whose names need it link encoded words.
    mailbox: fn(&Mailbox<'_>, usize, &mut Writer<'_>),
    /// Writes the fields that few messages have. A pointer, for the same reason.
    rare_fields: fn(&Message<'_>, &mut Writer<'_>),
    /// The atoms of the body. A pointer, so that only programs that use MIME link it.
    body: Atoms,
    /// The atoms of the message.
    atoms: Atoms,
}

/// Produces the atom at the cursor and moves the cursor to the next one.
type Atoms = fn(&Message<'_>, &mut Cursor, Dots, &mut Writer<'_>) -> Progress;

impl<'a> Message<'a> {
    /// A message with this author. Reports of failed delivery go to the author's address, unless
    /// [`sender`](Self::sender) or [`reverse_path`](Self::reverse_path) says otherwise.
    #[must_use]
    pub const fn new(from: Mailbox<'a>) -> Self {
        let mut message = Self {
            from,
            authors: MailboxList::EMPTY,
            sender: None,
            reply_to: MailboxList::EMPTY,
            to: MailboxList::EMPTY,
            cc: MailboxList::EMPTY,
            bcc: MailboxList::EMPTY,
            reverse_path: None,
            subject: None,
            date: None,
            message_id: None,
            importance: Importance::Normal,
            auto_submitted: false,
            is_ready_made: false,
            in_reply_to: None,
            references: "",
            read_receipt: None,
            delivery_receipt: None,
            wishes: Wishes {
                notify: None,
                returns: None,
                envelope_id: None,
            },
            dsn: None,
            seed: 0,
            headers: &[],
            text: None,
            html: None,
            attachments: &[],
            mailbox: mailboxes::write_plain,
            rare_fields: |_, _| {},
            body: body::atom,
            atoms: encoder::composed,
        };
        message.note_name(from.has_plain_name());
        message
    }

    /// A message with several authors, which names the one who sends it (RFC 5322 §3.6.2).
    ///
    /// # Errors
    ///
    /// `Empty` for a list without a mailbox.
    pub const fn by(authors: MailboxList<'a>, sender: Mailbox<'a>) -> Result<Self, Invalid> {
        if authors.is_empty() {
            return Err(Invalid::new(Field::From, Reason::Empty));
        }
        if let Some(author) = authors.only() {
            return Ok(Self::new(author).sender(sender));
        }
        let mut message = Self::new(sender);
        message.authors = authors;
        message.note_name(authors.has_plain_names());
        Ok(message)
    }

    /// Links encoded words if a name that the message was given needs them.
    #[inline(always)] // So that nothing is linked for a name that is known when compiling.
    const fn note_name(&mut self, is_plain: bool) {
        if !is_plain {
            self.mailbox = mailboxes::write;
        }
    }

    /// The envelope's recipients: To, then Cc, then Bcc, each address once. Addresses are the same
    /// if their local parts are, and their domains without regard to case.
    #[must_use]
    pub fn recipients(&self) -> Recipients<'_> {
        Recipients {
            envelope: self.envelope(),
            walk: Walk::default(),
        }
    }

    /// Whether an address holds a character outside ASCII, so that the server must offer SMTPUTF8.
    #[must_use]
    pub const fn needs_smtputf8(&self) -> bool {
        const fn is_ascii(address: Option<Address<'_>>) -> bool {
            match address {
                Some(address) => address.is_ascii(),
                None => true,
            }
        }
        let is_ascii = self.to.is_ascii()
            && self.cc.is_ascii()
            && self.bcc.is_ascii()
            && self.reply_to.is_ascii()
            && self.authors.is_ascii()
            && !matches!(self.octets(), Octets::Utf8)
            && self.from.address().is_ascii()
            && match self.sender {
                Some(sender) => sender.address().is_ascii(),
                None => true,
            }
            && match self.reverse_path {
                Some(path) => path.is_ascii(),
                None => true,
            }
            && is_ascii(self.read_receipt)
            && is_ascii(self.delivery_receipt);
        !is_ascii
    }

    /// Whether the content holds octets above 0x7F, so that the server must offer 8BITMIME. Only
    /// ready-made messages do.
    #[must_use]
    pub const fn needs_8bitmime(&self) -> bool {
        !matches!(self.octets(), Octets::SevenBit)
    }

    /// The extensions that the server must offer, as a sum of their bits.
    pub(crate) const fn needs(&self) -> u16 {
        let mut needs = 0;
        if self.needs_smtputf8() {
            needs |= Extension::SmtpUtf8.bit();
        }
        if self.needs_8bitmime() {
            needs |= Extension::EightBitMime.bit();
        }
        needs
    }

    const fn octets(&self) -> Octets {
        match self.text {
            Some(content) => content.coding.octets,
            None => Octets::SevenBit,
        }
    }

    /// What MAIL and RCPT carry beside the address where the server offers DSN.
    pub(crate) const fn dsn_parameters(&self) -> Option<DsnParameters> {
        self.dsn
    }

    /// How many parts come from a source.
    #[must_use]
    pub fn streamed_parts(&self) -> usize {
        let texts = self.text.iter().chain(&self.html);
        let attachments = self.attachments.iter().map(|part| &part.content);
        let all = texts.chain(attachments);
        all.filter(|content| content.is_streamed()).count()
    }

    /// The number of the source that gives this part's octets: sources are counted from 0 in the
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
        Envelope::of(self)
    }

    fn reverse_path_or_default(&self) -> ReversePath<'a> {
        match self.reverse_path {
            Some(path) => path,
            None => self.sender.as_ref().unwrap_or(&self.from).address().into(),
        }
    }
}
