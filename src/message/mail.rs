//! What can be sent.

use super::{Head, Message, Reader, ReadyMade, Recipients};
use crate::wire::ehlo::Extension;

/// What can be sent: a [`Message`], a [`ReadyMade`], or a reference to one.
pub trait Mail<'m> {
    #[doc(hidden)]
    fn __message(&self, seal: Seal) -> &Message<'m>;

    /// Its head.
    fn head(&self) -> &'m Head<'m> {
        message(self).head()
    }

    /// The envelope's recipients: see [`Head::recipients`].
    fn recipients<'o>(&'o self) -> Recipients<'o>
    where
        'm: 'o,
    {
        message(self).recipients()
    }

    /// Whether the server must offer SMTPUTF8: an address, or the header of a ready-made message, holds a
    /// character outside ASCII.
    fn needs_smtputf8(&self) -> bool {
        message(self).needs() & Extension::SmtpUtf8.bit() != 0
    }

    /// Whether the server must offer 8BITMIME: there are bytes above 0x7F. Only ready-made messages have
    /// some.
    fn needs_8bitmime(&self) -> bool {
        message(self).needs() & Extension::EightBitMime.bit() != 0
    }

    /// Bytes of it all: see [`Message::encoded_len`].
    fn encoded_len(&self) -> Option<u32> {
        message(self).encoded_len()
    }

    /// It as bytes, to be read in pieces of any size.
    fn reader<'o>(&'o self) -> Reader<'o>
    where
        'm: 'o,
    {
        message(self).reader()
    }
}

/// Made only in this crate: so nothing else can be sent, and a ready-made message is no [`Message`] to
/// anyone else.
#[derive(Debug)]
pub struct Seal(());

/// The message in it.
pub(crate) fn message<'o, 'm>(mail: &'o (impl Mail<'m> + ?Sized)) -> &'o Message<'m> {
    mail.__message(Seal(()))
}

impl<'m> Mail<'m> for Message<'m> {
    fn __message(&self, _: Seal) -> &Message<'m> {
        self
    }
}

impl<'m> Mail<'m> for ReadyMade<'m> {
    fn __message(&self, _: Seal) -> &Message<'m> {
        self.message()
    }
}

impl<'m, M: Mail<'m> + ?Sized> Mail<'m> for &M {
    fn __message(&self, seal: Seal) -> &Message<'m> {
        (**self).__message(seal)
    }
}
