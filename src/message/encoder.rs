//! The message as a row of atoms: which comes next, and what the header's are.
//!
//! This file knows the order of the fields; what a body is made of, `body` and `mime` know.

use super::content::UNKNOWN;
use super::cursor::{Cursor, Progress, Step, nth};
use super::fault::Filled;
use super::{Dots, Importance, Message, header, id, text};
use crate::wire::list::MailboxList;
use crate::wire::mailbox::Mailbox;
use crate::wire::writer::Writer;

impl Message<'_> {
    /// Octets of the whole message, as SMTP's SIZE counts them: line ends have two, and dots that
    /// are doubled on the way count once. `None` if a source does not say its length, or if there
    /// are 4 GiB or more.
    #[must_use]
    pub fn encoded_len(&self) -> Option<u32> {
        let mut w = Writer::counting();
        let _ = self.run(&mut Cursor::default(), Dots::Plain, &mut w);
        (w.counted() != UNKNOWN).then_some(w.counted())
    }

    /// Fills `out` from the cursor on. Returns the octets written.
    pub(crate) fn fill(&self, cursor: &mut Cursor, dots: Dots, out: &mut [u8]) -> (usize, Filled) {
        let mut w = Writer::new(out, cursor.skip);
        let filled = self.run(cursor, dots, &mut w);
        (w.len(), filled)
    }

    /// Goes on after [`Filled::Source`]: the first `ready` octets of `out` are those that were
    /// written, and `octets` octets of the source stand from `from` on; none if it is at its end.
    /// Returns the octets written, those of before included.
    pub(crate) fn filled(
        &self,
        cursor: &mut Cursor,
        dots: Dots,
        out: &mut [u8],
        ready: usize,
        from: usize,
        octets: usize,
    ) -> (usize, Filled) {
        let mut w = Writer::with_source(out, ready, from, octets);
        let filled = self.run(cursor, dots, &mut w);
        (w.len(), filled)
    }

    /// Produces atoms until the message is complete, one is cut, or more is needed.
    fn run(&self, cursor: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Filled {
        loop {
            let mut next = *cursor;
            let progress = (self.atoms)(self, &mut next, dots, w);
            if let Some(skip) = w.end_atom() {
                cursor.skip = skip;
                return Filled::More;
            }
            *cursor = Cursor { skip: 0, ..next };
            match progress {
                Progress::More => {}
                Progress::End => return Filled::Complete,
                Progress::Stop(filled) => return filled,
            }
        }
    }

    /// Produces the atom at the cursor and moves the cursor to the next one.
    fn atom(&self, at: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Progress {
        match at.step {
            Step::Origin => {
                if let Some(date) = self.date {
                    w.str("Date: ");
                    date.write(w);
                    w.crlf();
                }
                if !self.authors.is_empty() {
                    return at.go(Step::Authors);
                }
                self.mailbox_field("From:", &self.from, w);
                // RFC 5322 §3.6.2: "If the originator of the message can be indicated by a single
                // mailbox and the author and transmitter are identical, the "Sender:" field SHOULD
                // NOT be used."
                if let Some(sender) = &self.sender
                    && !sender.address().is_same(self.from.address())
                {
                    self.mailbox_field("Sender:", sender, w);
                }
                at.go(self.list_from(Step::ReplyTo))
            }
            Step::Authors => self.list("From:", &self.authors, at, Step::Sender, w),
            Step::Sender => {
                let sender = self.sender.as_ref().unwrap_or(&self.from);
                self.mailbox_field("Sender:", sender, w);
                at.go(self.list_from(Step::ReplyTo))
            }
            Step::ReplyTo => self.list("Reply-To:", &self.reply_to, at, Step::To, w),
            Step::To => self.list("To:", &self.to, at, Step::Cc, w),
            Step::Cc => self.list("Cc:", &self.cc, at, Step::Fields, w),
            Step::Fields => {
                self.fields(w);
                at.go(Step::Custom)
            }
            Step::Custom => match nth(self.headers, at.item) {
                Some(header) => {
                    text::field(header.name, &header.value, w);
                    at.go_to_item(Step::Custom, at.item.saturating_add(1))
                }
                None => {
                    at.step = Step::Body;
                    (self.body)(self, at, dots, w)
                }
            },
            _ => (self.body)(self, at, dots, w),
        }
    }

    /// The first step from `step` on that has a mailbox to write, or what follows them.
    #[inline(never)] // One copy, in flash as in the source.
    fn list_from(&self, step: Step) -> Step {
        match step {
            Step::ReplyTo if !self.reply_to.is_empty() => Step::ReplyTo,
            Step::ReplyTo | Step::To if !self.to.is_empty() => Step::To,
            Step::ReplyTo | Step::To | Step::Cc if !self.cc.is_empty() => Step::Cc,
            Step::Sender => Step::Sender,
            _ => Step::Fields,
        }
    }

    /// Writes the fields that stand once.
    fn fields(&self, w: &mut Writer<'_>) {
        // RFC 5322 §3.4 has an empty group for this. Filters take points off for a mail without To.
        if self.to.is_empty() && self.cc.is_empty() {
            w.str("To: undisclosed-recipients:;\r\n");
        }
        if let Some(subject) = &self.subject {
            text::field("Subject", subject, w);
        }
        if let Some(id) = self.message_id {
            id::field("Message-ID:", id.as_str(), w);
        }
        w.str(match self.importance {
            Importance::High => "Importance: high\r\nX-Priority: 1 (Highest)\r\n",
            Importance::Normal => "",
            Importance::Low => "Importance: low\r\nX-Priority: 5 (Lowest)\r\n",
        });
        if self.auto_submitted {
            w.str("Auto-Submitted: auto-generated\r\n");
        }
        (self.rare_fields)(self, w);
    }

    /// Writes a field of one mailbox.
    fn mailbox_field(&self, name: &str, mailbox: &Mailbox<'_>, w: &mut Writer<'_>) {
        w.str(name);
        (self.mailbox)(mailbox, name.len(), w);
        w.crlf();
    }

    /// Writes the next mailbox of a field, one a line, or the field's end.
    fn list(
        &self,
        name: &str,
        list: &MailboxList<'_>,
        at: &mut Cursor,
        after: Step,
        w: &mut Writer<'_>,
    ) -> Progress {
        let mut position = u32::try_from(at.position).unwrap_or(u32::MAX);
        let first = position == 0;
        let Some(mailbox) = list.next(&mut position) else {
            w.crlf();
            return at.go(self.list_from(after));
        };
        w.str(if first { name } else { ",\r\n" });
        (self.mailbox)(&mailbox, if first { name.len() } else { 0 }, w);
        at.advance(position as usize)
    }
}

/// Writes what the message answers, and the receipts it asks for.
pub(super) fn rare_fields(message: &Message<'_>, w: &mut Writer<'_>) {
    if let Some(id) = message.in_reply_to {
        header::write_thread(id, message.references, w);
    }
    let receipts = [
        ("Disposition-Notification-To:", message.read_receipt),
        ("Return-Receipt-To:", message.delivery_receipt),
    ];
    for (name, address) in receipts {
        if let Some(address) = address {
            // An address alone: the line holds it, and no filter asks for brackets here.
            w.str(name);
            w.byte(b' ');
            w.str(address.as_str());
            w.crlf();
        }
    }
}

/// The atoms of a message that is made of fields and parts.
pub(super) fn composed(
    message: &Message<'_>,
    at: &mut Cursor,
    dots: Dots,
    w: &mut Writer<'_>,
) -> Progress {
    message.atom(at, dots, w)
}
