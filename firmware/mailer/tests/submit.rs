//! What a session ends with, on good days and bad ones, and what that means for the alert.

use std::future::pending;

use embassy_futures::select::{Either, select};
use embassy_futures::{block_on, yield_now};
use embassy_time::{Duration, MockDriver};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::asynch::Client;
use embedded_smtp::message::Head;
use embedded_smtp::mock::{Action, Builder, Duplex, Server, Stage};
use embedded_smtp::{Credentials, Message, Vouched, head, tls};
use mailer::{Deadline, Failed, Verdict, embassy_clock, submit, within};

/// Milliseconds that nothing may take longer than.
const PATIENCE: u64 = 1000;

/// A connection in memory, on which a silent server is waited for.
struct Wire(Duplex);

impl ErrorType for Wire {
    type Error = tls::Error;
}

impl Read for Wire {
    async fn read(&mut self, window: &mut [u8]) -> Result<usize, tls::Error> {
        match embedded_io::Read::read(&mut self.0, window) {
            Err(ErrorKind::TimedOut) => pending().await,
            end => end.map_err(tls::Error::Io),
        }
    }
}

impl Write for Wire {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, tls::Error> {
        embedded_io::Write::write(&mut self.0, octets).map_err(tls::Error::Io)
    }

    async fn flush(&mut self) -> Result<(), tls::Error> {
        embedded_io::Write::flush(&mut self.0).map_err(tls::Error::Io)
    }
}

fn server() -> Builder {
    Server::builder()
        .implicit_tls()
        .account("boiler3", "secret")
}

/// A session with this server: what it means for the alert, a word of how it ended, and how many mails
/// the server has.
fn attempt(server: Builder, password: &str) -> (Verdict, String, usize) {
    let server = server.build();
    let deadline = Deadline::new(embassy_clock, PATIENCE);
    let session = async {
        let mut buffer = [0; 512];
        let wire = Vouched::new(Wire(server.duplex()));
        let mut smtp = Client::over_tls(wire, &mut buffer).observe(&deadline);
        let opened = within(&deadline, smtp.open("board.example.org")).await?;
        opened.map_err(Failed::Session)?;
        let credentials = Credentials::new("boiler3", password).unwrap();
        static HEAD: Head = head! { from: "Board <board@example.org>", to: "ops@example.org" };
        let mail = Message::new(&HEAD).text("8.4 bar");
        submit(&mut smtp, &deadline, &credentials, &mail).await
    };
    // Whenever the session waits, time passes.
    let time = async {
        for _ in 0..100 {
            yield_now().await;
            MockDriver::get().advance(Duration::from_millis(100));
        }
    };
    let end = match block_on(select(session, time)) {
        Either::First(end) => end,
        Either::Second(()) => panic!("no deadline was kept"),
    };
    assert_eq!(server.violations(), [""; 0]);
    let count = server.deliveries().len();
    match end {
        Ok(report) => (Verdict::Sent, report.code().to_string(), count),
        Err(failed) => {
            let word = format!("{failed:?}");
            let word = word.split(['(', ' ']).next().unwrap().to_owned();
            (failed.verdict(), word, count)
        }
    }
}

// One test: there is one clock.
#[test]
fn what_a_session_means_for_the_alert() {
    let silent = |stage| server().script(stage, 1, Action::silence());
    let refused = |reply| server().refuse_recipient("ops@example.org", reply);
    let (sent, later, never) = (Verdict::Sent, Verdict::Later, Verdict::Never);
    for (what, server, password, expected) in [
        ("a good day", server(), "secret", (sent, "250", 1)),
        ("QUIT", silent(Stage::Quit), "secret", (sent, "250", 1)),
        ("a wrong password", server(), "wrong", (later, "Session", 0)),
        (
            "550",
            refused("550 5.1.1 No such mailbox"),
            "secret",
            (never, "Mail", 0),
        ),
        (
            "451",
            refused("451 4.3.0 Later"),
            "secret",
            (later, "Mail", 0),
        ),
        (
            "a greeting of 554",
            server().script(Stage::Greeting, 1, Action::reply("554 5.7.1 Blocked\r\n")),
            "secret",
            (later, "Session", 0),
        ),
        (
            "EHLO",
            silent(Stage::Ehlo),
            "secret",
            (later, "TimedOut", 0),
        ),
        (
            "AUTH",
            silent(Stage::Auth),
            "secret",
            (later, "TimedOut", 0),
        ),
        (
            "RCPT",
            silent(Stage::Rcpt),
            "secret",
            (later, "TimedOut", 0),
        ),
        (
            "DATA",
            silent(Stage::Data),
            "secret",
            (later, "TimedOut", 0),
        ),
        // The mail was handed over: the server may have it.
        (
            "content",
            silent(Stage::Content),
            "secret",
            (later, "Unknown", 0),
        ),
    ] {
        let (verdict, word, count) = attempt(server, password);
        assert_eq!((verdict, word.as_str(), count), expected, "{what}");
    }
}
