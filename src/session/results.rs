//! The results of a mail's recipients, in the caller's slice: what is noted in them, and who is left
//! out by them. Linked on use: see [`super`].

use crate::message::Message;
use crate::report::{Progress, RecipientStatus};
use crate::wire::reply::ReplyHead;

/// The functions that note results, and read them.
pub(super) struct Noting {
    /// A mail begins; `true` if it goes on to those who do not have it.
    pub(super) begin: fn(&mut [RecipientStatus], bool),
    /// The reply to RCPT for the recipient with this number was read; `true` if the mail had been
    /// refused before, so that it says nothing of the recipient.
    pub(super) reply: fn(&mut [RecipientStatus], u16, ReplyHead, bool),
    /// The final reply accepted the mail for the recipients whose RCPT was accepted.
    pub(super) accepted: fn(&mut [RecipientStatus]),
    /// Whether the results have room for every recipient, so that none is sent to twice.
    pub(super) covers: fn(&[RecipientStatus], &Message<'_>) -> bool,
    /// Whether the recipient with this number has the mail already, or was refused for good.
    pub(super) is_settled: fn(&[RecipientStatus], u16) -> bool,
}

pub(super) static NOTING: Noting = Noting {
    begin: |results, is_continued| {
        for status in results {
            // Of one who does not have the mail yet, the last reply stays until the next one.
            if !is_continued || status.progress == Progress::Moot {
                *status = RecipientStatus::default();
            } else if !status.is_settled() {
                status.progress = Progress::Open;
            }
        }
    },
    reply: |results, number, head, is_moot| {
        if let Some(status) = results.get_mut(usize::from(number)) {
            status.head = head;
            status.progress = if is_moot {
                Progress::Moot
            } else {
                Progress::Open
            };
        }
    },
    accepted: |results| {
        for status in results {
            if status.is_accepted() && status.progress == Progress::Open {
                status.progress = Progress::Sent;
            }
        }
    },
    covers: |results, message| message.recipients().count() <= results.len(),
    is_settled: |results, number| {
        let status = results.get(usize::from(number));
        status.is_some_and(RecipientStatus::is_settled)
    },
};

/// The results that say who is left out, if anybody is.
pub(super) type LeftOut<'r> = Option<(&'static Noting, &'r [RecipientStatus])>;

/// Whether the recipient with this number is left out.
pub(super) fn is_left_out(left_out: LeftOut<'_>, number: u16) -> bool {
    left_out.is_some_and(|(noting, results)| (noting.is_settled)(results, number))
}
