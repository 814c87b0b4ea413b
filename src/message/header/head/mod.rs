//! What the mails of a device have in common: authors, recipients, and the fields that stay the same.

mod composed;
mod written;

use super::custom::{self, Header};
use super::id::ParentId;
use super::text::{self, HeaderText};
use crate::invalid::{Field, Invalid, Reason};
use crate::message::cursor::{Cursor, MAX_ITEMS, Progress};
use crate::message::dsn::{self, DsnParameters, EnvelopeId, Notify, Return, Wishes};
use crate::message::recipients::{Envelope, Recipients, Walk};
use crate::wire::address::{Address, ReversePath};
use crate::wire::list::MailboxList;
use crate::wire::mailbox::Mailbox;
use crate::wire::writer::Writer;
use composed::{COMPOSED, PLAIN};
use written::Written;

/// How the fields and recipients of a head come: made while a message is sent, or before, by the
/// compiler.
#[derive(Debug)]
struct Ways {
    /// Produces the next atom of the fields from From to Cc, and moves the cursor on.
    atom: fn(&Head<'_>, &mut Cursor, &mut Writer<'_>) -> Progress,
    /// The next recipient that did not occur before.
    recipient: for<'h> fn(&'h Head<'_>, &mut Walk) -> Option<Address<'h>>,
}

/// The part of a message that a device's messages have in common: who writes it and to whom, mostly
/// the subject too, and the fields that few messages have.
///
/// A [`Message`](crate::Message) borrows its head, so one can be a `static` in flash, and serve every
/// message. Every setter checks what it is given.
///
/// # Examples
///
/// What is known when the program is compiled stands in [`head!`](crate::head):
///
/// ```
/// use embedded_smtp::message::Head;
/// use embedded_smtp::{Message, head};
///
/// static HEAD: Head = head! {
///     from: "Boiler 3 <boiler3@example.org>",
///     to: "ops@example.org; duty@example.org",
///     subject: "Overpressure in boiler 3",
/// };
/// let alert = Message::new(&HEAD).text("8.4 bar");
/// ```
///
/// What is known only when it runs:
///
/// ```
/// use embedded_smtp::message::Head;
/// use embedded_smtp::{Mailbox, Message};
///
/// let head = Head::new(Mailbox::parse("Boiler 3 <boiler3@example.org>")?)
///     .to("ops@example.org; duty@example.org")?
///     .subject("Overpressure in boiler 3")?;
/// let alert = Message::new(&head).text("8.4 bar");
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub(in crate::message) from: Mailbox<'a>,
    /// The authors, if there are several; `from` is the sender then.
    authors: MailboxList<'a>,
    sender: Option<Mailbox<'a>>,
    reply_to: MailboxList<'a>,
    pub(in crate::message) to: MailboxList<'a>,
    pub(in crate::message) cc: MailboxList<'a>,
    pub(in crate::message) bcc: MailboxList<'a>,
    reverse_path: Option<ReversePath<'a>>,
    pub(in crate::message) subject: Option<HeaderText<'a>>,
    /// The field that says it.
    pub(in crate::message) auto_submitted: &'static str,
    in_reply_to: Option<ParentId<'a>>,
    references: &'a str,
    read_receipt: Option<Address<'a>>,
    delivery_receipt: Option<Address<'a>>,
    /// What it asks of those who deliver the message.
    pub(in crate::message) wishes: Wishes<'a>,
    /// What MAIL and RCPT carry for them where the server offers DSN; linked on use.
    dsn: Option<DsnParameters>,
    headers: &'a [Header<'a>],
    /// An address holds a character outside ASCII, so that the server must offer SMTPUTF8.
    pub(in crate::message) needs_smtputf8: bool,
    /// How its fields and recipients come; linked on use.
    ways: &'static Ways,
    /// What the compiler wrote, if it did.
    written: Written<'a>,
    /// Writes the fields that few messages have. A pointer, so that only what is used is linked.
    pub(in crate::message) rare_fields: fn(&Head<'_>, &mut Writer<'_>),
    /// Writes the fields of the caller's own; likewise.
    pub(in crate::message) custom_fields: fn(&Head<'_>, &mut Writer<'_>),
}

impl<'a> Head<'a> {
    /// A head with this author. Reports of failed delivery go to the author's address, unless
    /// [`sender`](Self::sender) or [`reverse_path`](Self::reverse_path) says otherwise.
    #[must_use]
    pub const fn new(from: Mailbox<'a>) -> Self {
        let mut head = Self {
            from,
            authors: MailboxList::EMPTY,
            sender: None,
            reply_to: MailboxList::EMPTY,
            to: MailboxList::EMPTY,
            cc: MailboxList::EMPTY,
            bcc: MailboxList::EMPTY,
            reverse_path: None,
            subject: None,
            auto_submitted: "",
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
            headers: &[],
            needs_smtputf8: false,
            ways: &PLAIN,
            written: Written::NONE,
            rare_fields: |_, _| {},
            custom_fields: |_, _| {},
        };
        head.settle();
        head
    }

    /// A head with several authors, which names the one who sends the message (RFC 5322 §3.6.2).
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
        let mut head = Self::new(sender);
        head.authors = authors;
        head.settle();
        Ok(head)
    }

    /// Where a ready-made message goes ([`ReadyMade`](crate::message::ReadyMade)). It has no
    /// author, so any other message with it is refused before anything is sent.
    #[must_use]
    pub const fn envelope(reverse_path: ReversePath<'a>, recipients: MailboxList<'a>) -> Self {
        let mut head = Self::new(Mailbox::NOBODY);
        head.reverse_path = Some(reverse_path);
        head.bcc = recipients;
        head.settle();
        head
    }

    /// Takes note of what follows from its addresses and names. Its fields are to be written while a
    /// message is sent; encoded words are linked if a name needs them.
    #[inline(always)] // So that nothing is linked for names that are known when compiling.
    const fn settle(&mut self) {
        self.needs_smtputf8 = !self.is_ascii();
        let is_plain = self.from.has_plain_name()
            && self.authors.has_plain_names()
            && self.reply_to.has_plain_names()
            && self.to.has_plain_names()
            && self.cc.has_plain_names()
            && match self.sender {
                Some(sender) => sender.has_plain_name(),
                None => true,
            };
        self.ways = if is_plain { &PLAIN } else { &COMPOSED };
    }

    /// [`to`](Self::to) of a checked list. For [`head!`](crate::head).
    #[doc(hidden)]
    #[must_use]
    pub const fn __to(mut self, list: MailboxList<'a>) -> Self {
        self.to = list;
        self.settle();
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn __cc(mut self, list: MailboxList<'a>) -> Self {
        self.cc = list;
        self.settle();
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn __bcc(mut self, list: MailboxList<'a>) -> Self {
        self.bcc = list;
        self.settle();
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn __reply_to(mut self, list: MailboxList<'a>) -> Self {
        self.reply_to = list;
        self.settle();
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn __subject(mut self, subject: HeaderText<'a>) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The recipients named in the To field: mailboxes separated by `;` or `,`. A message with neither
    /// To nor Cc says `To: undisclosed-recipients:;` (RFC 5322 §3.4).
    ///
    /// # Errors
    ///
    /// As [`MailboxList::parse`].
    pub fn to<L>(self, list: L) -> Result<Self, Invalid>
    where
        L: TryInto<MailboxList<'a>>,
        Invalid: From<L::Error>,
    {
        Ok(self.__to(in_field(Field::To, list.try_into())?))
    }

    /// The recipients named in the Cc field.
    ///
    /// # Errors
    ///
    /// As [`MailboxList::parse`].
    pub fn cc<L>(self, list: L) -> Result<Self, Invalid>
    where
        L: TryInto<MailboxList<'a>>,
        Invalid: From<L::Error>,
    {
        Ok(self.__cc(in_field(Field::Cc, list.try_into())?))
    }

    /// Recipients that the message does not name.
    ///
    /// # Errors
    ///
    /// As [`MailboxList::parse`].
    pub fn bcc<L>(self, list: L) -> Result<Self, Invalid>
    where
        L: TryInto<MailboxList<'a>>,
        Invalid: From<L::Error>,
    {
        Ok(self.__bcc(in_field(Field::Bcc, list.try_into())?))
    }

    /// Where answers shall go, if not to the author.
    ///
    /// # Errors
    ///
    /// As [`MailboxList::parse`].
    pub fn reply_to<L>(self, list: L) -> Result<Self, Invalid>
    where
        L: TryInto<MailboxList<'a>>,
        Invalid: From<L::Error>,
    {
        Ok(self.__reply_to(in_field(Field::ReplyTo, list.try_into())?))
    }

    /// Who sends the message, if not the author.
    #[must_use]
    pub const fn sender(mut self, sender: Mailbox<'a>) -> Self {
        self.sender = Some(sender);
        self.settle();
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
        self.needs_smtputf8 = !self.is_ascii();
        Ok(self)
    }

    /// The subject.
    ///
    /// # Errors
    ///
    /// As [`HeaderText::new`].
    pub fn subject<T>(self, subject: T) -> Result<Self, Invalid>
    where
        T: TryInto<HeaderText<'a>>,
        Invalid: From<T::Error>,
    {
        Ok(self.__subject(in_field(Field::Subject, subject.try_into())?))
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
        self.needs_smtputf8 = !self.is_ascii();
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
        self.needs_smtputf8 = !self.is_ascii();
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
        custom::check_references(references)?;
        self.rare_fields = rare_fields;
        self.in_reply_to = Some(in_field(Field::InReplyTo, id.try_into())?);
        self.references = references;
        self.without_duplicates()
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
        self.headers = headers;
        self.custom_fields = |head, w| {
            for header in head.headers {
                text::field(header.name, &header.value, w);
            }
        };
        self.without_duplicates()
    }

    /// Refuses fields of the caller's own that may stand once, and do not.
    fn without_duplicates(self) -> Result<Self, Invalid> {
        if custom::has_duplicate(self.headers, self.in_reply_to.is_some()) {
            return Err(Invalid::new(Field::HeaderName, Reason::Duplicate));
        }
        Ok(self)
    }

    /// Says that no person wrote this: `Auto-Submitted: auto-generated` (RFC 3834), which keeps
    /// other machines from answering.
    #[must_use]
    pub const fn auto_submitted(mut self) -> Self {
        self.auto_submitted = "Auto-Submitted: auto-generated\r\n";
        self
    }

    /// The envelope's recipients: To, then Cc, then Bcc, each address once. Addresses are the same
    /// if their local parts are, and their domains without regard to case.
    #[must_use]
    pub fn recipients(&self) -> Recipients<'_> {
        Recipients {
            envelope: Envelope::of(self),
            walk: Walk::default(),
        }
    }

    /// Whether every address is ASCII.
    const fn is_ascii(&self) -> bool {
        self.to.is_ascii()
            && self.cc.is_ascii()
            && self.bcc.is_ascii()
            && self.reply_to.is_ascii()
            && self.authors.is_ascii()
            && self.from.address().is_ascii()
            && match self.sender {
                Some(sender) => sender.address().is_ascii(),
                None => true,
            }
            && match self.reverse_path {
                Some(path) => path.is_ascii(),
                None => true,
            }
            && match self.read_receipt {
                Some(address) => address.is_ascii(),
                None => true,
            }
            && match self.delivery_receipt {
                Some(address) => address.is_ascii(),
                None => true,
            }
    }

    /// The next recipient that did not occur before.
    pub(in crate::message) fn next_recipient(&self, walk: &mut Walk) -> Option<Address<'_>> {
        (self.ways.recipient)(self, walk)
    }

    /// Produces the next atom of the fields from From to Cc, and moves the cursor on.
    pub(in crate::message) fn atom(&self, at: &mut Cursor, w: &mut Writer<'_>) -> Progress {
        (self.ways.atom)(self, at, w)
    }

    /// What MAIL and RCPT carry beside the address where the server offers DSN.
    pub(in crate::message) const fn dsn_parameters(&self) -> Option<DsnParameters> {
        self.dsn
    }

    /// Where reports of failed delivery go.
    pub(in crate::message) fn path(&self) -> ReversePath<'a> {
        match self.reverse_path {
            Some(path) => path,
            None => self.sender.as_ref().unwrap_or(&self.from).address().into(),
        }
    }
}

/// A [`Head`](crate::message::Head) of literals, checked and written when the program is compiled.
///
/// `from` comes first and must be there; `sender`, `reply_to`, `to`, `cc`, `bcc` and `subject` may
/// follow in any order, each once. A list has at least one mailbox. The fields are written, folded and
/// encoded by the compiler, so a program links nothing that does it. A setter of one of these fields,
/// called on the result, has all of them written while a message is sent. Other `const` setters, such as
/// [`auto_submitted`](crate::message::Head::auto_submitted), can follow in a `static` too. For a list of
/// many hundreds of mailboxes the compiler wants the lint `long_running_const_eval` allowed at the `static`.
///
/// ```
/// use embedded_smtp::head;
/// use embedded_smtp::message::Head;
///
/// static HEAD: Head = head! {
///     from: "Kessel 3 <boiler3@example.org>",
///     to: "ops@example.org; duty@example.org",
///     subject: "Überdruck in Kessel 3",
/// };
/// ```
///
/// ```compile_fail,E0080
/// use embedded_smtp::head;
/// use embedded_smtp::message::Head;
///
/// static HEAD: Head = head! { from: "boiler3@example.org", to: "ops@" };
/// ```
///
/// ```compile_fail,E0080
/// use embedded_smtp::head;
///
/// let twice = head! { from: "boiler3@example.org", to: "a@example.org", to: "b@example.org" };
/// ```
#[macro_export]
macro_rules! head {
    (from: $from:expr $(, $field:ident: $value:expr)* $(,)?) => {{
        const _: () = $crate::__literal!(
            (),
            $crate::message::Head::__once(&[$($crate::__head_field!($field)),*])
        );
        const __EMBEDDED_SMTP_PARTS: $crate::message::Head<'static> = {
            let head = $crate::message::Head::new($crate::__head_mailbox!(From, $from));
            $(let head = $crate::__head_field!($field, head, $value);)*
            head
        };
        const __EMBEDDED_SMTP_FIELDS: [u8; __EMBEDDED_SMTP_PARTS.__fields_len()] =
            __EMBEDDED_SMTP_PARTS.__fields();
        const __EMBEDDED_SMTP_MAILBOXES: [$crate::Address<'static>;
            __EMBEDDED_SMTP_PARTS.__mailboxes_len()] = __EMBEDDED_SMTP_PARTS.__mailboxes();
        // Each is compared with those before it.
        const __EMBEDDED_SMTP_NUMBER: usize =
            $crate::message::Head::__distinct_len(&__EMBEDDED_SMTP_MAILBOXES);
        const __EMBEDDED_SMTP_RECIPIENTS: [$crate::Address<'static>; __EMBEDDED_SMTP_NUMBER] =
            $crate::message::Head::__distinct(&__EMBEDDED_SMTP_MAILBOXES);
        const __EMBEDDED_SMTP_HEAD: $crate::message::Head<'static> = __EMBEDDED_SMTP_PARTS
            .__written(&__EMBEDDED_SMTP_FIELDS, &__EMBEDDED_SMTP_RECIPIENTS);
        __EMBEDDED_SMTP_HEAD
    }};
    ($($field:ident: $value:expr),* $(,)?) => {
        ::core::compile_error!("`head!` begins with `from`, the mailbox of the author")
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "`head!` takes fields with commas between them: `from: \"boiler3@example.org\", to: \"ops@example.org\"`"
        )
    };
}

/// `$field` as a [`Field`], or the head with its value.
#[doc(hidden)]
#[macro_export]
macro_rules! __head_field {
    (sender) => {
        $crate::Field::Sender
    };
    (reply_to) => {
        $crate::Field::ReplyTo
    };
    (to) => {
        $crate::Field::To
    };
    (cc) => {
        $crate::Field::Cc
    };
    (bcc) => {
        $crate::Field::Bcc
    };
    (subject) => {
        $crate::Field::Subject
    };
    (from) => {
        $crate::Field::From
    };
    // What is unknown is reported once, below.
    ($unknown:ident) => {
        $crate::Field::HeaderName
    };
    (sender, $head:ident, $value:expr) => {
        $head.sender($crate::__head_mailbox!(Sender, $value))
    };
    (reply_to, $head:ident, $value:expr) => {
        $head.__reply_to($crate::__head_list!(ReplyTo, $value))
    };
    (to, $head:ident, $value:expr) => {
        $head.__to($crate::__head_list!(To, $value))
    };
    (cc, $head:ident, $value:expr) => {
        $head.__cc($crate::__head_list!(Cc, $value))
    };
    (bcc, $head:ident, $value:expr) => {
        $head.__bcc($crate::__head_list!(Bcc, $value))
    };
    (subject, $head:ident, $value:expr) => {
        $head.__subject($crate::header_text!($value))
    };
    (from, $head:ident, $value:expr) => {
        $head
    };
    ($unknown:ident, $head:ident, $value:expr) => {
        ::core::compile_error!(::core::concat!(
            "`head!` has no field `",
            ::core::stringify!($unknown),
            "`: it has from, sender, reply_to, to, cc, bcc and subject"
        ))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __head_mailbox {
    ($field:ident, $value:expr) => {
        $crate::__literal!(
            $crate::Mailbox<'static>,
            $crate::Mailbox::parse($value),
            in $field
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __head_list {
    ($field:ident, $value:expr) => {
        $crate::__literal!(
            $crate::MailboxList<'static>,
            $crate::MailboxList::__literal($value),
            in $field
        )
    };
}

/// Writes what the message answers, and the receipts it asks for.
fn rare_fields(head: &Head<'_>, w: &mut Writer<'_>) {
    if let Some(id) = head.in_reply_to {
        custom::write_thread(id, head.references, w);
    }
    let receipts = [
        ("Disposition-Notification-To:", head.read_receipt),
        ("Return-Receipt-To:", head.delivery_receipt),
    ];
    for (name, address) in receipts {
        if let Some(address) = address {
            // An address alone: the line holds it, and no filter asks for brackets here.
            w.str(name);
            w.byte(b' ');
            w.str(address.as_str());
            w.crlf();
        }
    }
}

/// The result of a conversion, reported for the field it was meant for.
pub(in crate::message) fn in_field<T, E>(field: Field, result: Result<T, E>) -> Result<T, Invalid>
where
    Invalid: From<E>,
{
    result.map_err(|error| Invalid::from(error).in_field(field))
}
