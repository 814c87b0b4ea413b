//! The setters of a message. Each checks what it is given, and links the code that writes it.

use super::body::mime;
use super::coding::Content;
use super::header::head::in_field;
use super::header::id;
use super::{Attachment, Date, HeaderText, Importance, Message, MessageId, Text};
use crate::invalid::{Field, Invalid};

impl<'a> Message<'a> {
    /// The subject of this message, in place of the head's.
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
        self.importance = match importance {
            Importance::High => "Importance: high\r\nX-Priority: 1 (Highest)\r\n",
            Importance::Normal => "",
            Importance::Low => "Importance: low\r\nX-Priority: 5 (Lowest)\r\n",
        };
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
        self.id_field = id::given;
        Ok(self)
    }

    /// A number that no other message from this address has: a serial number that outlives restarts, or
    /// a random one. It makes the Message-ID, `<0000000000001267.boiler3@example.org>` for 4711 and the
    /// address of From (of Sender, if there are several authors), and the boundaries, unless there is a
    /// [`seed`](Self::seed).
    ///
    /// A mail that is sent again after an unknown delivery keeps its number and date, so that its
    /// reader can tell the copy.
    #[must_use]
    pub const fn unique(mut self, number: u64) -> Self {
        self.message_id = None;
        self.id_field = id::made;
        self.unique = number;
        self
    }

    /// The number in the boundaries between MIME parts. Without it, or with 0, it is the
    /// [`unique`](Self::unique) number, else made of the Message-ID and the date. Any number will do:
    /// the encodings keep a boundary from occurring in a part.
    ///
    /// Only an attachment that travels [as it is](Attachment::as_is) can hold the same boundaries:
    /// a mail with the same seed or number, or with none and the same Message-ID and date (or neither). Give the message that forwards it another seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The plain text: a [`Text`] or a `&str`.
    #[must_use]
    pub fn text(mut self, text: impl Into<Text<'a>>) -> Self {
        self.text = Some(text.into().0);
        self
    }

    /// The HTML, an alternative to the plain text if there is one: a [`Text`] or a `&str`.
    #[must_use]
    pub fn html(mut self, html: impl Into<Text<'a>>) -> Self {
        self.html = Some(html.into().0);
        self.body = mime::atom::<false>;
        self
    }

    /// The plain text comes from a source while the message is sent: part [`Part::Text`](super::Part::Text). It is
    /// UTF-8, and CR, LF and CRLF each end a line.
    #[must_use]
    pub const fn streamed_text(mut self) -> Self {
        self.text = Some(Content::TEXT_FROM_SOURCE);
        self
    }

    /// The HTML comes from a source while the message is sent: part [`Part::Html`](super::Part::Html).
    #[must_use]
    pub const fn streamed_html(mut self) -> Self {
        self.html = Some(Content::TEXT_FROM_SOURCE);
        self.body = mime::atom::<false>;
        self
    }

    /// The attachments and inline parts. Beyond 65,535 they are not sent.
    #[must_use]
    pub const fn attachments(mut self, attachments: &'a [Attachment<'a>]) -> Self {
        self.attachments = attachments;
        self.body = mime::atom::<false>;
        self
    }
}
