//! The message: header fields and MIME parts, produced in constant memory.
//!
//! A [`Message`] borrows everything it is made of and is written piece by piece into whatever
//! buffer there is; the octets do not depend on the buffer. It needs no clock and no random
//! numbers: the caller gives a date, a Message-ID and a seed, or does without.
//!
//! This module knows neither SMTP's commands nor any transport.

mod body;
mod cursor;
mod date;
mod encoded_word;
mod file_name;
mod header;
mod id;
mod mailboxes;
mod media_type;
mod mime;
mod part;
mod recipients;
mod text;

pub use date::Date;
pub use file_name::FileName;
pub use header::Header;
pub use id::{ContentId, MessageId};
pub use media_type::MediaType;
pub use part::Attachment;
pub use recipients::Recipients;
pub use text::HeaderText;

pub(crate) use cursor::Cursor;
pub(crate) use recipients::{Envelope, Walk};

pub(crate) use crate::wire::dot::Dots;

use crate::error::{Field, Invalid, Reason};
use crate::wire::address::ReversePath;
use crate::wire::list::MailboxList;
use crate::wire::mailbox::Mailbox;
use crate::wire::writer::Writer;
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
/// let octets = alert.reader().read(&mut out);
/// assert_eq!(octets as u32, alert.encoded_len());
/// assert!(out.starts_with(b"Date: Mon, 24 Nov 2025 17:00:00 +0100\r\n"));
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    from: Mailbox<'a>,
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
    seed: u64,
    headers: &'a [Header<'a>],
    text: Option<&'a str>,
    html: Option<&'a str>,
    attachments: &'a [Attachment<'a>],
    /// The atoms of the body. A pointer, so that only programs that use MIME link it.
    body: Body,
}

/// Produces the atom of the body at the cursor and moves the cursor to the next one.
type Body = fn(&Message<'_>, &mut Cursor, Dots, &mut Writer<'_>) -> Progress;

impl<'a> Message<'a> {
    /// A message with this author. Reports of failed delivery go to the author's address, unless
    /// [`sender`](Self::sender) or [`reverse_path`](Self::reverse_path) says otherwise.
    #[must_use]
    pub const fn new(from: Mailbox<'a>) -> Self {
        Self {
            from,
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
            seed: 0,
            headers: &[],
            text: None,
            html: None,
            attachments: &[],
            body: body::atom,
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
        self.to = in_field(Field::To, list.try_into())?;
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
        self.cc = in_field(Field::Cc, list.try_into())?;
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
        self.reply_to = in_field(Field::ReplyTo, list.try_into())?;
        Ok(self)
    }

    /// Who sends the message, if not the author.
    #[must_use]
    pub const fn sender(mut self, sender: Mailbox<'a>) -> Self {
        self.sender = Some(sender);
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

    /// Fields of the caller's own.
    ///
    /// # Errors
    ///
    /// `Duplicate` if `In-Reply-To` or `References` occurs twice; `TooLong` for more than 65,535
    /// fields.
    pub fn headers(mut self, headers: &'a [Header<'a>]) -> Result<Self, Invalid> {
        if headers.len() > MAX_ITEMS {
            return Err(Invalid::new(Field::HeaderName, Reason::TooLong));
        }
        if header::has_duplicate(headers) {
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
        self.text = Some(text);
        self
    }

    /// The HTML, an alternative to the plain text if there is one.
    #[must_use]
    pub const fn html(mut self, html: &'a str) -> Self {
        self.html = Some(html);
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
    pub fn needs_smtputf8(&self) -> bool {
        let lists = [self.reply_to, self.to, self.cc, self.bcc];
        !self.from.address().is_ascii()
            || self
                .sender
                .is_some_and(|sender| !sender.address().is_ascii())
            || !self.reverse_path_or_default().is_ascii()
            || lists
                .iter()
                .any(|list| list.iter().any(|mailbox| !mailbox.address().is_ascii()))
    }

    /// Octets of the whole message, as SMTP's SIZE counts them: line ends have two, and dots that
    /// are doubled on the way count once. `u32::MAX` if there are more.
    #[must_use]
    pub fn encoded_len(&self) -> u32 {
        let mut w = Writer::counting();
        self.run(&mut Cursor::default(), Dots::Plain, &mut w);
        w.counted()
    }

    /// The message as octets, to be read in pieces of any size.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            message: self,
            cursor: Some(Cursor::default()),
        }
    }

    /// Fills `out` from the cursor on. Returns the octets written, and whether the message is
    /// complete; it then ends with a line end.
    pub(crate) fn fill(&self, cursor: &mut Cursor, dots: Dots, out: &mut [u8]) -> (usize, bool) {
        let mut w = Writer::new(out, cursor.skip);
        let complete = self.run(cursor, dots, &mut w);
        (w.len(), complete)
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

    /// Produces atoms until the message is complete (`true`) or one is cut.
    fn run(&self, cursor: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> bool {
        loop {
            let mut next = *cursor;
            let progress = self.atom(&mut next, dots, w);
            if let Some(skip) = w.end_atom() {
                cursor.skip = skip;
                return false;
            }
            *cursor = Cursor { skip: 0, ..next };
            if progress == Progress::End {
                return true;
            }
        }
    }

    /// Produces the atom at the cursor and moves the cursor to the next one.
    fn atom(&self, at: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Progress {
        let next = match at.step {
            Step::Date => {
                if let Some(date) = self.date {
                    w.str("Date: ");
                    date.write(w);
                    w.crlf();
                }
                Step::From
            }
            Step::From => {
                mailbox_field("From:", self.from, w);
                Step::Sender
            }
            Step::Sender => {
                if let Some(sender) = self.sender {
                    mailbox_field("Sender:", sender, w);
                }
                Step::ReplyTo
            }
            Step::ReplyTo => return list_atom("Reply-To:", self.reply_to, at, Step::To, w),
            Step::To => return list_atom("To:", self.to, at, Step::Cc, w),
            Step::Cc => return list_atom("Cc:", self.cc, at, Step::Subject, w),
            Step::Subject => {
                if let Some(subject) = self.subject {
                    text::field("Subject", subject, w);
                }
                Step::MessageId
            }
            Step::MessageId => {
                if let Some(id) = self.message_id {
                    // Folded, since an identifier may fill a line.
                    w.str("Message-ID:");
                    w.str(if id.as_str().len() > MAX_UNFOLDED_ID {
                        "\r\n <"
                    } else {
                        " <"
                    });
                    w.str(id.as_str());
                    w.str(">\r\n");
                }
                Step::Importance
            }
            Step::Importance => {
                w.str(match self.importance {
                    Importance::High => "Importance: high\r\nX-Priority: 1 (Highest)\r\n",
                    Importance::Normal => "",
                    Importance::Low => "Importance: low\r\nX-Priority: 5 (Lowest)\r\n",
                });
                Step::AutoSubmitted
            }
            Step::AutoSubmitted => {
                if self.auto_submitted {
                    w.str("Auto-Submitted: auto-generated\r\n");
                }
                Step::Custom
            }
            Step::Custom => match nth(self.headers, at.item) {
                Some(header) => {
                    text::field(header.name, header.value, w);
                    return at.go_to_item(Step::Custom, at.item.saturating_add(1));
                }
                None => Step::MimeVersion,
            },
            Step::MimeVersion => {
                w.str("MIME-Version: 1.0\r\n");
                Step::Mixed
            }
            _ => return (self.body)(self, at, dots, w),
        };
        at.go(next)
    }
}

/// Writes a field of one mailbox.
fn mailbox_field(name: &str, mailbox: Mailbox<'_>, w: &mut Writer<'_>) {
    w.str(name);
    mailboxes::write(mailbox, name.len(), w);
    w.crlf();
}

/// Writes the next mailbox of a field, one a line, or the field's end. An empty list has no field.
fn list_atom(
    name: &str,
    list: MailboxList<'_>,
    at: &mut Cursor,
    after: Step,
    w: &mut Writer<'_>,
) -> Progress {
    let mut position = u32::try_from(at.position).unwrap_or(u32::MAX);
    let first = position == 0;
    let Some(mailbox) = list.next(&mut position) else {
        if !first {
            w.crlf();
        }
        return at.go(after);
    };
    let opening = if first { name } else { ",\r\n" };
    w.str(opening);
    mailboxes::write(mailbox, if first { name.len() } else { 0 }, w);
    at.advance(position as usize)
}

/// The result of a conversion, reported for the field it was meant for.
fn in_field<T, E>(field: Field, result: Result<T, E>) -> Result<T, Invalid>
where
    Invalid: From<E>,
{
    result.map_err(|error| Invalid::from(error).in_field(field))
}

/// Octets of an identifier that fit behind `Message-ID: <` with `>` in a line of 78.
const MAX_UNFOLDED_ID: usize = 64;

/// A message as octets, with CRLF line ends and no dot doubled: what a file of a mail holds.
#[derive(Debug, Clone)]
pub struct Reader<'m> {
    message: &'m Message<'m>,
    /// `None` when the message is complete.
    cursor: Option<Cursor>,
}

impl Reader<'_> {
    /// Fills `out` with the next octets and returns their number: 0 at the end.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        let Some(mut cursor) = self.cursor else {
            return 0;
        };
        let (octets, complete) = self.message.fill(&mut cursor, Dots::Plain, out);
        self.cursor = (!complete).then_some(cursor);
        octets
    }
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
            let (octets, complete) = message.fill(&mut cursor, dots, &mut out);
            got.extend_from_slice(&out[..octets]);
            if complete {
                return got;
            }
            assert_eq!(octets, size, "a buffer is filled as long as there is more");
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
        let len = message.encoded_len() as usize;
        let mut cursor = Cursor::default();
        let result = message.fill(&mut cursor, Dots::Stuffed, &mut out[..len]);
        assert_eq!(result, (len, true));
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
