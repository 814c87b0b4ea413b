//! Faults of the transport, at every call.

use embedded_io::{ErrorKind, Read, Write};
use embedded_smtp::tls::blocking::Stream;
use embedded_smtp::tls::{Error, Pins, Records};

use crate::link::{Link, Trouble};
use crate::mails::{End, USUAL, asynch, blocking};
use crate::{IDENTITY, name, random, server};

/// Rule: a mail is "sent" only if the server has it, "failed" only if it has not, and after a fault
/// nothing more is handed to the transport.
#[test]
fn at_every_call() {
    let pins = [IDENTITY.pin()];
    let troubles = [
        Trouble::Fails(ErrorKind::ConnectionReset),
        Trouble::Fails(ErrorKind::TimedOut),
        Trouble::Ends,
        Trouble::Full,
    ];
    let mut runs = 0;
    for starttls in [false, true] {
        for run in [blocking::<Pins<'_>>, asynch::<Pins<'_>>] {
            for trouble in troubles {
                for call in 0.. {
                    let server = match starttls {
                        true => server().build(),
                        false => server().implicit_tls().build(),
                    };
                    let link = Link::to(&server).with_trouble(call, trouble);
                    let tally = link.tally();
                    let end = run(link, starttls, Pins::new(&pins), USUAL);
                    let tally = tally.borrow();
                    let delivered = server.deliveries().len();
                    let is_right = match &end {
                        End::Sent(_) => delivered == 1,
                        End::Failed(embedded_smtp::Error::DeliveryUnknown { .. }) => true,
                        End::Failed(embedded_smtp::Error::Failed { .. })
                        | End::Refused(_)
                        | End::NotOpened(_) => delivered == 0,
                        End::Failed(_) => false,
                    };
                    assert!(
                        is_right,
                        "{end:?} with {delivered} delivered: {call} {trouble:?}"
                    );
                    assert_eq!(tally.after_trouble, 0, "{end:?} {call} {trouble:?}");
                    runs += 1;
                    if !tally.is_troubled {
                        assert!(matches!(end, End::Sent(_)), "{end:?}");
                        break;
                    }
                }
            }
        }
    }
    println!("{runs} runs");
    assert!(runs > 200);
}

/// Rule: after a record that was changed nothing is written any more, and nothing said at the end.
#[test]
fn nothing_is_sent_after_a_broken_record() {
    let server = server().implicit_tls().build();
    let opened = 1_000_000;
    // The octets up to the end of the handshake, then the same again with one behind them changed.
    let mut change = opened;
    for _ in 0..2 {
        let link = Link::to(&server).with_change(change, 1);
        let tally = link.tally();
        let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
        let mut records = Records::new(&mut read, &mut write).unwrap();
        let pins = [IDENTITY.pin()];
        let choice = Pins::new(&pins);
        let stream = Stream::open(link, &mut records, name(), choice, random(1));
        let mut stream = stream.unwrap();
        if change == opened {
            // In the greeting's record, whatever tickets come before it.
            let mut greeting = [0; 100];
            stream.read(&mut greeting).unwrap();
            change = tally.borrow().received - 20;
            continue;
        }
        assert_eq!(stream.read(&mut [0; 100]), Err(Error::Record));
        let sent = tally.borrow().sent;
        assert_eq!(stream.read(&mut [0; 100]), Err(Error::Poisoned));
        assert_eq!(stream.write(b"x"), Err(Error::Poisoned));
        assert_eq!(stream.flush(), Err(Error::Poisoned));
        stream.close();
        assert_eq!(tally.borrow().sent, sent);
    }
}
