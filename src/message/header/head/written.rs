//! What the compiler writes of a head: its fields as bytes, and its recipients one by one. A program
//! whose heads come from [`head!`](crate::head) links nothing that writes or walks lists.

use super::{Head, Ways, composed};
use crate::invalid::{Field, Invalid, Reason};
use crate::message::cursor::{Cursor, Progress, Step};
use crate::message::recipients::{self, Walk};
use crate::wire::address::Address;
use crate::wire::mailbox::Mailbox;
use crate::wire::writer::Writer;

/// What the compiler wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    /// The fields from From to Cc.
    fields: &'a [u8],
    recipients: &'a [Address<'a>],
}

impl Written<'_> {
    pub(super) const NONE: Self = Self {
        fields: &[],
        recipients: &[],
    };
}

static WRITTEN: Ways = Ways {
    atom: |head, at, w| {
        w.bytes(head.written.fields);
        at.go(Step::Fields)
    },
    recipient: |head, walk| {
        let recipient = head.written.recipients.get(walk.number());
        walk.count();
        recipient.copied()
    },
};

/// Whether an address is among others.
const fn holds(others: &[Address<'_>], address: Address<'_>) -> bool {
    let mut rest = others;
    while let [other, tail @ ..] = rest {
        if other.is_same(address) {
            return true;
        }
        rest = tail;
    }
    false
}

/// For [`head!`](crate::head).
impl<'a> Head<'a> {
    /// Refuses a field that stands twice among these and From.
    #[doc(hidden)]
    pub const fn __once(fields: &[Field]) -> Result<(), Invalid> {
        let mut rest = fields;
        while let [field, tail @ ..] = rest {
            let mut others = tail;
            let mut is_double = matches!(field, Field::From);
            while let [other, tail @ ..] = others {
                is_double |= *other as u8 == *field as u8;
                others = tail;
            }
            if is_double {
                return Err(Invalid::new(*field, Reason::Duplicate));
            }
            rest = tail;
        }
        Ok(())
    }

    /// The bytes of the fields from From to Cc.
    #[doc(hidden)]
    #[must_use]
    pub const fn __fields_len(&self) -> usize {
        let mut w = Writer::counting();
        self.write_fields(&mut w);
        let _ = w.end_atom();
        w.counted() as usize
    }

    /// The fields from From to Cc.
    #[doc(hidden)]
    #[must_use]
    pub const fn __fields<const BYTES: usize>(&self) -> [u8; BYTES] {
        let mut fields = [0; BYTES];
        self.write_fields(&mut Writer::new(&mut fields, 0));
        fields
    }

    const fn write_fields(&self, w: &mut Writer<'_>) {
        let mut at = Cursor::START;
        let _ = at.go(Step::Authors);
        while !matches!(at.step, Step::Fields) {
            let _: Progress = composed::atom::<false>(self, &mut at, w);
        }
    }

    /// The number of mailboxes in To, Cc and Bcc.
    #[doc(hidden)]
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "three lists have at most 3,000 mailboxes"
    )]
    pub const fn __mailboxes_len(&self) -> usize {
        let mut walk = Walk::START;
        let mut number = 0;
        while recipients::next_address(self, &mut walk).is_some() {
            number += 1;
        }
        number
    }

    /// Their addresses.
    #[doc(hidden)]
    #[must_use]
    pub const fn __mailboxes<const NUMBER: usize>(&self) -> [Address<'a>; NUMBER] {
        let mut all = [Mailbox::NOBODY.address(); NUMBER];
        let mut walk = Walk::START;
        let mut free: &mut [Address<'a>] = &mut all;
        while let [slot, others @ ..] = free
            && let Some(address) = recipients::next_address(self, &mut walk)
        {
            *slot = address;
            free = others;
        }
        all
    }

    /// The number of different addresses.
    #[doc(hidden)]
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "it counts elements of a slice"
    )]
    pub const fn __distinct_len(all: &[Address<'_>]) -> usize {
        let mut number = 0;
        let mut rest = all;
        while let [earlier @ .., address] = rest {
            if !holds(earlier, *address) {
                number += 1;
            }
            rest = earlier;
        }
        number
    }

    /// Each address once, at its first place.
    #[doc(hidden)]
    #[must_use]
    pub const fn __distinct<const NUMBER: usize>(all: &[Address<'a>]) -> [Address<'a>; NUMBER] {
        let mut recipients = [Mailbox::NOBODY.address(); NUMBER];
        let mut free: &mut [Address<'a>] = &mut recipients;
        let mut rest = all;
        while let [earlier @ .., address] = rest {
            if !holds(earlier, *address) {
                free = match free {
                    [others @ .., slot] => {
                        *slot = *address;
                        others
                    }
                    none => none,
                };
            }
            rest = earlier;
        }
        recipients
    }

    /// This head, with what was written of it.
    #[doc(hidden)]
    #[must_use]
    pub const fn __written(mut self, fields: &'a [u8], recipients: &'a [Address<'a>]) -> Self {
        self.written = Written { fields, recipients };
        self.ways = &WRITTEN;
        self
    }
}
