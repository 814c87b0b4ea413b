//! Faults of the transport, at every call.

use embedded_io::ErrorKind;
use embedded_smtp::tls::Pins;

use crate::link::{Link, Trouble};
use crate::mails::{End, USUAL, asynch, blocking};
use crate::{IDENTITY, server};

/// Rule: a mail is "sent" only if the server has it, "failed" only if it has not, and after a fault
/// nothing more is handed to the transport.
#[test]
fn at_every_call() {
    let pins = [IDENTITY.pin()];
    let troubles = [
        Trouble::Fails(ErrorKind::ConnectionReset),
        Trouble::Fails(ErrorKind::TimedOut),
        Trouble::Ends,
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
                        End::Failed(embedded_smtp::Error::Unknown { .. }) => true,
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
