//! Rules that were broken once: each test stands for one defect.

mod support;

use embedded_smtp::message::Head;
use support::kept;

use std::cell::RefCell;
use std::ops::ControlFlow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use embedded_io::{ErrorKind, ErrorType, Read};
use embedded_smtp::blocking::Client;
use embedded_smtp::message::Attachment;
use embedded_smtp::mock::Server;
use embedded_smtp::{
    Chunking, Credentials, Delivery, Error, Fault, Field, Invalid, Mailbox, Message, Observer,
    Phase, Reason, RecipientStatus, State, Submission, Violation, Vouched,
};
use support::{Event, Scripted};

fn alert() -> Message<'static> {
    alert_to("b@example.org")
}

fn alert_to(list: &'static str) -> Message<'static> {
    let head = Head::new(Mailbox::parse("a@example.org").unwrap());
    Message::new(kept(head.to(list).unwrap())).text("Hello")
}

/// A dialogue as the vectors have it: `C: ` and `S: ` lines.
fn dialogue(text: &str) -> Scripted {
    Scripted::new(text.lines().map(|line| {
        let octets = format!("{}\r\n", &line[3..]).into_bytes();
        match &line[..3] {
            "C: " => Event::Expect(octets),
            "S: " => Event::Say(octets),
            _ => panic!("{line}"),
        }
    }))
}

/// Rule: a token is never given to PLAIN or LOGIN, nor what is for CRAM-MD5 alone.
#[test]
fn a_nonce_makes_no_password_of_what_is_none() {
    let refused = Some(Invalid::new(Field::Credentials, Reason::Mechanism));
    let token = Credentials::token("u@example.org", "ya29.tok").unwrap();
    assert_eq!(token.with_nonce(&[7; 18]).err(), refused);
    let cram = Credentials::cram_md5("tim", "secret").unwrap();
    assert_eq!(cram.with_nonce(&[7; 18]).err(), refused);
    let password = Credentials::new("tim", "secret").unwrap();
    let with_nonce = password.with_nonce(&[7; 18]).unwrap();
    assert!(with_nonce.with_nonce(&[8; 18]).is_ok());
}

/// Gives bytes, then an error if it is to.
struct Reader<'a>(&'a [u8], bool);

impl ErrorType for Reader<'_> {
    type Error = ErrorKind;
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.0.is_empty() && self.1 {
            return Err(ErrorKind::InvalidData);
        }
        self.0.read(buf).map_err(|never| match never {})
    }
}

/// Rule: `phase` is that of the fault that decided: a source fails in the content, also where the
/// content is sent in the flight of MAIL and RCPT.
#[test]
fn a_source_fails_in_the_content_also_ahead_of_the_replies() {
    let ways = [None, Some(Chunking::AfterRecipients), Some(Chunking::Ahead)];
    for (bytes, fails) in [(99, false), (101, false), (50, true)] {
        for way in ways {
            let server = Server::builder().build();
            let mut link = server.duplex();
            let mut buffer = [0; 4096];
            let mut smtp = Client::new(&mut link, &mut buffer);
            if let Some(chunking) = way {
                smtp = smtp.chunking(chunking);
            }
            smtp.open("a.example").unwrap();
            let attachments = [Attachment::streamed("a", "a/b", Some(100)).unwrap()];
            let mail = alert().attachments(&attachments);
            let log = [b'x'; 200];
            let mut sources = [Reader(&log[..bytes], fails)];
            match smtp.send(Submission::new(&mail).sources(&mut sources)) {
                Err(Error::Failed { phase, last, .. }) => {
                    assert_eq!((phase, last), (Phase::Content, None), "{way:?}");
                }
                other => panic!("{way:?}: {other:?}"),
            }
            assert_eq!(smtp.delivery(), Delivery::None);
        }
    }
}

/// Rule: what is said of a recipient is said of the last transaction it was in. One whose MAIL was
/// refused left nobody to a further one.
#[test]
fn recipients_of_a_refused_transaction_are_not_deferred() {
    let link = dialogue(
        "S: 220 x\nC: EHLO client.example\nS: 250-x\nS: 250 LIMITS RCPTMAX=1\n\
         C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 450 no\n\
         C: RSET\nS: 250 ok\n\
         C: MAIL FROM:<a@example.org>\nS: 550 5.7.1 no",
    );
    let mut buffer = [0; 512];
    let mut smtp = Client::new(link.clone(), &mut buffer).with_limits();
    smtp.open("client.example").unwrap();
    let mail = alert_to("b@example.org, c@example.org, d@example.org");
    let mut results = [RecipientStatus::default(); 3];
    let end = smtp.send(Submission::new(&mail).results(&mut results));
    assert!(support::vector::is_for_now(&end), "{end:?}");
    assert_eq!(results.map(|r| r.is_deferred()), [false, true, true]);
    let end = smtp.send(Submission::new(&mail).results(&mut results).unsent());
    assert!(matches!(end, Err(Error::Refused(_))), "{end:?}");
    assert!(!support::vector::is_for_now(&end), "{end:?}");
    link.assert_complete();
    assert_eq!(results.map(|r| r.code()), [Some(450), None, None]);
    assert_eq!(results.map(|r| r.is_deferred()), [false; 3]);
}

/// Rule: where no mail may be sent, that is said once, and no recipient is left to a transaction
/// that never comes.
#[test]
fn no_recipient_is_deferred_where_no_mail_may_be_sent() {
    let link = dialogue(
        "S: 220 x\nC: EHLO client.example\nS: 250-x\nS: 250-AUTH PLAIN\nS: 250 LIMITS RCPTMAX=1\n\
         C: AUTH PLAIN AHUAcA==\nS: 535 no",
    );
    let mut buffer = [0; 512];
    let mut smtp = Client::new(Vouched::new(link.clone()), &mut buffer).with_limits();
    smtp.open("client.example").unwrap();
    smtp.login(&Credentials::new("u", "p").unwrap())
        .unwrap_err();
    let mail = alert_to("b@example.org, c@example.org, d@example.org");
    let mut results = [RecipientStatus::default(); 3];
    let end = smtp.send(Submission::new(&mail).results(&mut results));
    assert_eq!(end.unwrap_err(), Error::OutOfOrder(State::LoginFailed));
    assert_eq!(results.map(|r| r.is_deferred()), [false; 3]);
    link.assert_complete();
}

/// What an observer is told of what goes out.
#[derive(Default)]
struct Watch(RefCell<Vec<String>>);

impl Observer for &Watch {
    fn sent(&mut self, commands: &[u8]) {
        let line = String::from_utf8_lossy(commands).into_owned();
        self.0.borrow_mut().push(line);
    }

    fn content(&mut self, octets: usize) {
        self.0.borrow_mut().push(format!("{octets} bytes"));
    }
}

/// Rule: an observer sees things in the order in which they go out.
#[test]
fn the_line_of_a_chunk_is_seen_before_its_bytes() {
    let server = Server::builder().build();
    let mut link = server.duplex();
    let mut buffer = [0; 512];
    let watch = Watch::default();
    let mut smtp = Client::new(&mut link, &mut buffer)
        .observe(&watch)
        .chunking(Chunking::AfterRecipients);
    smtp.open("a.example").unwrap();
    let mail = alert().streamed_text();
    let mut sources = [&b"Hello"[..]];
    let _ = smtp
        .send(Submission::new(&mail).sources(&mut sources))
        .unwrap();
    let seen = watch.0.borrow();
    let at = seen.iter().position(|e| e.starts_with("BDAT ")).unwrap();
    let bytes = seen[at].split(' ').nth(1).unwrap();
    assert_eq!(seen.get(at + 1), Some(&format!("{bytes} bytes")));
}

/// Rule: a challenge that fits the buffer is read. In SCRAM the server's first message is not
/// needed once its answer was sent.
#[test]
fn the_last_challenge_of_scram_has_the_smallest_buffer_to_itself() {
    let nonce = [7; 48];
    let first = format!(
        "r={}{},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        STANDARD.encode(nonce),
        // As Cyrus SASL has it: 32 bytes.
        STANDARD.encode([8; 32]),
    );
    let last = format!("v={}", STANDARD.encode([9; 32]));
    let link = Scripted::new([
        Event::Say(b"220 x\r\n".to_vec()),
        Event::Expect(b"EHLO client.example\r\n".to_vec()),
        Event::Say(b"250-x\r\n250 AUTH SCRAM-SHA-256\r\n".to_vec()),
        // Whatever the client says.
        Event::Expect(b"AUTH SCRAM-SHA-256 ".to_vec()),
        Event::Say(format!("334 {}\r\n", STANDARD.encode(first)).into_bytes()),
    ]);
    let link = ThenSays(link, format!("334 {}\r\n", STANDARD.encode(last)), 0);
    let mut buffer = [0; 256];
    let mut smtp = Client::new(Vouched::new(link), &mut buffer);
    smtp.open("client.example").unwrap();
    let user = Credentials::new("user", "pencil").unwrap();
    let error = smtp.login(&user.with_nonce(&nonce).unwrap()).unwrap_err();
    let violation = Violation::ServerSignature;
    assert!(
        matches!(error, Error::Failed { fault: Fault::Protocol(v), .. } if v == violation),
        "{error:?}"
    );
}

/// Says a text once what was to be said was read, and four flights went out.
struct ThenSays(Scripted, String, usize);

impl ErrorType for ThenSays {
    type Error = ErrorKind;
}

impl Read for ThenSays {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.2 < 3 {
            return Read::read(&mut self.0, buf);
        }
        let n = buf.len().min(self.1.len());
        buf[..n].copy_from_slice(&self.1.as_bytes()[..n]);
        self.1.drain(..n);
        Ok(n)
    }
}

impl embedded_io::Write for ThenSays {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        embedded_io::Write::write(&mut self.0, buf)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.2 += 1;
        Ok(())
    }
}

/// Rule: refused when the server's replies say so, also where the operation is dropped: the same
/// replies, and a fault in place of the drop, give `Refused`.
#[test]
fn a_drop_after_every_recipient_was_refused_is_no_unknown_delivery() {
    use std::future::Future;
    let mail = alert();
    let content = support::vector::plain(&mail);
    let script = |is_answered: bool| {
        let mut events = vec![
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO client.example\r\n".to_vec()),
            Event::Say(b"250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n".to_vec()),
            Event::Expect(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n".to_vec()),
            Event::Expect(format!("BDAT {} LAST\r\n", content.len()).into_bytes()),
            Event::Expect(content.clone()),
            Event::Say(b"250 ok\r\n".to_vec()),
        ];
        if is_answered {
            events.push(Event::Say(b"550 5.1.1 who?\r\n".to_vec()));
        }
        events
    };
    for (is_answered, expected) in [(false, Delivery::Unknown), (true, Delivery::Refused)] {
        let link = Never(Scripted::new(script(is_answered)));
        let mut buffer = [0; 512];
        let mut smtp =
            embedded_smtp::asynch::Client::new(link, &mut buffer).chunking(Chunking::Ahead);
        support::poll_at_most(100, smtp.open("client.example"))
            .unwrap()
            .unwrap();
        {
            let mut future = std::pin::pin!(smtp.send(&mail));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            for _ in 0..100 {
                assert!(future.as_mut().poll(&mut context).is_pending());
            }
        }
        assert_eq!(smtp.delivery(), expected);
        let after = support::poll_at_most(100, smtp.noop()).unwrap();
        assert_eq!(after, Err(Error::ConnectionEnded));
    }
}

/// Waits for ever where nothing is there to be read.
struct Never(Scripted);

impl ErrorType for Never {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Never {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        match embedded_io_async::Read::read(&mut self.0, buf).await {
            Err(ErrorKind::TimedOut) => std::future::pending().await,
            other => other,
        }
    }
}

impl embedded_io_async::Write for Never {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        embedded_io_async::Write::write(&mut self.0, buf).await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        embedded_io_async::Write::flush(&mut self.0).await
    }
}

/// Rule: what the server said before it closed the connection counts, reply by reply: the final
/// reply to a content is not the reply to the command after it.
#[test]
fn a_mail_is_accepted_though_the_command_after_it_broke_the_link() {
    let mail = alert();
    let content = support::vector::stuffed(&mail);
    let flight = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n";
    for (said, expected) in [
        ("250 queued\r\n450 4.7.0 not now\r\n", "sent 250"),
        ("250 queued\r\n421 4.3.2 bye\r\n", "sent 250"),
        ("250 queued\r\n", "sent 250"),
        (
            "554 5.7.1 spam\r\n",
            "refused 554 5.7.1 at content (Permanent, 403)",
        ),
        (
            "421 4.3.2 bye\r\n",
            "refused 421 4.3.2 at content (Closing, 500)",
        ),
        ("", "unknown: transport BrokenPipe"),
    ] {
        let script = [
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO client.example\r\n".to_vec()),
            Event::Say(b"250-x\r\n250 PIPELINING\r\n".to_vec()),
            Event::Expect(flight.as_bytes().to_vec()),
            Event::Say(b"250 ok\r\n250 ok\r\n354 go\r\n".to_vec()),
            Event::Expect([&content[..], b".\r\n"].concat()),
            Event::Say(said.as_bytes().to_vec()),
            Event::Close,
        ];
        // The write that holds the terminator and the next mail's commands goes out up to the
        // terminator, and breaks.
        let link = BreaksBehind(Scripted::new(script), b"\r\n.\r\n");
        let mut buffer = [0; 512];
        let mut smtp = Client::new(link, &mut buffer);
        smtp.open("client.example").unwrap();
        let mut ends = Vec::new();
        smtp.send_all([&mail, &mail], |end| {
            ends.push(support::vector::report(end));
            ControlFlow::Continue(())
        });
        assert_eq!(ends, [expected, "ended"], "{said:?}");
    }
}

/// Rule: the same for a flight that broke before it was out: a refusal that came says why.
#[test]
fn a_flight_that_broke_is_refused_by_what_was_said_of_it() {
    let mail = alert();
    for (said, expected) in [
        (
            "554 5.7.1 not you\r\n",
            "refused 554 5.7.1 at mail (Permanent, 403)",
        ),
        (
            "250 ok\r\n550 5.1.1 who?\r\n",
            "refused 550 5.1.1 at rcpt (NoSuchMailbox, 404)",
        ),
        (
            "250 ok\r\n421 bye\r\n",
            "refused 421 at rcpt (Closing, 500)",
        ),
        (
            "250 ok\r\n250 ok\r\n",
            "failed at data: transport BrokenPipe",
        ),
        ("what\r\n", "failed at mail: transport BrokenPipe"),
        ("", "failed at mail: transport BrokenPipe"),
    ] {
        let script = [
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO client.example\r\n".to_vec()),
            Event::Say(b"250-x\r\n250 PIPELINING\r\n".to_vec()),
            Event::Expect(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n".to_vec()),
            Event::Say(said.as_bytes().to_vec()),
            Event::Close,
        ];
        let link = BreaksBehind(Scripted::new(script), b"RCPT TO:<b@example.org>\r\n");
        let mut buffer = [0; 512];
        let mut smtp = Client::new(link, &mut buffer);
        smtp.open("client.example").unwrap();
        let end = support::vector::report(smtp.send(&mail));
        assert_eq!(end, expected, "{said:?}");
        assert_eq!(smtp.noop(), Err(Error::ConnectionEnded));
    }
}

/// Takes what is written up to these octets, and then breaks; what was said can be read.
struct BreaksBehind(Scripted, &'static [u8]);

impl ErrorType for BreaksBehind {
    type Error = ErrorKind;
}

impl Read for BreaksBehind {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        Read::read(&mut self.0, buf)
    }
}

impl embedded_io::Write for BreaksBehind {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let end = buf.windows(self.1.len()).position(|w| w == self.1);
        let written = self.0.written();
        match end {
            Some(at) => embedded_io::Write::write(&mut self.0, &buf[..at + self.1.len()]),
            None if written.ends_with(self.1) => Err(ErrorKind::BrokenPipe),
            None => embedded_io::Write::write(&mut self.0, buf),
        }
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        embedded_io::Write::flush(&mut self.0)
    }
}

/// Rule: the CR of a line end is none of the text, wherever the buffer's end cuts the line.
#[test]
fn the_cr_of_a_line_end_is_none_of_the_text() {
    for first in [1, 100, 180, 188, 250] {
        for second in 1..270 {
            let reply = |octets: usize| format!("250 {}\r\n", "x".repeat(octets)).into_bytes();
            let link = Scripted::new([
                Event::Say(b"220 x\r\n".to_vec()),
                Event::Expect(b"EHLO client.example\r\n".to_vec()),
                Event::Say(b"250-x\r\n250 PIPELINING\r\n".to_vec()),
                Event::Expect(b"MAIL FROM:<a@example.org>\r\n".to_vec()),
                Event::Say([reply(first), reply(second)].concat()),
                Event::Close,
            ]);
            let mut buffer = [0; 256];
            let seen = RefCell::new(Vec::new());
            let mut smtp = Client::new(link, &mut buffer).observe(Texts(&seen));
            smtp.open("client.example").unwrap();
            let _ = smtp.send(&alert());
            let seen = seen.borrow();
            let is_clean = seen.iter().all(|text| text.iter().all(|&b| b != b'\r'));
            assert!(is_clean, "{first} {second}");
        }
    }
}

struct Texts<'a>(&'a RefCell<Vec<Vec<u8>>>);

impl Observer for Texts<'_> {
    fn reply(&mut self, reply: embedded_smtp::Reply<'_>) {
        self.0.borrow_mut().push(reply.text().to_vec());
    }
}
