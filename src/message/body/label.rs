//! What a part is called and what it is: the fields Content-Type and Content-Disposition.

use super::file_name::FileName;
use super::media_type::MediaType;
use crate::invalid::Invalid;
use crate::wire::writer::Writer;

/// A file name and a media type: what an [`Attachment`](crate::message::Attachment) says of its bytes.
///
/// [`label!`](crate::label) makes one of literals, when the program is compiled; then nothing that checks
/// or encodes names is linked.
///
/// ```
/// use embedded_smtp::label;
/// use embedded_smtp::message::Label;
///
/// const LOG: Label = label!("log.csv", "text/csv");
///
/// # let bytes = b"12:00;8.4\r\n";
/// let attachments = [LOG.attach(bytes)?];
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Label<'a> {
    name: FileName<'a>,
    media_type: MediaType<'a>,
    /// What the compiler wrote, if it did.
    written: Fields<'a>,
    ways: &'static Ways,
    /// It is `message/…`, which may not travel in base64.
    pub(super) is_message: bool,
    /// It is `text/…` without a charset.
    pub(super) lacks_charset: bool,
}

/// What stands in the two fields.
#[derive(Debug, Clone, Copy)]
struct Fields<'a> {
    /// In Content-Type, up to the charset.
    content_type: &'a str,
    /// In Content-Disposition, after its first word.
    disposition: &'a str,
}

/// How the fields are written: while a message is sent, or before, by the compiler.
#[derive(Debug)]
struct Ways {
    content_type: fn(&Label<'_>, &mut Writer<'_>),
    disposition: fn(&Label<'_>, &mut Writer<'_>),
}

static COMPOSED: Ways = Ways {
    content_type: |label, w| label.compose_type(w),
    disposition: |label, w| label.compose_disposition(w),
};

static WRITTEN: Ways = Ways {
    content_type: |label, w| w.str(label.written.content_type),
    disposition: |label, w| w.str(label.written.disposition),
};

impl<'a> Label<'a> {
    /// Checks a file name and a media type.
    ///
    /// # Errors
    ///
    /// As [`FileName::new`] and [`MediaType::new`].
    pub const fn new(file_name: &'a str, media_type: &'a str) -> Result<Self, Invalid> {
        let name = match FileName::new(file_name) {
            Ok(name) => name,
            Err(invalid) => return Err(invalid),
        };
        let media_type = match MediaType::new(media_type) {
            Ok(media_type) => media_type,
            Err(invalid) => return Err(invalid),
        };
        Ok(Self {
            name,
            media_type,
            written: Fields {
                content_type: "",
                disposition: "",
            },
            ways: &COMPOSED,
            is_message: media_type.is_message(),
            lacks_charset: media_type.is_text() && !media_type.has(b"charset"),
        })
    }

    /// The file name.
    #[must_use]
    pub const fn file_name(self) -> &'a str {
        self.name.as_str()
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'a str {
        self.media_type.as_str()
    }

    /// Writes what stands in Content-Type, up to the charset.
    pub(super) fn write_type(&self, w: &mut Writer<'_>) {
        (self.ways.content_type)(self, w);
    }

    /// Writes what stands in Content-Disposition, after its first word.
    pub(super) fn write_disposition(&self, w: &mut Writer<'_>) {
        (self.ways.disposition)(self, w);
    }

    const fn compose_type(&self, w: &mut Writer<'_>) {
        self.media_type.write(w);
        if !self.name.is_plain() && !self.media_type.has(b"name") {
            self.name.write_fallback(w);
        }
    }

    const fn compose_disposition(&self, w: &mut Writer<'_>) {
        self.name.write(w);
    }
}

/// For [`label!`](crate::label).
impl<'a> Label<'a> {
    /// The bytes in Content-Type.
    #[doc(hidden)]
    #[must_use]
    pub const fn __type_len(&self) -> usize {
        let mut w = Writer::counting();
        self.compose_type(&mut w);
        let _ = w.end_atom();
        w.counted() as usize
    }

    /// What stands in Content-Type.
    #[doc(hidden)]
    #[must_use]
    pub const fn __type<const BYTES: usize>(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        self.compose_type(&mut Writer::new(&mut bytes, 0));
        bytes
    }

    /// The bytes in Content-Disposition.
    #[doc(hidden)]
    #[must_use]
    pub const fn __disposition_len(&self) -> usize {
        let mut w = Writer::counting();
        self.compose_disposition(&mut w);
        let _ = w.end_atom();
        w.counted() as usize
    }

    /// What stands in Content-Disposition.
    #[doc(hidden)]
    #[must_use]
    pub const fn __disposition<const BYTES: usize>(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        self.compose_disposition(&mut Writer::new(&mut bytes, 0));
        bytes
    }

    /// This label, with what was written of it.
    #[doc(hidden)]
    #[must_use]
    pub const fn __written(mut self, content_type: &'a [u8], disposition: &'a [u8]) -> Self {
        if let (Ok(content_type), Ok(disposition)) = (
            core::str::from_utf8(content_type),
            core::str::from_utf8(disposition),
        ) {
            self.written = Fields {
                content_type,
                disposition,
            };
            self.ways = &WRITTEN;
        }
        self
    }
}

/// A [`Label`](crate::message::Label) from two constant strings, a file name and a media type: checked and
/// written when the program is compiled.
///
/// ```
/// use embedded_smtp::{label, message::Label};
///
/// const PHOTO: Label = label!("Kamera 3 – Übersicht.jpg", "image/jpeg");
/// ```
///
/// ```compile_fail,E0080
/// const PHOTO: embedded_smtp::message::Label = embedded_smtp::label!("photo.jpg", "jpeg");
/// ```
#[macro_export]
macro_rules! label {
    ($file_name:expr, $media_type:expr $(,)?) => {{
        const __EMBEDDED_SMTP_LABEL: $crate::message::Label<'static> = $crate::__literal!(
            $crate::message::Label<'static>,
            $crate::message::Label::new($file_name, $media_type)
        );
        const __EMBEDDED_SMTP_TYPE: [u8; __EMBEDDED_SMTP_LABEL.__type_len()] =
            __EMBEDDED_SMTP_LABEL.__type();
        const __EMBEDDED_SMTP_DISPOSITION: [u8; __EMBEDDED_SMTP_LABEL.__disposition_len()] =
            __EMBEDDED_SMTP_LABEL.__disposition();
        const __EMBEDDED_SMTP_VALUE: $crate::message::Label<'static> =
            __EMBEDDED_SMTP_LABEL.__written(&__EMBEDDED_SMTP_TYPE, &__EMBEDDED_SMTP_DISPOSITION);
        __EMBEDDED_SMTP_VALUE
    }};
}
