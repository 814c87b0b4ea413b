//! Which alert is due, over a store in RAM.

use embassy_futures::block_on;
use embedded_smtp_outbox::{
    Backoff, Error, Outbox, Outcome, Raised, Ram, RecipientSet, Record, Serial,
};

const BACKOFF: Backoff = Backoff {
    first: 100,
    longest: 350,
};
const RAISED: Raised = Raised::Unix(1_795_000_000);
const AGAIN: Outcome = Outcome::Again(RecipientSet::NONE);

type Store = Ram<4, 60>;

/// Runs this with an outbox of up to three alerts.
fn with<T>(run: impl AsyncFnOnce(&mut Outbox<'_, &mut Store, 3>) -> T) -> T {
    let (mut store, mut buffer) = (Store::new(), [0; 120]);
    block_on(async {
        let outbox = Outbox::open(&mut store, &mut buffer, BACKOFF, 0).await;
        run(&mut outbox.unwrap()).await
    })
}

#[test]
fn an_alert_is_held_until_it_is_done() {
    with(async |outbox| {
        assert_eq!(outbox.next_due(), None);
        let serial = outbox.push(b"hot", 7, RAISED, 5).await.unwrap();
        assert_eq!(outbox.due(4).await, Ok(None));
        let due = outbox.due(5).await.unwrap().unwrap();
        let expected = Record {
            serial,
            unique: 7,
            raised: RAISED,
            attempts: 0,
            settled: RecipientSet::NONE,
            alert: b"hot",
        };
        assert_eq!(due, expected);
        assert_eq!(outbox.settle(serial, Outcome::Done, 9).await, Ok(()));
        assert!(outbox.is_empty());
        assert_eq!(
            outbox.settle(serial, Outcome::Done, 9).await,
            Err(Error::Unknown)
        );
    });
}

#[test]
fn the_delay_doubles_up_to_the_longest() {
    with(async |outbox| {
        let serial = outbox.push(b"hot", 7, RAISED, 0).await.unwrap();
        let mut now = 0;
        for (attempts, delay) in [100, 200, 350, 350].into_iter().enumerate() {
            let due = outbox.due(now).await.unwrap().unwrap();
            assert_eq!(usize::from(due.attempts), attempts);
            outbox.settle(serial, AGAIN, now).await.unwrap();
            assert_eq!(outbox.next_due(), Some(now + delay));
            assert_eq!(outbox.due(now + delay - 1).await, Ok(None));
            now += delay;
        }
    });
}

#[test]
fn recipients_who_have_it_are_held_with_the_alert() {
    with(async |outbox| {
        let serial = outbox.push(b"hot", 7, RAISED, 0).await.unwrap();
        for position in [2, 0] {
            let settled = RecipientSet::NONE.with(position);
            outbox
                .settle(serial, Outcome::Again(settled), 0)
                .await
                .unwrap();
        }
        let due = outbox.due(u64::MAX).await.unwrap().unwrap();
        assert_eq!(due.settled, RecipientSet::NONE.with(0).with(2));
        assert_eq!(due.alert, b"hot");
    });
}

#[test]
fn an_alert_that_waits_does_not_hold_up_the_others() {
    with(async |outbox| {
        let first = outbox.push(b"hot", 1, RAISED, 0).await.unwrap();
        let second = outbox.push(b"hotter", 2, RAISED, 0).await.unwrap();
        outbox.settle(first, AGAIN, 0).await.unwrap();
        assert_eq!(outbox.due(0).await.unwrap().unwrap().serial, second);
        outbox.settle(second, Outcome::Done, 0).await.unwrap();
        assert_eq!(outbox.next_due(), Some(100));
        assert_eq!(outbox.due(100).await.unwrap().unwrap().serial, first);
    });
}

#[test]
fn a_full_outbox_keeps_what_it_has() {
    with(async |outbox| {
        for number in 1..=3 {
            outbox.push(b"hot", number, RAISED, 0).await.unwrap();
        }
        assert_eq!(
            outbox.push(b"too hot", 4, RAISED, 0).await,
            Err(Error::Full)
        );
        assert_eq!(outbox.len(), 3);
        // A record that replaces another has its place, and no number is used twice.
        outbox.settle(Serial(1), AGAIN, 0).await.unwrap();
        outbox.settle(Serial(1), Outcome::Done, 0).await.unwrap();
        assert_eq!(outbox.push(b"cool", 5, RAISED, 0).await, Ok(Serial(4)));
    });
}

#[test]
fn an_alert_that_never_fits_says_so() {
    with(async |outbox| {
        let longest = 60 - Record::OVERHEAD;
        assert!(outbox.push(&vec![1; longest], 1, RAISED, 0).await.is_ok());
        let longer = outbox.push(&vec![1; longest + 1], 2, RAISED, 0).await;
        assert_eq!(longer, Err(Error::TooLong));
        assert_eq!(outbox.len(), 1);
    });
}
