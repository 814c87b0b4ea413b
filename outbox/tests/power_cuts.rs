//! The power is cut at every word that is written and every page that is erased: before it, in its middle,
//! and after it. Whatever was confirmed is there when the device starts again.

mod flash;

use embassy_futures::block_on;
use embedded_smtp_outbox::{
    Backoff, Error, Flash, Outbox, Outcome, Raised, RecipientSet, Store as _, Visit,
};
use flash::{Cut, Moment, NorFlash};

type Store = Flash<NorFlash>;

const BACKOFF: Backoff = Backoff {
    first: 100,
    longest: 1_000,
};
/// Alerts that are held at most.
const HELD: usize = 8;

/// What a device does.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// An alert of this length is raised.
    Push(usize),
    /// An attempt for the oldest alert gave this recipient the mail, and not all.
    Again(u8),
    /// An attempt for the oldest alert ended for good.
    Done,
    /// The device restarts.
    Restart,
}

use Step::{Again, Done, Push, Restart};

/// An alert that the device knows to be kept.
#[derive(Debug, Clone)]
struct Kept {
    unique: u64,
    alert: Vec<u8>,
    attempts: u16,
    settled: RecipientSet,
}

/// What is known from outside, and what was under way when the power was cut.
#[derive(Debug, Default)]
struct Ledger {
    kept: Vec<Kept>,
    under_way: Option<Step>,
    pushed: u64,
}

fn alert(unique: u64, length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (unique as usize * 31 + at) as u8)
        .collect()
}

/// Runs the steps until the end or the cut. Returns the flash, and whether it was cut.
fn run(flash: NorFlash, steps: &[Step], ledger: &mut Ledger) -> (NorFlash, bool) {
    let mut buffer = [0; 400];
    block_on(async {
        let range = 0..flash.range();
        let mut store = Store::new(flash, range).unwrap();
        let mut steps = steps.iter().copied();
        'boot: loop {
            let opened = Outbox::<_, HELD>::open(&mut store, &mut buffer, BACKOFF, 0).await;
            let Ok(mut outbox) = opened else {
                let flash = store.into_inner();
                assert!(flash.is_cut());
                return (flash, true);
            };
            for step in steps.by_ref() {
                ledger.under_way = Some(step);
                let oldest = ledger.kept.first().map(|kept| kept.unique);
                let result = match (step, oldest) {
                    (Push(length), _) => {
                        let unique = ledger.pushed + 1;
                        let alert = alert(unique, length);
                        let pushed = outbox.push(&alert, unique, Raised::Unix(unique), 0).await;
                        pushed.map(|_| {
                            ledger.pushed = unique;
                            ledger.kept.push(Kept {
                                unique,
                                alert,
                                attempts: 0,
                                settled: RecipientSet::NONE,
                            });
                        })
                    }
                    (Again(position), Some(_)) => {
                        let serial = outbox.due(u64::MAX).await.map(|due| due.unwrap().serial);
                        let settled = RecipientSet::NONE.with(position);
                        match serial {
                            Ok(serial) => {
                                let again = Outcome::Again(settled);
                                outbox.settle(serial, again, 0).await.map(|()| {
                                    ledger.kept[0].attempts += 1;
                                    ledger.kept[0].settled = ledger.kept[0].settled.and(settled);
                                })
                            }
                            Err(error) => Err(error),
                        }
                    }
                    (Done, Some(_)) => {
                        let serial = outbox.due(u64::MAX).await.map(|due| due.unwrap().serial);
                        match serial {
                            Ok(serial) => outbox.settle(serial, Outcome::Done, 0).await.map(|()| {
                                ledger.kept.remove(0);
                            }),
                            Err(error) => Err(error),
                        }
                    }
                    (Restart, _) => {
                        ledger.under_way = None;
                        continue 'boot;
                    }
                    (_, None) => Ok(()),
                };
                match result {
                    Ok(()) | Err(Error::Full) => ledger.under_way = None,
                    Err(_) => {
                        let flash = store.into_inner();
                        assert!(flash.is_cut(), "{step:?}: {result:?}");
                        return (flash, true);
                    }
                }
            }
            return (store.into_inner(), false);
        }
    })
}

/// Starts the device again, compares what it has with the ledger, and returns it as the new ledger.
fn restarted(mut flash: NorFlash, ledger: &Ledger) -> (NorFlash, Ledger) {
    flash.power_on();
    let mut buffer = [0; 400];
    block_on(async {
        let range = 0..flash.range();
        let store = Store::new(flash, range.clone()).unwrap();
        let outbox: Outbox<_, HELD> = Outbox::open(store, &mut buffer, BACKOFF, 0).await.unwrap();
        let held = outbox.len();
        // Each alert has one record, as a copy of the flash shows.
        let mut store = outbox.into_store();
        let mut records = 0;
        let count = |_: &[u8]| {
            records += 1;
            Visit::Keep
        };
        store.visit(&mut [0; 200], count).await.unwrap();
        assert_eq!(records, held);
        let flash = store.into_inner();

        let store = Store::new(flash.clone(), range).unwrap();
        let mut outbox: Outbox<_, HELD> =
            Outbox::open(store, &mut buffer, BACKOFF, 0).await.unwrap();
        let mut kept = Vec::new();
        while let Some(due) = outbox.due(u64::MAX).await.unwrap() {
            let serial = due.serial;
            kept.push(Kept {
                unique: due.unique,
                alert: due.alert.to_vec(),
                attempts: due.attempts,
                settled: due.settled,
            });
            outbox.settle(serial, Outcome::Done, 0).await.unwrap();
        }
        assert!(outbox.is_empty());
        compare(&kept, ledger);
        // And it goes on.
        outbox
            .push(b"after", 0, Raised::Uptime(1), 0)
            .await
            .unwrap();
        assert_eq!(outbox.due(0).await.unwrap().unwrap().alert, b"after");

        let last = kept.last().map_or(0, |kept| kept.unique);
        let pushed = ledger.pushed.max(last);
        (
            flash,
            Ledger {
                kept,
                under_way: None,
                pushed,
            },
        )
    })
}

/// Each alert once; those that were confirmed as they were, the one under way as it was before or after.
fn compare(found: &[Kept], ledger: &Ledger) {
    let mut found = found.iter().peekable();
    let mut kept = ledger.kept.iter();
    if let (Some(Again(position)), Some(first)) = (ledger.under_way, ledger.kept.first()) {
        let found = found.next().expect("the alert under way is there");
        assert_eq!((found.unique, &found.alert), (first.unique, &first.alert));
        let is_before = (found.attempts, found.settled) == (first.attempts, first.settled);
        let after = first.settled.and(RecipientSet::NONE.with(position));
        let is_after = (found.attempts, found.settled) == (first.attempts + 1, after);
        assert!(is_before || is_after, "{found:?}");
        kept.next();
    }
    if let (Some(Done), Some(first)) = (ledger.under_way, ledger.kept.first()) {
        if found
            .peek()
            .is_some_and(|found| found.unique == first.unique)
        {
            found.next();
        }
        kept.next();
    }
    for kept in kept {
        let found = found.next().expect("nothing confirmed is lost");
        assert_eq!(
            (found.unique, &found.alert, found.attempts, found.settled),
            (kept.unique, &kept.alert, kept.attempts, kept.settled)
        );
    }
    if let (Some(Push(length)), Some(last)) = (ledger.under_way, found.peek()) {
        assert_eq!(last.unique, ledger.pushed + 1);
        assert_eq!(last.alert, alert(last.unique, length));
        found.next();
    }
    assert!(found.next().is_none(), "nothing is there twice, or again");
}

/// Cuts the power at every moment of these steps. Returns how many there were.
fn every_moment(steps: &[Step]) -> usize {
    let (flash, was_cut) = run(NorFlash::new(4, 256), steps, &mut Ledger::default());
    assert!(!was_cut);
    let operations = flash.operations();
    let mut moments = 0;
    for operation in 0..operations {
        for moment in [Moment::Before, Moment::Within, Moment::After] {
            let mut ledger = Ledger::default();
            let cut = Cut { operation, moment };
            let (flash, was_cut) = run(NorFlash::new(4, 256).with_cut(cut), steps, &mut ledger);
            assert!(was_cut, "{cut:?} of {operations}");
            let _ = restarted(flash, &ledger);
            moments += 1;
        }
    }
    moments
}

#[test]
fn nothing_confirmed_is_lost_and_nothing_is_doubled() {
    let scenarios: [(&str, Vec<Step>); 7] = [
        ("one alert", vec![Push(20), Done]),
        (
            "many attempts",
            [vec![Push(20)], vec![Again(0); 12], vec![Done]].concat(),
        ),
        (
            "recipients, one by one",
            vec![Push(40), Again(0), Again(1), Restart, Again(2), Done],
        ),
        (
            "two alerts",
            vec![Push(20), Push(30), Again(3), Done, Again(1), Done],
        ),
        (
            "full",
            [vec![Push(60); 10], vec![Again(1), Done, Push(60), Done]].concat(),
        ),
        (
            "round and round",
            [Push(30), Again(0), Push(10), Done, Again(5), Done].repeat(6),
        ),
        (
            "one that waits",
            [
                vec![Push(25), Push(5)],
                [Restart, Again(1), Push(9)].repeat(5),
            ]
            .concat(),
        ),
    ];
    let mut all = 0;
    for (name, steps) in scenarios {
        let moments = every_moment(&steps);
        println!("{name}: {moments} moments");
        all += moments;
    }
    println!("{all} power cuts, nothing lost, nothing doubled");
    assert!(all > 2_000);
}

/// Random steps, with several power cuts in each history.
#[test]
fn histories_with_many_power_cuts() {
    let mut random = Random(1);
    let (mut cuts, mut alerts) = (0, 0);
    for _ in 0..1_000 {
        let mut flash = NorFlash::new(4, 256);
        let mut ledger = Ledger::default();
        for _ in 0..6 {
            let steps: Vec<Step> = (0..8).map(|_| random.step()).collect();
            let cut = Cut {
                operation: flash.operations() + random.below(160),
                moment: [Moment::Before, Moment::Within, Moment::After][random.below(3)],
            };
            let (left, was_cut) = run(flash.with_cut(cut), &steps, &mut ledger);
            cuts += usize::from(was_cut);
            (flash, ledger) = restarted(left, &ledger);
        }
        alerts += ledger.pushed;
    }
    println!("{cuts} power cuts in 1,000 histories of {alerts} alerts");
    assert!(cuts > 2_000);
}

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (self.0 >> 33) as usize % end
    }

    fn step(&mut self) -> Step {
        match self.below(10) {
            0..4 => Push(self.below(120)),
            4..7 => Again(self.below(64) as u8),
            7..9 => Done,
            _ => Restart,
        }
    }
}
