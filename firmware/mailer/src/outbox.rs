//! Alerts that are held until they are sent.
//!
//! What becomes of an alert is decided by how the attempt to send it ended:
//!
//! | the attempt | the alert |
//! |---|---|
//! | sent | leaves the box |
//! | unknown, refused for now, the link broke | stays, and is tried again after a delay that doubles |
//! | refused for good | leaves the box, for a log |
//!
//! An attempt that ended as unknown may have delivered the mail. So the alert is tried again *as the
//! same mail*: what makes its Message-ID (RFC 5322 §3.6.4) and its date is held with the alert, or
//! follows from its serial number, and a receiver that knows the Message-ID drops the double.

use embedded_smtp::{Error, Report, Retry};
use heapless::Vec;

/// Holds up to `N` alerts, oldest first.
pub struct Outbox<A, const N: usize> {
    held: Vec<Held<A>, N>,
    backoff: Backoff,
    last: u32,
}

struct Held<A> {
    serial: Serial,
    alert: A,
    /// How long it waits after the next attempt that fails, and when the next attempt is due.
    delay: u64,
    due: u64,
}

/// The number of an alert, counted from 1 since the firmware started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Serial(pub u32);

/// How long an alert waits after an attempt: `first`, then twice as long each time, at most `longest`.
/// RFC 5321 §4.5.4.1 has a server wait half an hour; a device that raises an alarm begins sooner. It is
/// one millisecond at least, so that what failed is not due at once.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// Milliseconds.
    pub first: u64,
    /// Milliseconds.
    pub longest: u64,
}

/// What an attempt means for the alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// The server has it, for one recipient at least. Who was refused is in the results of the
    /// recipients: to send it again would send it twice to the others.
    Sent,
    /// To be tried again after a while, as the same mail.
    Later,
    /// The same would happen again.
    Never,
}

impl Verdict {
    /// What the end of a mail means.
    pub fn of<E>(end: &Result<Report, Error<E>>) -> Self {
        match end {
            Ok(_) => Self::Sent,
            Err(error) => match error.retry() {
                Retry::Never => Self::Never,
                // A delivery that is unknown is among these.
                Retry::Later | Retry::Reconnect => Self::Later,
            },
        }
    }
}

impl<A, const N: usize> Outbox<A, N> {
    /// An empty box.
    pub const fn new(backoff: Backoff) -> Self {
        Self {
            held: Vec::new(),
            backoff,
            last: 0,
        }
    }

    /// Holds an alert, due at once.
    ///
    /// # Errors
    ///
    /// The box is full: gives the alert back, for a log. What is held stays.
    pub fn push(&mut self, alert: A, now: u64) -> Result<Serial, A> {
        let serial = Serial(self.last.wrapping_add(1));
        let held = Held {
            serial,
            alert,
            delay: self.backoff.first,
            due: now,
        };
        self.held.push(held).map_err(|held| held.alert)?;
        self.last = serial.0;
        Ok(serial)
    }

    /// The oldest alert whose turn has come.
    pub fn due(&self, now: u64) -> Option<(Serial, &A)> {
        let held = self.held.iter().find(|held| held.due <= now)?;
        Some((held.serial, &held.alert))
    }

    /// When the next alert is due; `None` when the box is empty.
    pub fn next_due(&self) -> Option<u64> {
        self.held.iter().map(|held| held.due).min()
    }

    /// Notes how an attempt ended. An alert that is given up is given back, for a log.
    pub fn settle(&mut self, serial: Serial, verdict: Verdict, now: u64) -> Option<A> {
        let position = self.held.iter().position(|held| held.serial == serial)?;
        match verdict {
            Verdict::Later => {
                let held = self.held.get_mut(position)?;
                let delay = held.delay.max(1);
                held.due = now.saturating_add(delay);
                held.delay = delay.saturating_mul(2).min(self.backoff.longest);
                None
            }
            Verdict::Sent => {
                self.held.remove(position);
                None
            }
            Verdict::Never => Some(self.held.remove(position).alert),
        }
    }

    /// How many alerts are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: 100,
        longest: 350,
    };

    fn outbox() -> Outbox<&'static str, 2> {
        Outbox::new(BACKOFF)
    }

    #[test]
    fn holds_an_alert_until_it_is_sent() {
        let mut outbox = outbox();
        let serial = outbox.push("hot", 5).unwrap();
        assert_eq!(outbox.due(4), None);
        assert_eq!(outbox.due(5), Some((serial, &"hot")));
        assert_eq!(outbox.settle(serial, Verdict::Sent, 9), None);
        assert!(outbox.is_empty());
        assert_eq!(outbox.next_due(), None);
    }

    #[test]
    fn doubles_the_delay_up_to_the_longest() {
        let mut outbox = outbox();
        let serial = outbox.push("hot", 0).unwrap();
        let mut now = 0;
        for delay in [100, 200, 350, 350] {
            assert_eq!(outbox.settle(serial, Verdict::Later, now), None);
            assert_eq!(outbox.next_due(), Some(now + delay));
            assert_eq!(outbox.due(now + delay - 1), None);
            now += delay;
            assert_eq!(outbox.due(now), Some((serial, &"hot")));
        }
    }

    #[test]
    fn what_failed_is_not_due_at_once() {
        for longest in [0, 100] {
            let mut outbox: Outbox<_, 2> = Outbox::new(Backoff { first: 0, longest });
            let serial = outbox.push("hot", 0).unwrap();
            for _ in 0..2 {
                outbox.settle(serial, Verdict::Later, 5);
                assert_eq!(outbox.due(5), None);
            }
        }
    }

    #[test]
    fn gives_an_alert_back_that_is_given_up() {
        let mut outbox = outbox();
        let serial = outbox.push("hot", 0).unwrap();
        assert_eq!(outbox.settle(serial, Verdict::Never, 0), Some("hot"));
        assert_eq!(outbox.settle(serial, Verdict::Never, 0), None);
        assert!(outbox.is_empty());
    }

    #[test]
    fn one_that_waits_does_not_hold_up_the_others() {
        let mut outbox = outbox();
        let first = outbox.push("hot", 0).unwrap();
        let second = outbox.push("hotter", 0).unwrap();
        assert_eq!(outbox.due(0), Some((first, &"hot")));
        outbox.settle(first, Verdict::Later, 0);
        assert_eq!(outbox.due(0), Some((second, &"hotter")));
        outbox.settle(second, Verdict::Sent, 0);
        assert_eq!(outbox.next_due(), Some(100));
    }

    #[test]
    fn a_full_box_gives_the_alert_back_and_keeps_the_others() {
        let mut outbox = outbox();
        outbox.push("hot", 0).unwrap();
        outbox.push("hotter", 0).unwrap();
        assert_eq!(outbox.push("too hot", 0), Err("too hot"));
        assert_eq!(outbox.len(), 2);
        // No number is used twice, and none is lost.
        outbox.settle(Serial(1), Verdict::Sent, 0);
        assert_eq!(outbox.push("cool", 0), Ok(Serial(3)));
    }

    #[test]
    fn the_end_of_a_mail_decides() {
        use embedded_smtp::{Fault, Phase, State};
        type End = Result<Report, Error<()>>;
        let unknown: End = Err(Error::DeliveryUnknown {
            fault: Fault::Closed,
            last: None,
        });
        let failed: End = Err(Error::Failed {
            fault: Fault::Closed,
            phase: Phase::Rcpt,
            last: None,
        });
        assert_eq!(Verdict::of(&unknown), Verdict::Later);
        assert_eq!(Verdict::of(&failed), Verdict::Later);
        let out_of_order: End = Err(Error::OutOfOrder(State::Connected));
        assert_eq!(Verdict::of(&out_of_order), Verdict::Never);
    }
}
