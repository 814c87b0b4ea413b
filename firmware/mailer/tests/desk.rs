//! Alerts that are left on a desk, and the watchdog of the task that serves it.

use std::cell::{Cell, RefCell};

use embassy_futures::select::select;
use embassy_futures::{block_on, yield_now};
use embassy_time::{Duration, MockDriver};
use mailer::{Backoff, Deadline, Desk, Verdict, embassy_clock, watch};

const BACKOFF: Backoff = Backoff {
    first: 100,
    longest: 100,
};

/// Lets this many milliseconds pass, and the others have their turn at each.
async fn pass(milliseconds: u64) {
    for _ in 0..milliseconds {
        MockDriver::get().advance(Duration::from_millis(1));
        yield_now().await;
    }
}

// One test: there is one clock.
#[test]
fn alerts_are_tried_until_they_are_sent_or_given_up_and_the_watchdog_is_fed_meanwhile() {
    let deadline = Deadline::new(embassy_clock, 1_000);
    let desk: Desk<&str, 2> = Desk::new(BACKOFF);
    let attempts = RefCell::new(Vec::new());
    let lost = RefCell::new(Vec::new());
    let serve = desk.serve(
        &deadline,
        async |_, alert| {
            attempts.borrow_mut().push(*alert);
            match (*alert, attempts.borrow().len()) {
                ("hot", 1) => Verdict::Later,
                ("hot", _) => Verdict::Sent,
                _ => Verdict::Never,
            }
        },
        |_, alert| lost.borrow_mut().push(alert),
    );
    desk.leave("hot").unwrap();
    let others = async {
        pass(1).await;
        assert_eq!(*attempts.borrow(), ["hot"]);
        // Sent at once, while the first one waits for its turn.
        desk.leave("wrong").unwrap();
        pass(1).await;
        assert_eq!(*attempts.borrow(), ["hot", "wrong"]);
        assert_eq!(*lost.borrow(), ["wrong"]);
        pass(90).await;
        assert_eq!(attempts.borrow().len(), 2);
        pass(10).await;
        assert_eq!(*attempts.borrow(), ["hot", "wrong", "hot"]);
        // With nothing to do it shows that it lives, however short the deadlines are.
        for _ in 0..10 {
            pass(6_000).await;
            assert!(!deadline.is_over());
        }
    };
    block_on(select(serve, others));
    assert_eq!(attempts.borrow().len(), 3);
    assert_eq!(lost.borrow().len(), 1);

    // Nobody serves any more: fed until the deadline is over, and for the time of grace.
    let fed = Cell::new(0);
    deadline.idle(5_000);
    let feed = watch(&deadline, 3_000, || fed.set(fed.get() + 1));
    block_on(select(feed, pass(60_000)));
    assert_eq!(fed.get(), 8);
}
