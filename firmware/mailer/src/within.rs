//! Work that is dropped when its deadline is over.

use embassy_futures::select::{Either, select};
use embassy_time::{Instant, Timer};

use crate::Deadline;

/// The deadline was over before the work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimedOut;

/// The clock for a [`Deadline`] that is to be waited for.
pub fn embassy_clock() -> u64 {
    Instant::now().as_millis()
}

/// Does the work until the deadline is over, however often it is moved meanwhile. The deadline's clock
/// is [`embassy_clock`].
///
/// A client's method that is dropped here has ended its session: nothing more is sent on it, and what
/// follows is to abort the connection and to open another.
///
/// # Errors
///
/// [`TimedOut`]: the work was dropped.
pub async fn within<F: Future>(deadline: &Deadline, work: F) -> Result<F::Output, TimedOut> {
    match select(work, over(deadline)).await {
        Either::First(done) => Ok(done),
        Either::Second(()) => Err(TimedOut),
    }
}

/// Waits until the deadline is over.
async fn over(deadline: &Deadline) {
    while !deadline.is_over() {
        Timer::at(Instant::from_millis(deadline.due())).await;
    }
}
