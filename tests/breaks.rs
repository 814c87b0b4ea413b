//! Links that break in the middle, replies that come late or twice, and futures that are dropped there:
//! what is reported, and what is noted for each recipient.

mod support;

use embedded_smtp::message::Head;
use support::kept;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::{
    Chunking, Delivery, Error, Field, Invalid, Mailbox, MailboxList, Message, Phase, Reason,
    RecipientStatus, Submission,
};
use std::collections::VecDeque;

/// A server that answers each read with the next of its lines (or pieces); EOF at the end. Takes
/// `takes` bytes, then every write is a broken pipe.
#[derive(Default)]
struct Peer {
    says: VecDeque<Vec<u8>>,
    takes: usize,
    written: Vec<u8>,
    reset_at_end: bool,
}

impl Peer {
    fn new(says: &[&str]) -> Self {
        Self {
            says: says.iter().map(|s| s.as_bytes().to_vec()).collect(),
            takes: usize::MAX,
            written: vec![],
            reset_at_end: false,
        }
    }
}
impl ErrorType for Peer {
    type Error = ErrorKind;
}
impl Read for Peer {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty());
        let Some(mut next) = self.says.pop_front() else {
            return if self.reset_at_end {
                Err(ErrorKind::ConnectionReset)
            } else {
                Ok(0)
            };
        };
        let n = next.len().min(buf.len());
        buf[..n].copy_from_slice(&next[..n]);
        next.drain(..n);
        if !next.is_empty() {
            self.says.push_front(next);
        }
        Ok(n)
    }
}
impl Write for Peer {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let n = buf.len().min(self.takes);
        if n == 0 {
            return Err(ErrorKind::BrokenPipe);
        }
        self.takes -= n;
        self.written.extend(&buf[..n]);
        Ok(n)
    }
    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

fn alert() -> Message<'static> {
    alert_to("b@example.org")
}
fn alert_to(list: &str) -> Message<'_> {
    let head = Head::new(Mailbox::parse("a@example.org").unwrap());
    Message::new(kept(head.to(list).unwrap())).text("Hello")
}
fn two() -> Message<'static> {
    alert_to("b@example.org, c@example.org")
}
const EHLO: &str = "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n";

/// Final BDAT refused for good, then RSET (before QUIT) refused: the mail's refusal counts.
#[test]
fn rset_refused_while_leaving_hides_the_refusal_of_content() {
    let mut peer = Peer::new(&[
        "220 x\r\n",
        EHLO,
        "250 2.1.0 ok\r\n250 2.1.5 ok\r\n",
        "554 5.7.1 spam\r\n",
        "502 5.5.1 no RSET\r\n",
    ]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer).chunking(Chunking::AfterRecipients);
    smtp.open("a.example").unwrap();
    let mail = alert();
    let error = smtp.send(Submission::new(&mail).and_quit()).unwrap_err();
    println!("{error} {:?}", smtp.last_reply().map(|r| r.code()));
    assert_eq!(smtp.delivery(), Delivery::Refused);
    drop(smtp);
    println!("{}", String::from_utf8_lossy(&peer.written));
    let Error::Refused(refusal) = error else {
        panic!("{error}")
    };
    assert_eq!((refusal.code(), refusal.phase()), (554, Phase::Content));
}

/// Content ahead, first recipient refused, then the connection closes: whether the second got
/// it is not known.
#[test]
fn content_ahead_and_an_unanswered_recipient_is_unknown() {
    for end in ["", "gibberish\r\n"] {
        let mut peer = Peer::new(&[
            "220 x\r\n",
            EHLO,
            "250 2.1.0 ok\r\n550 5.1.1 no such user\r\n",
            end,
        ]);
        let mut buffer = [0; 1024];
        let mut smtp = Client::new(&mut peer, &mut buffer).chunking(Chunking::Ahead);
        smtp.open("a.example").unwrap();
        let mail = two();
        let mut results = [RecipientStatus::default(); 2];
        let error = smtp
            .send(Submission::new(&mail).results(&mut results))
            .unwrap_err();
        println!("{error} {:?} {results:?}", smtp.delivery());
        assert!(
            matches!(error, Error::DeliveryUnknown { .. }),
            "{end:?}: {error} retry {:?}",
            error.retry()
        );
    }
}

/// The reason is lost: content ahead in several writes, the server refuses in its middle.
#[test]
fn refusal_in_the_middle_of_content_sent_ahead() {
    let text = "A line of some text.\n".repeat(20);
    let mut peer = Peer::new(&[
        "220 x\r\n",
        EHLO,
        "250 2.1.0 ok\r\n",
        "250 2.1.5 ok\r\n",
        "552 5.3.4 too big\r\n",
    ]);
    let mail = alert().text(&text);
    println!("{:?}", mail.encoded_len());
    peer.takes = 200;
    let mut buffer = [0; 1024];
    let mut smtp = Client::new(&mut peer, &mut buffer).chunking(Chunking::Ahead);
    smtp.open("a.example").unwrap();
    let end = smtp.send(&mail);
    println!("one window: {end:?}");
    drop(smtp);
    // Two windows: content as long as the buffer.
    for len in [20, 30, 35] {
        let text = "A line of some text.\n".repeat(len);
        let mail = alert().text(&text);
        let mut peer = Peer::new(&[
            "220 x\r\n",
            EHLO,
            "250 2.1.0 ok\r\n",
            "250 2.1.5 ok\r\n",
            "552 5.3.4 too big\r\n",
        ]);
        peer.takes = 16 + 1024 + 4;
        let mut buffer = [0; 1024];
        let mut smtp = Client::new(&mut peer, &mut buffer).chunking(Chunking::Ahead);
        smtp.open("a.example").unwrap();
        let end = smtp.send(&mail);
        println!("{len} {:?}: {end:?}", mail.encoded_len());
        drop(smtp);
        assert!(!String::from_utf8_lossy(&peer.written).contains("DATA"));
    }
}

/// X.1.z in reply to a chunk that others follow.
#[test]
fn the_reply_to_a_chunk_is_about_an_address() {
    let text = "A line of some text.\n".repeat(20);
    let mut peer = Peer::new(&[
        "220 x\r\n",
        EHLO,
        "250 2.1.0 ok\r\n250 2.1.5 ok\r\n",
        "250 2.1.5 ok\r\n",    // one too many, late
        "250 2.0.0 chunk\r\n", // truly to the first chunk; taken for the final one
        "554 5.7.1 refused\r\n",
    ]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer).chunking(Chunking::AfterRecipients);
    smtp.open("a.example").unwrap();
    let mut sources = [text.as_bytes()];
    let mail = Message::new(kept(
        Head::new(Mailbox::parse("a@example.org").unwrap())
            .to("b@example.org")
            .unwrap(),
    ))
    .streamed_text();
    let end = smtp.send(Submission::new(&mail).sources(&mut sources));
    println!("{end:?}");
    drop(smtp);
    println!("{}", String::from_utf8_lossy(&peer.written));
    assert!(end.is_err(), "{end:?}");
}

/// Kept text fills 3/4 of a buffer of 256, and every way of content.
#[test]
fn small_buffers_with_kept_text() {
    let long = "x".repeat(600);
    for ehlo in [
        "250 x\r\n",
        "250 CHUNKING\r\n",
        "250-x\r\n250 PIPELINING\r\n",
        EHLO,
    ] {
        for way in [None, Some(Chunking::AfterRecipients), Some(Chunking::Ahead)] {
            for kind in 0..6 {
                let text = "Zeile mit Umlaut ä und mehr.\n.\n".repeat(30);
                let data: Vec<u8> = (0..1000u32).map(|n| n as u8).collect();
                let server = embedded_smtp::mock::Server::builder();
                let _ = server;
                let mut peer = Lmtp {
                    ehlo: ehlo.into(),
                    long: long.clone(),
                    ..Lmtp::default()
                };
                peer.say("220 x\r\n");
                let mut buffer = [0; 256];
                let mut smtp = Client::new(&mut peer, &mut buffer);
                if let Some(way) = way {
                    smtp = smtp.chunking(way);
                }
                smtp.open("a.example").unwrap();
                let base = Message::new(kept(
                    Head::new(Mailbox::parse("a@example.org").unwrap())
                        .to("b@example.org,c@example.org")
                        .unwrap(),
                ));
                let attachments =
                    [embedded_smtp::message::Attachment::new("a.bin", "a/b", &data).unwrap()];
                let mut sources: [&[u8]; 1] = [text.as_bytes()];
                let mail = match kind {
                    0 => base.text(&text),
                    1 => base.streamed_text(),
                    2 => base.text("hi").attachments(&attachments),
                    3 => base.html(&text),
                    4 => base.text("."),
                    _ => base.streamed_text().attachments(&attachments),
                };
                let mut results = [RecipientStatus::default(); 2];
                let end = smtp.send(
                    Submission::new(&mail)
                        .sources(&mut sources)
                        .results(&mut results),
                );
                assert!(end.is_ok(), "{ehlo:?} {way:?} {kind}: {end:?}");
                drop(smtp);
                let mut sources: [&[u8]; 1] = [text.as_bytes()];
                let mut all = Vec::new();
                let mut reader = mail.reader();
                let mut piece = [0; 200];
                loop {
                    let n = reader
                        .read_with(&mut piece, |_, slot| {
                            std::io::Read::read(&mut sources[0], slot).unwrap()
                        })
                        .unwrap();
                    if n == 0 {
                        break;
                    }
                    all.extend(&piece[..n]);
                }
                assert_eq!(
                    String::from_utf8_lossy(&peer.content),
                    String::from_utf8_lossy(&all),
                    "{ehlo:?} {way:?} {kind}"
                );
            }
        }
    }
}

/// A little server: refuses the first recipient with a long text, and undoes dots.
#[derive(Default)]
struct Lmtp {
    ehlo: String,
    long: String,
    out: VecDeque<u8>,
    line: Vec<u8>,
    rcpt: usize,
    in_data: bool,
    chunk: usize,
    is_last: bool,
    in_chunk: bool,
    content: Vec<u8>,
    count: usize,
}
impl Lmtp {
    fn say(&mut self, s: &str) {
        self.out.extend(s.as_bytes());
    }
    fn end_chunk(&mut self) {
        self.in_chunk = false;
        self.say("250 2.0.0 chunk\r\n");
    }
    fn hear(&mut self, b: u8) {
        self.count += 1;
        assert!(self.count < 1_000_000);
        if self.in_chunk {
            self.content.push(b);
            self.chunk -= 1;
            if self.chunk == 0 {
                self.end_chunk();
            }
            return;
        }
        self.line.push(b);
        if b != b'\n' {
            return;
        }
        let line = std::mem::take(&mut self.line);
        if self.in_data {
            if line == b".\r\n" {
                self.in_data = false;
                self.say("250 2.0.0 queued\r\n");
            } else {
                self.content
                    .extend(line.strip_prefix(b".").unwrap_or(&line));
            }
            return;
        }
        let text = String::from_utf8(line).unwrap();
        let reply = match &text[..4] {
            "EHLO" => self.ehlo.clone(),
            "RCPT" => {
                self.rcpt += 1;
                if self.rcpt == 1 {
                    format!("550 5.7.1 {}\r\n", self.long)
                } else {
                    "250 2.1.5 ok\r\n".into()
                }
            }
            "DATA" => {
                self.in_data = true;
                "354 go\r\n".into()
            }
            "BDAT" => {
                let mut w = text[5..].split_whitespace();
                self.chunk = w.next().unwrap().parse().unwrap();
                self.is_last = w.next().is_some();
                assert!(self.chunk > 0 || self.is_last, "an empty chunk");
                self.in_chunk = true;
                if self.chunk == 0 {
                    self.end_chunk();
                }
                return;
            }
            _ => "250 2.1.0 ok\r\n".into(),
        };
        self.say(&reply);
    }
}
impl ErrorType for Lmtp {
    type Error = ErrorKind;
}
impl Read for Lmtp {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty());
        let n = buf.len().min(self.out.len());
        if n == 0 {
            return Err(ErrorKind::TimedOut);
        }
        for slot in &mut buf[..n] {
            *slot = self.out.pop_front().unwrap();
        }
        Ok(n)
    }
}
impl Write for Lmtp {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty());
        for &b in buf {
            self.hear(b);
        }
        Ok(buf.len())
    }
    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// BDAT, dropped while NOOP or QUIT is to confirm it.
#[test]
fn delivery_and_results_agree_when_dropped_before_the_confirmation() {
    use embedded_smtp::asynch;
    use support::{Event, Scripted};
    let say = |t: &str| Event::Say(t.as_bytes().to_vec());
    for polls in 1..60 {
        let script = [
            say("220 x\r\n"),
            Event::Expect(b"EHLO a.example\r\n".to_vec()),
            say(EHLO),
        ];
        let mail = alert();
        let mut buffer = [0; 512];
        let link = Scripted::new(script.into_iter().chain([
            Event::Expect(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n".to_vec()),
            say("250 2.1.0 ok\r\n250 2.1.5 ok\r\n"),
            Event::Expect(format!("BDAT {} LAST\r\n", mail.encoded_len().unwrap()).into_bytes()),
            Event::Expect({
                let mut r = mail.reader();
                let mut b = [0; 4096];
                let n = r.read(&mut b).unwrap();
                b[..n].to_vec()
            }),
            say("250 2.0.0 ok\r\n"),
            Event::Expect(b"QUIT\r\n".to_vec()),
            say("221 bye\r\n"),
        ]))
        .stalling();
        let mut smtp =
            asynch::Client::new(link.clone(), &mut buffer).chunking(Chunking::AfterRecipients);
        assert!(
            support::poll_at_most(100, smtp.open("a.example"))
                .unwrap()
                .is_ok()
        );
        let mut results = [RecipientStatus::default(); 1];
        let done = support::poll_at_most(
            polls,
            smtp.send(Submission::new(&mail).results(&mut results).and_quit()),
        );
        if let Some(end) = &done {
            assert!(end.is_ok(), "{end:?}");
        }
        let is_accepted = smtp.delivery() == Delivery::Accepted;
        assert_eq!(
            is_accepted,
            results[0].is_sent(),
            "after {polls} polls: {:?} {results:?}",
            smtp.delivery()
        );
        if done.is_some() {
            return;
        }
    }
    panic!("never done");
}

/// An unasked 5yz before a command ends the operation; the error remembers it.
#[test]
fn an_unasked_5yz_is_quoted() {
    let mut peer = Peer::new(&["220 x\r\n554 5.7.1 you are blocked\r\n"]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer);
    let error = smtp.open("a.example").unwrap_err();
    println!("{error} {:?}", smtp.last_reply());
    assert!(
        matches!(error, Error::Failed { last: Some(_), .. }),
        "{error:?}"
    );
}

/// Words before a reset are shown as before a close.
#[test]
fn words_before_a_reset() {
    for reset_at_end in [false, true] {
        let mut peer = Peer::new(&["554 you are blocked"]);
        peer.reset_at_end = reset_at_end;
        let mut buffer = [0; 512];
        let mut smtp = Client::new(&mut peer, &mut buffer);
        let error = smtp.open("a.example").unwrap_err();
        assert_eq!(
            smtp.stray_bytes(),
            b"554 you are blocked",
            "{reset_at_end} {error}"
        );
    }
}

/// 503 to MAIL that did not ride is not said again.
#[test]
fn a_503_to_a_mail_that_did_not_ride() {
    let mut peer = Peer::new(&[
        "220 x\r\n",
        "250 x\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "354 go\r\n",
        "250 queued\r\n",
        "503 no\r\n",
        "250 reset\r\n",
        "503 no\r\n",
    ]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer);
    smtp.open("a.example").unwrap();
    let mut ends = vec![];
    smtp.send_all([alert(), alert()], |end| {
        ends.push(end.map(|_| ()));
        std::ops::ControlFlow::Continue(())
    });
    drop(smtp);
    let written = String::from_utf8_lossy(&peer.written).into_owned();
    println!("{ends:?}");
    assert_eq!(written.matches("MAIL").count(), 2, "{written}");
}

/// A word longer than the room: its tail is no keyword.
#[test]
fn the_tail_of_a_long_word() {
    let mut hits = vec![];
    for n in 100..600 {
        let ehlo = format!("250-x\r\n250 AUTH {}PLAIN\r\n", "X".repeat(n));
        let mut peer = Peer::new(&["220 x\r\n", &ehlo]);
        let mut buffer = [0; 256];
        let mut smtp = Client::new(&mut peer, &mut buffer);
        smtp.open("a.example").unwrap();
        if smtp
            .capabilities()
            .offers_mechanism(embedded_smtp::Mechanism::Plain)
        {
            hits.push(n);
        }
    }
    assert!(hits.is_empty(), "{hits:?}");
}

/// Unasked lines while content flows in RCPT flights: 421 heard when the flight happens to be answered.
#[test]
fn reason_lost_between_flights() {
    let mut lost = vec![];
    let list = (0..12)
        .map(|i| format!("{}{i}@example.org", "r".repeat(40)))
        .collect::<Vec<_>>()
        .join(",");
    let mail = Message::new(kept(
        Head::new(Mailbox::parse("a@example.org").unwrap())
            .to(list.as_str())
            .unwrap(),
    ))
    .text("x");
    for takes in 17..1000 {
        let mut says = vec!["220 x\r\n", EHLO, "250 ok\r\n"];
        // As many as were received whole.
        let got = takes - 16;
        let full = 28; // MAIL FROM:<a@example.org>\r\n
        let mut at = full - 1;
        let mut n = 0;
        for i in 0..12 {
            let l = format!("RCPT TO:<{}{i}@example.org>\r\n", "r".repeat(40)).len();
            if got >= at + l {
                n += 1;
                at += l;
            } else {
                break;
            }
        }
        if got < 27 {
            says.pop();
        }
        says.extend(std::iter::repeat_n("250 ok\r\n", n));
        says.push("421 4.7.0 too many\r\n");
        let mut peer = Peer::new(&says);
        peer.takes = takes;
        let mut buffer = [0; 256];
        let mut smtp = Client::new(&mut peer, &mut buffer);
        smtp.open("a.example").unwrap();
        let end = smtp.send(&mail);
        match end {
            Ok(_) => {}
            Err(Error::Refused(r)) if r.code() == 421 => {}
            Err(e) => lost.push((takes, e.to_string())),
        }
    }
    let before_data: Vec<_> = lost.iter().take(3).collect();
    println!("{} {before_data:?} .. {:?}", lost.len(), lost.last());
}

/// The last block and its terminator are not taken by the transport (BrokenPipe); a stray 250 is
/// read then. The server cannot have the mail.
#[test]
fn sent_although_the_terminator_never_left() {
    for way in [None, Some(Chunking::AfterRecipients)] {
        for more in [0, 100] {
            let ehlo = "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n";
            let mut says = vec!["220 x\r\n", ehlo, "250 ok\r\n", "250 ok\r\n"];
            if way.is_none() {
                says.push("354 go\r\n");
            }
            says.push("250 ok\r\n"); // one too many, late; then the server dies
            let mut peer = Peer::new(&says);
            let commands = if way.is_none() {
                "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
            } else {
                "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"
            };
            peer.takes = "EHLO a.example\r\n".len() + commands.len() + more;
            let mut buffer = [0; 512];
            let mut smtp = Client::new(&mut peer, &mut buffer);
            if let Some(way) = way {
                smtp = smtp.chunking(way);
            }
            smtp.open("a.example").unwrap();
            let mail = alert();
            let mut results = [RecipientStatus::default()];
            let end = smtp.send(Submission::new(&mail).results(&mut results));
            println!("{way:?} {more}: {end:?} {:?} {results:?}", smtp.delivery());
            drop(smtp);
            assert!(!String::from_utf8_lossy(&peer.written).contains("Hello"));
            assert!(end.is_err() && !results[0].is_sent(), "{way:?} {more}");
        }
    }
}

/// An operation whose command never left is not Ok.
#[test]
fn ok_although_the_command_never_left() {
    let mut peer = Peer::new(&["220 x\r\n", EHLO, "250 stray\r\n"]);
    peer.takes = "EHLO a.example\r\n".len();
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer);
    smtp.open("a.example").unwrap();
    let end = smtp.noop();
    println!("{end:?} {:?}", smtp.state());
    assert!(end.is_err());
}

/// Content ahead in two writes; the second fails after the server refused it.
#[test]
fn a_refusal_lost_in_the_middle_of_content_ahead() {
    let text = "A line of some text.\n".repeat(39);
    let mail = alert().text(&text);
    let length = mail.encoded_len().unwrap() as usize;
    assert!(length <= 1024 && length > 950, "{length}");
    let mut peer = Peer::new(&[
        "220 x\r\n",
        EHLO,
        "250 2.1.0 ok\r\n",
        "250 2.1.5 ok\r\n",
        "552 5.3.4 too big\r\n",
    ]);
    peer.takes = "EHLO a.example\r\n".len() + 1024;
    let mut buffer = [0; 1024];
    let mut smtp = Client::new(&mut peer, &mut buffer).chunking(Chunking::Ahead);
    smtp.open("a.example").unwrap();
    let error = smtp.send(&mail).unwrap_err();
    assert_eq!(error.refusal().map(|r| r.code()), Some(552), "{error}");
}

/// As Q with recipients over several writes.
#[test]
fn a_refusal_lost_between_recipients() {
    for last in ["421 4.7.0 too many\r\n", "554 5.7.1 blocked\r\n"] {
        let list = (0..12)
            .map(|i| format!("{}{i}@example.org", "r".repeat(40)))
            .collect::<Vec<_>>()
            .join(",");
        let mail = alert_to(&list);
        let mut peer = Peer::new(&[
            "220 x\r\n",
            EHLO,
            "250 ok\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            last,
        ]);
        peer.takes = "EHLO a.example\r\n".len() + 250;
        let mut buffer = [0; 256];
        let mut smtp = Client::new(&mut peer, &mut buffer);
        smtp.open("a.example").unwrap();
        let error = smtp.send(&mail).unwrap_err();
        drop(smtp);
        println!("{} {error}", String::from_utf8_lossy(&peer.written));
        assert!(error.refusal().is_some(), "{error}");
    }
}

/// Dropped with content ahead, one of two recipients refused, the other unanswered.
#[test]
fn dropped_with_an_unanswered_recipient() {
    use embedded_smtp::asynch;
    use support::{Event, Scripted};
    let say = |t: &str| Event::Say(t.as_bytes().to_vec());
    let mail = two();
    let mut buffer = [0; 1024];
    let mut all =
        b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nRCPT TO:<c@example.org>\r\n"
            .to_vec();
    all.extend(format!("BDAT {} LAST\r\n", mail.encoded_len().unwrap()).into_bytes());
    let mut piece = [0; 4096];
    let n = mail.reader().read(&mut piece).unwrap();
    all.extend(&piece[..n]);
    for polls in 1..30 {
        let link = Scripted::new([
            say("220 x\r\n"),
            Event::Expect(b"EHLO a.example\r\n".to_vec()),
            say(EHLO),
            Event::Expect(all.clone()),
            say("250 2.1.0 ok\r\n550 5.1.1 no\r\n"),
        ])
        .stalling();
        let mut smtp = asynch::Client::new(link.clone(), &mut buffer).chunking(Chunking::Ahead);
        assert!(
            support::poll_at_most(100, smtp.open("a.example"))
                .unwrap()
                .is_ok()
        );
        let done = support::poll_at_most(polls, smtp.send(&mail));
        let out = link.written().len() > 100;
        println!(
            "{polls} {out} {:?} {:?}",
            smtp.delivery(),
            done.map(|d| d.map_err(|e| e.to_string()))
        );
        assert_ne!(smtp.delivery(), Delivery::Refused, "after {polls}");
    }
}

/// 503 to RSET... again after a riding mail; limits; unsent with stale 250s.
#[test]
fn unsent_marks_only_those_of_this_transaction() {
    let ehlo = "250-x\r\n250-LIMITS RCPTMAX=1\r\n250 PIPELINING\r\n";
    // First: both accepted at RCPT without limits, final reply refused for now.
    let mail = two();
    let mut results = [RecipientStatus::default(); 2];
    let mut peer = Peer::new(&[
        "220 x\r\n",
        EHLO,
        "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
        "451 later\r\n",
    ]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer);
    smtp.open("a.example").unwrap();
    assert!(
        smtp.send(Submission::new(&mail).results(&mut results))
            .is_err()
    );
    drop(smtp);
    assert!(results.iter().all(|s| !s.is_sent() && s.is_accepted()));
    // Then, by limits, one only.
    let mut peer = Peer::new(&[
        "220 x\r\n",
        ehlo,
        "250 ok\r\n250 ok\r\n354 go\r\n",
        "250 queued\r\n",
    ]);
    let mut smtp = Client::new(&mut peer, &mut buffer).with_limits();
    smtp.open("a.example").unwrap();
    let report = smtp
        .send(Submission::new(&mail).results(&mut results).unsent())
        .unwrap();
    drop(smtp);
    assert_eq!((report.accepted(), report.deferred()), (1, 1));
    assert_eq!(
        (
            results[0].is_sent(),
            results[1].is_sent(),
            results[1].is_deferred()
        ),
        (true, false, true)
    );
    // MAIL refused: nobody is marked.
    let mut peer = Peer::new(&["220 x\r\n", ehlo, "450 no\r\n450 no\r\n503 no\r\n"]);
    let mut smtp = Client::new(&mut peer, &mut buffer).with_limits();
    smtp.open("a.example").unwrap();
    assert!(
        smtp.send(Submission::new(&mail).results(&mut results).unsent())
            .is_err()
    );
    assert_eq!((results[0].is_sent(), results[1].is_sent()), (true, false));
}

/// A forgotten future ends the session like a dropped one, and leaves no secret once the client
/// is gone.
#[test]
fn forgotten_futures() {
    use embedded_smtp::{Credentials, Vouched, asynch};
    use std::task::{Context, Waker};
    use support::{Event, Scripted};
    let say = |t: &str| Event::Say(t.as_bytes().to_vec());
    let token = "s3cr3t".repeat(80);
    let mails = [alert(), alert(), alert()];
    for what in 0..4 {
        for polls in 0..80 {
            for forget in [true, false] {
                let link = Scripted::new([
                    say("220 x\r\n"),
                    Event::Expect(b"EHLO a.example\r\n".to_vec()),
                    say("250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH XOAUTH2 PLAIN\r\n"),
                ])
                .stalling();
                let mut buffer = [0; 256];
                {
                    let mut smtp = asynch::Client::new(Vouched::new(link.clone()), &mut buffer);
                    if what == 3 {
                        smtp = smtp.chunking(Chunking::Ahead);
                    }
                    assert!(
                        support::poll_at_most(100, smtp.open("a.example"))
                            .unwrap()
                            .is_ok()
                    );
                    let credentials = Credentials::token("u", &token).unwrap();
                    let mut is_done = false;
                    {
                        let mut future: std::pin::Pin<Box<dyn Future<Output = ()>>> = match what {
                            0 => Box::pin(async {
                                let _ = smtp.login(&credentials).await;
                            }),
                            1 | 3 => Box::pin(async {
                                let _ = smtp.send(&mails[0]).await;
                            }),
                            _ => Box::pin(async {
                                smtp.send_all(&mails, |_| std::ops::ControlFlow::Continue(()))
                                    .await;
                            }),
                        };
                        let mut cx = Context::from_waker(Waker::noop());
                        for _ in 0..polls {
                            if future.as_mut().poll(&mut cx).is_ready() {
                                is_done = true;
                                break;
                            }
                        }
                        if forget {
                            std::mem::forget(future);
                        } else {
                            drop(future);
                        }
                    }
                    let before = link.written();
                    if !is_done && polls > 0 {
                        let end = support::poll_at_most(100, smtp.send(&mails[0])).unwrap();
                        assert_eq!(end, Err(Error::ConnectionEnded), "{what} {polls} {forget}");
                        let end = support::poll_at_most(100, smtp.quit()).unwrap();
                        assert_eq!(end, Err(Error::ConnectionEnded));
                        assert_eq!(before, link.written());
                    }
                }
                let text = String::from_utf8_lossy(&buffer).into_owned();
                if what == 0 {
                    let b64 = {
                        use base64::Engine as _;
                        base64::engine::general_purpose::STANDARD
                            .encode(format!("auth=Bearer {token}"))
                    };
                    for w in b64.as_bytes().windows(12).step_by(5) {
                        assert!(
                            !text.contains(std::str::from_utf8(w).unwrap()),
                            "{polls} {forget} {text}"
                        );
                    }
                    assert!(!text.contains("czNjcjN0"), "{polls} {forget}: {text:?}");
                }
            }
        }
    }
}

/// Limits and send_all: a next mail that the limits do not allow, and 503 to a riding MAIL.
#[test]
fn send_all_with_limits() {
    let ehlo = "250-x\r\n250-LIMITS MAILMAX=2\r\n250 PIPELINING\r\n";
    for (says, wanted) in [
        (
            vec![
                "250 ok\r\n250 ok\r\n354 go\r\n",
                "250 q1\r\n250 ok\r\n250 ok\r\n354 go\r\n",
                "250 q2\r\n",
            ],
            ["250", "250", "limits"],
        ),
        // 503 to the one that rode: MAILMAX does not let it be said again.
        (
            vec![
                "250 ok\r\n250 ok\r\n354 go\r\n",
                "250 q1\r\n503 seq\r\n503 seq\r\n503 seq\r\n",
            ],
            ["250", "503", "limits"],
        ),
    ] {
        let mut all = vec!["220 x\r\n", ehlo];
        all.extend(says);
        let mut peer = Peer::new(&all);
        let mut buffer = [0; 512];
        let mut smtp = Client::new(&mut peer, &mut buffer).with_limits();
        smtp.open("a.example").unwrap();
        let mut ends = vec![];
        smtp.send_all([alert(), alert(), alert()], |end| {
            ends.push(match end {
                Ok(r) => r.code().to_string(),
                Err(e) => e.to_string(),
            });
            std::ops::ControlFlow::Continue(())
        });
        println!("{ends:?}");
        for (end, want) in ends.iter().zip(wanted) {
            assert!(end.contains(want), "{ends:?}");
        }
        assert_eq!(ends.len(), 3);
    }
}

/// Unknown after a partial RCPT failure: `last` and text; DATA refused after a refused recipient;
/// and a goodbye in the place of each reply.
#[test]
fn the_last_refusal_and_its_text() {
    for (says, want) in [
        (
            vec!["250 ok\r\n550 5.1.1 first\r\n250 ok\r\n354 go\r\n", ""],
            (550, "first"),
        ),
        (
            vec!["250 ok\r\n550 5.1.1 first\r\n250 ok\r\n451 4.3.0 data\r\n"],
            (451, "data"),
        ),
        (
            vec!["250 ok\r\n550 5.1.1 first\r\n551 5.1.1 second\r\n503 none\r\n"],
            (550, "first"),
        ),
        (
            vec!["250 ok\r\n550 5.1.1 first\r\n550 5.1.1 second\r\n421 bye\r\n"],
            (421, "bye"),
        ),
        (
            vec!["450 4.1.0 mail\r\n503 a\r\n503 b\r\n503 c\r\n"],
            (450, "mail"),
        ),
        (
            vec![
                "250 ok\r\n250 ok\r\n452 4.5.3 many\r\n354 go\r\n",
                "554 5.6.0 content\r\n",
            ],
            (554, "content"),
        ),
        (
            vec![
                "250 ok\r\n550 5.1.1 first\r\n550 5.1.1 second\r\n354 go\r\n",
                "554 5.5.1 none\r\n",
            ],
            (550, "first"),
        ),
        (
            vec![
                "250 ok\r\n550 5.1.1 first\r\n550 5.1.1 second\r\n354 go\r\n",
                "",
            ],
            (550, "first"),
        ),
    ] {
        let mut all = vec!["220 x\r\n", EHLO];
        all.extend(says);
        for quit in [false, true] {
            let mut peer = Peer::new(&all);
            let mut buffer = [0; 512];
            let mut smtp = Client::new(&mut peer, &mut buffer);
            smtp.open("a.example").unwrap();
            let mail = two();
            let s = Submission::new(&mail);
            let error = smtp.send(if quit { s.and_quit() } else { s }).unwrap_err();
            let text = smtp.last_reply().map(|r| r.to_string());
            assert_eq!(
                error.refusal().map(|r| r.code()),
                Some(want.0),
                "{all:?} {error}"
            );
            assert!(
                text.as_ref().is_some_and(|t| t.contains(want.1)),
                "{all:?} {error} {text:?}"
            );
        }
    }
}

/// Octets after the reply to the NOOP that confirms BDAT: the count does not fit.
#[test]
fn bytes_after_the_confirming_noop() {
    let mut peer = Peer::new(&[
        "220 x\r\n",
        EHLO,
        "250 ok\r\n250 ok\r\n",
        "250 late 1\r\n",
        "250 late 2\r\n554 5.7.1 refused\r\n250 noop\r\n",
    ]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer).chunking(Chunking::AfterRecipients);
    smtp.open("a.example").unwrap();
    let mut ends = vec![];
    smtp.send_all([alert()], |end| {
        ends.push(end);
        std::ops::ControlFlow::Continue(())
    });
    println!("{ends:?}");
    assert!(
        matches!(ends[0], Err(Error::DeliveryUnknown { .. })),
        "{ends:?}"
    );
}

/// A broken pipe in the second flight of recipients: who was never named is not refused.
#[test]
fn a_recipient_never_named_is_not_settled() {
    let list = (0..12)
        .map(|i| format!("{}{i}@example.org", "r".repeat(40)))
        .collect::<Vec<_>>()
        .join(",");
    let mail = Message::new(kept(
        Head::new(Mailbox::parse("a@example.org").unwrap())
            .to(list.as_str())
            .unwrap(),
    ))
    .text("x");
    let mut peer = Peer::new(&[
        "220 x\r\n",
        EHLO,
        "250 ok\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "554 5.7.0 too many errors, closing\r\n",
    ]);
    peer.takes = "EHLO a.example\r\n".len() + 256;
    let mut buffer = [0; 256];
    let mut results = [RecipientStatus::default(); 12];
    let mut smtp = Client::new(&mut peer, &mut buffer);
    smtp.open("a.example").unwrap();
    let error = smtp
        .send(Submission::new(&mail).results(&mut results))
        .unwrap_err();
    drop(smtp);
    let named = String::from_utf8_lossy(&peer.written)
        .matches("@example.org>\r\nRCPT")
        .count();
    println!("{named} {error} {:?}", results.map(|r| r.code()));
    for (n, status) in results.iter().enumerate() {
        assert!(
            n < 3 || status.code().is_none(),
            "{n} {status:?}: its RCPT never left"
        );
    }
}

/// All recipients were refused, so the mail is never handed over: what is wrong about the dialogue
/// after that puts nothing of it in doubt.
#[test]
fn a_mail_without_recipients_is_never_delivered_nor_refused() {
    let mut peer = Peer::new(&[
        "220 x\r\n",
        EHLO,
        "250 ok\r\n550 no\r\n354 go\r\n",
        "221 bye\r\n",
    ]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer);
    smtp.open("a.example").unwrap();
    let end = smtp.send(Submission::new(&alert()).and_quit());
    assert!(
        matches!(end, Err(Error::Refused(refusal)) if refusal.code() == 550),
        "{end:?}"
    );
    assert_eq!(smtp.delivery(), Delivery::None);
}

/// In lock-step the first of two recipients is refused, and a second refusal comes along that no
/// command had asked for: the first one decides.
#[test]
fn a_refusal_that_answers_nothing_does_not_displace_one_that_does() {
    let mut peer = Peer::new(&[
        "220 x\r\n",
        "250 x\r\n",
        "250 ok\r\n",
        "550 no\r\n554 5.7.1 d\r\n",
    ]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer);
    smtp.open("a.example").unwrap();
    let end = smtp.send(&two());
    assert!(
        matches!(end, Err(Error::Refused(refusal)) if refusal.code() == 550),
        "{end:?}"
    );
}

/// MAIL is refused for now, and the RCPTs sent with it as out of sequence: that says nothing of the
/// recipients, and the mail goes on to all of them.
#[test]
fn recipients_of_a_mail_that_was_refused_are_not_settled() {
    let mut results = [RecipientStatus::default(); 2];
    for (script, count) in [
        (
            vec![
                "220 x\r\n",
                EHLO,
                "451 4.7.1 later\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n",
                "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
                "250 ok\r\n",
            ],
            2,
        ),
        (
            vec![
                "220 x\r\n",
                EHLO,
                "452 4.3.1 full\r\n503 5.5.1 no\r\n",
                "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
                "250 ok\r\n",
            ],
            1,
        ),
    ] {
        let mut peer = Peer::new(&script[..3]);
        let mut buffer = [0; 512];
        let mut smtp = Client::new(&mut peer, &mut buffer);
        smtp.open("a.example").unwrap();
        let error = smtp
            .send(Submission::new(&two()).results(&mut results))
            .unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        drop(smtp);
        let noted = results.iter().filter(|status| status.code() == Some(503));
        assert_eq!(noted.count(), count);
        assert!(results.iter().all(|status| !status.is_settled()));

        let again: Vec<&str> = [&script[..2], &script[3..]].concat();
        let mut peer = Peer::new(&again);
        let mut buffer = [0; 512];
        let mut smtp = Client::new(&mut peer, &mut buffer);
        smtp.open("a.example").unwrap();
        let report = smtp
            .send(Submission::new(&two()).results(&mut results).unsent())
            .unwrap();
        assert_eq!(report.accepted(), 2);
        assert!(results.iter().all(RecipientStatus::is_sent));
        results = [RecipientStatus::default(); 2];
    }
}

/// A head that only says where a ready-made message goes has no author.
#[test]
fn a_message_without_an_author_is_refused_before_anything_is_sent() {
    let path = Mailbox::parse("a@example.org").unwrap().address();
    let to = MailboxList::parse("b@example.org").unwrap();
    let head = Head::envelope(path.into(), to);
    let mut peer = Peer::new(&["220 x\r\n", EHLO]);
    let mut buffer = [0; 512];
    let mut smtp = Client::new(&mut peer, &mut buffer);
    smtp.open("a.example").unwrap();
    let error = smtp.send(&Message::new(&head).text("x")).unwrap_err();
    assert_eq!(
        error,
        Error::Invalid(Invalid::new(Field::From, Reason::Empty))
    );
}
