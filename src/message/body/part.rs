//! Attachments and inline parts.

use super::file_name::FileName;
use super::media_type::MediaType;
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
    name: FileName<'a>,
    media_type: MediaType<'a>,
    pub(in crate::message) content: Content<'a>,
    content_id: Option<ContentId<'a>>,
}

impl<'a> Attachment<'a> {
    /// An attachment that travels in base64. A `text/…` without a charset is given
    /// `charset=utf-8` if it is UTF-8 and not ASCII.
    ///
    /// # Errors
    ///
    /// As [`FileName::new`] and [`MediaType::new`]; `AsIsOnly` for `message/…`, which
    /// RFC 2046 §5.2.1 does not let travel in base64: a message that cannot be attached
    /// [as it is](Self::as_is) is attached as `application/octet-stream`.
    pub const fn new(
        file_name: &'a str,
        media_type: &'a str,
        content: &'a [u8],
    ) -> Result<Self, Invalid> {
        let encoded = Content::base64(content);
        let attachment = match Self::with(file_name, media_type, encoded, true) {
            Ok(attachment) => attachment,
            Err(invalid) => return Err(invalid),
        };
        if attachment.media_type.is_text()
            && !attachment.media_type.has(b"charset")
            && utf8::is_beyond_ascii(content)
        {
            return Ok(Self {
                content: encoded.in_utf8(),
                ..attachment
            });
        }
        Ok(attachment)
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
    /// As [`FileName::new`] and [`MediaType::new`]; of [`Field::Attachment`] `LineEnd`,
    /// `LineTooLong` (998 bytes), `NotAscii`, and `ControlCharacter` for a byte 0.
    pub const fn as_is(
        file_name: &'a str,
        media_type: &'a str,
        content: &'a [u8],
    ) -> Result<Self, Invalid> {
        match Content::as_is(content) {
            Ok(content) => Self::with(file_name, media_type, content, false),
            Err(reason) => Err(Invalid::new(Field::Attachment, reason)),
        }
    }

    /// An attachment that travels in base64, its bytes given while the message is sent. If its
    /// length is known, the source must give exactly that many. Nothing is known of its bytes, so a
    /// text that is not ASCII needs its charset in the media type.
    ///
    /// # Errors
    ///
    /// As [`Attachment::new`]; of [`Field::Attachment`] `TooLong` for a length of `u32::MAX`.
    pub const fn streamed(
        file_name: &'a str,
        media_type: &'a str,
        length: Option<u32>,
    ) -> Result<Self, Invalid> {
        let length = match known(length) {
            Ok(length) => length,
            Err(invalid) => return Err(invalid),
        };
        let content = Content::base64_from_source(length);
        Self::with(file_name, media_type, content, true)
    }

    /// An attachment that travels as it is, its bytes given, and checked, while the message is sent.
    /// If its length is known, the source must give exactly that many.
    ///
    /// # Errors
    ///
    /// As [`FileName::new`] and [`MediaType::new`]; of [`Field::Attachment`] `TooLong` for a length
    /// of `u32::MAX`.
    pub const fn streamed_as_is(
        file_name: &'a str,
        media_type: &'a str,
        length: Option<u32>,
    ) -> Result<Self, Invalid> {
        let length = match known(length) {
            Ok(length) => length,
            Err(invalid) => return Err(invalid),
        };
        let content = Content::as_is_from_source(length);
        Self::with(file_name, media_type, content, false)
    }

    const fn with(
        file_name: &'a str,
        media_type: &'a str,
        content: Content<'a>,
        is_base64: bool,
    ) -> Result<Self, Invalid> {
        let name = match FileName::new(file_name) {
            Ok(name) => name,
            Err(invalid) => return Err(invalid),
        };
        let media_type = match MediaType::new(media_type) {
            Ok(media_type) => media_type,
            Err(invalid) => return Err(invalid),
        };
        if media_type.is_message() && is_base64 {
            return Err(Invalid::new(Field::MediaType, Reason::AsIsOnly));
        }
        Ok(Self {
            name,
            media_type,
            content,
            content_id: None,
        })
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
        self.media_type.write(w);
        if self.content.coding.needs_charset {
            w.str(";\r\n charset=utf-8");
        }
        if !self.name.is_plain() && !self.media_type.has(b"name") {
            self.name.write_fallback(w);
        }
        w.str("\r\nContent-Transfer-Encoding: ");
        w.str(self.content.coding.name);
        w.str("\r\nContent-Disposition: ");
        w.str(disposition);
        self.name.write(w);
        w.crlf();
        if let Some(id) = self.content_id {
            id::field("Content-ID:", id.as_str(), w);
        }
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
