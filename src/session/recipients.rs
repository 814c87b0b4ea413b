//! The recipients of a mail, one after the other.
//!
//! This file does not know the replies that they get.

use crate::message::{Message, Walk};
use crate::wire::address::Address;

use super::count::Count;
use super::results::{LeftOut, is_left_out};

/// A place among the recipients.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turn {
    walk: Walk,
    /// The number of the next recipient.
    index: u16,
}

impl Turn {
    /// The next recipient and its number. Those who are left out are passed over.
    #[inline(never)]
    pub(super) fn next<'m>(
        &mut self,
        message: &'m Message<'m>,
        left_out: LeftOut<'_>,
    ) -> Option<(u16, Address<'m>)> {
        loop {
            let address = message.envelope().next_recipient(&mut self.walk)?;
            let number = self.index;
            self.index = number.checked_add(1)?;
            if !is_left_out(left_out, number) {
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
    /// The number of the recipient whose reply is read. Those who are left out were passed over.
    pub(super) fn next(&mut self, left_out: LeftOut<'_>) -> u16 {
        loop {
            let number = self.next.get();
            self.next.add();
            if !is_left_out(left_out, number) {
                return number;
            }
        }
    }
}
