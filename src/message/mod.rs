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
mod encoded_word;
mod fault;
mod file_name;
mod header;
mod id;
mod mailboxes;
mod media_type;
mod mime;
mod part;
mod ready;
mod recipients;
mod source;
mod text;

pub use check::Octets;
pub use date::Date;
pub use fault::{ContentFault, ContentFaultKind, Part};
pub use file_name::FileName;
pub use header::Header;
pub use id::{ContentId, MessageId};
pub use media_type::MediaType;
pub use part::Attachment;
pub use recipients::Recipients;
pub use text::HeaderText;

pub(crate) use cursor::Cursor;
pub(crate) use fault::Filled;
pub(crate) use recipients::{Envelope, Walk};

pub(crate) use crate::wire::dot::Dots;

use crate::error::{Field, Invalid, Reason};
use crate::wire::address::{Address, ReversePath};
use crate::wire::command::{RcptParameters, notify_always};
use crate::wire::list::MailboxList;
use crate::wire::mailbox::Mailbox;
use crate::wire::writer::Writer;
use content::{Content, UNKNOWN};
use cursor::{MAX_ITEMS, Progress, Step, nth};

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
    in_reply_to: Option<MessageId<'a>>,
    references: &'a str,
    read_receipt: Option<Address<'a>>,
    delivery_receipt: Option<Address<'a>>,
    /// What RCPT carries where the server offers DSN; linked on use.
    notify: Option<RcptParameters>,
    seed: u64,
    headers: &'a [Header<'a>],
    text: Option<Content<'a>>,
    html: Option<Content<'a>>,
    attachments: &'a [Attachment<'a>],
    /// Writes a mailbox. A pointer, so that only programs whose names need it link encoded words.
    mailbox: fn(Mailbox<'_>, usize, &mut Writer<'_>),
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
            in_reply_to: None,
            references: "",
            read_receipt: None,
            delivery_receipt: None,
            notify: None,
            seed: 0,
            headers: &[],
            text: None,
            html: None,
            attachments: &[],
            mailbox: mailboxes::write_plain,
            rare_fields: |_, _| {},
            body: body::atom,
            atoms: composed,
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

    /// The recipients named in the To field: mailboxes separated by `;` or `,`.
    ///
    /// # Errors
    ///
    /// As [`MailboxList::parse`].
    pub fn to<L>(mut self, list: L) -> Result<Self, Invalid>
    where
        L: TryInto<MailboxList<'a>>,
        Invalid: From<L::Error>,
    {
        let list = in_field(Field::To, list.try_into())?;
        self.note_name(list.has_plain_names());
        self.to = list;
        Ok(self)
    }

    /// The recipients named in the Cc field.
    ///
    /// # Errors
    ///
    /// As [`MailboxList::parse`].
    pub fn cc<L>(mut self, list: L) -> Result<Self, Invalid>
    where
        L: TryInto<MailboxList<'a>>,
        Invalid: From<L::Error>,
    {
        let list = in_field(Field::Cc, list.try_into())?;
        self.note_name(list.has_plain_names());
        self.cc = list;
        Ok(self)
    }

    /// Recipients that the message does not name.
    ///
    /// # Errors
    ///
    /// As [`MailboxList::parse`].
    pub fn bcc<L>(mut self, list: L) -> Result<Self, Invalid>
    where
        L: TryInto<MailboxList<'a>>,
        Invalid: From<L::Error>,
    {
        self.bcc = in_field(Field::Bcc, list.try_into())?;
        Ok(self)
    }

    /// Where answers shall go, if not to the author.
    ///
    /// # Errors
    ///
    /// As [`MailboxList::parse`].
    pub fn reply_to<L>(mut self, list: L) -> Result<Self, Invalid>
    where
        L: TryInto<MailboxList<'a>>,
        Invalid: From<L::Error>,
    {
        let list = in_field(Field::ReplyTo, list.try_into())?;
        self.note_name(list.has_plain_names());
        self.reply_to = list;
        Ok(self)
    }

    /// Who sends the message, if not the author.
    #[must_use]
    pub const fn sender(mut self, sender: Mailbox<'a>) -> Self {
        self.sender = Some(sender);
        self.note_name(sender.has_plain_name());
        self
    }

    /// Where reports of failed delivery go: an address, or `<>` for nowhere.
    ///
    /// # Errors
    ///
    /// As [`ReversePath::parse`].
    pub fn reverse_path<R>(mut self, path: R) -> Result<Self, Invalid>
    where
        R: TryInto<ReversePath<'a>>,
        Invalid: From<R::Error>,
    {
        self.reverse_path = Some(in_field(Field::ReversePath, path.try_into())?);
        Ok(self)
    }

    /// The subject.
    ///
    /// # Errors
    ///
    /// As [`HeaderText::new`].
    pub fn subject<T>(mut self, subject: T) -> Result<Self, Invalid>
    where
        T: TryInto<HeaderText<'a>>,
        Invalid: From<T::Error>,
    {
        self.subject = Some(in_field(Field::Subject, subject.try_into())?);
        Ok(self)
    }

    /// Asks readers to confirm to this address that the message was read:
    /// `Disposition-Notification-To` (RFC 8098). Most mail programs ask their user first.
    ///
    /// # Errors
    ///
    /// As [`Address::parse`].
    pub fn read_receipt<T>(mut self, to: T) -> Result<Self, Invalid>
    where
        T: TryInto<Address<'a>>,
        Invalid: From<T::Error>,
    {
        self.rare_fields = rare_fields;
        self.read_receipt = Some(in_field(Field::ReadReceipt, to.try_into())?);
        Ok(self)
    }

    /// Asks for reports on the delivery to every recipient. Servers that know RFC 3461 send them
    /// to the reverse-path; for older ones the address stands in `Return-Receipt-To`.
    ///
    /// # Errors
    ///
    /// As [`Address::parse`].
    pub fn delivery_receipt<T>(mut self, to: T) -> Result<Self, Invalid>
    where
        T: TryInto<Address<'a>>,
        Invalid: From<T::Error>,
    {
        self.rare_fields = rare_fields;
        self.delivery_receipt = Some(in_field(Field::DeliveryReceipt, to.try_into())?);
        self.notify = Some(notify_always);
        Ok(self)
    }

    /// How urgent the message is.
    #[must_use]
    pub const fn importance(mut self, importance: Importance) -> Self {
        self.importance = importance;
        self
    }

    /// When the message was written. Without it there is no Date field; a submission server may
    /// add it (RFC 6409 §8).
    #[must_use]
    pub const fn date(mut self, date: Date) -> Self {
        self.date = Some(date);
        self
    }

    /// The message's unique identifier, with or without angle brackets. Without it there is no
    /// Message-ID field; a submission server may add it (RFC 6409 §8).
    ///
    /// # Errors
    ///
    /// As [`MessageId::new`].
    pub fn message_id<T>(mut self, id: T) -> Result<Self, Invalid>
    where
        T: TryInto<MessageId<'a>>,
        Invalid: From<T::Error>,
    {
        self.message_id = Some(in_field(Field::MessageId, id.try_into())?);
        Ok(self)
    }

    /// The unique part of the boundaries between MIME parts. Any number will do, 0 too: the
    /// encodings keep a boundary from occurring in a part.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The message this one answers, and what that one had in its References field (or, if it had
    /// none, in In-Reply-To; `""` for nothing): writes In-Reply-To and References as
    /// RFC 5322 §3.6.4 wants them.
    ///
    /// # Errors
    ///
    /// As [`MessageId::new`], for the references too, each of which has its angle brackets;
    /// `Duplicate` if one of the fields is among [`headers`](Self::headers).
    pub fn in_reply_to<T>(mut self, id: T, references: &'a str) -> Result<Self, Invalid>
    where
        T: TryInto<MessageId<'a>>,
        Invalid: From<T::Error>,
    {
        header::check_references(references)?;
        self.rare_fields = rare_fields;
        self.in_reply_to = Some(in_field(Field::InReplyTo, id.try_into())?);
        self.references = references;
        let headers = self.headers;
        self.headers(headers)
    }

    /// Fields of the caller's own.
    ///
    /// # Errors
    ///
    /// `Duplicate` if `In-Reply-To` or `References` occurs twice, or besides
    /// [`in_reply_to`](Self::in_reply_to); `TooLong` for more than 65,535 fields.
    pub fn headers(mut self, headers: &'a [Header<'a>]) -> Result<Self, Invalid> {
        if headers.len() > MAX_ITEMS {
            return Err(Invalid::new(Field::HeaderName, Reason::TooLong));
        }
        if header::has_duplicate(headers, self.in_reply_to.is_some()) {
            return Err(Invalid::new(Field::HeaderName, Reason::Duplicate));
        }
        self.headers = headers;
        Ok(self)
    }

    /// Says that no person wrote this: `Auto-Submitted: auto-generated` (RFC 3834), which keeps
    /// other machines from answering.
    #[must_use]
    pub const fn auto_submitted(mut self) -> Self {
        self.auto_submitted = true;
        self
    }

    /// The plain text. CR, LF and CRLF each end a line.
    #[must_use]
    pub const fn text(mut self, text: &'a str) -> Self {
        self.text = Some(Content::text(text));
        self
    }

    /// The HTML, an alternative to the plain text if there is one.
    #[must_use]
    pub const fn html(mut self, html: &'a str) -> Self {
        self.html = Some(Content::text(html));
        self.body = mime::atom;
        self
    }

    /// The plain text comes from a source while the message is sent: part [`Part::Text`]. It is
    /// UTF-8, and CR, LF and CRLF each end a line.
    #[must_use]
    pub const fn streamed_text(mut self) -> Self {
        self.text = Some(Content::TEXT_FROM_SOURCE);
        self
    }

    /// The HTML comes from a source while the message is sent: part [`Part::Html`].
    #[must_use]
    pub const fn streamed_html(mut self) -> Self {
        self.html = Some(Content::TEXT_FROM_SOURCE);
        self.body = mime::atom;
        self
    }

    /// The attachments and inline parts. Beyond 65,535 they are not sent.
    #[must_use]
    pub const fn attachments(mut self, attachments: &'a [Attachment<'a>]) -> Self {
        self.attachments = attachments;
        self.body = mime::atom;
        self
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

    const fn octets(&self) -> Octets {
        match self.text {
            Some(content) => content.coding.octets,
            None => Octets::SevenBit,
        }
    }

    /// What RCPT carries beside the address where the server offers DSN.
    pub(crate) const fn rcpt_parameters(&self) -> Option<RcptParameters> {
        self.notify
    }

    /// How many parts come from a source.
    #[must_use]
    pub fn streamed_parts(&self) -> usize {
        let texts = [self.text, self.html].into_iter().flatten();
        let attachments = self.attachments.iter().map(|part| part.content);
        texts
            .chain(attachments)
            .filter(|content| content.coding.is_streamed)
            .count()
    }

    /// The number of the source that gives this part's octets: sources are counted from 0 in the
    /// order text, HTML, attachments.
    pub(crate) fn source_number(&self, part: Part) -> usize {
        let is_streamed = |content: &Option<Content<'_>>| {
            content.is_some_and(|content| content.coding.is_streamed)
        };
        let (texts, attachments) = match part {
            Part::Text | Part::Message => (0, 0),
            Part::Html => (1, 0),
            Part::Attachment(index) => (2, usize::from(index)),
        };
        let texts = [self.text, self.html].into_iter().take(texts);
        let before = self.attachments.iter().take(attachments);
        let before = before.map(|part| Some(part.content));
        texts.chain(before).filter(is_streamed).count()
    }

    /// Octets of the whole message, as SMTP's SIZE counts them: line ends have two, and dots that
    /// are doubled on the way count once. `None` if a source does not say its length, or if there
    /// are 4 GiB or more.
    #[must_use]
    pub fn encoded_len(&self) -> Option<u32> {
        let mut w = Writer::counting();
        let _ = self.run(&mut Cursor::default(), Dots::Plain, &mut w);
        (w.counted() != UNKNOWN).then_some(w.counted())
    }

    /// The message as octets, to be read in pieces of any size.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            message: self,
            cursor: Some(Cursor::default()),
        }
    }

    /// Fills `out` from the cursor on. Returns the octets written.
    pub(crate) fn fill(&self, cursor: &mut Cursor, dots: Dots, out: &mut [u8]) -> (usize, Filled) {
        let mut w = Writer::new(out, cursor.skip);
        let filled = self.run(cursor, dots, &mut w);
        (w.len(), filled)
    }

    /// Goes on after [`Filled::Source`]: the first `ready` octets of `out` are those that were
    /// written, and `octets` octets of the source stand from `from` on; none if it is at its end.
    /// Returns the octets written, those of before included.
    pub(crate) fn filled(
        &self,
        cursor: &mut Cursor,
        dots: Dots,
        out: &mut [u8],
        ready: usize,
        from: usize,
        octets: usize,
    ) -> (usize, Filled) {
        let mut w = Writer::with_source(out, ready, from, octets);
        let filled = self.run(cursor, dots, &mut w);
        (w.len(), filled)
    }

    /// What SMTP has to know beside the content.
    pub(crate) fn envelope(&self) -> Envelope<'_> {
        Envelope::of(self)
    }

    fn reverse_path_or_default(&self) -> ReversePath<'a> {
        match self.reverse_path {
            Some(path) => path,
            None => self.sender.unwrap_or(self.from).address().into(),
        }
    }

    /// Produces atoms until the message is complete, one is cut, or more is needed.
    fn run(&self, cursor: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Filled {
        loop {
            let mut next = *cursor;
            let progress = (self.atoms)(self, &mut next, dots, w);
            if let Some(skip) = w.end_atom() {
                cursor.skip = skip;
                return Filled::More;
            }
            *cursor = Cursor { skip: 0, ..next };
            match progress {
                Progress::More => {}
                Progress::End => return Filled::Complete,
                Progress::Stop(filled) => return filled,
            }
        }
    }

    /// Produces the atom at the cursor and moves the cursor to the next one.
    fn atom(&self, at: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Progress {
        match at.step {
            Step::Origin => {
                if let Some(date) = self.date {
                    w.str("Date: ");
                    date.write(w);
                    w.crlf();
                }
                if !self.authors.is_empty() {
                    return at.go(Step::Authors);
                }
                self.mailbox_field("From:", self.from, w);
                // RFC 5322 §3.6.2: "If the originator of the message can be indicated by a single
                // mailbox and the author and transmitter are identical, the "Sender:" field SHOULD
                // NOT be used."
                if let Some(sender) = self.sender
                    && !sender.address().is_same(self.from.address())
                {
                    self.mailbox_field("Sender:", sender, w);
                }
                at.go(self.list_from(Step::ReplyTo))
            }
            Step::Authors => self.list("From:", self.authors, at, Step::Sender, w),
            Step::Sender => {
                self.mailbox_field("Sender:", self.sender.unwrap_or(self.from), w);
                at.go(self.list_from(Step::ReplyTo))
            }
            Step::ReplyTo => self.list("Reply-To:", self.reply_to, at, Step::To, w),
            Step::To => self.list("To:", self.to, at, Step::Cc, w),
            Step::Cc => self.list("Cc:", self.cc, at, Step::Fields, w),
            Step::Fields => {
                self.fields(w);
                at.go(Step::Custom)
            }
            Step::Custom => match nth(self.headers, at.item) {
                Some(header) => {
                    text::field(header.name, header.value, w);
                    at.go_to_item(Step::Custom, at.item.saturating_add(1))
                }
                None => {
                    at.step = Step::Body;
                    (self.body)(self, at, dots, w)
                }
            },
            _ => (self.body)(self, at, dots, w),
        }
    }

    /// The first step from `step` on that has a mailbox to write, or what follows them.
    #[inline(never)] // One copy, in flash as in the source.
    fn list_from(&self, step: Step) -> Step {
        match step {
            Step::ReplyTo if !self.reply_to.is_empty() => Step::ReplyTo,
            Step::ReplyTo | Step::To if !self.to.is_empty() => Step::To,
            Step::ReplyTo | Step::To | Step::Cc if !self.cc.is_empty() => Step::Cc,
            Step::Sender => Step::Sender,
            _ => Step::Fields,
        }
    }

    /// Writes the fields that stand once.
    fn fields(&self, w: &mut Writer<'_>) {
        if let Some(subject) = self.subject {
            text::field("Subject", subject, w);
        }
        if let Some(id) = self.message_id {
            id::field("Message-ID:", id.as_str(), w);
        }
        w.str(match self.importance {
            Importance::High => "Importance: high\r\nX-Priority: 1 (Highest)\r\n",
            Importance::Normal => "",
            Importance::Low => "Importance: low\r\nX-Priority: 5 (Lowest)\r\n",
        });
        if self.auto_submitted {
            w.str("Auto-Submitted: auto-generated\r\n");
        }
        (self.rare_fields)(self, w);
    }

    /// Writes a field of one mailbox.
    fn mailbox_field(&self, name: &str, mailbox: Mailbox<'_>, w: &mut Writer<'_>) {
        w.str(name);
        (self.mailbox)(mailbox, name.len(), w);
        w.crlf();
    }

    /// Writes the next mailbox of a field, one a line, or the field's end.
    fn list(
        &self,
        name: &str,
        list: MailboxList<'_>,
        at: &mut Cursor,
        after: Step,
        w: &mut Writer<'_>,
    ) -> Progress {
        let mut position = u32::try_from(at.position).unwrap_or(u32::MAX);
        let first = position == 0;
        let Some(mailbox) = list.next(&mut position) else {
            w.crlf();
            return at.go(self.list_from(after));
        };
        w.str(if first { name } else { ",\r\n" });
        (self.mailbox)(mailbox, if first { name.len() } else { 0 }, w);
        at.advance(position as usize)
    }
}

/// Writes what the message answers, and the receipts it asks for.
fn rare_fields(message: &Message<'_>, w: &mut Writer<'_>) {
    if let Some(id) = message.in_reply_to {
        header::write_thread(id, message.references, w);
    }
    let receipts = [
        ("Disposition-Notification-To:", message.read_receipt),
        ("Return-Receipt-To:", message.delivery_receipt),
    ];
    for (name, address) in receipts {
        if let Some(address) = address {
            message.mailbox_field(name, address.into(), w);
        }
    }
}

/// The atoms of a message that is made of fields and parts.
fn composed(message: &Message<'_>, at: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Progress {
    message.atom(at, dots, w)
}

/// The result of a conversion, reported for the field it was meant for.
fn in_field<T, E>(field: Field, result: Result<T, E>) -> Result<T, Invalid>
where
    Invalid: From<E>,
{
    result.map_err(|error| Invalid::from(error).in_field(field))
}

/// A message as octets, with CRLF line ends and no dot doubled: what a file of a mail holds.
#[derive(Debug, Clone)]
pub struct Reader<'m> {
    message: &'m Message<'m>,
    /// `None` when the message is complete.
    cursor: Option<Cursor>,
}

impl Reader<'_> {
    /// Fills `out` with the next octets and returns their number: 0 at the end. For a message whose
    /// parts are all at hand.
    ///
    /// # Errors
    ///
    /// As [`read_with`](Self::read_with); `NoSource` if a part comes from a source.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, ContentFault> {
        let mut missing = None;
        let octets = self.read_with(out, |part, _| {
            missing = Some(part);
            0
        })?;
        match missing {
            None => Ok(octets),
            Some(part) => Err(ContentFault {
                part,
                kind: ContentFaultKind::NoSource,
            }),
        }
    }

    /// [`read`](Self::read) with a source, which writes the next octets of a part to the slice it
    /// is given and returns their number: 0 at the part's end. With parts from a source `out` needs
    /// at least [`SOURCE_MIN`](Self::SOURCE_MIN) octets.
    ///
    /// # Errors
    ///
    /// A [`ContentFault`]; the message then cannot be completed.
    pub fn read_with(
        &mut self,
        out: &mut [u8],
        mut source: impl FnMut(Part, &mut [u8]) -> usize,
    ) -> Result<usize, ContentFault> {
        let Some(mut cursor) = self.cursor else {
            return Ok(0);
        };
        let (mut octets, mut filled) = self.message.fill(&mut cursor, Dots::Plain, out);
        loop {
            match filled {
                Filled::More => {
                    self.cursor = Some(cursor);
                    return Ok(octets);
                }
                Filled::Complete => {
                    self.cursor = None;
                    return Ok(octets);
                }
                Filled::Abort(fault) => return Err(fault),
                Filled::Source { part, from } => {
                    let read = source(part, out.get_mut(from..).unwrap_or_default());
                    (octets, filled) =
                        self.message
                            .filled(&mut cursor, Dots::Plain, out, octets, from, read);
                }
            }
        }
    }

    /// The least octets of a buffer that parts from a source are encoded in.
    pub const SOURCE_MIN: usize = 16;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    fn filled(message: &Message<'_>, dots: Dots, size: usize) -> Vec<u8> {
        let mut got = Vec::new();
        let mut out = std::vec![0; size];
        let mut cursor = Cursor::default();
        loop {
            let (octets, filled) = message.fill(&mut cursor, dots, &mut out);
            got.extend_from_slice(&out[..octets]);
            if filled == Filled::Complete {
                return got;
            }
            assert_eq!(octets, size, "a buffer is filled as long as there is more");
        }
    }

    /// The whole message, its only source giving `content` in pieces of `piece` octets.
    fn streamed(
        message: &Message<'_>,
        dots: Dots,
        size: usize,
        piece: usize,
        content: &[u8],
    ) -> Vec<u8> {
        let mut got = Vec::new();
        let mut out = std::vec![0; size];
        let mut cursor = Cursor::default();
        let mut rest = content;
        let (mut octets, mut filled) = message.fill(&mut cursor, dots, &mut out);
        loop {
            match filled {
                Filled::Source { from, .. } => {
                    assert!(octets <= from && from < size);
                    let n = rest.len().min(piece).min(size - from);
                    out[from..from + n].copy_from_slice(&rest[..n]);
                    rest = &rest[n..];
                    (octets, filled) = message.filled(&mut cursor, dots, &mut out, octets, from, n);
                    continue;
                }
                Filled::Abort(fault) => panic!("{fault}"),
                Filled::More | Filled::Complete => got.extend_from_slice(&out[..octets]),
            }
            if filled == Filled::Complete {
                return got;
            }
            assert!(octets > 0);
            (octets, filled) = message.fill(&mut cursor, dots, &mut out);
        }
    }

    #[test]
    fn dots_from_a_source_are_doubled_whatever_the_pieces() {
        let content = b".\r\n..\r\n\r\n.a.\r\na.\r\n.\r\n.\r\n.\r\n.\r\n.\r\n.\r\n.";
        let from = Mailbox::parse("a@b.c").unwrap();
        let slice = [Attachment::as_is("a", "a/b", content).unwrap()];
        let source = [Attachment::streamed_as_is("a", "a/b", None).unwrap()];
        let ready =
            Message::ready_made_streamed(ReversePath::Null, MailboxList::EMPTY, Octets::SevenBit);
        let given = Message::ready_made(ReversePath::Null, MailboxList::EMPTY, content).unwrap();
        for (slice, source) in [
            (
                Message::new(from).attachments(&slice),
                Message::new(from).attachments(&source),
            ),
            (given, ready),
        ] {
            let plain = filled(&slice, Dots::Plain, 4_096);
            assert_eq!(filled(&slice, Dots::Stuffed, 4_096), stuffed(&plain));
            for size in 16..100 {
                assert_eq!(filled(&slice, Dots::Stuffed, size), stuffed(&plain));
                for piece in [1, 2, 3, 7, 100] {
                    let got = streamed(&source, Dots::Plain, size, piece, content);
                    assert_eq!(got, plain, "{size} {piece}");
                    let got = streamed(&source, Dots::Stuffed, size, piece, content);
                    assert_eq!(got, stuffed(&plain), "{size} {piece}");
                }
            }
        }
    }

    #[test]
    fn what_is_written_never_overtakes_what_is_read() {
        let from = Mailbox::parse("a@b.c").unwrap();
        // Each takes the most room there is in its encoding.
        let high = [0xff; 500];
        let breaks = [b'\n'; 500];
        let dots = b".\r\n".repeat(150);
        let base64 = [Attachment::streamed("a", "a/b", None).unwrap()];
        let as_is = [Attachment::streamed_as_is("a", "a/b", None).unwrap()];
        for (message, content) in [
            (Message::new(from).attachments(&base64), &high[..]),
            (Message::new(from).attachments(&as_is), &dots),
            (Message::new(from).streamed_text(), &high),
            (Message::new(from).streamed_text(), &breaks),
        ] {
            let expected = streamed(&message, Dots::Stuffed, 70_000, usize::MAX, content);
            for size in 16..300 {
                for piece in [1, 5, 58, usize::MAX] {
                    let got = streamed(&message, Dots::Stuffed, size, piece, content);
                    assert!(got == expected, "{size} {piece}");
                }
            }
        }
    }

    /// RFC 5321 §4.5.2 over a whole message.
    fn stuffed(octets: &[u8]) -> Vec<u8> {
        let text = str::from_utf8(octets).unwrap();
        let stuffed: String = text
            .split_inclusive("\r\n")
            .map(|line| {
                if line.starts_with('.') {
                    String::from(".") + line
                } else {
                    line.into()
                }
            })
            .collect();
        stuffed.into_bytes()
    }

    #[test]
    fn dots_are_doubled_where_they_begin_a_line_and_nowhere_else() {
        let from = Mailbox::parse("a@b.c").unwrap();
        let attachments = [Attachment::new(".a", "a/b", b".\r\n.\r\n").unwrap()];
        let message = Message::new(from).subject(". . .").unwrap();
        for text in [
            ".",
            "..",
            "a\n.\r.b\r\n..\n\n.",
            "ü\n.\n.",
            "\0.\n.",
            "圧\n.圧\n",
        ] {
            for message in [
                message.text(text),
                message.html(text),
                message.text(text).html(text).attachments(&attachments),
            ] {
                let plain = filled(&message, Dots::Plain, 4_096);
                for size in 1..100 {
                    assert_eq!(filled(&message, Dots::Plain, size), plain);
                    assert_eq!(filled(&message, Dots::Stuffed, size), stuffed(&plain));
                }
            }
        }
    }

    #[test]
    fn a_message_ends_with_the_octet_that_fills_the_buffer() {
        let message = Message::new(Mailbox::parse("a@b.c").unwrap()).text("x");
        let mut out = [0; 200];
        let len = message.encoded_len().unwrap() as usize;
        let mut cursor = Cursor::default();
        let result = message.fill(&mut cursor, Dots::Stuffed, &mut out[..len]);
        assert_eq!(result, (len, Filled::Complete));
    }

    #[test]
    fn the_reverse_path_is_the_senders_unless_given() {
        let path = |message: &Message<'_>| String::from(message.envelope().reverse_path().as_str());
        let message = Message::new(Mailbox::parse("a@b.c").unwrap());
        assert_eq!(path(&message), "a@b.c");
        let message = message.sender(Mailbox::parse("S <s@b.c>").unwrap());
        assert_eq!(path(&message), "s@b.c");
        assert_eq!(path(&message.reverse_path("<r@b.c>").unwrap()), "r@b.c");
        assert_eq!(path(&message.reverse_path("<>").unwrap()), "");
    }
}
