//! What a source can do to a message: end too early, or give bytes that cannot be sent.

use core::fmt;

/// A part of a message whose bytes come from a source while it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Part {
    /// The plain text.
    Text,
    /// The HTML.
    Html,
    /// The attachment with this index.
    Attachment(u16),
    /// All of a ready-made message.
    Message,
}

/// A message could not be completed. It must not get its terminator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ContentFault {
    /// Where it happened.
    pub part: Part,
    /// What happened.
    pub kind: ContentFaultKind,
    /// Bytes of the part in front of the one at which it was noticed.
    pub offset: u32,
}

/// What is wrong with the bytes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ContentFaultKind {
    /// The source ended before the length that was announced.
    TooShort,
    /// The source went on after the length that was announced.
    TooLong,
    /// A CR without a LF after it.
    BareCr,
    /// A LF without a CR in front of it.
    BareLf,
    /// A byte above 0x7F where only ASCII was announced.
    EightBit,
    /// A character in the header of a ready-made message that is not UTF-8 (RFC 6532 §3.1).
    NotUtf8,
    /// A byte 0.
    Nul,
    /// A line of more than 998 bytes.
    LineTooLong,
    /// A line begins as a boundary of the message does: give the message another
    /// [`seed`](crate::Message::seed).
    Boundary,
    /// The source gives more bytes than a `usize` counts: 4 GiB, where that has 32 bits.
    TooLarge,
    /// No source was given.
    NoSource,
    /// The buffer is too small to read from a source:
    /// [`Reader::SOURCE_MIN`](super::Reader::SOURCE_MIN).
    SmallBuffer,
}

impl ContentFaultKind {
    /// The words for a person.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooShort => "ended before its announced length",
            Self::TooLong => "goes on behind its announced length",
            Self::BareCr => "holds a CR without a LF",
            Self::BareLf => "holds a LF without a CR",
            Self::EightBit => "holds an octet above 0x7F",
            Self::NotUtf8 => "holds a header that is not UTF-8",
            Self::Nul => "holds an octet 0",
            Self::LineTooLong => "holds a line of more than 998 octets",
            Self::Boundary => "holds a line that begins like a MIME boundary of this seed",
            Self::TooLarge => "is too large",
            Self::NoSource => "has no source",
            Self::SmallBuffer => "needs a larger buffer",
        }
    }
}

impl ContentFault {
    /// A part that cannot be begun, or gone on with, whatever its bytes.
    pub(crate) const fn before(part: Part, kind: ContentFaultKind) -> Self {
        Self {
            part,
            kind,
            offset: 0,
        }
    }

    /// A part that comes from a source, and has none.
    pub(crate) const fn no_source(part: Part) -> Self {
        Self::before(part, ContentFaultKind::NoSource)
    }

    /// Whether a source was shorter or longer than announced.
    pub(crate) const fn is_about_length(&self) -> bool {
        matches!(
            self.kind,
            ContentFaultKind::TooShort | ContentFaultKind::TooLong
        )
    }
}

impl fmt::Display for ContentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Text => f.write_str("the text ")?,
            Part::Html => f.write_str("the HTML ")?,
            Part::Attachment(index) => write!(f, "attachment {index} ")?,
            Part::Message => f.write_str("the message ")?,
        }
        f.write_str(self.kind.as_str())?;
        match self.kind {
            ContentFaultKind::NoSource | ContentFaultKind::SmallBuffer => Ok(()),
            _ => write!(f, ", at octet {}", self.offset),
        }
    }
}

impl core::error::Error for ContentFault {}

/// How far a fill came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Filled {
    /// There is more.
    More,
    /// These were the last bytes; the message ends with a line end.
    Complete,
    /// Bytes of `part` are wanted, in the buffer from `from` to its end; at least one fits. To be
    /// told with `Message::filled`.
    Source { part: Part, from: usize },
    /// The message cannot be completed.
    Abort(ContentFault),
}
