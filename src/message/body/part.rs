//! Attachments and inline parts.

use super::label::Label;
use crate::invalid::{Field, Invalid, Reason};
use crate::message::coding::{Content, UNKNOWN, utf8};
use crate::message::header::id::{self, ContentId};
use crate::wire::writer::Writer;

/// An attachment, or a part that the HTML shows.
///
/// ```
/// use embedded_smtp::message::Attachment;
///
/// # const PNG: &[u8] = b"";
/// let log = Attachment::new("log.csv", "text/csv", b"time;bar\r\n")?;
/// let picture = Attachment::new("p.png", "image/png", PNG)?.inline("pic1")?;  // <img src="cid:pic1">
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Attachment<'a> {
    label: Label<'a>,
    pub(in crate::message) content: Content<'a>,
    content_id: Option<ContentId<'a>>,
    /// Writes the Content-ID. A pointer, so that only what is used is linked.
    id_field: fn(&Attachment<'_>, &mut Writer<'_>),
}

impl<'a> Label<'a> {
    /// An attachment of these bytes that travels in base64. A `text/…` without a charset is given
    /// `charset=utf-8` if they are UTF-8 and not ASCII.
    ///
    /// # Errors
    ///
    /// `AsIsOnly` for `message/…`, which RFC 2046 §5.2.1 does not let travel in base64: a message that
    /// cannot be attached [as it is](Self::attach_as_is) is attached as `application/octet-stream`.
    pub const fn attach(self, content: &'a [u8]) -> Result<Attachment<'a>, Invalid> {
        let encoded = Content::base64(content);
        self.in_base64(if self.lacks_charset && utf8::is_beyond_ascii(content) {
            encoded.in_utf8()
        } else {
            encoded
        })
    }

    /// An attachment that travels as it is: ASCII text with CRLF line ends.
    ///
    /// No line of it may begin as the message's boundaries do, which is seen only while it is sent
    /// ([`ContentFaultKind::Boundary`](crate::message::ContentFaultKind::Boundary)). No text does so by
    /// chance, but a mail of your own may: to forward it, give the message another
    /// [seed](crate::Message::seed).
    ///
    /// # Errors
    ///
    /// Of [`Field::Attachment`] `LineEnd`, `LineTooLong` (998 bytes), `NotAscii`, and
    /// `ControlCharacter` for a byte 0.
    pub const fn attach_as_is(self, content: &'a [u8]) -> Result<Attachment<'a>, Invalid> {
        match Content::as_is(content) {
            Ok(content) => Ok(self.with(content)),
            Err(reason) => Err(Invalid::new(Field::Attachment, reason)),
        }
    }

    /// An attachment that travels in base64, its bytes given while the message is sent. If its
    /// length is known, the source must give exactly that many. Nothing is known of its bytes, so a
    /// text that is not ASCII needs its charset in the media type.
    ///
    /// # Errors
    ///
    /// As [`attach`](Self::attach); of [`Field::Attachment`] `TooLong` for a length of `u32::MAX`.
    pub const fn attach_streamed(self, length: Option<u32>) -> Result<Attachment<'a>, Invalid> {
        match known(length) {
            Ok(length) => self.in_base64(Content::base64_from_source(length)),
            Err(invalid) => Err(invalid),
        }
    }

    /// An attachment that travels as it is, its bytes given, and checked, while the message is sent.
    /// If its length is known, the source must give exactly that many.
    ///
    /// # Errors
    ///
    /// Of [`Field::Attachment`] `TooLong` for a length of `u32::MAX`.
    pub const fn attach_streamed_as_is(
        self,
        length: Option<u32>,
    ) -> Result<Attachment<'a>, Invalid> {
        match known(length) {
            Ok(length) => Ok(self.with(Content::as_is_from_source(length))),
            Err(invalid) => Err(invalid),
        }
    }

    const fn in_base64(self, content: Content<'a>) -> Result<Attachment<'a>, Invalid> {
        if self.is_message {
            return Err(Invalid::new(Field::MediaType, Reason::AsIsOnly));
        }
        Ok(self.with(content))
    }

    const fn with(self, content: Content<'a>) -> Attachment<'a> {
        Attachment {
            label: self,
            content,
            content_id: None,
            id_field: |_, _| {},
        }
    }
}

impl<'a> Attachment<'a> {
    /// [`Label::new`] and [`Label::attach`].
    ///
    /// # Errors
    ///
    /// As theirs.
    pub const fn new(
        file_name: &'a str,
        media_type: &'a str,
        content: &'a [u8],
    ) -> Result<Self, Invalid> {
        match Label::new(file_name, media_type) {
            Ok(label) => label.attach(content),
            Err(invalid) => Err(invalid),
        }
    }

    /// [`Label::new`] and [`Label::attach_as_is`].
    ///
    /// # Errors
    ///
    /// As theirs.
    pub const fn as_is(
        file_name: &'a str,
        media_type: &'a str,
        content: &'a [u8],
    ) -> Result<Self, Invalid> {
        match Label::new(file_name, media_type) {
            Ok(label) => label.attach_as_is(content),
            Err(invalid) => Err(invalid),
        }
    }

    /// [`Label::new`] and [`Label::attach_streamed`].
    ///
    /// # Errors
    ///
    /// As theirs.
    pub const fn streamed(
        file_name: &'a str,
        media_type: &'a str,
        length: Option<u32>,
    ) -> Result<Self, Invalid> {
        match Label::new(file_name, media_type) {
            Ok(label) => label.attach_streamed(length),
            Err(invalid) => Err(invalid),
        }
    }

    /// [`Label::new`] and [`Label::attach_streamed_as_is`].
    ///
    /// # Errors
    ///
    /// As theirs.
    pub const fn streamed_as_is(
        file_name: &'a str,
        media_type: &'a str,
        length: Option<u32>,
    ) -> Result<Self, Invalid> {
        match Label::new(file_name, media_type) {
            Ok(label) => label.attach_streamed_as_is(length),
            Err(invalid) => Err(invalid),
        }
    }

    /// What it is called and what it is.
    #[must_use]
    pub const fn label(&self) -> Label<'a> {
        self.label
    }

    /// Makes it an inline part: the HTML refers to it as `cid:` and `content_id`. In a message
    /// without HTML it is an attachment like the others.
    ///
    /// # Errors
    ///
    /// As [`ContentId::new`].
    pub const fn inline(self, content_id: &'a str) -> Result<Self, Invalid> {
        match ContentId::new(content_id) {
            Ok(id) => Ok(Self {
                content_id: Some(id),
                id_field: |part, w| {
                    if let Some(id) = part.content_id {
                        id::field("Content-ID:", id.as_str(), w);
                    }
                },
                ..self
            }),
            Err(invalid) => Err(invalid),
        }
    }

    /// Whether it has a Content-ID.
    #[must_use]
    pub const fn is_inline(&self) -> bool {
        self.content_id.is_some()
    }

    /// Writes the part's fields and the empty line.
    pub(in crate::message) fn head(&self, disposition: &str, w: &mut Writer<'_>) {
        w.str("Content-Type: ");
        self.label.write_type(w);
        if self.content.coding.needs_charset {
            w.str(";\r\n charset=utf-8");
        }
        w.str("\r\nContent-Transfer-Encoding: ");
        w.str(self.content.coding.name);
        w.str("\r\nContent-Disposition: ");
        w.str(disposition);
        self.label.write_disposition(w);
        w.crlf();
        (self.id_field)(self, w);
        w.crlf();
    }
}

/// The length of a source, which cannot be announced as [`UNKNOWN`].
const fn known(length: Option<u32>) -> Result<u32, Invalid> {
    match length {
        Some(UNKNOWN) => Err(Invalid::new(Field::Attachment, Reason::TooLong)),
        Some(length) => Ok(length),
        None => Ok(UNKNOWN),
    }
}
