//! What the compiler writes of a head: its fields as bytes, and its recipients one by one. A program
//! whose heads come from [`head!`](crate::head) links nothing that writes or walks lists.

use super::{Head, Ways, composed};
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
    needs_smtputf8: bool,
}

impl Written<'_> {
    pub(super) const NONE: Self = Self {
        fields: &[],
        recipients: &[],
        needs_smtputf8: false,
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
    needs_smtputf8: |head| head.written.needs_smtputf8,
};

/// For [`head!`](crate::head).
impl<'a> Head<'a> {
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

    /// The number of recipients.
    #[doc(hidden)]
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "three lists have at most 3,000 mailboxes"
    )]
    pub const fn __recipients_len(&self) -> usize {
        let mut walk = Walk::START;
        let mut number = 0;
        while recipients::next(self, &mut walk).is_some() {
            number += 1;
        }
        number
    }

    /// The recipients.
    #[doc(hidden)]
    #[must_use]
    pub const fn __recipients<const NUMBER: usize>(&self) -> [Address<'a>; NUMBER] {
        let mut recipients = [Mailbox::NOBODY.address(); NUMBER];
        let mut walk = Walk::START;
        let mut free: &mut [Address<'a>] = &mut recipients;
        while let [slot, others @ ..] = free
            && let Some(recipient) = recipients::next(self, &mut walk)
        {
            *slot = recipient;
            free = others;
        }
        recipients
    }

    /// This head, with what was written of it.
    #[doc(hidden)]
    #[must_use]
    pub const fn __written(mut self, fields: &'a [u8], recipients: &'a [Address<'a>]) -> Self {
        self.written = Written {
            fields,
            recipients,
            needs_smtputf8: !self.is_ascii(),
        };
        self.ways = &WRITTEN;
        self
    }
}
