//! The message: collected from options or JSON, with what it refers to read from disk, and made
//! into the crate's [`Message`].
//!
//! A [`Message`] borrows, so somebody must own: that is [`Letter`], which checks nothing, and
//! [`Parts`], which holds what the crate has checked.

use std::fs;

use embedded_smtp::message::{Attachment, Date, Head, Header, Part};
use embedded_smtp::{Address, Field, Invalid, Mailbox, Message, Reason, ReversePath, message};

use crate::advice;
use crate::check::Usage;
use crate::identity::Identity;
use crate::options::{Attach, Encoding, Importance, Notify, Options, Return};
use crate::source::{OnDisk, Source};
use crate::{escape, media_type};

/// All that a message is made of.
#[derive(Debug, Default)]
pub struct Letter {
    pub from: String,
    pub reply_to: String,
    pub envelope_from: Option<String>,
    pub to: String,
    pub cc: String,
    pub bcc: String,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub importance: Option<Importance>,
    pub files: Vec<File>,
    /// `Name: value`.
    pub headers: Vec<String>,
    pub auto_submitted: bool,
    pub read_receipt: Option<String>,
    pub delivery_receipt: Option<String>,
    /// When to report on the delivery; empty if the servers decide.
    pub notify: Vec<Notify>,
    pub returns: Option<Return>,
    pub envid: Option<String>,
}

/// A file to attach, or to show in the HTML if it has a Content-ID.
#[derive(Debug)]
pub struct File {
    pub name: String,
    pub media_type: String,
    pub content: Content,
    pub encoding: Encoding,
    pub content_id: Option<String>,
}

/// Where a file's octets are.
#[derive(Debug)]
pub enum Content {
    Held(Vec<u8>),
    OnDisk(OnDisk),
}

/// Why there is no letter.
#[derive(Debug)]
pub enum Refused {
    /// The arguments cannot be used.
    Usage(String),
    /// The message is wrong: one line for a person.
    Invalid(String),
}

impl From<Usage> for Refused {
    fn from(Usage(text): Usage) -> Self {
        Self::Usage(text)
    }
}

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(advice::of_invalid(invalid))
    }
}

impl Letter {
    /// The letter that the options describe, `--json` apart.
    pub fn from_options(options: &Options) -> Result<Self, Refused> {
        let given = |option: &Option<String>| option.clone().unwrap_or_default();
        let html = content_of("--html", options.html.as_deref())?;
        let text = content_of("--text", options.text.as_deref())?;
        // Whether an empty text stands beside HTML: it would be the first alternative, and blank.
        let is_blank = html.is_some() && text.as_deref() == Some("");
        Ok(Self {
            from: given(&options.from),
            reply_to: given(&options.reply_to),
            envelope_from: options.envelope_from.clone(),
            to: given(&options.to),
            cc: given(&options.cc),
            bcc: given(&options.bcc),
            subject: content_of("--subject", options.subject.as_deref())?,
            text: text.filter(|_| !is_blank),
            html,
            importance: options.importance,
            files: options
                .attach
                .iter()
                .map(|attach| File::read(attach, options.stream))
                .collect::<Result<_, _>>()?,
            headers: options.header.clone(),
            auto_submitted: !options.no_auto_submitted,
            read_receipt: options.read_receipt.clone(),
            delivery_receipt: options.delivery_receipt.clone(),
            notify: options.notify.clone(),
            returns: options.returns,
            envid: options.envid.clone(),
        })
    }

    /// The addresses the mail goes to; none where a list cannot be read.
    pub fn recipients(&self) -> Vec<String> {
        // The author does not matter here.
        let anybody = embedded_smtp::mailbox!("a@example.org");
        let lists = || {
            Head::new(anybody)
                .to(&*self.to)?
                .cc(&*self.cc)?
                .bcc(&*self.bcc)
        };
        let list = |head: Head<'_>| {
            head.recipients()
                .map(|address| address.as_str().to_owned())
                .collect()
        };
        lists().map(list).unwrap_or_default()
    }

    /// The readers of the files on disk, in the order of the files.
    pub fn sources(&self) -> Vec<Source<'_>> {
        let on_disk = self.files.iter().filter_map(|file| match &file.content {
            Content::OnDisk(on_disk) => Some(Source::new(on_disk)),
            Content::Held(_) => None,
        });
        on_disk.collect()
    }

    /// Which of the [`sources`](Self::sources) a part comes from.
    pub fn source_number(&self, part: Part) -> Option<usize> {
        let Part::Attachment(index) = part else {
            return None;
        };
        let is_on_disk = |file: &&File| matches!(file.content, Content::OnDisk(_));
        let before = self.files.iter().take(index.into());
        Some(before.filter(is_on_disk).count())
    }

    /// Whether a file that is held travels as it is: its lines may look like the message's
    /// boundaries, which only the whole message can tell.
    pub fn is_any_held_as_is(&self) -> bool {
        let is_held_as_is = |file: &File| {
            file.encoding == Encoding::None && matches!(file.content, Content::Held(_))
        };
        self.files.iter().any(is_held_as_is)
    }

    /// What of the message must be checked before it can be put together.
    pub fn parts(&self) -> Result<Parts<'_>, Refused> {
        let from = Mailbox::parse(&self.from).map_err(|e| e.in_field(Field::From))?;
        let headers = self
            .headers
            .iter()
            .map(|line| header(line))
            .collect::<Result<_, _>>()?;
        let attachments = self
            .files
            .iter()
            .map(File::attachment)
            .collect::<Result<_, _>>()?;
        Ok(Parts {
            letter: self,
            from,
            headers,
            attachments,
        })
    }
}

/// A letter whose parts were checked.
pub struct Parts<'a> {
    letter: &'a Letter,
    from: Mailbox<'a>,
    headers: Vec<Header<'a>>,
    attachments: Vec<Attachment<'a>>,
}

impl Parts<'_> {
    /// The domain that a Message-ID is made for.
    pub fn domain(&self) -> &str {
        self.from.address().domain().as_str()
    }

    /// What the messages of `--repeat` have in common.
    pub fn head(&self) -> Result<Head<'_>, Refused> {
        let letter = self.letter;
        let mut head = Head::new(self.from)
            .to(&*letter.to)?
            .cc(&*letter.cc)?
            .bcc(&*letter.bcc)?
            .reply_to(&*letter.reply_to)?
            .headers(&self.headers)?;
        if head.recipients().next().is_none() {
            return Err(Invalid::new(Field::Recipients, Reason::Empty).into());
        }
        if let Some(path) = &letter.envelope_from {
            head = head.reverse_path(match &**path {
                "<>" => ReversePath::Null,
                path => address_of(path, Field::ReversePath)?.into(),
            })?;
        }
        if let Some(subject) = &letter.subject {
            head = head.subject(&**subject)?;
        }
        if letter.auto_submitted {
            head = head.auto_submitted();
        }
        if let Some(address) = &letter.read_receipt {
            head = head.read_receipt(address_of(address, Field::ReadReceipt)?)?;
        }
        if let Some(address) = &letter.delivery_receipt {
            head = head.delivery_receipt(address_of(address, Field::DeliveryReceipt)?)?;
        }
        if !letter.notify.is_empty() {
            head = head.notify(when(&letter.notify)?);
        }
        if let Some(returns) = letter.returns {
            head = head.dsn_return(match returns {
                Return::Full => message::Return::Full,
                Return::Headers => message::Return::Headers,
            });
        }
        if let Some(id) = &letter.envid {
            head = head.envelope_id(&**id)?;
        }
        Ok(head)
    }

    /// The message with this identity.
    pub fn message<'a>(
        &'a self,
        head: &'a Head<'a>,
        identity: &'a Identity,
    ) -> Result<Message<'a>, Refused> {
        let letter = self.letter;
        let mut message = Message::new(head)
            .importance(match letter.importance {
                Some(Importance::High) => message::Importance::High,
                Some(Importance::Low) => message::Importance::Low,
                Some(Importance::Normal) | None => message::Importance::Normal,
            })
            .date(Date::from_unix(identity.date, 0)?)
            .message_id(&*identity.message_id)?
            .seed(identity.seed);
        if let Some(text) = &letter.text {
            message = message.text(text);
        }
        if let Some(html) = &letter.html {
            message = message.html(html);
        }
        if !self.attachments.is_empty() {
            message = message.attachments(&self.attachments);
        }
        Ok(message)
    }
}

/// The address of a mailbox. Where only an address is needed, a display name is left out.
fn address_of(mailbox: &str, field: Field) -> Result<Address<'_>, Invalid> {
    match Mailbox::parse(mailbox) {
        Ok(mailbox) => Ok(mailbox.address()),
        Err(invalid) => Err(invalid.in_field(field)),
    }
}

/// When to report on the delivery.
fn when(times: &[Notify]) -> Result<message::Notify, Refused> {
    if times.len() > 1 && times.contains(&Notify::Never) {
        return Err(Refused::Usage("--notify: never stands alone".into()));
    }
    let when = times.iter().map(|time| match time {
        Notify::Never => message::Notify::NEVER,
        Notify::Success => message::Notify::SUCCESS,
        Notify::Failure => message::Notify::FAILURE,
        Notify::Delay => message::Notify::DELAY,
    });
    Ok(when.fold(message::Notify::NEVER, message::Notify::or))
}

impl File {
    /// The file that an option names: read, or opened to be read while the mail is sent.
    fn read(attach: &Attach, stream: bool) -> Result<Self, Refused> {
        let path = &*attach.path;
        let last = path.rsplit(std::path::is_separator).next().unwrap_or(path);
        let content = if stream {
            OnDisk::open(path).map(Content::OnDisk)
        } else {
            fs::read(path).map(Content::Held)
        };
        let name = attach.name.as_deref().unwrap_or(last);
        Ok(Self {
            name: name.into(),
            media_type: media_type(attach.media_type.as_deref(), name, attach.encoding),
            content: content.map_err(|error| unreadable("--attach", path, &error))?,
            encoding: attach.encoding,
            content_id: attach.content_id.clone(),
        })
    }

    fn attachment(&self) -> Result<Attachment<'_>, Refused> {
        let (name, media_type) = (&*self.name, &*self.media_type);
        let attachment = match (&self.content, self.encoding) {
            (Content::Held(octets), Encoding::Base64) => Attachment::new(name, media_type, octets),
            (Content::Held(octets), Encoding::None) => Attachment::as_is(name, media_type, octets),
            (Content::OnDisk(file), Encoding::Base64) => {
                Attachment::streamed(name, media_type, file.length)
            }
            (Content::OnDisk(file), Encoding::None) => {
                Attachment::streamed_as_is(name, media_type, file.length)
            }
        };
        let attachment = attachment.and_then(|attachment| match &self.content_id {
            Some(id) => attachment.inline(id),
            None => Ok(attachment),
        });
        attachment.map_err(|invalid| {
            let name = escape::line(name);
            Refused::Invalid(format!("{name}: {}", advice::of_file(invalid, media_type)))
        })
    }
}

/// The media type that is given, else that of the name. A message that travels in base64 is a file
/// like any other.
pub fn media_type(given: Option<&str>, name: &str, encoding: Encoding) -> String {
    let media_type = match (given, media_type::of(name)) {
        (Some(given), _) => given,
        (None, known) if encoding == Encoding::Base64 && media_type::is_message(known) => {
            media_type::UNKNOWN
        }
        (None, known) => known,
    };
    media_type.into()
}

/// The text of an option: itself, a file's content (`@FILE`), or itself without its first `@`
/// (`@@…`).
fn content_of(option: &str, text: Option<&str>) -> Result<Option<String>, Refused> {
    let Some(text) = text else { return Ok(None) };
    let Some(rest) = text.strip_prefix('@') else {
        return Ok(Some(text.into()));
    };
    if rest.starts_with('@') {
        return Ok(Some(rest.into()));
    }
    match fs::read_to_string(rest) {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(unreadable(option, rest, &error)),
    }
}

pub fn unreadable(option: &str, path: &str, error: &std::io::Error) -> Refused {
    let path = escape::line(path);
    Refused::Invalid(format!(
        "{option}: cannot read {path} ({error}): check the path"
    ))
}

fn header(line: &str) -> Result<Header<'_>, Refused> {
    let Some((name, value)) = line.split_once(':') else {
        return Err(Refused::Invalid(
            "--header: there is no colon: write 'Name: value'".into(),
        ));
    };
    Ok(Header::new(name, value.strip_prefix(' ').unwrap_or(value))?)
}
