//! Work that is dropped when its deadline is over.

use core::pin::Pin;
use core::task::{Context, Poll};

use embassy_time::{Instant, Timer};
use pin_project_lite::pin_project;

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
/// [`TimedOut`]: the work is dropped, with this future.
pub const fn within<F: Future>(deadline: &Deadline, work: F) -> Within<'_, F> {
    Within { work, deadline }
}

pin_project! {
    /// The future of [`within`]. By hand, since an async function would have room for the work twice.
    #[must_use = "futures do nothing unless polled"]
    pub struct Within<'d, F> {
        #[pin]
        work: F,
        deadline: &'d Deadline,
    }
}

impl<F: Future> Future for Within<'_, F> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // First the work: it may move the deadline.
        if let Poll::Ready(output) = this.work.poll(context) {
            return Poll::Ready(Ok(output));
        }
        if this.deadline.is_over() {
            return Poll::Ready(Err(TimedOut));
        }
        // Woken when it may be over. If it was moved meanwhile, that is seen then.
        let mut timer = Timer::at(Instant::from_millis(this.deadline.due()));
        match Pin::new(&mut timer).poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(TimedOut)),
            Poll::Pending => Poll::Pending,
        }
    }
}
