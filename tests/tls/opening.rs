//! What keeps TLS from being opened.

use std::net::IpAddr;

use embedded_smtp::blocking::Client;
use embedded_smtp::mock::{Action, Server, Stage, TlsVersion};
use embedded_smtp::tls::blocking::{Place, Stream};
use embedded_smtp::tls::{
    self, CertificateFault, Error, Pin, Pins, Records, Roots, ServerName, Verify, Watched,
};
use embedded_smtp::{Credentials, Error as SmtpError, Proof};

use crate::link::Link;
use crate::mails::{End, Sizes, USUAL, both};
use crate::{IDENTITY, NAME, NOW, alert, name, random, server};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

#[track_caller]
fn not_opened(ends: [End; 2], expected: Error) {
    for end in ends {
        match end {
            End::NotOpened(error) => assert_eq!(error, expected),
            end => panic!("{end:?}"),
        }
    }
}

fn pins() -> [Pin; 1] {
    [IDENTITY.pin()]
}

/// Runs both drivers against a server that has no account of a client that got further.
#[track_caller]
fn refused<V: Verify>(server: &Server, choice: impl Fn() -> V, expected: Error) {
    not_opened(both(server, true, choice, USUAL), expected);
    for commands in server.commands() {
        assert_eq!(commands.len(), 2, "EHLO and STARTTLS: {commands:?}");
    }
    assert_eq!(server.deliveries().len(), 0);
}

#[test]
fn buffers_that_are_too_small_name_what_they_need() {
    let octets = || [0; 1_024];
    let needed = |read: usize, write: usize| {
        let (mut reading, mut writing) = (octets(), octets());
        Records::new(&mut reading[..read], &mut writing[..write]).err()
    };
    assert_eq!(needed(1_024, 640), None);
    let read = |length| needed(length, 1_024);
    assert_eq!(read(1_023), Some(Error::ReadBuffer { needed: 1_024 }));
    assert_eq!(read(0), Some(Error::ReadBuffer { needed: 1_024 }));
    let write = |length| needed(1_024, length);
    assert_eq!(write(639), Some(Error::WriteBuffer { needed: 640 }));
    assert_eq!(write(0), Some(Error::WriteBuffer { needed: 640 }));
}

/// Rule: a chain that the buffer does not hold is refused with the octets it needs, and with so many
/// it is read.
#[test]
fn a_long_chain_says_how_long_it_is() {
    let chain = [
        &IDENTITY.leaf,
        &IDENTITY.root,
        &IDENTITY.root,
        &IDENTITY.root,
    ];
    let build = || server().certificate(chain, &IDENTITY.key).build();
    let pins = pins();
    let sizes = |read| Sizes { read, ..USUAL };
    let ends = both(&build(), true, || Pins::new(&pins), sizes(1_100));
    let needed = ends.map(|end| match end {
        End::NotOpened(Error::ReadBuffer { needed }) => needed,
        end => panic!("{end:?}"),
    });
    // RFC 8446 §4.4.2: each with three octets of length and two of extensions. Around them are headers
    // and what else the server puts into that record.
    let octets: usize = chain.iter().map(|der| der.len() + 5).sum();
    assert!(
        (25..200).contains(&(usize::from(needed[0]) - octets)),
        "{needed:?}"
    );
    // A signature is a few octets longer or shorter each time.
    for (read, is_opened) in [(needed[0] + 4, true), (needed[0] - 9, false)] {
        for end in both(&build(), true, || Pins::new(&pins), sizes(read.into())) {
            match end {
                End::Sent(_) => assert!(is_opened),
                End::NotOpened(Error::ReadBuffer { .. }) => assert!(!is_opened),
                end => panic!("{end:?}"),
            }
        }
    }
}

#[test]
fn an_old_server_is_named() {
    let server = server().tls_versions(&[TlsVersion::Tls12]).build();
    let pins = pins();
    refused(&server, || Pins::new(&pins), Error::NoTls13);
}

#[test]
fn a_server_that_is_not_the_right_one_is_refused() {
    let pin = [Pin::new([7; 32])];
    let anchors = [tls::anchor(&IDENTITY.root).unwrap()];
    let other = [tls::anchor(&IDENTITY.leaf).unwrap()];
    let mismatch = Error::Certificate(CertificateFault::PinMismatch);
    refused(&server().build(), || Pins::new(&pin), mismatch);
    refused(&server().build(), || Pins::new(&[]), mismatch);
    let roots = || Roots::new(&anchors, NOW).and_pins(&pin);
    refused(&server().build(), roots, mismatch);
    let unknown = Error::Certificate(CertificateFault::UnknownIssuer);
    refused(&server().build(), || Roots::new(&other, NOW), unknown);
    refused(&server().build(), || Roots::new(&[], NOW), unknown);
    let late = || Roots::new(&anchors, 200_000_000_000);
    let not_after = 67_767_926_400;
    let end = both(&server().build(), true, late, USUAL);
    for end in end {
        let fault = match end {
            End::NotOpened(Error::Certificate(fault)) => fault,
            end => panic!("{end:?}"),
        };
        assert!(
            matches!(fault, CertificateFault::Expired { not_after: found } if found <= not_after),
            "{fault:?}"
        );
    }
}

/// A server whose root, intermediates and leaf begin to be valid in these years, and end so.
fn dated(years: &[(i32, i32)]) -> (Server, Vec<u8>) {
    let mut issuer: Option<Issuer<'static, KeyPair>> = None;
    let mut chain = Vec::new();
    for (number, (begin, end)) in years.iter().enumerate() {
        let key = KeyPair::generate().unwrap();
        let der = key.serialize_der();
        let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
        let name = format!("Number {number}");
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(*begin, 1, 1);
        params.not_after = date_time_ymd(*end, 1, 1);
        if number + 1 < years.len() {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let certificate = match &issuer {
            None => params.self_signed(&key).unwrap(),
            Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        };
        chain.insert(0, (certificate.der().to_vec(), der));
        issuer = Some(Issuer::new(params, key));
    }
    let (root, _) = chain.pop().unwrap();
    let certificates: Vec<_> = chain.iter().map(|(der, _)| der).collect();
    let server = server().certificate(certificates, &chain[0].1).build();
    (server, root)
}

/// Rule: without a clock, dates are skipped forwards only: what has expired at the floor is refused,
/// and what begins later is waited for, certificate by certificate.
#[test]
fn the_floor_of_a_device_without_a_clock_holds() {
    let year = |year: u64| (year - 1970) * 31_556_952;
    let run = |years: &[(i32, i32)], floor| {
        let (server, root) = dated(years);
        let root = tls::CertificateDer::from(root);
        let anchors = [tls::anchor(&root).unwrap()];
        let choice = || Roots::danger_without_dates(&anchors, floor);
        let [blocking, _] = both(&server, true, choice, USUAL);
        match blocking {
            End::Sent(_) => Ok(()),
            End::NotOpened(Error::Certificate(fault)) => Err(fault),
            end => panic!("{end:?}"),
        }
    };
    let expired = |result| matches!(result, Err(CertificateFault::Expired { .. }));
    let long = (2000, 2100);
    assert_eq!(run(&[long, long, (2020, 2030)], year(2025)), Ok(()));
    // The leaf, and an intermediate, had expired when the firmware was built.
    assert!(expired(run(&[long, long, (2010, 2020)], year(2025))));
    assert!(expired(run(
        &[long, (2010, 2020), (2015, 2030)],
        year(2025)
    )));
    // All begin after the floor, one after the other.
    let rising = [long, (2031, 2100), (2032, 2100), (2033, 2100), (2034, 2100)];
    assert_eq!(run(&rising, year(2025)), Ok(()));
    let falling = [long, (2034, 2100), (2033, 2100), (2032, 2100), (2031, 2100)];
    assert_eq!(run(&falling, year(2025)), Ok(()));
    // Never valid together.
    assert!(expired(run(
        &[long, (2010, 2030), (2031, 2040)],
        year(2025)
    )));
}

/// Rule: the transport comes back with the error, and nothing of the mail has gone to the server.
#[test]
fn the_transport_comes_back() {
    let server = server().implicit_tls().build();
    let link = Link::to(&server);
    let tally = link.tally();
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let pin = [Pin::new([7; 32])];
    let choice = Pins::new(&pin);
    let failure = Stream::open(link, &mut records, name(), choice, random(1)).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "the server's key is not the pinned one"
    );
    let sent = tally.borrow().sent;
    // The ClientHello, and nothing else.
    assert!((150..400).contains(&sent), "{sent}");
    drop(failure.transport);
    assert_eq!(tally.borrow().sent, sent);
    // The same records serve another session.
    let pins = pins();
    let stream = Stream::open(
        Link::to(&server),
        &mut records,
        name(),
        Pins::new(&pins),
        random(2),
    );
    let stream = stream.ok().unwrap();
    assert_eq!(format!("{stream:?}"), "Stream { proof: Key, .. }");
    stream.close();
}

/// Rule: a stream that is lent by its place is as good as one that is owned, and the transport comes
/// back from there, once.
#[test]
fn a_mail_goes_out_from_a_place() {
    let server = server().implicit_tls().build();
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let pins = pins();
    let mut place = Place::default();
    assert_eq!(format!("{place:?}"), "Place(None)");
    let choice = Pins::new(&pins);
    let link = Link::to(&server);
    let stream = place.open(link, &mut records, name(), choice, random(1));
    let mut buffer = [0; 512];
    let mut smtp = Client::over_tls(stream.unwrap(), &mut buffer);
    smtp.open("a.example").unwrap();
    let credentials = Credentials::new("boiler3", "secret").unwrap();
    smtp.login(&credentials).unwrap();
    assert_eq!(smtp.send(&alert()).unwrap().proof(), Some(Proof::Key));
    smtp.quit().unwrap();
    assert_eq!(
        format!("{place:?}"),
        "Place(Some(Stream { proof: Key, .. }))"
    );
    assert!(place.close().is_some());
    assert!(place.close().is_none());
    assert_eq!(server.deliveries().len(), 1);
    assert_eq!(server.violations(), [""; 0]);
}

/// Rule: what the client says first fits the least buffer, with the longest name too.
#[test]
fn the_longest_name_fits() {
    let label = "a".repeat(61);
    let name = format!("{label}.{label}.{label}.{label}.a");
    let name = format!("{name}.b.c");
    assert_eq!(name.len(), 253);
    let server = server().implicit_tls().build();
    let (mut read, mut write) = ([0; 4_096], [0; tls::WRITE_BUFFER_MIN as usize]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let pins = pins();
    let choice = Pins::new(&pins).with_rsa().with_p384();
    let name = &ServerName::parse(&name).unwrap();
    let stream = Stream::open(Link::to(&server), &mut records, name, choice, random(1));
    assert!(stream.is_ok());
    // An address is not sent.
    let name = &ServerName::from(IpAddr::from([127, 0, 0, 1]));
    let anchors = [tls::anchor(&IDENTITY.root).unwrap()];
    let choice = Roots::new(&anchors, NOW);
    drop(stream);
    let stream = Stream::open(Link::to(&server), &mut records, name, choice, random(1));
    assert!(stream.is_ok());
    // Nor is the dot at the end of a name (RFC 6066 §3).
    drop(stream);
    let name = &ServerName::parse("mail.example.org.").unwrap();
    let stream = Stream::open(Link::to(&server), &mut records, name, choice, random(1));
    assert!(stream.is_ok());
    let sessions = server.tls().into_iter().flatten();
    let names: Vec<_> = sessions.map(|session| session.server_name).collect();
    assert_eq!(names[0].as_ref().map(String::len), Some(253));
    assert_eq!(names[1..], [None, Some(NAME.to_owned())]);
}

/// Rule: whatever stands in the place of the handshake, TLS is not opened, and who closes is known.
#[test]
fn no_handshake_no_session() {
    let pins = pins();
    let run = |action| {
        let server = server().script_every(Stage::Handshake, action).build();
        let [blocking, asynch] = both(&server, true, || Pins::new(&pins), USUAL);
        match (blocking, asynch) {
            (End::NotOpened(error), End::NotOpened(other)) => {
                assert_eq!(error, other);
                error
            }
            ends => panic!("{ends:?}"),
        }
    };
    let garbage = Action::reply("220 mail.example.org ready, and in plain text\r\n");
    assert_eq!(run(garbage), Error::Record);
    let alert = |level, description| run(Action::reply([21, 3, 3, 0, 2, level, description]));
    assert_eq!(alert(2, 70), Error::NoTls13);
    assert_eq!(alert(2, 40), Error::NothingInCommon);
    assert_eq!(alert(2, 80), Error::Alert(Some(80)));
    assert_eq!(alert(2, 200), Error::Handshake);
    assert_eq!(run(Action::close()), Error::NoAnswer);
    assert_eq!(run(Action::normal().then_close()), Error::Closed);
    let records = |octets: &[u8]| run(Action::reply(octets));
    assert_eq!(records(&[22, 3, 3, 0, 3, 2, 0, 0]), Error::Handshake);
    assert_eq!(records(&[23, 3, 3, 0, 17]), Error::Record);
    assert_eq!(records(&[22, 3, 3, 0xff, 0xff]), Error::Record);
}

/// Rule: who watches sees every certificate, and changes nothing.
#[test]
fn certificates_are_shown() {
    let chain = [&IDENTITY.leaf, &IDENTITY.root];
    let server = server()
        .implicit_tls()
        .certificate(chain, &IDENTITY.key)
        .build();
    for pin in [IDENTITY.pin(), Pin::new([7; 32])] {
        let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
        let mut records = Records::new(&mut read, &mut write).unwrap();
        let mut seen = Vec::new();
        let pins = [pin];
        let choice = Watched::new(Pins::new(&pins), |der: &[u8]| seen.push(der.to_vec()));
        let stream = Stream::open(Link::to(&server), &mut records, name(), choice, random(1));
        assert_eq!(stream.is_ok(), pin == IDENTITY.pin());
        drop(stream);
        assert_eq!(seen, chain.map(|der| der.to_vec()));
    }
}

/// Rule: STARTTLS that is not offered, or refused, never leads to a mail.
#[test]
fn starttls_is_never_downgraded() {
    let pins = pins();
    let without = Server::builder().build();
    for end in both(&without, true, || Pins::new(&pins), USUAL) {
        assert!(
            matches!(end, End::Refused(SmtpError::NotOffered(_))),
            "{end:?}"
        );
    }
    let server = server()
        .script_every(Stage::StartTls, Action::reply("454 4.7.0 not now\r\n"))
        .build();
    for end in both(&server, true, || Pins::new(&pins), USUAL) {
        assert!(
            matches!(end, End::Refused(SmtpError::Refused(_))),
            "{end:?}"
        );
    }
    assert_eq!(server.deliveries().len(), 0);
}
