//! The recipients of a mail, one after the other.
//!
//! This file does not know the replies that they get.

use crate::message::{Message, Walk};
use crate::report::RecipientStatus;
use crate::wire::address::Address;

use super::count::Count;

/// The most mailboxes that a mail may have in To, Cc and Bcc together. Each recipient is compared
/// with those before it, so the work grows with the square of their number. RFC 5321 §4.5.3.1.8 has
/// servers take 100 in one transaction.
pub(super) const RECIPIENTS_MAX: usize = 1000;

/// A place among the recipients.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turn {
    walk: Walk,
    /// The number of the next recipient; at most [`RECIPIENTS_MAX`].
    index: u16,
}

impl Turn {
    /// The next recipient and its number. Those who have the mail already, by `sent_before`, are
    /// passed over.
    #[inline(never)]
    pub(super) fn next<'m>(
        &mut self,
        message: &'m Message<'m>,
        sent_before: &[RecipientStatus],
    ) -> Option<(u16, Address<'m>)> {
        loop {
            let address = message.envelope().next_recipient(&mut self.walk)?;
            let number = self.index;
            self.index = number.checked_add(1)?;
            let status = sent_before.get(usize::from(number));
            if !status.is_some_and(RecipientStatus::is_sent) {
                return Some((number, address));
            }
        }
    }
}

/// The recipients whose reply to RCPT was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answered {
    /// The number of the next one, unless it was left out.
    next: Count,
}

impl Answered {
    /// The number of the recipient whose reply is read. Those who have the mail already were passed
    /// over.
    pub(super) fn next(&mut self, sent_before: &[RecipientStatus]) -> u16 {
        while sent_before
            .get(usize::from(self.next.get()))
            .is_some_and(RecipientStatus::is_sent)
        {
            self.next.add();
        }
        let number = self.next.get();
        self.next.add();
        number
    }
}
