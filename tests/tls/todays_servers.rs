//! What a server that is proven, or about to be, may send: over both drivers, by a server that can break
//! every rule.

use embedded_io::Read as _;
use embedded_io_async::Read as _;
use embedded_smtp::tls::{self, Error, Pins, Records};

use crate::hand_made::{
    ALERT, CERTIFICATE, DATA, EXTENSIONS, FINISHED, HANDSHAKE, Plan, REQUEST, Record, VERIFY,
    extension, message, record, vector,
};
use crate::link::finish;
use crate::{IDENTITY, name, random};

/// The end of a session that is opened and read from.
#[derive(Debug, PartialEq, Eq)]
enum End {
    NotOpened(Error),
    Failed(Error),
    Read(Vec<u8>),
}

/// Opens and reads with both drivers, which have to agree.
#[track_caller]
fn end(plan: &Plan) -> End {
    let pins = [IDENTITY.pin()];
    let (mut read, mut write) = (vec![0; 16_640], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let mut buffer = [0; 64];
    let server = plan.clone().server();
    let opened =
        tls::blocking::Stream::open(server, &mut records, name(), Pins::new(&pins), random(1));
    let blocking = match opened {
        Ok(mut stream) => match stream.read(&mut buffer) {
            Ok(count) => End::Read(buffer[..count].to_vec()),
            Err(error) => {
                // Once it has failed, it says nothing more.
                let again = embedded_io::Write::write(&mut stream, b"NOOP\r\n");
                assert_eq!(again, Err(Error::Poisoned));
                End::Failed(error)
            }
        },
        Err(failure) => End::NotOpened(failure.error),
    };
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let server = plan.clone().server();
    let asynch = finish(async {
        let opened =
            tls::asynch::Stream::open(server, &mut records, name(), Pins::new(&pins), random(2));
        match opened.await {
            Ok(mut stream) => match stream.read(&mut buffer).await {
                Ok(count) => End::Read(buffer[..count].to_vec()),
                Err(error) => End::Failed(error),
            },
            Err(failure) => End::NotOpened(failure.error),
        }
    });
    assert_eq!(blocking, asynch);
    blocking
}

fn greeted() -> End {
    End::Read(b"220 ready\r\n".to_vec())
}

/// A session in which the server sends these records after the handshake, and then a greeting.
#[track_caller]
fn after(records: &[Record]) -> End {
    let mut plan = Plan::right();
    plan.after.splice(..0, records.iter().cloned());
    end(&plan)
}

#[test]
fn a_server_that_keeps_to_the_rules_is_read() {
    assert_eq!(end(&Plan::right()), greeted());
    let mut plan = Plan::right();
    plan.layout = |messages| {
        messages
            .iter()
            .map(|message| record(HANDSHAKE, message))
            .collect()
    };
    assert_eq!(end(&plan), greeted());
    // With padding.
    plan.layout = |messages| vec![[record(HANDSHAKE, &messages.concat()), vec![0; 1_000]].concat()];
    assert_eq!(end(&plan), greeted());
}

/// OpenSSL 4 lists 0x11EE and 0x0029, others brainpool groups and whatever comes next.
#[test]
fn unknown_groups_and_signature_schemes_are_ignored() {
    let groups: Vec<u8> = [0x11EE_u16, 0x0029, 0x001D, 0x0017, 0x7A7A]
        .iter()
        .flat_map(|group| group.to_be_bytes())
        .collect();
    let many: Vec<u8> = (0x0100..0x0200_u16).flat_map(u16::to_be_bytes).collect();
    for list in [&groups, &many] {
        for layout in [Plan::right().layout, |messages: Vec<Vec<u8>>| {
            messages
                .iter()
                .map(|message| record(HANDSHAKE, message))
                .collect()
        }] {
            let mut plan = Plan::right();
            plan.layout = layout;
            plan.extensions = [extension(10, &vector(2, list)), extension(0, b"")].concat();
            assert_eq!(end(&plan), greeted());
            plan.order.insert(1, REQUEST);
            plan.requested = [
                extension(47, &vector(2, b"names")),
                extension(13, &vector(2, list)),
            ]
            .concat();
            assert_eq!(end(&plan), greeted());
            // Unknown extensions, one with the number by which a list is hidden.
            plan.extensions
                .extend([extension(0x800A, b"x"), extension(0xFAFA, b"")].concat());
            assert_eq!(end(&plan), greeted());
        }
    }
}

#[test]
fn tickets_and_empty_data_are_passed_over() {
    let ticket = message(4, &vec![7; 1_300]);
    let rows: [&[Record]; 5] = [
        &[record(HANDSHAKE, &ticket)],
        &[record(HANDSHAKE, &ticket.repeat(4))],
        &[
            record(HANDSHAKE, &ticket),
            record(HANDSHAKE, &message(4, b"")),
        ],
        &[record(DATA, b""), record(DATA, b"")],
        &[record(DATA, b""), record(HANDSHAKE, &ticket)],
    ];
    for row in rows {
        assert_eq!(after(row), greeted());
    }
}

/// Each handshake message there can be, alone and after a ticket.
#[test]
fn no_message_after_the_handshake_makes_it_panic() {
    for kind in 0..=255 {
        for body in [&b""[..], b"\0", &[1; 40]] {
            let late = message(kind, body);
            for content in [late.clone(), [message(4, b"ticket"), late].concat()] {
                let expected = match kind {
                    4 => greeted(),
                    24 => End::Failed(Error::KeyUpdate),
                    _ => End::Failed(Error::Record),
                };
                assert_eq!(after(&[record(HANDSHAKE, &content)]), expected, "{kind}");
            }
        }
    }
    // The messages of the handshake once more, well formed.
    for messages in [
        message(EXTENSIONS, &vector(2, b"")),
        message(
            REQUEST,
            &[vector(1, b"context"), vector(2, &Plan::right().requested)].concat(),
        ),
        message(CERTIFICATE, &[vector(1, b""), vector(3, b"")].concat()),
        message(VERIFY, &[vec![4, 3], vector(2, b"signature")].concat()),
        message(FINISHED, &[7; 32]),
        // A ticket whose length is not that of its vectors, with a message inside.
        message(
            4,
            &[
                &[0; 11][..],
                &[0, 0],
                &[0, 0],
                &message(EXTENSIONS, &vector(2, b"")),
            ]
            .concat(),
        ),
    ] {
        let expected = match messages[0] {
            4 => greeted(),
            _ => End::Failed(Error::Record),
        };
        assert_eq!(after(&[record(HANDSHAKE, &messages)]), expected);
    }
}

#[test]
fn a_record_without_content_is_an_error_and_no_panic() {
    for length in [1, 2, 100, 16_000] {
        assert_eq!(
            after(&[vec![0; length]]),
            End::Failed(Error::Record),
            "{length} zeros"
        );
    }
    assert_eq!(after(&[record(HANDSHAKE, b"")]), End::Failed(Error::Record));
    assert_eq!(after(&[record(ALERT, b"")]), End::Failed(Error::Record));
    for kind in (1..=255).filter(|kind| ![ALERT, HANDSHAKE, DATA].contains(kind)) {
        assert_eq!(
            after(&[record(kind, b"a")]),
            End::Failed(Error::Record),
            "{kind}"
        );
    }
}

#[test]
fn an_error_says_what_the_server_did() {
    let split = message(4, &[7; 100]);
    assert_eq!(
        after(&[record(HANDSHAKE, &split[..50])]),
        End::Failed(Error::SplitMessage)
    );
    for (description, expected) in [
        (116, Error::ClientCertificate),
        (42, Error::ClientCertificate),
        (40, Error::Alert(None)),
        (80, Error::Alert(None)),
        (255, Error::Alert(None)),
    ] {
        for level in [1, 2, 7] {
            assert_eq!(
                after(&[record(ALERT, &[level, description])]),
                End::Failed(expected)
            );
        }
    }
    // close_notify.
    assert_eq!(after(&[record(ALERT, &[1, 0])]), End::Read(Vec::new()));

    let mut plan = Plan::right();
    plan.layout = |messages| {
        let flight = messages.concat();
        vec![
            record(HANDSHAKE, &flight[..100]),
            record(HANDSHAKE, &flight[100..]),
        ]
    };
    assert_eq!(end(&plan), End::NotOpened(Error::SplitMessage));
    for alert in [[2, 40], [1, 0], [2, 116], [9, 255]] {
        plan.layout = match alert[1] {
            40 => |_| vec![record(ALERT, &[2, 40])],
            0 => |_| vec![record(ALERT, &[1, 0])],
            116 => |_| vec![record(ALERT, &[2, 116])],
            _ => |_| vec![record(ALERT, &[9, 255])],
        };
        assert_eq!(end(&plan), End::NotOpened(Error::Alert(None)));
    }
}

/// The signature and Finished are right for each order: nothing else refuses it.
#[test]
fn messages_out_of_order_are_refused() {
    let together: fn(Vec<Vec<u8>>) -> Vec<Record> = Plan::right().layout;
    let apart: fn(Vec<Vec<u8>>) -> Vec<Record> = |messages| {
        messages
            .iter()
            .map(|message| record(HANDSHAKE, message))
            .collect()
    };
    let orders: [&[u8]; 8] = [
        &[CERTIFICATE, VERIFY, FINISHED],
        &[CERTIFICATE, EXTENSIONS, VERIFY, FINISHED],
        &[CERTIFICATE, VERIFY, EXTENSIONS, FINISHED],
        &[EXTENSIONS, EXTENSIONS, CERTIFICATE, VERIFY, FINISHED],
        &[REQUEST, EXTENSIONS, CERTIFICATE, VERIFY, FINISHED],
        &[EXTENSIONS, FINISHED],
        &[EXTENSIONS, CERTIFICATE, FINISHED],
        &[EXTENSIONS, VERIFY, CERTIFICATE, FINISHED],
    ];
    for order in orders {
        for layout in [together, apart] {
            let mut plan = Plan::right();
            plan.order = order.to_vec();
            plan.layout = layout;
            let end = end(&plan);
            assert!(matches!(end, End::NotOpened(_)), "{order:?}: {end:?}");
        }
    }
    let orders: [&[u8]; 5] = [
        &[EXTENSIONS, CERTIFICATE, REQUEST, VERIFY, FINISHED],
        &[EXTENSIONS, CERTIFICATE, VERIFY, REQUEST, FINISHED],
        &[EXTENSIONS, REQUEST, REQUEST, CERTIFICATE, VERIFY, FINISHED],
        &[EXTENSIONS, FINISHED, CERTIFICATE, VERIFY],
        &[EXTENSIONS, CERTIFICATE, VERIFY, FINISHED, 4],
    ];
    for order in orders {
        let mut plan = Plan::right();
        plan.order = order.to_vec();
        assert_eq!(end(&plan), End::NotOpened(Error::Record), "{order:?}");
    }
}

/// Whatever byte a server sends in place of a right one, and encrypts well: no panic, and no session.
#[test]
fn any_byte_of_a_handshake_may_be_another() {
    let mut plan = Plan::right();
    plan.order.insert(1, REQUEST);
    plan.extensions = [extension(10, &vector(2, &[0, 23])), extension(0, b"")].concat();
    // Its signature has not always the same length, so the end is not always at the same byte.
    let least = IDENTITY.leaf.len() + 120;
    for at in 0.. {
        let mut accepted = 0;
        // Lengths and types have low bits, and a byte of zero is special.
        for bits in [0x01, 0x80, 0xFF] {
            plan.change = Some((at, bits));
            let pins = [IDENTITY.pin()];
            let (mut read, mut write) = (vec![0; 16_640], [0; 1_024]);
            let mut records = Records::new(&mut read, &mut write).unwrap();
            let server = plan.clone().server();
            let choice = Pins::new(&pins);
            let opened =
                tls::blocking::Stream::open(server, &mut records, name(), choice, random(1));
            accepted += usize::from(opened.is_ok());
            assert!(opened.is_err() || at >= least, "{bits:02x} at {at}");
        }
        // Nothing was changed.
        if accepted == 3 {
            assert!(at > least);
            return;
        }
    }
}

#[test]
fn a_source_of_random_bytes_may_fail() {
    let pins = [IDENTITY.pin()];
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    for most in 0..3 {
        let mut calls = 0;
        let source = |bytes: &mut [u8]| {
            calls += 1;
            bytes.fill(9);
            if calls > most { Err(()) } else { Ok(()) }
        };
        let server = Plan::right().server();
        let opened =
            tls::blocking::Stream::open(server, &mut records, name(), Pins::new(&pins), source);
        match opened {
            Err(failure) => {
                assert_eq!(failure.error, Error::Random);
                assert_eq!(failure.transport.received(), 0);
                assert!(most < 2);
            }
            Ok(_) => assert_eq!(most, 2),
        }
    }
}
