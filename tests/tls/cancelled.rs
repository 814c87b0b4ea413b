//! Futures of the async client, dropped at every await of a mail under TLS.

use embedded_io_async::{Read as _, Write as _};
use embedded_smtp::asynch::Client;
use embedded_smtp::tls::asynch::{Place, Stream};
use embedded_smtp::tls::{Error, Pins, Records};
use embedded_smtp::{Credentials, Error as SmtpError};

use crate::link::{Link, Slow, finish, poll};
use crate::{IDENTITY, alert, name, random, server};

/// What is dropped.
#[derive(Debug, Clone, Copy)]
enum Dropped {
    Open,
    Login,
    Send,
    Quit,
}

/// Rule: after an operation was dropped before its end, nothing goes out any more: no command, no
/// close_notify.
#[test]
fn at_every_await() {
    let mut runs = 0;
    for happens_first in [false, true] {
        for dropped in [Dropped::Open, Dropped::Login, Dropped::Send, Dropped::Quit] {
            for polls in 0.. {
                if drop_at(dropped, polls, happens_first) {
                    break;
                }
                runs += 1;
            }
        }
    }
    println!("{runs} futures dropped");
    assert!(runs > 40);
}

/// Drops the future after so many polls. Whether it had ended by then.
fn drop_at(dropped: Dropped, polls: usize, happens_first: bool) -> bool {
    let server = server().implicit_tls().build();
    let mut link = Slow::new(Link::to(&server));
    link.happens_first = happens_first;
    let tally = link.link.tally();
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let pins = [IDENTITY.pin()];
    let (name, mut dice) = (name(), random(1));
    let opened = Stream::open(link, &mut records, name, Pins::new(&pins), &mut dice);
    let stream = finish(opened).ok().unwrap();
    let mut buffer = [0; 512];
    let mut smtp = Client::over_tls(stream, &mut buffer);
    let credentials = Credentials::new("boiler3", "secret").unwrap();
    let mail = alert();
    let ended = match dropped {
        Dropped::Open => poll(polls, smtp.open("a.example")).is_some(),
        Dropped::Login => {
            finish(smtp.open("a.example")).unwrap();
            poll(polls, smtp.login(&credentials)).is_some()
        }
        Dropped::Send => {
            finish(smtp.open("a.example")).unwrap();
            finish(smtp.login(&credentials)).unwrap();
            poll(polls, smtp.send(&mail)).is_some()
        }
        Dropped::Quit => {
            finish(smtp.open("a.example")).unwrap();
            poll(polls, smtp.quit()).is_some()
        }
    };
    if ended || polls == 0 {
        return ended;
    }
    let sent = tally.borrow().sent;
    let what = format!("{dropped:?} after {polls} polls");
    assert_eq!(
        finish(smtp.quit()),
        Err(SmtpError::ConnectionEnded),
        "{what}"
    );
    assert!(matches!(
        finish(smtp.send(&mail)),
        Err(SmtpError::ConnectionEnded)
    ));
    assert_eq!(finish(smtp.noop()), Err(SmtpError::ConnectionEnded));
    let stream = smtp.into_inner();
    finish(stream.close());
    assert_eq!(tally.borrow().sent, sent, "{what}");
    false
}

/// Rule: an opening that was dropped sends nothing more, and its records serve the next session.
#[test]
fn opening_at_every_await() {
    let server = server().implicit_tls().build();
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let pins = [IDENTITY.pin()];
    let name = name();
    let mut runs = 0;
    for polls in 1.. {
        let mut link = Slow::new(Link::to(&server).in_pieces(64, 64));
        link.happens_first = polls % 2 == 0;
        let tally = link.link.tally();
        let mut place = Place::new();
        let mut dice = random(polls as u64);
        let opening = place.open(link, &mut records, name, Pins::new(&pins), &mut dice);
        let ended = poll(polls, async { opening.await.is_ok() });
        let sent = tally.borrow().sent;
        let link = finish(place.close());
        assert!(link.is_some(), "the transport comes back");
        if let Some(opened) = ended {
            assert!(opened);
            assert!(tally.borrow().sent > sent, "close_notify");
            break;
        }
        assert_eq!(tally.borrow().sent, sent, "after {polls} polls");
        runs += 1;
    }
    println!("{runs} openings dropped");
    assert!(runs > 10);
}

/// Rule: a place gives its stream's transport back once, also after an opening that failed.
#[test]
fn a_place_gives_the_transport_back() {
    let server = server().implicit_tls().build();
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let mut place = Place::new();
    assert!(finish(place.close()).is_none());
    let link = Slow::new(Link::to(&server));
    let tally = link.link.tally();
    let (name, mut dice) = (name(), random(1));
    let choice = Pins::new(&[]);
    let opened = finish(async {
        let opened = place
            .open(link, &mut records, name, choice, &mut dice)
            .await;
        opened.map(|_| ())
    });
    assert!(matches!(opened, Err(Error::Certificate(_))));
    let sent = tally.borrow().sent;
    assert!(finish(place.close()).is_some());
    assert!(finish(place.close()).is_none());
    assert_eq!(tally.borrow().sent, sent);
}

/// Rule: to close a stream takes no more room than the library's own future, which has the connection
/// twice. A microcontroller's tasks have that room for as long as they live.
#[test]
fn closing_a_place_has_room_for_the_stream_twice() {
    let mut place: Place<'_, Slow> = Place::new();
    let stream = size_of_val(&place);
    let closing = size_of_val(&place.close());
    println!("stream {stream} octets, closing it {closing}");
    assert!(closing <= 2 * stream + stream / 4);
}

/// Rule: a stream whose write or flush was dropped takes no more, and says nothing when it is closed.
#[test]
fn a_write_that_was_dropped_poisons_the_stream() {
    for polls in 1..=2 {
        let server = server().implicit_tls().build();
        let link = Slow::new(Link::to(&server));
        let tally = link.link.tally();
        let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
        let mut records = Records::new(&mut read, &mut write).unwrap();
        let pins = [IDENTITY.pin()];
        let (name, mut dice) = (name(), random(1));
        let opened = Stream::open(link, &mut records, name, Pins::new(&pins), &mut dice);
        let mut stream = finish(opened).ok().unwrap();
        assert_eq!(finish(stream.write(b"NOOP\r\n")), Ok(6));
        assert!(poll(polls, stream.flush()).is_none());
        let sent = tally.borrow().sent;
        assert_eq!(finish(stream.write(b"x")), Err(Error::Poisoned));
        assert_eq!(finish(stream.flush()), Err(Error::Poisoned));
        finish(stream.close());
        assert_eq!(tally.borrow().sent, sent);
    }
}

/// Rule: what was written and not flushed is not sent by closing.
#[test]
fn closing_sends_nothing_that_was_not_flushed() {
    let server = server().implicit_tls().build();
    let link = Slow::new(Link::to(&server));
    let tally = link.link.tally();
    let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let pins = [IDENTITY.pin()];
    let (name, mut dice) = (name(), random(1));
    let opened = Stream::open(link, &mut records, name, Pins::new(&pins), &mut dice);
    let mut stream = finish(opened).ok().unwrap();
    let sent = tally.borrow().sent;
    assert_eq!(finish(stream.write(b"NOOP\r\n")), Ok(6));
    finish(stream.close());
    assert_eq!(tally.borrow().sent, sent);
}

/// Rule: a stream whose read was dropped sends nothing more, and cannot be read either.
#[test]
fn a_read_that_was_dropped_poisons_the_stream() {
    for polls in 1..=2 {
        let server = server().implicit_tls().build();
        let link = Slow::new(Link::to(&server));
        let tally = link.link.tally();
        let (mut read, mut write) = ([0; 4_096], [0; 1_024]);
        let mut records = Records::new(&mut read, &mut write).unwrap();
        let pins = [IDENTITY.pin()];
        let opened = Stream::open(link, &mut records, name(), Pins::new(&pins), random(1));
        let mut stream = finish(opened).ok().unwrap();
        assert!(poll(polls, stream.read(&mut [0; 64])).is_none());
        let sent = tally.borrow().sent;
        assert_eq!(finish(stream.write(b"x")), Err(Error::Poisoned));
        assert_eq!(finish(stream.flush()), Err(Error::Poisoned));
        assert_eq!(finish(stream.read(&mut [0; 64])), Err(Error::Poisoned));
        finish(stream.close());
        assert_eq!(tally.borrow().sent, sent);
    }
}
