//! A text, and how it travels.

use crate::message::coding::Content;

/// Text for a message, plain or HTML, with the way it travels: as it is, or encoded where that does not
/// do. CR, LF and CRLF each end a line.
///
/// In a constant, the compiler chooses; then the encodings that the text does not need are not linked.
///
/// ```
/// use embedded_smtp::message::Text;
///
/// const ALERT: Text = Text::new("Overpressure in boiler 3.\r\n");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Text<'a>(pub(in crate::message) Content<'a>);

impl<'a> Text<'a> {
    /// This text.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self(Content::text(text))
    }
}

/// Of a `&str`, and of a string of any kind that is borrowed.
impl<'a, S: AsRef<str> + ?Sized> From<&'a S> for Text<'a> {
    fn from(text: &'a S) -> Self {
        Self::new(text.as_ref())
    }
}
