//! The setters of a message. Each checks what it is given, and links the code that writes it.

use super::content::Content;
use super::cursor::MAX_ITEMS;
use super::dsn::{self, EnvelopeId, Notify, Return};
use super::encoder::rare_fields;
use super::{
    Attachment, Date, Header, HeaderText, Importance, Message, MessageId, ParentId, header, mime,
};
use crate::invalid::{Field, Invalid, Reason};
use crate::wire::address::{Address, ReversePath};
use crate::wire::list::MailboxList;
use crate::wire::mailbox::Mailbox;

impl<'a> Message<'a> {
    /// The recipients named in the To field: mailboxes separated by `;` or `,`. A message with neither
    /// To nor Cc says `To: undisclosed-recipients:;` (RFC 5322 §3.4).
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
        Ok(self.notify(Notify::ALWAYS))
    }

    /// When reports on the delivery to each recipient are wanted, where the server offers DSN: they
    /// go to the reverse-path. Else the servers on the way decide, which mostly report failures.
    #[must_use]
    pub const fn notify(mut self, when: Notify) -> Self {
        self.dsn = Some(dsn::parameters);
        self.wishes.notify = Some(when);
        self
    }

    /// What a report on a failure shall hold of the message, where the server offers DSN.
    #[must_use]
    pub const fn dsn_return(mut self, what: Return) -> Self {
        self.dsn = Some(dsn::parameters);
        self.wishes.returns = Some(what);
        self
    }

    /// An identifier that reports on the delivery give back, where the server offers DSN.
    ///
    /// # Errors
    ///
    /// As [`EnvelopeId::new`].
    pub fn envelope_id<T>(mut self, id: T) -> Result<Self, Invalid>
    where
        T: TryInto<EnvelopeId<'a>>,
        Invalid: From<T::Error>,
    {
        self.dsn = Some(dsn::parameters);
        self.wishes.envelope_id = Some(in_field(Field::EnvelopeId, id.try_into())?);
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
    /// Both are read as they come: folded, with TABs or several blanks, and malformed. Of the
    /// references the identifiers in angle brackets are sent. Words, commas and identifiers that cannot
    /// be sent are left out: those with blanks, outside ASCII, or of more than 995 bytes.
    ///
    /// # Errors
    ///
    /// As [`ParentId::new`]; for the references `ControlCharacter` for a line end that is no fold, and
    /// for others but TAB; `Duplicate` if one of the fields is among [`headers`](Self::headers).
    pub fn in_reply_to<T>(mut self, id: T, references: &'a str) -> Result<Self, Invalid>
    where
        T: TryInto<ParentId<'a>>,
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
    pub const fn text(self, text: &'a str) -> Self {
        self.set_text(Content::text(text))
    }

    #[inline(always)] // So that the question is answered when compiling.
    const fn set_text(mut self, text: Content<'a>) -> Self {
        if !self.is_ready_made {
            self.text = Some(text);
        }
        self
    }

    /// The HTML, an alternative to the plain text if there is one.
    #[must_use]
    pub const fn html(mut self, html: &'a str) -> Self {
        self.html = Some(Content::text(html));
        self.body = mime::atom;
        self
    }

    /// The plain text comes from a source while the message is sent: part [`Part::Text`](super::Part::Text). It is
    /// UTF-8, and CR, LF and CRLF each end a line.
    #[must_use]
    pub const fn streamed_text(self) -> Self {
        self.set_text(Content::TEXT_FROM_SOURCE)
    }

    /// The HTML comes from a source while the message is sent: part [`Part::Html`](super::Part::Html).
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
}

/// The result of a conversion, reported for the field it was meant for.
fn in_field<T, E>(field: Field, result: Result<T, E>) -> Result<T, Invalid>
where
    Invalid: From<E>,
{
    result.map_err(|error| Invalid::from(error).in_field(field))
}
