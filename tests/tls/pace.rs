//! Rests in a handshake: for a watchdog, and for other tasks.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use embedded_smtp::tls::{self, Pins, Records, Roots, Verify};

use crate::hand_made::{HANDSHAKE, Plan, record};
use crate::{IDENTITY, NOW, name, random};

/// The calls of the tick, and the polls of a handshake of which all bytes are there at once.
fn ticks_and_polls(plan: &Plan, choice: impl Verify + Clone) -> (usize, usize) {
    let count = AtomicUsize::new(0);
    let tick = || {
        count.fetch_add(1, Ordering::Relaxed);
    };
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write)
        .unwrap()
        .with_tick(&tick);
    let server = plan.clone().server();
    tls::blocking::Stream::open(server, &mut records, name(), choice.clone(), random(1)).unwrap();
    let ticks = count.swap(0, Ordering::Relaxed);

    let server = plan.clone().server();
    let opening = tls::asynch::Stream::open(server, &mut records, name(), choice, random(1));
    let mut opening = pin!(opening);
    let mut context = Context::from_waker(Waker::noop());
    let mut polls = 1;
    while opening.as_mut().poll(&mut context).is_pending() {
        polls += 1;
    }
    assert_eq!(count.load(Ordering::Relaxed), ticks, "the drivers agree");
    (ticks, polls)
}

#[test]
fn a_handshake_rests_before_each_record_and_each_signature() {
    let pins = [IDENTITY.pin()];
    let anchors = [tls::anchor(&IDENTITY.root).unwrap()];
    // One record after the ServerHello: one rest, and as many ticks more as signatures.
    let mut plan = Plan::right();
    assert_eq!(ticks_and_polls(&plan, Pins::new(&pins)), (2, 2));
    assert_eq!(ticks_and_polls(&plan, Roots::new(&anchors, NOW)), (3, 2));
    // Four records.
    plan.layout = |messages| {
        messages
            .iter()
            .map(|message| record(HANDSHAKE, message))
            .collect()
    };
    assert_eq!(ticks_and_polls(&plan, Pins::new(&pins)), (5, 5));
    assert_eq!(ticks_and_polls(&plan, Roots::new(&anchors, NOW)), (6, 5));
}
