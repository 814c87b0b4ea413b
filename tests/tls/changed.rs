//! Octets of the server, changed on the way.

use embedded_smtp::tls::{self, Error, Roots};
use embedded_smtp::{Error as SmtpError, Fault};

use crate::link::Link;
use crate::mails::{End, USUAL, blocking};
use crate::{IDENTITY, NOW, server};

/// Rule: whichever octet of the server's is changed, in the handshake or behind it, no mail counts as
/// sent that is not, and what is changed is noticed.
#[test]
fn every_octet() {
    let anchors = [tls::anchor(&IDENTITY.root).unwrap()];
    let choice = || Roots::new(&anchors, NOW);
    let whole = server().implicit_tls().build();
    let link = Link::to(&whole);
    let tally = link.tally();
    assert!(matches!(
        blocking(link, false, choice(), USUAL),
        End::Sent(_)
    ));
    let octets = tally.borrow().received;
    assert!(octets > 1_000);
    let (mut not_opened, mut broken, mut unknown, mut sent) = (0, 0, 0, 0);
    for octet in 0..octets {
        let server = server().implicit_tls().build();
        let link = Link::to(&server).with_change(octet, 1 << (octet % 8));
        match blocking(link, false, choice(), USUAL) {
            End::NotOpened(error) => {
                assert_ne!(error, Error::Poisoned);
                not_opened += 1;
            }
            End::Failed(SmtpError::Failed { fault, .. }) => {
                let Fault::Transport(error) = fault else {
                    panic!("{octet}: {fault:?}");
                };
                // A length that was raised makes the client wait for more.
                let expected = [Error::Record, Error::Io(embedded_io::ErrorKind::TimedOut)];
                assert!(expected.contains(&error) || matches!(error, Error::ReadBuffer { .. }));
                assert_eq!(server.deliveries().len(), 0, "{octet}");
                broken += 1;
            }
            End::Failed(SmtpError::DeliveryUnknown { .. }) => unknown += 1,
            // The reply to QUIT, and the version in a record's header, which nobody heeds
            // (RFC 8446 §5.1: "MUST be ignored for all purposes").
            End::Sent(_) => {
                assert_eq!(server.deliveries().len(), 1);
                sent += 1;
            }
            end => panic!("{octet}: {end:?}"),
        }
    }
    println!(
        "{octets} octets: {not_opened} not opened, {broken} broken, {unknown} unknown, {sent} sent"
    );
    assert!(not_opened > 600 && broken > 200 && unknown > 20);
}
