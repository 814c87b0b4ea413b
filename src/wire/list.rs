//! A list of mailboxes, kept as text.
//!
//! - It is checked once and then only cut: a walk is one loop over bytes, and its whole state is
//!   one position. Checking again at each walk used to cost more than sending the mail.
//! - Items are separated by `;` or `,` outside quotes and angle brackets. Empty items do not
//!   count, so a list may end with a separator, and may be empty.
//!
//! This file does not know which mailboxes are the same.

use core::iter::FusedIterator;

use super::address::Address;
use super::mailbox::{self, Mailbox};
use super::scan::{self, Item};
use crate::{Field, Invalid, Reason};

/// Mailboxes separated by `;` or `,`, each as [`Mailbox::parse`] reads it.
///
/// # Examples
///
/// ```
/// use embedded_smtp::{MailboxList, mailbox_list};
///
/// const DUTY: MailboxList = mailbox_list!("ops@example.org; \"Hall B, night\" <b@example.org>;");
/// assert_eq!(DUTY.iter().count(), 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MailboxList<'a> {
    text: &'a str,
    /// The properties of the mailboxes, a sum of the constants below.
    marks: u8,
}

/// The list has a mailbox.
const NOT_EMPTY: u8 = 1;

/// A name must be encoded before it can be put into a header field.
const SPECIAL_NAME: u8 = 2;

/// An address can be sent only with SMTPUTF8.
const NOT_ASCII: u8 = 4;

impl<'a> MailboxList<'a> {
    /// The list without a mailbox.
    pub const EMPTY: Self = Self { text: "", marks: 0 };

    /// The longest list, in bytes: 1 MiB. RFC 5321 §4.5.3.1.8 asks servers for no more than 100
    /// recipients, which take 25 KB at their longest.
    pub const MAX_OCTETS: u32 = 1 << 20;

    /// The most mailboxes of a list. A mail goes once to each address: each is compared with those
    /// before it, so the work grows with the square of their number. RFC 5321 §4.5.3.1.8 has servers
    /// take 100 recipients in one transaction.
    pub const MAX_MAILBOXES: u32 = 1000;

    /// Checks a list.
    ///
    /// # Errors
    ///
    /// Those of [`Mailbox::parse`] for the first bad item, and [`Reason::TooLong`] for a list of
    /// more than [`MailboxList::MAX_OCTETS`], [`Reason::TooMany`] for more than
    /// [`MailboxList::MAX_MAILBOXES`]. A group (`name: a@b;`) is [`Reason::Group`].
    pub const fn parse(text: &'a str) -> Result<Self, Invalid> {
        match checked(text) {
            Ok(list) => Ok(list),
            Err(reason) => Err(Invalid::new(Field::MailboxList, reason)),
        }
    }

    /// [`parse`](Self::parse) of a literal, which has a mailbox. For [`mailbox_list!`](crate::mailbox_list).
    #[doc(hidden)]
    pub const fn __literal(text: &'a str) -> Result<Self, Invalid> {
        match Self::parse(text) {
            Ok(list) if list.is_empty() => Err(Invalid::new(Field::MailboxList, Reason::Empty)),
            result => result,
        }
    }

    /// The list as it was given.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.text
    }

    /// Whether every name can be put into a header field as it was written.
    pub(crate) const fn has_plain_names(self) -> bool {
        self.marks & SPECIAL_NAME == 0
    }

    /// Whether every address can be sent without SMTPUTF8.
    #[must_use]
    pub const fn is_ascii(self) -> bool {
        self.marks & NOT_ASCII == 0
    }

    /// Whether it has no mailbox.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.marks & NOT_EMPTY == 0
    }

    /// The mailboxes, in order.
    #[must_use]
    pub const fn iter(self) -> Mailboxes<'a> {
        Mailboxes {
            list: self,
            position: 0,
        }
    }

    /// The mailbox of a list that has exactly one.
    pub(crate) const fn only(self) -> Option<Mailbox<'a>> {
        let mut only = None;
        let mut position = 0_usize;
        while let Some((_, rest)) = self.text.split_at_checked(position) {
            let item = scan::first_item(rest.as_bytes());
            if !scan::trimmed(rest, 0, item.end).is_empty() {
                if only.is_some() {
                    return None;
                }
                let is_plain = mailbox::has_plain_name(rest, item);
                only = Some(Mailbox::cut(rest, item, is_plain));
            }
            position = after_item(position, item);
        }
        only
    }

    /// The first mailbox from `position` on, which is 0 at first and is moved past the mailbox;
    /// `None` at the end. For a walk that is interrupted and keeps only its position.
    pub(crate) const fn next(&self, position: &mut u32) -> Option<Mailbox<'a>> {
        while let Some((_, rest)) = self.text.split_at_checked(*position as usize)
            && !rest.is_empty()
        {
            let item = scan::first_item(rest.as_bytes());
            // A u32 holds one more than MAX_OCTETS.
            *position = after_item(*position as usize, item) as u32;
            let mailbox = Mailbox::cut(rest, item, self.has_plain_names());
            if !mailbox.address().as_str().is_empty() {
                return Some(mailbox);
            }
        }
        None
    }
}

impl Default for MailboxList<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<'a> TryFrom<&'a str> for MailboxList<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl<'a> From<Address<'a>> for MailboxList<'a> {
    fn from(address: Address<'a>) -> Self {
        Self {
            text: address.as_str(),
            marks: if address.is_ascii() {
                NOT_EMPTY
            } else {
                NOT_EMPTY | NOT_ASCII
            },
        }
    }
}

impl<'a> IntoIterator for MailboxList<'a> {
    type Item = Mailbox<'a>;
    type IntoIter = Mailboxes<'a>;

    fn into_iter(self) -> Mailboxes<'a> {
        self.iter()
    }
}

/// The mailboxes of a [`MailboxList`].
#[derive(Debug, Clone)]
pub struct Mailboxes<'a> {
    list: MailboxList<'a>,
    position: u32,
}

impl<'a> Iterator for Mailboxes<'a> {
    type Item = Mailbox<'a>;

    fn next(&mut self) -> Option<Mailbox<'a>> {
        self.list.next(&mut self.position)
    }
}

impl FusedIterator for Mailboxes<'_> {}

/// The position after the separator of the item that begins at `start`, or one byte after the text.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the item is in the text, which has at most isize::MAX bytes"
)]
const fn after_item(start: usize, item: Item) -> usize {
    start + item.end + 1
}

/// The list, or its fault.
const fn checked(text: &str) -> Result<MailboxList<'_>, Reason> {
    // u64, since a usize may be narrower than the limit.
    if text.len() as u64 > MailboxList::MAX_OCTETS as u64 {
        return Err(Reason::TooLong);
    }
    if scan::has_control(text.as_bytes()) {
        return Err(Reason::ControlCharacter);
    }
    let mut list = MailboxList {
        text,
        ..MailboxList::EMPTY
    };
    let mut position = 0_usize;
    let mut left = MailboxList::MAX_MAILBOXES;
    while let Some((_, rest)) = text.split_at_checked(position) {
        let item = scan::first_item(rest.as_bytes());
        if !scan::trimmed(rest, 0, item.end).is_empty() {
            left = match left.checked_sub(1) {
                Some(left) => left,
                None => return Err(Reason::TooMany),
            };
            if let Some(fault) = mailbox::fault(rest, item) {
                return Err(fault);
            }
            list.marks |= NOT_EMPTY;
            if !mailbox::has_plain_name(rest, item) {
                list.marks |= SPECIAL_NAME;
            }
            if !mailbox::address_of(rest, item).is_ascii() {
                list.marks |= NOT_ASCII;
            }
        }
        position = after_item(position, item);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_beyond_the_text_or_inside_a_character_ends_the_walk() {
        let list = MailboxList::parse("\u{e9}@x").unwrap();
        for start in [1, 5, u32::MAX] {
            let mut position = start;
            assert_eq!(list.next(&mut position), None);
            assert_eq!(position, start);
        }
    }
}
