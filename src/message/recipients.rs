//! The envelope's recipients: To, then Cc, then Bcc, each address once.

use super::Head;
use crate::wire::address::{Address, ReversePath};
use crate::wire::list::MailboxList;

/// How far the recipients were walked: which of the three lists, times [`LIST`], and where in its
/// text; or how many, where the compiler has written them. One number, since it is copied and kept in
/// many places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Walk(u32);

impl Walk {
    pub(super) const START: Self = Self(0);

    /// The number of the next recipient the compiler has written.
    pub(super) const fn number(self) -> usize {
        self.0 as usize
    }

    /// Passes a recipient the compiler has written.
    pub(super) const fn count(&mut self) {
        if let Some(next) = self.0.checked_add(1) {
            self.0 = next;
        }
    }
}

/// More than the bytes of any list, and of one after it.
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
        self.head.next_recipient(walk)
    }
}

/// The next recipient in a head's lists that did not occur before.
pub(super) const fn next<'m>(head: &Head<'m>, walk: &mut Walk) -> Option<Address<'m>> {
    let is_first = walk.0 == Walk::START.0;
    while let Some(address) = next_address(head, walk) {
        if is_first {
            return Some(address);
        }
        let mut earlier = Walk::START;
        while let Some(other) = next_address(head, &mut earlier) {
            if earlier.0 == walk.0 {
                return Some(address);
            }
            if other.is_same(address) {
                break;
            }
        }
    }
    None
}

/// The next address, whether it occurred before or not.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a position in a list is below LIST, and there are three lists"
)]
pub(super) const fn next_address<'m>(head: &Head<'m>, walk: &mut Walk) -> Option<Address<'m>> {
    loop {
        let list = match walk.0 / LIST {
            0 => &head.to,
            1 => &head.cc,
            2 => &head.bcc,
            _ => return None,
        };
        let begin = walk.0 & !POSITION;
        let mut position = walk.0 & POSITION;
        let mailbox = list.next(&mut position);
        walk.0 = begin + if mailbox.is_some() { position } else { LIST };
        if let Some(mailbox) = mailbox {
            return Some(mailbox.address());
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
