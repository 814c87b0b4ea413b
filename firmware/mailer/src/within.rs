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
        let Some(due) = Instant::try_from_millis(this.deadline.due()) else {
            // Later than the clock goes.
            return Poll::Pending;
        };
        let mut timer = Timer::at(due);
        match Pin::new(&mut timer).poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(TimedOut)),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;
    use core::future::{pending, poll_fn};
    use core::pin::pin;
    use core::task::Waker;

    use embassy_time::{Duration, MockDriver};

    fn advance(milliseconds: u64) {
        MockDriver::get().advance(Duration::from_millis(milliseconds));
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    // One test: there is one clock.
    #[test]
    fn work_has_until_the_deadline_is_over() {
        let deadline = Deadline::new(embassy_clock, u64::MAX);

        deadline.start(100);
        let mut done = pin!(within(&deadline, async { 7 }));
        assert_eq!(poll(done.as_mut()), Poll::Ready(Ok(7)));

        // Not at 99, and at 100.
        let mut late = pin!(within(&deadline, pending::<()>()));
        assert_eq!(poll(late.as_mut()), Poll::Pending);
        advance(99);
        assert_eq!(poll(late.as_mut()), Poll::Pending);
        advance(1);
        assert_eq!(poll(late.as_mut()), Poll::Ready(Err(TimedOut)));

        // For as long as it takes.
        deadline.rest();
        let mut never = pin!(within(&deadline, pending::<()>()));
        assert_eq!(poll(never.as_mut()), Poll::Pending);
        deadline.start(0);

        // What is done in the poll that would be too late counts.
        let mut just = pin!(within(&deadline, async { 7 }));
        assert_eq!(poll(just.as_mut()), Poll::Ready(Ok(7)));

        // The work moves its own deadline, as an observer does, and the last one counts.
        let steps = Cell::new(0);
        let work = poll_fn(|_| {
            steps.set(steps.get() + 1);
            if steps.get() <= 3 {
                deadline.start(50);
            }
            Poll::<()>::Pending
        });
        deadline.start(50);
        let mut moved = pin!(within(&deadline, work));
        for _ in 0..3 {
            assert_eq!(poll(moved.as_mut()), Poll::Pending);
            advance(49);
        }
        assert_eq!(poll(moved.as_mut()), Poll::Pending);
        advance(1);
        assert_eq!(poll(moved.as_mut()), Poll::Ready(Err(TimedOut)));
        assert_eq!(steps.get(), 5);
    }

    #[test]
    fn it_has_room_for_the_work_once() {
        let deadline = Deadline::new(embassy_clock, u64::MAX);
        let work = async {
            let octets = [0u8; 1000];
            pending::<()>().await;
            core::hint::black_box(&octets);
        };
        let alone = size_of_val(&work);
        let whole = size_of_val(&within(&deadline, work));
        assert!(whole <= alone + 16, "{whole} octets for {alone}");
    }
}
