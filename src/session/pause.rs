//! A pause in what takes long, so that an async executor can run others.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A pause. Awaited, it lets every other task have a turn. Not awaited, as the blocking driver has
/// it, it is nothing: there are no others.
pub(crate) fn pause() -> Pause {
    Pause { was_polled: false }
}

pub(crate) struct Pause {
    was_polled: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.was_polled {
            return Poll::Ready(());
        }
        self.was_polled = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
