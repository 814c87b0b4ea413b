//! A mail that goes on to the recipients who do not have it yet. Linked on use: see [`super`].

use crate::message::Message;
use crate::report::RecipientStatus;

/// The functions that leave recipients out.
pub(super) struct Unsent {
    /// Whether the results have room for every recipient, so that none is sent to twice.
    pub(super) covers: fn(&[RecipientStatus], &Message<'_>) -> bool,
    /// Whether the recipient with this number has the mail already, or was refused for good.
    pub(super) is_settled: fn(&[RecipientStatus], u16) -> bool,
}

pub(super) static UNSENT: Unsent = Unsent {
    covers: |results, message| message.recipients().count() <= results.len(),
    is_settled: |results, number| {
        let status = results.get(usize::from(number));
        status.is_some_and(RecipientStatus::is_settled)
    },
};

/// The results that say who is left out, if anybody is.
pub(super) type LeftOut<'r> = Option<(&'static Unsent, &'r [RecipientStatus])>;

/// Whether the recipient with this number is left out.
pub(super) fn is_left_out(left_out: LeftOut<'_>, number: u16) -> bool {
    left_out.is_some_and(|(unsent, results)| (unsent.is_settled)(results, number))
}
