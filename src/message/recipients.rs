//! The envelope's recipients: To, then Cc, then Bcc, each address once.

use super::Head;
use crate::wire::address::{Address, ReversePath};
use crate::wire::list::MailboxList;

/// How far the recipients were walked: which of the three lists, times [`LIST`], and where in its
/// text. One number, since it is copied and kept in many places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Walk(u32);

/// More than the octets of any list, and of one behind it.
const LIST: u32 = 1 << 24;
/// The bits of where in a list's text.
const POSITION: u32 = LIST - 1;
const _: () = assert!(MailboxList::MAX_OCTETS + 1 < LIST);

/// What SMTP has to know of a message beside its content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'m> {
    head: &'m Head<'m>,
}

impl<'m> Envelope<'m> {
    pub(super) fn of(head: &'m Head<'m>) -> Self {
        Self { head }
    }

    /// Where reports go.
    pub(crate) fn reverse_path(&self) -> ReversePath<'m> {
        self.head.path()
    }

    /// The next recipient that did not occur before.
    pub(crate) fn next_recipient(&self, walk: &mut Walk) -> Option<Address<'m>> {
        loop {
            let is_first = *walk == Walk::default();
            let address = self.next_address(walk)?;
            if is_first {
                return Some(address);
            }
            let mut earlier = Walk::default();
            loop {
                let other = self.next_address(&mut earlier)?;
                if earlier == *walk {
                    return Some(address);
                }
                if other.is_same(address) {
                    break;
                }
            }
        }
    }

    /// The next address, whether it occurred before or not.
    fn next_address(&self, walk: &mut Walk) -> Option<Address<'m>> {
        loop {
            let list = match walk.0 / LIST {
                0 => &self.head.to,
                1 => &self.head.cc,
                2 => &self.head.bcc,
                _ => return None,
            };
            let begin = walk.0 & !POSITION;
            let mut position = walk.0 & POSITION;
            let mailbox = list.next(&mut position);
            walk.0 = begin.wrapping_add(if mailbox.is_some() { position } else { LIST });
            if let Some(mailbox) = mailbox {
                return Some(mailbox.address());
            }
        }
    }
}

/// The recipients of a message, each address once.
#[derive(Debug, Clone)]
pub struct Recipients<'m> {
    pub(super) envelope: Envelope<'m>,
    pub(super) walk: Walk,
}

impl<'m> Iterator for Recipients<'m> {
    type Item = Address<'m>;

    fn next(&mut self) -> Option<Address<'m>> {
        self.envelope.next_recipient(&mut self.walk)
    }
}

impl core::iter::FusedIterator for Recipients<'_> {}
