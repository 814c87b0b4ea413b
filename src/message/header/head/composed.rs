//! The fields of a head, mailbox by mailbox: while a message is sent, or by the compiler.

use super::{Head, Ways};
use crate::message::cursor::{Cursor, Progress, Step};
use crate::message::header::mailboxes;
use crate::message::recipients;
use crate::wire::list::MailboxList;
use crate::wire::mailbox::Mailbox;
use crate::wire::writer::Writer;

/// A head whose names can be written as they were given.
pub(super) static PLAIN: Ways = Ways {
    atom: atom::<true>,
    ..ANY
};

/// Any head.
pub(super) static COMPOSED: Ways = ANY;

const ANY: Ways = Ways {
    atom: atom::<false>,
    recipient: |head, walk| recipients::next(head, walk),
};

/// Produces the next atom of the fields from From to Cc, and moves the cursor on. Where names are
/// `PLAIN`, nothing that encodes them is linked.
pub(super) const fn atom<const PLAIN: bool>(
    head: &Head<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    match at.step {
        Step::Authors if head.authors.is_empty() => {
            field::<PLAIN>("From:", &head.from, w);
            // RFC 5322 §3.6.2: "If the originator of the message can be indicated by a single
            // mailbox and the author and transmitter are identical, the "Sender:" field SHOULD
            // NOT be used."
            if let Some(sender) = &head.sender
                && !sender.address().is_same(head.from.address())
            {
                field::<PLAIN>("Sender:", sender, w);
            }
            at.go(list_from(head, Step::ReplyTo))
        }
        Step::Authors => list::<PLAIN>(head, "From:", &head.authors, Step::Sender, at, w),
        Step::Sender => {
            let sender = match &head.sender {
                Some(sender) => sender,
                None => &head.from,
            };
            field::<PLAIN>("Sender:", sender, w);
            at.go(list_from(head, Step::ReplyTo))
        }
        Step::ReplyTo => list::<PLAIN>(head, "Reply-To:", &head.reply_to, Step::To, at, w),
        Step::To => list::<PLAIN>(head, "To:", &head.to, Step::Cc, at, w),
        _ => list::<PLAIN>(head, "Cc:", &head.cc, Step::Fields, at, w),
    }
}

/// The first step from `step` on that has a mailbox to write, or what follows them.
#[inline(never)] // One copy, in flash as in the source.
const fn list_from(head: &Head<'_>, step: Step) -> Step {
    match step {
        Step::ReplyTo if !head.reply_to.is_empty() => Step::ReplyTo,
        // A message that names nobody says so there.
        Step::ReplyTo | Step::To if !head.to.is_empty() || head.cc.is_empty() => Step::To,
        Step::ReplyTo | Step::To | Step::Cc if !head.cc.is_empty() => Step::Cc,
        Step::Sender => Step::Sender,
        _ => Step::Fields,
    }
}

/// Writes a field of one mailbox.
const fn field<const PLAIN: bool>(name: &str, mailbox: &Mailbox<'_>, w: &mut Writer<'_>) {
    w.str(name);
    write::<PLAIN>(mailbox, name.len(), w);
    w.crlf();
}

/// Writes the next mailbox of a field, one a line, or the field's end.
const fn list<const PLAIN: bool>(
    head: &Head<'_>,
    name: &str,
    list: &MailboxList<'_>,
    after: Step,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    // A position in a list fits.
    let mut position = at.position as u32;
    let first = position == 0;
    let Some(mailbox) = list.next(&mut position) else {
        // RFC 5322 §3.4 has an empty group for this. Filters take points off for a mail without To.
        w.str(if first {
            "To: undisclosed-recipients:;\r\n"
        } else {
            "\r\n"
        });
        return at.go(list_from(head, after));
    };
    w.str(if first { name } else { ",\r\n" });
    write::<PLAIN>(&mailbox, if first { name.len() } else { 0 }, w);
    at.advance(position as usize)
}

const fn write<const PLAIN: bool>(mailbox: &Mailbox<'_>, column: usize, w: &mut Writer<'_>) {
    if PLAIN {
        mailboxes::write_plain(mailbox, column, w);
    } else {
        mailboxes::write(mailbox, column, w);
    }
}
