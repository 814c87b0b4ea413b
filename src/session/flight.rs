//! The flight: the commands sent and not answered, oldest first, and how much more may go out.
//!
//! Nothing is inferred here, it is remembered. This file does not know what a command means; it only
//! counts RCPTs in a row as one entry.

use super::count::Count;
use super::table::Verb;

/// The most bytes of commands that are sent before their replies are read.
///
/// A blocking transport cannot read while it writes, so both sides could come to wait for each
/// other (RFC 2920 §3.1). The smallest TCP window in use, 4 KiB, is Postfix's and lwIP's measure.
pub(super) const FLIGHT_MAX: u32 = 4096;

/// The kinds of commands in one flight: content, MAIL, RCPT, DATA.
const KINDS: usize = 4;

/// The commands sent and not answered.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flight {
    /// One entry for each command, and one for all RCPTs in a row.
    verbs: [Option<Verb>; KINDS],
    /// RCPTs in the row.
    recipients: Count,
    /// Bytes of commands sent since the last reply was awaited.
    bytes: u32,
}

impl Flight {
    /// Begins a flight; nothing is unanswered.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// The command whose reply comes next.
    pub(super) const fn oldest(&self) -> Option<Verb> {
        let [oldest, ..] = self.verbs;
        oldest
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.oldest().is_none()
    }

    /// Whether no command of another kind was sent after the oldest.
    pub(super) const fn is_alone(&self) -> bool {
        let [_, second, ..] = self.verbs;
        second.is_none()
    }

    /// So many bytes of commands were sent.
    pub(super) fn went(&mut self, bytes: usize) {
        let all = u32::try_from(bytes).ok();
        self.bytes = all
            .and_then(|b| self.bytes.checked_add(b))
            .unwrap_or(FLIGHT_MAX);
    }

    /// Bytes of commands since the flight, or the content in it, began.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// A command was sent as a whole.
    #[inline(never)]
    pub(super) fn sent(&mut self, verb: Verb) {
        for slot in &mut self.verbs {
            match slot {
                Some(Verb::Rcpt) if verb == Verb::Rcpt => return self.recipients.add(),
                Some(_) => {}
                None => {
                    *slot = Some(verb);
                    if verb == Verb::Rcpt {
                        self.recipients.add();
                    }
                    return;
                }
            }
        }
    }

    /// Only commands count towards the limit of a flight: content was sent.
    pub(super) fn forget_bytes(&mut self) {
        self.bytes = 0;
    }

    /// The oldest command was answered.
    pub(super) fn answered(&mut self) {
        if self.oldest() == Some(Verb::Rcpt) && self.recipients.take() {
            return;
        }
        let [_, second, third, fourth] = self.verbs;
        self.verbs = [second, third, fourth, None];
    }

    /// Whether a command of so many bytes may follow.
    pub(super) fn has_room(&self, bytes: u16) -> bool {
        self.bytes == 0
            || self
                .bytes
                .checked_add(bytes.into())
                .is_some_and(|all| all <= FLIGHT_MAX)
    }

    /// Whether at most this many replies are outstanding.
    pub(super) fn has_at_most(&self, replies: usize) -> bool {
        let others = self.verbs.iter().flatten();
        let others = others.filter(|verb| **verb != Verb::Rcpt).count();
        others
            .checked_add(usize::from(self.recipients.get()))
            .is_some_and(|all| all <= replies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn commands_are_answered_in_the_order_they_were_sent() {
        let mut flight = Flight::default();
        let sent: Vec<Verb> = [Verb::Content, Verb::Mail]
            .into_iter()
            .chain([Verb::Rcpt; 300])
            .chain([Verb::Data])
            .collect();
        for &verb in &sent {
            flight.sent(verb);
        }
        assert!(!flight.has_at_most(32));
        for &verb in &sent {
            assert_eq!(flight.oldest(), Some(verb));
            flight.answered();
        }
        assert!(flight.is_empty());
        flight.begin();
        flight.sent(Verb::Rcpt);
        flight.went(4000);
        assert!(flight.has_room(96));
        assert!(!flight.has_room(97));
        assert!(flight.has_at_most(1));
        flight.answered();
        assert!(flight.is_empty());
    }
}
