//! Rules of the session that need more than a transcript: sizes, counts, limits, secrets.

mod support;

use embedded_smtp::message::Head;
use support::kept;

use std::cell::RefCell;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::message::Attachment;
use embedded_smtp::mock::{PlaintextAuth, Server};
use embedded_smtp::session::BUFFER_MIN;
use embedded_smtp::{
    Chunking, Credentials, Delivery, Error, Fault, Mailbox, Message, Observer, Phase, Proof,
    RecipientStatus, Reply, StartTlsError, State, Submission, Violation, Vouched,
};
use support::{Event, Scripted};

/// The ways content can be sent: by DATA, or by BDAT.
const WAYS: [Option<Chunking>; 3] = [None, Some(Chunking::AfterRecipients), Some(Chunking::Ahead)];

/// A client that sends content in this way.
fn client<'b, T>(link: T, buffer: &'b mut [u8], way: Option<Chunking>) -> Client<'b, T> {
    let smtp = Client::new(link, buffer);
    match way {
        None => smtp,
        Some(chunking) => smtp.chunking(chunking),
    }
}

fn say(text: &str) -> Event {
    Event::Say(text.as_bytes().to_vec())
}

fn alert() -> Message<'static> {
    alert_to("ops@example.org", "")
}

fn alert_to<'a>(to: &'a str, cc: &'a str) -> Message<'a> {
    let head = Head::new(Mailbox::parse("Boiler 3 <boiler3@example.org>").unwrap());
    Message::new(kept(head.to(to).unwrap().cc(cc).unwrap()))
        .subject("Überdruck: 8.4 bar")
        .unwrap()
        .text("Overpressure in boiler 3")
}

/// Rule: few round trips, few writes. EHLO; MAIL to DATA; content, terminator and QUIT.
#[test]
fn three_writes_from_ehlo_to_quit_and_four_with_auth() {
    for (with_auth, writes, round_trips) in [(false, 3, 3), (true, 4, 4)] {
        let mut builder = Server::builder();
        if with_auth {
            builder = builder
                .account("boiler3", "secret")
                .plaintext_auth(PlaintextAuth::Allowed);
        }
        let server = builder.build();
        let mut link = server.duplex();
        let mut buffer = [0; 1024];
        let mut smtp = Client::new(&mut link, &mut buffer);
        smtp.open("boiler3.example.org").unwrap();
        if with_auth {
            let credentials = Credentials::new("boiler3", "secret").unwrap();
            smtp.danger_login_in_plaintext(&credentials).unwrap();
        }
        let report = smtp.send(Submission::new(&alert()).and_quit()).unwrap();
        assert_eq!((report.accepted(), report.refused()), (1, 0));
        assert_eq!(server.violations(), [""; 0]);
        assert_eq!(server.deliveries().len(), 1);
        let traffic = server.traffic()[0];
        assert_eq!(traffic.writes, writes);
        assert_eq!(traffic.flushes, writes);
        // The greeting is read without a write before it.
        assert_eq!(traffic.round_trips, round_trips);
    }
}

/// Rule: the next mail's commands are sent in the flight of the content: one round trip each.
#[test]
fn one_round_trip_for_each_next_mail() {
    let server = Server::builder().build();
    let mut link = server.duplex();
    let mut buffer = [0; 1024];
    let mut smtp = Client::new(&mut link, &mut buffer);
    smtp.open("boiler3.example.org").unwrap();
    let mut sent = 0;
    smtp.send_all(vec![alert(); 20], |end| {
        sent += end.unwrap().accepted();
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(sent, 20);
    smtp.quit().unwrap();
    assert_eq!(server.violations(), [""; 0]);
    assert_eq!(server.deliveries().len(), 20);
    // EHLO, MAIL to DATA, twenty contents, QUIT.
    assert_eq!(server.traffic()[0].round_trips, 23);
}

/// Rule: by BDAT ahead, content that fits the buffer is sent in the flight of MAIL and RCPT: a mail
/// is one write and one round trip, the first one too. In a row, a NOOP confirms each.
#[test]
fn by_bdat_ahead_one_write_and_one_round_trip_a_mail() {
    let server = Server::builder().build();
    let mut link = server.duplex();
    let mut buffer = [0; 1024];
    let mut smtp = client(&mut link, &mut buffer, Some(Chunking::Ahead));
    smtp.open("boiler3.example.org").unwrap();
    for _ in 0..10 {
        assert_eq!(smtp.send(&alert()).unwrap().accepted(), 1);
    }
    let mut sent = 0;
    smtp.send_all(vec![alert(); 10], |end| {
        sent += end.unwrap().accepted();
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(sent, 10);
    smtp.quit().unwrap();
    assert_eq!(server.violations(), [""; 0]);
    let deliveries = server.deliveries();
    assert_eq!(deliveries.len(), 20);
    let plain = support::vector::plain(&alert());
    assert!(deliveries.iter().all(|mail| mail.content == plain));
    // EHLO, twenty mails, ten NOOPs, QUIT.
    let traffic = server.traffic()[0];
    assert_eq!((traffic.writes, traffic.round_trips), (32, 32));
}

/// Rule: by BDAT after the recipients, the replies to RCPT are read before the content is sent: two
/// round trips a mail.
#[test]
fn by_bdat_after_the_recipients_two_round_trips_a_mail() {
    let server = Server::builder().build();
    let mut link = server.duplex();
    let mut buffer = [0; 1024];
    let mut smtp = client(&mut link, &mut buffer, Some(Chunking::AfterRecipients));
    smtp.open("boiler3.example.org").unwrap();
    for _ in 0..10 {
        assert_eq!(smtp.send(&alert()).unwrap().accepted(), 1);
    }
    smtp.quit().unwrap();
    assert_eq!(server.violations(), [""; 0]);
    let plain = support::vector::plain(&alert());
    assert!(server.deliveries().iter().all(|mail| mail.content == plain));
    assert_eq!(server.deliveries().len(), 10);
    // EHLO, ten times MAIL and RCPT, ten contents, QUIT.
    let traffic = server.traffic()[0];
    assert_eq!((traffic.writes, traffic.round_trips), (22, 22));
}

/// Rule: streamed content of known length that fits is sent ahead too.
#[test]
fn by_bdat_ahead_a_streamed_mail_that_fits_is_one_flight() {
    let log = [b'x'; 300];
    let attachments = [Attachment::streamed("log", "a/b", Some(300)).unwrap()];
    let whole = [Attachment::new("log", "a/b", &log).unwrap()];
    for bytes in [512, 1024, 4096] {
        for chunking in [Chunking::Ahead, Chunking::AfterRecipients] {
            let server = Server::builder().build();
            let mut link = server.duplex();
            let mut buffer = vec![0; bytes];
            let mut smtp = client(&mut link, &mut buffer, Some(chunking));
            smtp.open("boiler3.example.org").unwrap();
            let mail = alert().attachments(&attachments);
            let fits = mail.encoded_len().unwrap() as usize <= bytes;
            let mut sources = [&log[..]];
            let report = smtp
                .send(Submission::new(&mail).sources(&mut sources))
                .unwrap();
            assert_eq!(report.accepted(), 1);
            assert_eq!(server.violations(), [""; 0]);
            let plain = support::vector::plain(&alert().attachments(&whole));
            assert_eq!(server.deliveries()[0].content, plain);
            let is_ahead = fits && chunking == Chunking::Ahead;
            let round_trips = if is_ahead { 2 } else { 3 };
            assert_eq!(server.traffic()[0].round_trips, round_trips, "{bytes}");
        }
    }
}

/// Rule: content of any length goes out by BDAT byte for byte, through a buffer of any size.
#[test]
fn by_bdat_any_length_through_any_buffer() {
    let text: String = (0..9_000)
        .map(|n| if n % 61 == 0 { '\n' } else { 'ü' })
        .collect();
    for length in (0..60).chain([500, 1_000, 5_000, 9_000]) {
        let text: String = text.chars().take(length).collect();
        for bytes in [BUFFER_MIN, 300, 512, 777, 65_536] {
            for chunking in [Chunking::Ahead, Chunking::AfterRecipients] {
                for (pipelining, is_streamed) in
                    [(true, true), (true, false), (false, true), (false, false)]
                {
                    let server = Server::builder().build();
                    let mut link = server.duplex();
                    let mut buffer = vec![0; bytes];
                    let mut smtp = client(&mut link, &mut buffer, Some(chunking));
                    if !pipelining {
                        smtp = smtp.without_pipelining();
                    }
                    smtp.open("boiler3.example.org").unwrap();
                    let place = format!("{length} {bytes} {chunking:?} {pipelining} {is_streamed}");
                    let mut sources = [text.as_bytes()];
                    let mail = if is_streamed {
                        alert().streamed_text()
                    } else {
                        alert().text(&text)
                    };
                    let end = if is_streamed {
                        smtp.send(Submission::new(&mail).sources(&mut sources))
                    } else {
                        smtp.send(&mail)
                    };
                    assert_eq!(end.unwrap().accepted(), 1, "{place}");
                    smtp.quit().unwrap();
                    assert_eq!(server.violations(), [""; 0], "{place}");
                    let mut plain = Vec::new();
                    let mut reader = mail.reader();
                    let mut piece = [0; 512];
                    let mut source = text.as_bytes();
                    loop {
                        let read = |_, slot: &mut [u8]| source.read(slot).unwrap();
                        match reader.read_with(&mut piece, read).unwrap() {
                            0 => break,
                            n => plain.extend_from_slice(&piece[..n]),
                        }
                    }
                    assert_eq!(server.deliveries()[0].content, plain, "{place}");
                }
            }
        }
    }
}

/// Rule: constant memory. A mail far larger than the buffer; the client's size is what it is.
#[test]
fn a_megabyte_through_512_octets() {
    let octets: Vec<u8> = (0..1_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let attachments = [Attachment::new("log.bin", "application/octet-stream", &octets).unwrap()];
    let mail = alert().attachments(&attachments);
    for way in WAYS {
        let server = Server::builder().build();
        let mut link = server.duplex();
        let mut buffer = [0; 512];
        let mut smtp = client(&mut link, &mut buffer, way);
        println!("client value: {} bytes on this machine", size_of_val(&smtp));
        assert!(size_of_val(&smtp) <= 464);
        smtp.open("boiler3.example.org").unwrap();
        let _ = smtp.send(Submission::new(&mail).and_quit()).unwrap();
        assert_eq!(server.violations(), [""; 0]);
        let delivery = &server.deliveries()[0];
        assert_eq!(Some(delivery.content.len() as u32), mail.encoded_len());
        assert_eq!(delivery.content, support::vector::plain(&mail));
    }
}

/// Rule: a flight ends after 4,096 bytes of commands, and its replies are read.
#[test]
fn flights_of_many_recipients_are_bounded() {
    let list: Vec<String> = (0..300)
        .map(|n| format!("recipient-{n:03}@example.org"))
        .collect();
    let list = list.join(", ");
    let mail = alert_to(&list, "");
    for (bytes, way) in [
        (BUFFER_MIN, None),
        (512, None),
        (8192, None),
        (512, Some(Chunking::Ahead)),
        (8192, Some(Chunking::Ahead)),
        (8192, Some(Chunking::AfterRecipients)),
    ] {
        let server = Server::builder().max_recipients(1000).build();
        let mut link = server.duplex();
        let mut buffer = vec![0; bytes];
        let mut smtp = client(Flights::new(&mut link), &mut buffer, way);
        smtp.open("boiler3.example.org").unwrap();
        let mut results = [RecipientStatus::default(); 300];
        let report = smtp
            .send(Submission::new(&mail).results(&mut results))
            .unwrap();
        assert_eq!(report.accepted(), 300);
        assert!(results.iter().all(RecipientStatus::is_accepted));
        assert!(results.iter().all(RecipientStatus::is_sent));
        let mut longest = smtp.into_inner().longest_of_commands;
        if longest > 4_096 && way.is_some() {
            // The bytes of the content are none of a command.
            longest -= mail.encoded_len().unwrap() as usize;
        }
        println!("buffer {bytes}, {way:?}: longest flight {longest} bytes");
        assert!(longest <= 4_096, "{longest}");
        assert!(way.is_some() || longest >= 3_900, "{longest}");
        assert_eq!(server.violations(), [""; 0]);
        assert_eq!(server.deliveries()[0].recipients.len(), 300);
    }
}

/// Counts the bytes written between two reads.
struct Flights<T> {
    link: T,
    now: usize,
    is_content: bool,
    longest_of_commands: usize,
}

impl<T> Flights<T> {
    fn new(link: T) -> Self {
        Self {
            link,
            now: 0,
            is_content: false,
            longest_of_commands: 0,
        }
    }
}

impl<T: ErrorType> ErrorType for Flights<T> {
    type Error = T::Error;
}

impl<T: Read> Read for Flights<T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, T::Error> {
        let n = self.link.read(buf)?;
        if !self.is_content {
            self.longest_of_commands = self.longest_of_commands.max(self.now);
        }
        self.is_content = buf[..n].windows(4).any(|w| w == b"354 ");
        self.now = 0;
        Ok(n)
    }
}

impl<T: Write> Write for Flights<T> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, T::Error> {
        let n = self.link.write(buf)?;
        self.now += n;
        Ok(n)
    }

    fn flush(&mut self) -> Result<(), T::Error> {
        self.link.flush()
    }
}

/// A server that says the same for ever.
struct Endless {
    octets: Vec<u8>,
    read: usize,
}

impl ErrorType for Endless {
    type Error = ErrorKind;
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        for slot in buf.iter_mut() {
            *slot = self.octets[self.read % self.octets.len()];
            self.read += 1;
        }
        Ok(buf.len())
    }
}

impl Write for Endless {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Rule: a reply has at most 128 KiB; nothing grows and nothing is endless.
#[test]
fn an_endless_reply_ends() {
    for octets in ["220-more\r\n", "220-", "220 never a line end "] {
        let mut endless = Endless {
            octets: octets.into(),
            read: 0,
        };
        let mut buffer = [0; 512];
        let mut smtp = Client::new(&mut endless, &mut buffer);
        let end = smtp.open("a.example");
        let fault = Fault::Protocol(Violation::TooLong);
        assert_eq!(
            end,
            Err(Error::Failed {
                fault,
                phase: Phase::Greeting,
                last: None
            }),
            "{octets}"
        );
        drop(smtp);
        assert!(endless.read <= 128 * 1024 + 512);
    }
}

/// Rule: replies of any number of lines, up to 128 KiB.
#[test]
fn a_long_reply_is_read_whole() {
    let mut reply = String::new();
    while reply.len() < 120 * 1024 {
        reply.push_str("250-X-NOTHING-OF-INTEREST\r\n");
    }
    reply.push_str("250-PIPELINING\r\n250 SIZE 1000\r\n");
    let transport = Scripted::new([
        say("220 x\r\n"),
        Event::Expect(b"EHLO a.example\r\n".to_vec()),
        say(&reply),
    ]);
    let mut buffer = [0; BUFFER_MIN];
    let mut smtp = Client::new(transport, &mut buffer);
    smtp.open("a.example").unwrap();
    assert_eq!(smtp.capabilities().size_limit(), Some(1000));
    assert!(
        smtp.capabilities()
            .offers(embedded_smtp::Extension::Pipelining)
    );
}

/// Rule: a buffer below the minimum is refused before anything is read or sent.
#[test]
fn a_buffer_that_is_too_small() {
    let transport = Scripted::new([say("220 x\r\n")]);
    let mut buffer = [0; BUFFER_MIN - 1];
    let mut smtp = Client::new(transport.clone(), &mut buffer);
    let end = smtp.open("a.example").unwrap_err();
    assert_eq!(end.to_string(), "buffer: is too small");
    assert!(transport.calls().is_empty());
}

/// Everything an observer is told, as lines.
#[derive(Clone, Default)]
struct Diary(Rc<RefCell<Vec<String>>>);

impl Observer for Diary {
    fn awaiting(&mut self, phase: Phase) {
        self.0.borrow_mut().push(format!("awaiting {phase}"));
    }

    fn sent(&mut self, commands: &[u8]) {
        self.0
            .borrow_mut()
            .push(format!("C: {}", String::from_utf8_lossy(commands)));
    }

    fn content(&mut self, octets: usize) {
        self.0.borrow_mut().push(format!("content {octets}"));
    }

    fn received(&mut self, line: &[u8]) {
        assert!(line.ends_with(b"\r\n"));
        self.0
            .borrow_mut()
            .push(format!("S: {}", String::from_utf8_lossy(line)));
    }

    fn reply(&mut self, reply: Reply<'_>) {
        self.0.borrow_mut().push(format!("S: {reply}"));
    }

    fn final_reply(&mut self, reply: Reply<'_>) {
        self.0.borrow_mut().push(format!("final: {}", reply.code()));
    }

    fn recipient(&mut self, index: u16, reply: Reply<'_>) {
        self.0
            .borrow_mut()
            .push(format!("recipient {index}: {}", reply.code()));
    }
}

/// Rule: the observer sees every phase, line and reply; secrets are masked. Rule: the buffer that
/// held credentials is wiped once they are sent.
#[test]
fn the_observer_sees_all_but_secrets() {
    for mechanism in [None, Some(embedded_smtp::Mechanism::Login)] {
        let server = Server::builder()
            .account("boiler3", "secret")
            .plaintext_auth(PlaintextAuth::Allowed)
            .refuse_recipient("nobody@example.org", "550 5.1.1 no such user")
            .build();
        let mut link = server.duplex();
        let mut buffer = [0; 512];
        let diary = Diary::default();
        let mut smtp = Client::new(&mut link, &mut buffer).observe(diary.clone());
        smtp.open("a.example").unwrap();
        let credentials = Credentials::new("boiler3", "secret").unwrap();
        let credentials = match mechanism {
            None => credentials,
            Some(mechanism) => credentials.only(mechanism).unwrap(),
        };
        smtp.danger_login_in_plaintext(&credentials).unwrap();
        let mail = alert_to("ops@example.org", "nobody@example.org");
        let report = smtp.send(Submission::new(&mail).and_quit()).unwrap();
        assert!(report.is_partial());
        assert_eq!(smtp.delivery(), Delivery::Accepted);
        let lines = diary.0.borrow().join("\n");
        println!("{lines}");
        for wanted in [
            "awaiting greeting",
            "awaiting ehlo",
            "C: EHLO a.example",
            "S: 250-PIPELINING",
            "awaiting auth",
            "***",
            "C: MAIL FROM:<boiler3@example.org>",
            "recipient 0: 250",
            "recipient 1: 550",
            "S: 550 5.1.1 no such user",
            "awaiting data",
            "awaiting content",
            "C: QUIT",
            "awaiting quit",
        ] {
            assert!(lines.contains(wanted), "{wanted}");
        }
        assert_eq!(lines.matches("final: ").count(), 1, "{lines}");
        assert!(lines.contains("final: 250"), "{lines}");
        for secret in ["secret", "c2VjcmV0", "Ym9pbGVyMw", "AGJvaWxlcjMAc2VjcmV0"] {
            assert!(!lines.contains(secret), "{secret}");
        }
        drop(smtp);
        let left = String::from_utf8_lossy(&buffer);
        assert!(
            !left.contains("c2VjcmV0") && !left.contains("AGJvaWxlcjMAc2VjcmV0"),
            "{left}"
        );
    }
}

/// Rule: the buffer is wiped of credentials when the client is dropped, also after a fault.
#[test]
fn credentials_are_wiped_after_a_fault() {
    let script = [
        say("220 x\r\n"),
        Event::Expect(b"EHLO a.example\r\n".to_vec()),
        say("250-x\r\n250 AUTH PLAIN\r\n"),
    ];
    for call in 0..9 {
        let transport =
            Scripted::new(script.clone()).with_trouble(call, support::Trouble::ShortThenError);
        let mut buffer = [0; 512];
        let mut smtp = Client::new(transport, &mut buffer);
        let _ = smtp.open("a.example");
        let credentials = Credentials::new("boiler3", "secret").unwrap();
        let _ = smtp.danger_login_in_plaintext(&credentials);
        drop(smtp);
        let left = String::from_utf8_lossy(&buffer);
        assert!(
            !left.contains("AGJvaWxlcjMAc2VjcmV0"),
            "call {call}: {left}"
        );
    }
}

/// Errors name what happened in words, and are `embedded_io` errors with a kind.
#[test]
fn errors_say_what_happened() {
    let transport = Scripted::new([say("554 5.7.1 no\r\n")]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(transport, &mut buffer);
    let error = smtp.open("a.example").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server refused (greeting) with 554 5.7.1"
    );
    assert_eq!(
        embedded_io::Error::kind(&error),
        ErrorKind::PermissionDenied
    );
    // A refused greeting says nothing of a mail.
    assert_eq!(error.retry(), embedded_smtp::Retry::Reconnect);
    assert_eq!(error.erase().status(), 403);
}

/// Rule: a flight ends between commands, whatever the buffer and wherever it cuts them; also where
/// the commands come after a content in the same flight, or after a kept text in the buffer.
#[test]
fn a_flight_never_ends_within_a_command() {
    let list: Vec<String> = (0..150)
        .map(|n| format!("recipient-{n:03}@some-department.example.org"))
        .collect();
    let list = list.join(", ");
    for bytes in (BUFFER_MIN..340).chain([500, 511, 1020, 1360, 2040, 4080, 4090]) {
        for refusal in ["550 5.1.1 no", "550 5.1.1 there is no such user here"] {
            for way in WAYS {
                let server = Server::builder()
                    .max_recipients(1000)
                    .refuse_recipient("recipient-000@some-department.example.org", refusal)
                    .build();
                let mail = alert_to(&list, "");
                let mut link = server.duplex();
                let mut buffer = vec![0; bytes];
                let mut smtp = client(&mut link, &mut buffer, way);
                smtp.open("boiler3.example.org").unwrap();
                smtp.send_all(vec![mail; 2], |end| {
                    assert_eq!(end.unwrap().accepted(), 149, "{bytes} {way:?}");
                    std::ops::ControlFlow::Continue(())
                });
                assert_eq!(server.violations(), [""; 0], "{bytes} {way:?}");
            }
        }
    }
}

/// Rule: a flight has at most 4,096 bytes of commands, the DATA that ends it counted too.
#[test]
fn the_data_command_counts_towards_the_limit_of_a_flight() {
    for length in 2..40 {
        let mut list = vec![format!("{}@example.org", "b".repeat(length))];
        list.extend((0..107).map(|n| format!("recipient-{n:03}@example.org")));
        let list = list.join(", ");
        let mail = alert_to(&list, "");
        let server = Server::builder().max_recipients(1000).build();
        let mut link = server.duplex();
        let mut buffer = [0; 8192];
        let mut smtp = Client::new(Flights::new(&mut link), &mut buffer);
        smtp.open("boiler3.example.org").unwrap();
        let _ = smtp.send(&mail).unwrap();
        let longest = smtp.into_inner().longest_of_commands;
        assert!(longest <= 4_096, "{length}: {longest}");
    }
}

fn pipelining() -> Vec<Event> {
    vec![
        say("220 x\r\n"),
        Event::Expect(b"EHLO a.example\r\n".to_vec()),
        say("250-x\r\n250-SIZE 1000\r\n250 PIPELINING\r\n"),
    ]
}

/// The commands of a mail, or its content.
fn expect(mail: &Message<'_>, to: &str) -> [Event; 2] {
    let size = mail.encoded_len().unwrap();
    let commands =
        format!("MAIL FROM:<boiler3@example.org> SIZE={size}\r\nRCPT TO:<{to}>\r\nDATA\r\n");
    let mut content = support::vector::stuffed(mail);
    content.extend(b".\r\n");
    [Event::Expect(commands.into()), Event::Expect(content)]
}

/// Rule: a next mail that the server could not take does not ride, is refused when its turn comes,
/// and leaves the ones around it alone.
#[test]
fn an_invalid_mail_among_many() {
    let large = "x\n".repeat(1000);
    let mails = [
        alert(),
        alert().text(&large),
        alert_to("jürgen@example.org", ""),
        alert(),
    ];
    let [commands, content] = expect(&alert(), "ops@example.org");
    let mut script = pipelining();
    for _ in 0..2 {
        script.push(commands.clone());
        script.push(say("250 ok\r\n250 ok\r\n354 go\r\n"));
        script.push(content.clone());
        script.push(say("250 queued\r\n"));
    }
    let transport = Scripted::new(script);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(transport.clone(), &mut buffer);
    smtp.open("a.example").unwrap();
    let mut ends = Vec::new();
    smtp.send_all(mails, |end| {
        ends.push(end.map_or_else(|error| error.to_string(), |r| r.code().to_string()));
        std::ops::ControlFlow::Continue(())
    });
    transport.assert_complete();
    let wanted = [
        "250",
        "message: is larger than the server accepts",
        "message: needs SMTPUTF8, which the server does not offer",
        "250",
    ];
    assert_eq!(ends, wanted);
}

/// Rule: to stop while the next mail is under way ends the connection: nothing more is sent, not
/// even QUIT, and certainly no dot.
#[test]
fn to_stop_while_the_next_mail_rides_ends_the_connection() {
    let [commands, content] = expect(&alert(), "ops@example.org");
    let mut script = pipelining();
    script.extend([commands.clone(), say("250 ok\r\n250 ok\r\n354 go\r\n")]);
    script.extend([
        content,
        commands,
        say("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
    ]);
    let transport = Scripted::new(script);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(transport.clone(), &mut buffer);
    smtp.open("a.example").unwrap();
    let mut ends = 0;
    smtp.send_all(vec![alert(); 3], |end| {
        assert_eq!(end.unwrap().accepted(), 1);
        ends += 1;
        std::ops::ControlFlow::Break(())
    });
    assert_eq!(ends, 1);
    assert_eq!(smtp.delivery(), Delivery::Accepted);
    let sent = transport.written().len();
    assert_eq!(smtp.send(&alert()).map(|_| ()), Err(Error::ConnectionEnded));
    assert_eq!(smtp.quit(), Err(Error::ConnectionEnded));
    assert_eq!(transport.written().len(), sent);
    transport.assert_complete();
}

/// Rule: a mail that was refused before a byte was sent has no results and is not delivered,
/// whatever became of the one before it.
#[test]
fn a_mail_that_never_began_says_nothing_of_the_one_before() {
    let [commands, content] = expect(&alert(), "ops@example.org");
    let mut script = pipelining();
    script.extend([commands, say("250 ok\r\n250 ok\r\n354 go\r\n")]);
    script.extend([content, say("250 queued\r\n")]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(Scripted::new(script), &mut buffer);
    smtp.open("a.example").unwrap();
    let mut results = [RecipientStatus::default(); 1];
    let _ = smtp
        .send(Submission::new(&alert()).results(&mut results))
        .unwrap();
    assert_eq!(results[0].code(), Some(250));
    assert!(results[0].is_sent());
    assert_eq!(smtp.delivery(), Delivery::Accepted);
    let large = "x\n".repeat(1000);
    let end = smtp.send(Submission::new(&alert().text(&large)).results(&mut results));
    assert!(matches!(end, Err(Error::Invalid(_))));
    assert_eq!(results[0].code(), None);
    assert!(!results[0].is_sent());
    assert_eq!(smtp.delivery(), Delivery::None);
}

/// Rule: the last data block and the terminator are one write, whatever the length of the mail.
#[test]
fn the_terminator_is_never_a_write_of_its_own() {
    let octets = [b'x'; 700];
    for length in 0..700 {
        let attachments = [Attachment::new("a.bin", "a/b", &octets[..length]).unwrap()];
        let line = "y".repeat(length);
        for mail in [alert().text(&line), alert().attachments(&attachments)] {
            let [commands, content] = expect(&mail, "ops@example.org");
            let mut script = pipelining();
            script[2] = say("250-x\r\n250-SIZE\r\n250 PIPELINING\r\n");
            script.extend([commands, say("250 ok\r\n250 ok\r\n354 go\r\n")]);
            script.extend([content, say("250 queued\r\n")]);
            let transport = Scripted::new(script);
            let mut buffer = [0; BUFFER_MIN];
            let mut smtp = Client::new(transport.clone(), &mut buffer);
            smtp.open("a.example").unwrap();
            let _ = smtp.send(&mail).unwrap();
            let last = transport.writes().pop().unwrap();
            assert!(last.len() > 3 && last.ends_with(b"\n.\r\n"), "{length}");
            transport.assert_complete();
        }
    }
}

/// Rule: secrets are masked and wiped also where the buffer's end cuts them, at every write.
#[test]
fn secrets_cut_by_the_buffer_are_masked_and_wiped() {
    let password: String = ('a'..='z').cycle().take(900).collect();
    for (mechanism, writes) in [("PLAIN", 7), ("LOGIN", 7)] {
        for trouble in 0..writes {
            let script = [
                say("220 x\r\n"),
                Event::Expect(b"EHLO a.example\r\n".to_vec()),
                say(&format!("250-x\r\n250 AUTH {mechanism}\r\n")),
                Event::Expect(format!("AUTH {mechanism}\r\n").into_bytes()),
                say("334 a\r\n"),
            ];
            let mut script = script.to_vec();
            if mechanism == "LOGIN" {
                script.extend([
                    Event::Expect(b"Ym9pbGVyMw==\r\n".to_vec()),
                    say("334 b\r\n"),
                ]);
            }
            let transport = Scripted::new(script);
            let counting = FailingWrites {
                link: transport,
                left: trouble,
            };
            let mut buffer = [0; BUFFER_MIN];
            let diary = Diary::default();
            let mut smtp = Client::new(counting, &mut buffer).observe(diary.clone());
            let _ = smtp.open("a.example");
            let credentials = Credentials::new("boiler3", &password).unwrap();
            let end = smtp.danger_login_in_plaintext(&credentials);
            assert!(end.is_err());
            drop(smtp);
            let lines = diary.0.borrow().join("\n");
            let left = String::from_utf8_lossy(&buffer);
            use base64::Engine;
            let shown = base64::prelude::BASE64_STANDARD.encode(format!("\0boiler3\0{password}"));
            let also = base64::prelude::BASE64_STANDARD.encode(&password);
            for secret in [shown, also, "Ym9pbGVyMw==".into()] {
                for piece in secret.as_bytes().windows(8) {
                    let piece = std::str::from_utf8(piece).unwrap();
                    assert!(!lines.contains(piece), "{mechanism} {trouble}: {lines}");
                    assert!(!left.contains(piece), "{mechanism} {trouble}: {left}");
                }
            }
        }
    }
}

/// Takes this many writes, then fails.
struct FailingWrites {
    link: Scripted,
    left: usize,
}

impl ErrorType for FailingWrites {
    type Error = ErrorKind;
}

impl Read for FailingWrites {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        self.link.read(buf)
    }
}

impl Write for FailingWrites {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        self.left = self.left.checked_sub(1).ok_or(ErrorKind::BrokenPipe)?;
        self.link.write(buf)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.link.flush()
    }
}

/// Rule: errors are `core::error::Error`, also that of STARTTLS, and its client shows no octet of
/// the buffer.
#[test]
fn a_failed_starttls_is_an_error_like_others() {
    let mut buffer = [0; 512];
    let link = embedded_smtp::Vouched::new(Scripted::new(pipelining()));
    let mut smtp = Client::new(link, &mut buffer);
    smtp.open("a.example").unwrap();
    let error = smtp.starttls(Ok::<_, ErrorKind>).unwrap_err();
    let error: &dyn core::error::Error = &error;
    assert_eq!(error.to_string(), "the server does not offer STARTTLS");
    assert_eq!(
        format!("{error:?}"),
        "Refused { client: Client { state: Rejected, proof: None, .. }, error: NotOffered(Extension(StartTls)) }"
    );
}

/// Rule: a client says what proved the server, in its report too, and never says STARTTLS on a link
/// that is under TLS.
#[test]
fn what_proved_the_server_is_reported() {
    let server = Server::builder().implicit_tls().build();
    let link = || server.duplex();
    for (link, proof) in [
        (Vouched::new(link()), Proof::Key),
        (Vouched::by_chain(link()), Proof::Chain),
        (Vouched::danger_unverified(link()), Proof::Nothing),
    ] {
        let mut buffer = [0; 512];
        let mut smtp = Client::over_tls(link, &mut buffer);
        assert_eq!(smtp.proof(), Some(proof));
        let shown = format!("Client {{ state: Connected, proof: Some({proof:?}), .. }}");
        assert_eq!(format!("{smtp:?}"), shown);
        smtp.open("a.example").unwrap();
        assert_eq!(smtp.send(&alert()).unwrap().proof(), Some(proof));
        let StartTlsError::Refused { error, .. } = smtp.starttls(Ok::<_, ErrorKind>).unwrap_err()
        else {
            panic!();
        };
        assert_eq!(error, Error::OutOfOrder(State::Ready));
    }
    let mut buffer = [0; 512];
    let mut smtp = Client::new(Server::builder().build().duplex(), &mut buffer);
    smtp.open("a.example").unwrap();
    assert_eq!(smtp.send(&alert()).unwrap().proof(), None);
    assert_eq!(server.violations(), [""; 0]);
}

/// Takes so many octets, says something, and closes.
struct Impatient {
    takes: usize,
    says: Vec<u8>,
}

impl ErrorType for Impatient {
    type Error = ErrorKind;
}

impl Read for Impatient {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let n = buf.len().min(self.says.len());
        buf[..n].copy_from_slice(&self.says[..n]);
        self.says.drain(..n);
        if n == 0 && self.takes > 0 {
            Err(ErrorKind::TimedOut)
        } else {
            Ok(n)
        }
    }
}

impl Write for Impatient {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        if self.takes == 0 {
            return Err(ErrorKind::BrokenPipe);
        }
        let n = buf.len().min(self.takes);
        self.takes -= n;
        Ok(n)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Rule: 421 at any time. A server that refuses in the middle of the content, or of a flight, and
/// closes has refused, though it is noticed by a write that fails. Its replies count one by one.
#[test]
fn what_the_server_said_before_it_closed_counts() {
    let before = "220 x\r\n250-x\r\n250 PIPELINING\r\n";
    let flight = "250 ok\r\n250 ok\r\n354 go\r\n";
    // EHLO alone, the flight too, and some of the content.
    let cases = [
        (
            20,
            String::new(),
            "421 4.3.2 bye\r\n",
            "refused 421 4.3.2 at mail (Closing, 500)",
        ),
        (
            20,
            String::new(),
            "250 ok\r\n421 bye\r\n",
            "refused 421 at rcpt (Closing, 500)",
        ),
        (
            20,
            String::new(),
            "250 ok\r\n550 no\r\n",
            "refused 550 at rcpt (NoSuchMailbox, 404)",
        ),
        (
            20,
            String::new(),
            "250 ok\r\n250 ok\r\n",
            "failed at data: transport BrokenPipe",
        ),
        (
            900,
            flight.into(),
            "421 bye\r\n",
            "refused 421 at content (Closing, 500)",
        ),
        (
            900,
            flight.into(),
            "552 5.3.4 big\r\n",
            "refused 552 5.3.4 at content (Request, 400)",
        ),
        (
            900,
            flight.into(),
            "250 fine\r\n",
            "failed at content: transport BrokenPipe",
        ),
        (
            900,
            flight.into(),
            "552-big\r\n552",
            "failed at content: transport BrokenPipe",
        ),
        (
            900,
            flight.into(),
            "garbage\r\n",
            "failed at content: transport BrokenPipe",
        ),
        (
            900,
            flight.into(),
            "",
            "failed at content: transport BrokenPipe",
        ),
    ];
    let text = "A line of some text.\n".repeat(200);
    let mail = alert().text(&text);
    for (takes, replies, last, wanted) in cases {
        // Each read gives what is asked for, so that nothing comes before its time.
        let mut link = Slow {
            lines: Default::default(),
            link: Impatient {
                takes,
                says: Vec::new(),
            },
        };
        let all = format!("{before}{replies}");
        link.lines
            .extend(all.split_inclusive('\n').map(String::from));
        link.lines
            .extend(last.split_inclusive("\r\n").map(String::from));
        let mut buffer = [0; 256];
        let mut smtp = Client::new(&mut link, &mut buffer);
        smtp.open("a.example").unwrap();
        let end = support::vector::report(smtp.send(&mail));
        assert_eq!(end, wanted, "{last}");
        if wanted.starts_with("refused") {
            let reply = smtp.last_reply().unwrap().code();
            assert!(wanted.contains(&reply.to_string()), "{reply}");
        }
        assert_eq!(smtp.quit(), Err(Error::ConnectionEnded));
    }
}

/// One line at each read.
struct Slow {
    lines: std::collections::VecDeque<String>,
    link: Impatient,
}

impl ErrorType for Slow {
    type Error = ErrorKind;
}

impl Read for Slow {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.link.says.is_empty() {
            self.link.says = self.lines.pop_front().unwrap_or_default().into();
        }
        self.link.read(buf)
    }
}

impl Write for Slow {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        self.link.write(buf)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Gives octets in pieces of so many, and an error at the end if it is to.
struct Reader<'a> {
    octets: &'a [u8],
    piece: usize,
    fails: bool,
}

impl ErrorType for Reader<'_> {
    type Error = ErrorKind;
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty());
        if self.octets.is_empty() && self.fails {
            return Err(ErrorKind::InvalidData);
        }
        let n = buf.len().min(self.piece).min(self.octets.len());
        let (now, later) = self.octets.split_at(n);
        buf[..n].copy_from_slice(now);
        self.octets = later;
        Ok(n)
    }
}

/// Rule: attachments are streamed in constant memory, and arrive as from a slice, whatever the
/// pieces and the buffer.
#[test]
fn streamed_parts_arrive_as_from_slices() {
    let log: Vec<u8> = (0..20_000_u32).map(|n| (n % 251) as u8).collect();
    let csv = "time;bar\r\n.12:00;8.4\r\n".repeat(300);
    let whole = [
        Attachment::new("log.bin", "application/octet-stream", &log).unwrap(),
        Attachment::as_is("log.csv", "text/csv", csv.as_bytes()).unwrap(),
    ];
    let streamed = [
        Attachment::streamed("log.bin", "application/octet-stream", Some(20_000)).unwrap(),
        Attachment::streamed_as_is("log.csv", "text/csv", None).unwrap(),
    ];
    let wanted = support::vector::plain(&alert().attachments(&whole));
    for (bytes, piece) in [(256, 1), (256, 1000), (512, 57), (1024, 100), (4096, 4096)] {
        for way in WAYS {
            let server = Server::builder().build();
            let mut link = server.duplex();
            let mut buffer = vec![0; bytes];
            let mut smtp = client(&mut link, &mut buffer, way);
            smtp.open("a.example").unwrap();
            let mail = alert().attachments(&streamed);
            let mut sources = [
                Reader {
                    octets: &log,
                    piece,
                    fails: false,
                },
                Reader {
                    octets: csv.as_bytes(),
                    piece,
                    fails: false,
                },
            ];
            let report = smtp
                .send(Submission::new(&mail).sources(&mut sources))
                .unwrap();
            assert_eq!(report.accepted(), 1);
            smtp.quit().unwrap();
            assert_eq!(server.violations(), [""; 0]);
            assert!(
                server.deliveries()[0].content == wanted,
                "pieces of {piece}, {way:?}"
            );
        }
    }
}

/// Rule: sources are in the order of the parts as they were given, not as they are written, and so in
/// every mail of a connection; a part without bytes has its own too.
#[test]
fn each_streamed_part_is_read_from_its_own_source() {
    let content = [&b"zero"[..], b"", b"two", b"three"];
    let part = |index: usize| {
        let length = u32::try_from(content[index].len()).unwrap();
        Attachment::streamed("a", "a/b", Some(length)).unwrap()
    };
    let whole = |index: usize| Attachment::new("a", "a/b", content[index]).unwrap();
    let streamed = [
        part(0),
        part(1).inline("one@x").unwrap(),
        part(2).inline("two@x").unwrap(),
        part(3),
    ];
    let given = [
        whole(0),
        whole(1).inline("one@x").unwrap(),
        whole(2).inline("two@x").unwrap(),
        whole(3),
    ];
    let wanted = support::vector::plain(&alert().html("<b>").attachments(&given));
    for way in WAYS {
        let server = Server::builder().build();
        let mut link = server.duplex();
        let mut buffer = [0; 512];
        let mut smtp = client(&mut link, &mut buffer, way);
        smtp.open("a.example").unwrap();
        for _ in 0..2 {
            let mail = alert().html("<b>").attachments(&streamed);
            let mut sources = content.map(|octets| Reader {
                octets,
                piece: 100,
                fails: false,
            });
            let _ = smtp
                .send(Submission::new(&mail).sources(&mut sources))
                .unwrap();
        }
        smtp.quit().unwrap();
        for delivery in server.deliveries() {
            assert!(delivery.content == wanted, "{way:?}");
        }
        assert_eq!(server.deliveries().len(), 2);
    }
}

/// Rule: never the final dot of a truncated mail. A source that fails, has another length than
/// announced or gives what cannot be sent, or none at all.
#[test]
fn a_source_in_trouble_ends_the_mail_without_its_terminator() {
    let as_is = |octets| {
        (
            Attachment::streamed_as_is("a.txt", "text/plain", None),
            octets,
        )
    };
    let sized = |octets| (Attachment::streamed("a.bin", "a/b", Some(4000)), octets);
    let long = vec![b'x'; 5000];
    let cases: [(_, bool, &str); 7] = [
        (
            sized(&long[..3999]),
            false,
            "attachment 0 ended before its announced length, at octet 3999",
        ),
        (
            sized(&long[..4001]),
            false,
            "attachment 0 goes on behind its announced length, at octet 4000",
        ),
        (
            sized(&long[..100]),
            true,
            "the source of a streamed part failed: InvalidData",
        ),
        (
            as_is(&b"a\rb"[..]),
            false,
            "attachment 0 holds a CR without a LF, at octet 2",
        ),
        (
            as_is(&b"a\nb"[..]),
            false,
            "attachment 0 holds a LF without a CR, at octet 1",
        ),
        (
            as_is(&b"a\xffb"[..]),
            false,
            "attachment 0 holds an octet above 0x7F, at octet 1",
        ),
        (
            as_is(&long[..999]),
            false,
            "attachment 0 holds a line of more than 998 octets, at octet 998",
        ),
    ];
    for ((attachment, octets), fails, wanted) in cases {
        for (piece, way) in [1, 57, 4096]
            .into_iter()
            .flat_map(|n| WAYS.map(|way| (n, way)))
        {
            let server = Server::builder().build();
            let mut link = server.duplex();
            let mut buffer = [0; 512];
            let mut smtp = client(&mut link, &mut buffer, way);
            smtp.open("a.example").unwrap();
            let attachments = [attachment.unwrap()];
            let mail = alert().attachments(&attachments);
            let mut sources = [Reader {
                octets,
                piece,
                fails,
            }];
            let error = smtp
                .send(Submission::new(&mail).sources(&mut sources))
                .unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{wanted} (phase: content)"),
                "{way:?}"
            );
            assert_eq!(smtp.delivery(), Delivery::None);
            assert_eq!(smtp.quit(), Err(Error::ConnectionEnded));
            assert_eq!(server.deliveries().len(), 0);
            let said = server.traffic()[0].octets_written;
            drop(smtp);
            assert_eq!(server.traffic()[0].octets_written, said);
        }
    }
    // Without a source for each streamed part, nothing is sent at all.
    let server = Server::builder().build();
    let mut link = server.duplex();
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut link, &mut buffer);
    smtp.open("a.example").unwrap();
    let attachments = [Attachment::streamed("a.bin", "a/b", None).unwrap()];
    let mail = alert().attachments(&attachments);
    let error = smtp.send(&mail).unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error}");
    smtp.quit().unwrap();
    assert_eq!(server.violations(), [""; 0]);
}
