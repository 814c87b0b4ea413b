//! The outbox of this firmware, with a count of attempts: it ends, so that somebody can look at how.

use mailer::{Backoff, Outbox, Serial};

use crate::{Alert, Ending, Settings, exit};

/// Alerts that are held at most.
const HELD: usize = 4;
/// Milliseconds that an alert waits at most.
const LONGEST_WAIT: u64 = 30 * 60 * 1000;

/// What is to be sent, and how that went so far. A round is a connection for all that is due.
pub struct Rounds {
    outbox: Outbox<Alert, HELD>,
    clock: fn() -> u64,
    /// Rounds that are left, and mails that were tried to be sent.
    left: u32,
    mails: u32,
    exit: u8,
}

impl Rounds {
    /// `clock` gives milliseconds.
    pub fn new(settings: &Settings, clock: fn() -> u64) -> Self {
        Self {
            outbox: Outbox::new(Backoff {
                first: settings.wait,
                longest: LONGEST_WAIT,
            }),
            clock,
            left: settings.tries,
            mails: 0,
            exit: exit::SENT,
        }
    }

    /// Raises this many alerts, at `started`, in seconds since 1970.
    pub fn raise(&mut self, alerts: u32, started: u64) {
        for number in 1..=alerts {
            let alert = Alert {
                raised: started,
                number,
                started,
            };
            if self.outbox.push(alert, (self.clock)()).is_err() {
                defmt::error!("the outbox is full: alert {=u32} is lost", number);
            }
        }
    }

    /// Whether there is something to send, and a round left to do it in.
    pub fn is_open(&self) -> bool {
        !self.outbox.is_empty() && self.left > 0
    }

    /// When the next alert is due.
    pub fn next_due(&self) -> u64 {
        self.outbox.next_due().unwrap_or_default()
    }

    /// A round begins, if something is due.
    pub fn begin(&mut self) -> bool {
        let is_due = self.due().is_some();
        self.left -= u32::from(is_due);
        is_due
    }

    /// The oldest alert that is due.
    pub fn due(&self) -> Option<(Serial, Alert)> {
        let (serial, alert) = self.outbox.due((self.clock)())?;
        Some((serial, *alert))
    }

    /// How an attempt to send an alert ended.
    pub fn settle(&mut self, serial: Serial, ending: Ending) {
        self.mails += 1;
        self.exit = ending.exit;
        defmt::info!(
            "attempt {=u32}: {=str}, exit {=u8}",
            self.mails,
            ending.word,
            ending.exit
        );
        if let Some(alert) = self.outbox.settle(serial, ending.verdict, (self.clock)()) {
            defmt::error!("alert {=u32} is given up", alert.number);
        }
    }

    /// An attempt ended before there was a mail: so it did for every alert that is due.
    pub fn failed(&mut self, ending: Ending) {
        while let Some((serial, _)) = self.due() {
            self.settle(serial, Ending::before_mail(ending));
        }
    }

    /// The exit code: how the last attempt ended.
    pub fn close(self) -> u8 {
        defmt::info!("attempts: {=u32}", self.mails);
        self.exit
    }
}
