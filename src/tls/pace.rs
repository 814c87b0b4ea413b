//! Rests between the long computations of a handshake, for the caller and for other tasks.

use core::fmt;
use core::task::Poll;

/// The caller's function for rests, if there is one.
#[derive(Clone, Copy, Default)]
pub struct Tick<'a>(Option<&'a (dyn Fn() + Sync)>);

impl<'a> Tick<'a> {
    pub(super) const fn new(tick: &'a (dyn Fn() + Sync)) -> Self {
        Self(Some(tick))
    }

    /// Calls it.
    pub(super) fn call(self) {
        if let Some(tick) = self.0 {
            tick();
        }
    }
}

impl fmt::Debug for Tick<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tick")
    }
}

/// The rest of a blocking stream.
pub(super) struct Blocking;

impl Blocking {
    pub(super) fn rest(tick: Tick<'_>) {
        tick.call();
    }
}

/// The rest of an async stream: other tasks run.
pub(super) struct Async;

impl Async {
    pub(super) async fn rest(tick: Tick<'_>) {
        tick.call();
        let mut has_rested = false;
        core::future::poll_fn(|context| {
            if core::mem::replace(&mut has_rested, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
