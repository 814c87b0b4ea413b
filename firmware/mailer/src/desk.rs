//! A desk: any task leaves alerts there, and one task sends them.
//!
//! All of them run on one executor. The deadline of the sending task is its sign of life, too: it is
//! started anew whenever there is something to do and at least every [`IDLE`] milliseconds, so that it
//! is over only while an attempt is cut off, and for long only when the task is stuck.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Instant, Timer, with_timeout};

use crate::{Backoff, Deadline, Outbox, Serial, Verdict, embassy_clock};

/// Holds up to `N` alerts.
pub struct Desk<A, const N: usize> {
    outbox: RefCell<Outbox<A, N>>,
    bell: Signal<NoopRawMutex, ()>,
}

impl<A: Clone, const N: usize> Desk<A, N> {
    /// An empty desk.
    pub const fn new(backoff: Backoff) -> Self {
        Self {
            outbox: RefCell::new(Outbox::new(backoff)),
            bell: Signal::new(),
        }
    }

    /// Leaves an alert, to be sent at once.
    ///
    /// # Errors
    ///
    /// The outbox is full: gives the alert back, for a log.
    pub fn leave(&self, alert: A) -> Result<Serial, A> {
        let serial = self.outbox.borrow_mut().push(alert, embassy_clock())?;
        self.bell.signal(());
        Ok(serial)
    }

    /// Makes one attempt after the other for what is due, and is told of what was given up.
    pub async fn serve(
        &self,
        deadline: &Deadline,
        mut attempt: impl AsyncFnMut(Serial, &A) -> Verdict,
        mut given_up: impl FnMut(Serial, A),
    ) -> ! {
        loop {
            deadline.idle(IDLE + WAKING);
            // Copied, since more may be left while it is sent.
            let due = self.outbox.borrow().due(embassy_clock()).map(owned);
            let Some((serial, alert)) = due else {
                self.wait().await;
                continue;
            };
            let verdict = attempt(serial, &alert).await;
            let mut outbox = self.outbox.borrow_mut();
            if let Some(alert) = outbox.settle(serial, verdict, embassy_clock()) {
                given_up(serial, alert);
            }
        }
    }

    /// For the bell or the turn of an alert that is held, at most [`IDLE`].
    async fn wait(&self) {
        let idle = embassy_clock().saturating_add(IDLE);
        let next = self.outbox.borrow().next_due().unwrap_or(idle).min(idle);
        let time = Duration::from_millis(next.saturating_sub(embassy_clock()));
        // Which of the two it was, the outbox tells.
        let _ = with_timeout(time, self.bell.wait()).await;
    }
}

/// Feeds a watchdog every second, until the deadline has been over for `grace` milliseconds: work that
/// is cut off at its deadline gets that long to end. A task that is stuck, or an executor that is,
/// starves the watchdog.
pub async fn watch(deadline: &Deadline, grace: u64, mut feed: impl FnMut()) -> ! {
    loop {
        if embassy_clock() < deadline.due().saturating_add(grace) {
            feed();
        }
        Timer::at(Instant::now() + Duration::from_secs(1)).await;
    }
}

fn owned<A: Clone>((serial, alert): (Serial, &A)) -> (Serial, A) {
    (serial, alert.clone())
}

/// Milliseconds after which the sending task shows that it lives, with nothing to do.
const IDLE: u64 = 10_000;

/// Milliseconds that it may be late at that.
const WAKING: u64 = 5_000;
