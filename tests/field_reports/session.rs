//! What real servers do, as it was reported from the field: one test for each report, in the order of
//! the reports and with their numbers. Dialogues that can be written down as such are in
//! `vectors/field.txt`, which `vectors.rs` plays too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::support::miscount::{Arrived, Link, Plan, Slip, Verdict};
use crate::support::vector::{Vector, run_async, run_blocking};
use crate::support::{Event, Scripted, kept, poll_at_most};
use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::message::Head;
use embedded_smtp::mock::Server;
use embedded_smtp::{
    Chunking, Credentials, Delivery, Error, Field, Invalid, Mailbox, Message, Observer, Phase,
    Reason, RecipientStatus, Reply, Report, Retry, Submission, Vouched,
};

/// Plays the vectors of `field.txt` for one report, and one text more, with both drivers.
fn play(text: &str) {
    for vector in Vector::parse_file("field", text) {
        for (read, write) in [(usize::MAX, usize::MAX), (1, 1), (3, 5)] {
            if vector.is_whole() && read != usize::MAX {
                continue;
            }
            for is_async in [false, true] {
                let link = Scripted::new(vector.script.clone()).in_pieces(read, write);
                let mut buffer = vec![0; vector.buffer_len()];
                let mut ends = Vec::new();
                if is_async {
                    let run = run_async(&vector, link.clone(), &mut buffer, &mut ends);
                    assert!(poll_at_most(1, run).is_some(), "{text}");
                } else {
                    run_blocking(&vector, link.clone(), &mut buffer, &mut ends);
                }
                assert_eq!(link.mismatch(), None, "{text}\n{ends:?}");
                assert_eq!(ends, vector.expected(), "{text}");
                link.assert_complete();
            }
        }
    }
}

/// Plays all vectors of `field.txt` with this number.
fn play_report(number: &str) {
    let mark = format!("# Field report {number}. ");
    let all = include_str!("../vectors/field.txt").split("\n---\n");
    let of_this: Vec<&str> = all.filter(|block| block.starts_with(&mark)).collect();
    assert!(!of_this.is_empty(), "no vector for {number}");
    of_this.into_iter().for_each(play);
}

fn alert() -> Message<'static> {
    alert_to("b@example.org", "")
}

fn alert_to<'a>(to: &'a str, cc: &'a str) -> Message<'a> {
    let head = Head::new(Mailbox::parse("a@example.org").unwrap());
    Message::new(kept(head.to(to).unwrap().cc(cc).unwrap())).text("Hello")
}

const WAYS: [Option<Chunking>; 3] = [None, Some(Chunking::AfterRecipients), Some(Chunking::Ahead)];

// 1.1

#[test]
fn a_surplus_reply_is_not_taken_for_the_final_one() {
    play_report("1.1");
}

/// How mails are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Send,
    SendAndQuit,
    SendAllOfTwo,
    TwoSends,
}

impl Operation {
    const fn mails(self) -> usize {
        match self {
            Self::Send | Self::SendAndQuit => 1,
            Self::SendAllOfTwo | Self::TwoSends => 2,
        }
    }

    /// Whether a reply is read in the same operation after the final reply to this mail.
    fn confirms(self) -> bool {
        matches!(self, Self::SendAndQuit | Self::SendAllOfTwo)
    }
}

/// How a mail was reported, and how many bytes the client had read by then.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    end: Result<Report, Error<ErrorKind>>,
    read: usize,
}

/// A scenario with one driver, blocking or async.
macro_rules! scenario {
    ($name:ident, $client:path, [$($async:tt)*], [$($await:tt)*]) => {
        $($async)* fn $name(
            link: Link,
            way: Option<Chunking>,
            operation: Operation,
            logs_in: bool,
        ) -> Vec<Outcome> {
            use $client as Client;
            let server = link.0.clone();
            let mut outcomes = Vec::new();
            let mut note = |end| outcomes.push(Outcome { end, read: server.borrow().read });
            let mut buffer = [0; 512];
            let mut smtp = Client::new(Vouched::new(link), &mut buffer);
            if let Some(chunking) = way {
                smtp = smtp.chunking(chunking);
            }
            let mut is_broken = is_fault(smtp.open("client.example")$($await)*.err());
            if logs_in && !is_broken {
                let credentials = Credentials::new("u", "p").unwrap();
                is_broken = is_fault(smtp.login(&credentials)$($await)*.err());
            }
            let mut quiet_from = is_broken.then(|| server.borrow().written);
            let mails = ["mail 0", "mail 1"].map(|subject| {
                alert_to("b@example.org", "c@example.org").subject(subject).unwrap()
            });
            match operation {
                Operation::Send => note(smtp.send(&mails[0])$($await)*),
                Operation::SendAndQuit => {
                    note(smtp.send(Submission::new(&mails[0]).and_quit())$($await)*);
                }
                Operation::SendAllOfTwo => {
                    smtp.send_all(&mails, |end| {
                        // Nothing is written after a fault, for the mails that follow either.
                        if is_fault(end.as_ref().err().copied()) && quiet_from.is_none() {
                            quiet_from = Some(server.borrow().written);
                        }
                        note(end);
                        ControlFlow::Continue(())
                    })$($await)*;
                }
                Operation::TwoSends => for mail in &mails {
                    let end = smtp.send(mail)$($await)*;
                    if is_fault(end.as_ref().err().copied()) && quiet_from.is_none() {
                        quiet_from = Some(server.borrow().written);
                    }
                    note(end);
                },
            }
            let last = outcomes.last().and_then(|outcome| outcome.end.err());
            if is_fault(last) && quiet_from.is_none() {
                quiet_from = Some(server.borrow().written);
            }
            let noop = smtp.noop()$($await)*;
            let quit = smtp.quit()$($await)*;
            if let Some(written) = quiet_from {
                assert_eq!(server.borrow().written, written, "written after a fault");
                assert_eq!(noop, Err(Error::ConnectionEnded));
                assert_eq!(quit, Err(Error::ConnectionEnded));
            }
            outcomes
        }
    };
}

scenario!(run_with_blocking, embedded_smtp::blocking::Client, [], []);
scenario!(run_with_async, embedded_smtp::asynch::Client, [async], [.await]);

/// Whether an operation ended with a fault, after which nothing may be written.
fn is_fault(error: Option<Error<ErrorKind>>) -> bool {
    matches!(
        error,
        Some(Error::Failed { .. } | Error::DeliveryUnknown { .. } | Error::ConnectionEnded)
    )
}

/// What was counted over all cases.
#[derive(Debug, Default)]
struct Counts {
    cases: usize,
    ends: BTreeMap<&'static str, usize>,
    /// Cases in which no client could know better.
    unknowable: usize,
    /// Rules that were broken: how often, and one case of each.
    broken: BTreeMap<String, (usize, String)>,
}

/// Plays one case and holds what the client reports to what the server knows. Returns the number of
/// replies that the server gave.
fn check(
    plan: Plan,
    way: Option<Chunking>,
    operation: Operation,
    logs_in: bool,
    is_async: bool,
    counts: &mut Counts,
) -> usize {
    let link = Link::to(plan);
    let server = link.0.clone();
    let outcomes = if is_async {
        poll_at_most(1, run_with_async(link, way, operation, logs_in)).unwrap()
    } else {
        run_with_blocking(link, way, operation, logs_in)
    };
    let server = server.borrow();
    let mut broken = Vec::new();
    let mut rule = |is_kept: bool, text: &str| {
        if !is_kept {
            broken.push(format!("{text} ({operation:?}, {way:?})"));
        }
    };
    let is_faultless = plan.slip == Slip::None;
    counts.cases += 1;
    rule(
        outcomes.len() == operation.mails(),
        "each mail has one outcome",
    );
    for (mail, outcome) in outcomes.iter().enumerate() {
        let arrived: Vec<_> = server.arrived.iter().filter(|a| a.mail == mail).collect();
        rule(arrived.len() <= 1, "a mail is sent once");
        let is_accepted = arrived.iter().any(|arrived| arrived.is_accepted);
        let kind = match outcome.end {
            Ok(_) => "accepted",
            Err(Error::Refused(_)) => "refused",
            Err(Error::Failed { .. }) => "failed",
            Err(Error::DeliveryUnknown { .. }) => "unknown",
            Err(_) => "not begun",
        };
        *counts.ends.entry(kind).or_default() += 1;
        if is_faultless {
            let is_right = if is_accepted { "accepted" } else { "refused" };
            rule(
                kind == is_right,
                "a faultless dialogue ends as the server says",
            );
        }
        if kind == "unknown" {
            rule(
                !arrived.is_empty(),
                "a mail that was not handed over is not unknown",
            );
        }
        if kind != "accepted" || is_accepted {
            continue;
        }
        // From here on, a mail that the server refused was reported as accepted.
        if let Some(arrived) = arrived.first()
            && is_unknowable(
                plan,
                way,
                operation,
                operation.confirms(),
                arrived,
                outcome.read,
            )
        {
            counts.unknowable += 1;
        } else {
            rule(false, "a mail that was refused is not reported as accepted");
        }
    }
    rule(
        server.strays.iter().all(|line| line == "."),
        "no content is heard as a command",
    );
    rule(
        !server.is_starved || server.written == server.written_when_starved,
        "nothing is written after a reply did not come",
    );
    rule(
        !is_faultless || !server.is_starved,
        "no more replies are awaited than commands were sent",
    );
    for text in broken {
        let case = format!("{plan:?} {logs_in} {is_async}\n    {outcomes:?}");
        counts.broken.entry(text).or_insert((0, case)).0 += 1;
    }
    server.replies
}

/// Whether no client could know that a mail that was reported as accepted was refused.
fn is_unknowable(
    plan: Plan,
    way: Option<Chunking>,
    operation: Operation,
    is_confirmed: bool,
    arrived: &Arrived,
    read: usize,
) -> bool {
    let Slip::Surplus { after, text, .. } = plan.slip else {
        // The final reply was left out, and the next mail's commands, which were sent in the same
        // flight as the content, are answered. Without enhanced status codes, the reply to MAIL is the
        // final reply for all that a client can tell.
        return operation == Operation::SendAllOfTwo
            && way.is_none()
            && plan.pipelining
            && !plan.is_enhanced
            && arrived.final_reply_at.is_none();
    };
    if way.is_some() {
        // By BDAT nothing marks a reply as the final one. Where the true final reply was read by
        // nobody when the client returned, and the operation has no further reply to read (a plain
        // send, or the last of several), the client has read as many replies as it sent commands,
        // each of them in order. No client can know of the one that is still to come. With QUIT, or
        // with a further mail in the same operation, it must.
        !is_confirmed && arrived.final_reply_at.is_some_and(|at| at >= read)
    } else {
        // By DATA the reply after 354 is the final one. A surplus 2yz that comes just there, after
        // the client began to write the content, is the final reply for all that a client can tell.
        after == arrived.reply_before && text.starts_with('2')
    }
}

/// One reply too many or too few, at every place of every dialogue.
#[test]
fn a_refused_mail_is_never_reported_as_accepted_whatever_the_number_of_replies() {
    use Verdict::{Accept, RefuseContent, RefuseRecipients};
    let mut counts = Counts::default();
    let flags = [false, true];
    for operation in [
        Operation::Send,
        Operation::SendAndQuit,
        Operation::SendAllOfTwo,
        Operation::TwoSends,
    ] {
        let verdicts: &[[Verdict; 2]] = match operation.mails() {
            1 => &[
                [Accept, Accept],
                [RefuseContent, Accept],
                [RefuseRecipients, Accept],
            ],
            _ => &[
                [Accept, Accept],
                [RefuseContent, Accept],
                [Accept, RefuseContent],
                [RefuseContent, RefuseContent],
                [RefuseRecipients, Accept],
                [Accept, RefuseRecipients],
            ],
        };
        for &verdicts in verdicts {
            for (way, pipelining) in WAYS.iter().flat_map(|way| flags.map(|p| (*way, p))) {
                for (is_enhanced, by_line) in flags.iter().flat_map(|e| flags.map(|l| (*e, l))) {
                    for (logs_in, is_async) in flags.iter().flat_map(|l| flags.map(|a| (*l, a))) {
                        let plan = Plan {
                            pipelining,
                            is_enhanced,
                            verdicts,
                            by_line,
                            slip: Slip::None,
                        };
                        let mut check = |slip| {
                            let plan = Plan { slip, ..plan };
                            check(plan, way, operation, logs_in, is_async, &mut counts)
                        };
                        let replies = check(Slip::None);
                        for at in 0..replies {
                            for closes in flags {
                                check(Slip::Missing { at, closes });
                            }
                            for text in ["250 2.1.0 Ok", "250 Ok", "354 go", "550 no"] {
                                for is_late in flags {
                                    check(Slip::Surplus {
                                        after: at,
                                        text,
                                        is_late,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    let Counts {
        cases,
        ends,
        unknowable,
        broken,
    } = counts;
    println!("{cases} cases, {unknowable} of them beyond what a client can know: {ends:?}");
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(cases > 50_000);
}

// 1.2

#[test]
fn the_text_of_a_mail_is_not_sent_to_a_server_that_refused_the_recipient() {
    play_report("1.2");
}

/// Refuses every recipient, does not know BDAT, and so executes what it hears.
#[derive(Clone, Default)]
struct Naive(std::rc::Rc<RefCell<Heard>>);

/// The line being heard, the lines heard, and what is to be said.
type Heard = (Vec<u8>, Vec<String>, Vec<u8>);

impl ErrorType for Naive {
    type Error = ErrorKind;
}

impl Read for Naive {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut this = self.0.borrow_mut();
        let n = buf.len().min(this.2.len());
        if n == 0 {
            return Err(ErrorKind::TimedOut);
        }
        buf[..n].copy_from_slice(&this.2[..n]);
        this.2.drain(..n);
        Ok(n)
    }
}

impl Write for Naive {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let mut this = self.0.borrow_mut();
        for &byte in buf {
            this.0.push(byte);
            if byte == b'\n' {
                let line = String::from_utf8(std::mem::take(&mut this.0)).unwrap();
                let reply: &[u8] = match line.split([' ', '\r']).next().unwrap() {
                    "EHLO" => b"250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n",
                    "RCPT" => b"550 5.1.1 who?\r\n",
                    "DATA" | "BDAT" => b"503 5.5.1 no recipients\r\n",
                    _ => b"250 ok\r\n",
                };
                this.2.extend(reply);
                this.1.push(line);
            }
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

#[test]
fn content_is_never_executed_by_a_server_that_does_not_skip_a_chunk() {
    for way in [None, Some(Chunking::AfterRecipients)] {
        for pipelining in [true, false] {
            let link = Naive::default();
            link.0.borrow_mut().2.extend(b"220 x\r\n");
            let mut buffer = [0; 1024];
            let mut smtp = embedded_smtp::blocking::Client::new(link.clone(), &mut buffer);
            if let Some(chunking) = way {
                smtp = smtp.chunking(chunking);
            }
            if !pipelining {
                smtp = smtp.without_pipelining();
            }
            smtp.open("client.example").unwrap();
            let text = "RSET\nMAIL FROM:<evil@example.org>\nRCPT TO:<victim@example.org>\nDATA\n";
            let mail = alert().text(text);
            let end = smtp.send(Submission::new(&mail).and_quit());
            assert_eq!(end.unwrap_err().status(), 404, "{way:?} {pipelining}");
            let heard = link.0.borrow();
            assert!(
                heard.1.iter().all(|line| !line.contains("evil")),
                "{way:?} {pipelining}: {:?}",
                heard.1
            );
        }
    }
}

// 1.3

#[test]
fn a_mail_on_a_stale_connection_is_failed() {
    play_report("1.3");
}

// 1.4

#[test]
fn an_error_remembers_the_reason_that_the_server_gave() {
    play_report("1.4");
}

#[test]
fn every_line_of_a_refused_ehlo_can_be_read_after_the_close() {
    let link = Scripted::new([
        Event::Say(b"220 x\r\n".to_vec()),
        Event::Expect(b"EHLO [127.0.0.1]\r\n".to_vec()),
        Event::Say(b"501-5.5.4 EHLO argument \"[127.0.0.1]\" invalid,\r\n".to_vec()),
        Event::Say(b"501 5.5.4 closing connection.\r\n".to_vec()),
        Event::Expect(b"HELO [127.0.0.1]\r\n".to_vec()),
        Event::Close,
    ]);
    let mut buffer = [0; 512];
    let mut smtp = embedded_smtp::blocking::Client::new(link.clone(), &mut buffer).allow_helo();
    let error = smtp.open("[127.0.0.1]").unwrap_err();
    assert_eq!(error.refusal().map(|r| r.code()), Some(501));
    assert_eq!(error.refusal().map(|r| r.phase()), Some(Phase::Ehlo));
    let reply = smtp.last_reply().unwrap();
    assert_eq!(reply.code(), 501);
    let text = String::from_utf8_lossy(reply.text()).into_owned();
    for words in [
        "EHLO argument \"[127.0.0.1]\" invalid,",
        "closing connection.",
    ] {
        assert!(text.contains(words), "{text:?}");
    }
    link.assert_complete();
}

#[test]
fn the_last_line_of_a_greeting_that_refuses_can_be_read() {
    for (last, status) in [("521 5.7.1 blocked", 403), ("450 4.3.2 later", 500)] {
        let link = Scripted::new([
            Event::Say(b"220-teaser ESMTP\r\n".to_vec()),
            Event::Say(format!("{last}\r\n").into_bytes()),
        ]);
        let mut buffer = [0; 512];
        let mut smtp = embedded_smtp::blocking::Client::new(link, &mut buffer);
        let error = smtp.open("client.example").unwrap_err();
        assert_eq!(error.status(), status, "{error}");
        let reply = smtp.last_reply().unwrap();
        assert_eq!(reply.code().to_string(), last[..3]);
        let text = String::from_utf8_lossy(reply.text()).into_owned();
        assert!(text.contains(&last[10..]), "{text:?}");
    }
}

#[test]
fn a_line_that_is_no_reply_can_be_read() {
    let link = Scripted::new([Event::Say(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())]);
    let mut buffer = [0; 512];
    let mut smtp = embedded_smtp::blocking::Client::new(link, &mut buffer);
    assert_eq!(smtp.stray_bytes(), b"");
    assert!(smtp.open("client.example").is_err());
    let stray = String::from_utf8_lossy(smtp.stray_bytes()).into_owned();
    assert_eq!(stray.trim_end(), "SSH-2.0-OpenSSH_9.2");
}

#[test]
fn lines_of_a_reply_whose_last_line_is_missing_can_be_read() {
    for (said, words) in [
        ("550-5.7.1 Client host blocked\r\n", "Client host blocked"),
        (
            "550-5.7.1 Client host blocked\r\n550-5.7.1 see https://example.org/\r\n",
            "Client host blocked\nsee https://example.org/",
        ),
        ("550-5.7.1 Client host blocked\r\n550 5.7", "550 5.7"),
    ] {
        let link = Scripted::new([
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO client.example\r\n".to_vec()),
            Event::Say(b"250 x\r\n".to_vec()),
            Event::Expect(b"MAIL FROM:<a@example.org>\r\n".to_vec()),
            Event::Say(said.as_bytes().to_vec()),
            Event::Close,
        ]);
        let mut buffer = [0; 512];
        let mut smtp = embedded_smtp::blocking::Client::new(link, &mut buffer);
        smtp.open("client.example").unwrap();
        let error = smtp.send(&alert()).unwrap_err();
        assert!(matches!(error, Error::Failed { .. }), "{error:?}");
        assert_eq!(String::from_utf8_lossy(smtp.stray_bytes()), words);
    }
}

// 1.5

#[test]
fn a_goodbye_that_is_not_421_is_one_all_the_same() {
    play_report("1.5");
}

#[test]
fn after_an_unasked_goodbye_the_same_mail_is_for_a_new_connection() {
    let link = Scripted::new([
        Event::Say(b"220 x\r\n".to_vec()),
        Event::Expect(b"EHLO client.example\r\n".to_vec()),
        Event::Say(b"250 x\r\n451 4.4.2 idle\r\n".to_vec()),
    ]);
    let mut buffer = [0; 512];
    let mut smtp = embedded_smtp::blocking::Client::new(link.clone(), &mut buffer);
    smtp.open("client.example").unwrap();
    let written = link.written();
    let error = smtp.send(&alert()).unwrap_err();
    assert_eq!((error.status(), error.retry()), (500, Retry::Reconnect));
    assert_eq!(smtp.state(), embedded_smtp::State::Closed);
    assert_eq!(link.written(), written, "nothing more is sent");
}

// 1.6

#[test]
fn fewer_replies_than_commands_are_a_fault_and_no_refusal() {
    play_report("1.6");
}

#[test]
fn after_fewer_replies_than_commands_a_new_connection_may_fare_better() {
    for is_closed in [false, true] {
        let mut script = vec![
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO client.example\r\n".to_vec()),
            Event::Say(b"250-x\r\n250 PIPELINING\r\n".to_vec()),
            Event::Expect(
                b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n".to_vec(),
            ),
            Event::Say(b"503 Need MAIL\r\n503 Need MAIL\r\n".to_vec()),
        ];
        if is_closed {
            script.push(Event::Close);
        }
        let mut buffer = [0; 512];
        let mut smtp = embedded_smtp::blocking::Client::new(Scripted::new(script), &mut buffer);
        smtp.open("client.example").unwrap();
        let error = smtp.send(&alert()).unwrap_err();
        assert_eq!((error.status(), error.retry()), (500, Retry::Reconnect));
        assert_eq!(error.refusal().map(|refusal| refusal.code()), Some(503));
        assert_eq!(smtp.delivery(), Delivery::None);
    }
}

// 1.7

#[test]
fn two_sizes_that_differ_are_no_limit() {
    play_report("1.7");
}

// 1.8

#[test]
fn a_refusal_for_policy_is_not_called_a_missing_mailbox() {
    for (reply, shown) in [
        ("550 5.7.1 relaying denied", "550 5.7.1"),
        ("550 5.7.1: relaying denied", "550 5.7.1"),
        ("550 #5.7.1 relaying denied", "550 5.7.1"),
        ("550 (#5.7.1) relaying denied", "550 5.7.1"),
        ("553 5.7.1: sender not allowed", "553 5.7.1"),
        ("550-5.7.1: relaying\r\n550 5.7.1: denied", "550 5.7.1"),
    ] {
        refused_at_rcpt(reply, &format!("{shown} at rcpt (Permanent, 403)"));
    }
    for (reply, shown) in [
        ("550 no such user", "550"),
        ("550 5.1.1 no such user", "550 5.1.1"),
        ("550 #5.1.1 no such user", "550 5.1.1"),
        // No enhanced codes: the class is not the reply's, or more follows.
        ("550 4.7.1: what", "550"),
        ("550 5.7.1.9 what", "550"),
        ("550 #5.7 what", "550"),
        ("550 (#5.7.1 what", "550"),
    ] {
        refused_at_rcpt(reply, &format!("{shown} at rcpt (NoSuchMailbox, 404)"));
    }
    refused_at_rcpt(
        "530 5.7.0 Must issue a STARTTLS command first",
        "530 5.7.0 at rcpt (Authentication, 401)",
    );
}

/// Plays a mail whose recipient is refused with this reply.
fn refused_at_rcpt(reply: &str, end: &str) {
    let code = &reply[..3];
    let reply = reply.replace("\r\n", "\nS: ");
    play(&format!(
        "do: open => ok\nS: 220 x\nC: EHLO client.example\nS: 250 x\n\
         do: send => refused {end} [{code}]\n\
         C: MAIL FROM:<a@example.org>\nS: 250 ok\n\
         C: RCPT TO:<b@example.org>\nS: {reply}"
    ));
}

// 1.9

#[test]
fn the_answer_to_quit_is_awaited_for_ten_seconds() {
    assert_eq!(Phase::Quit.timeout_seconds(), 10);
    let shortest = [Phase::Greeting, Phase::Data, Phase::Content, Phase::Reset];
    assert!(shortest.iter().all(|phase| phase.timeout_seconds() >= 120));
}

#[test]
fn the_answer_to_quit_is_awaited_in_a_phase_of_its_own() {
    let seen = RefCell::new(Vec::new());
    let link = Scripted::new([
        Event::Say(b"220 x\r\n".to_vec()),
        Event::Expect(b"EHLO client.example\r\n".to_vec()),
        Event::Say(b"250-x\r\n250 PIPELINING\r\n".to_vec()),
        Event::Expect(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n".to_vec()),
        Event::Say(b"250 ok\r\n250 ok\r\n354 go\r\n".to_vec()),
        Event::Expect(
            [
                &crate::support::vector::stuffed(&alert())[..],
                b".\r\nQUIT\r\n",
            ]
            .concat(),
        ),
        Event::Say(b"250 queued\r\n".to_vec()),
    ]);
    let mut buffer = [0; 512];
    let mut smtp = embedded_smtp::blocking::Client::new(link, &mut buffer).observe(Phases(&seen));
    smtp.open("client.example").unwrap();
    // Silence in place of the answer takes nothing away.
    let report = smtp.send(Submission::new(&alert()).and_quit()).unwrap();
    assert_eq!(report.accepted(), 1);
    assert_eq!(seen.borrow().last(), Some(&Phase::Quit));
}

struct Phases<'a>(&'a RefCell<Vec<Phase>>);

impl Observer for Phases<'_> {
    fn awaiting(&mut self, phase: Phase) {
        self.0.borrow_mut().push(phase);
    }
}

// 1.10

#[test]
fn a_second_greeting_is_no_answer_to_ehlo() {
    play_report("1.10");
}

// 1.11

#[test]
fn a_legal_line_of_ehlo_is_read_whatever_the_buffer() {
    let line = include_str!("../vectors/field.txt")
        .lines()
        .find(|line| line.contains("X-MECHANISM"))
        .unwrap();
    assert_eq!(line.len() - "S: ".len() + "\r\n".len(), 462);
    play_report("1.11");
}

// 1.12

#[test]
fn recipients_refused_for_now_are_sent_to_again() {
    play_report("1.12");
}

#[test]
fn a_mail_goes_on_after_a_restart_to_those_who_do_not_have_it() {
    let server = Server::builder().build();
    let to: Vec<String> = (0..200).map(|n| format!("r{n}@example.org")).collect();
    let to = to.join(", ");
    let mail = alert_to(&to, "");
    let mut results = [RecipientStatus::default(); 200];
    // What was kept across the restart.
    results[..100].fill(RecipientStatus::SENT);
    let mut link = server.duplex();
    let mut buffer = [0; 512];
    let mut smtp = embedded_smtp::blocking::Client::new(&mut link, &mut buffer);
    smtp.open("client.example").unwrap();
    let report = smtp
        .send(Submission::new(&mail).results(&mut results).unsent())
        .unwrap();
    assert_eq!((report.accepted(), report.refused()), (100, 0));
    assert_eq!(report.retry(), None);
    assert!(results.iter().all(RecipientStatus::is_sent));
    let delivery = &server.deliveries()[0];
    assert_eq!(delivery.recipients.len(), 100);
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn a_452_after_the_hundredth_of_two_hundred_recipients_is_gone_on_with() {
    for pipelining in [true, false] {
        let server = Server::builder().max_recipients(100).build();
        let to: Vec<String> = (0..200).map(|n| format!("r{n}@example.org")).collect();
        let to = to.join(", ");
        let mail = alert_to(&to, "");
        let mut results = [RecipientStatus::default(); 200];
        let mut link = server.duplex();
        let mut buffer = [0; 512];
        let mut smtp = embedded_smtp::blocking::Client::new(&mut link, &mut buffer);
        if !pipelining {
            smtp = smtp.without_pipelining();
        }
        smtp.open("client.example").unwrap();
        let report = smtp
            .send(Submission::new(&mail).results(&mut results))
            .unwrap();
        assert_eq!((report.accepted(), report.refused()), (100, 100));
        assert_eq!(report.retry(), Some(Retry::Later));
        let sent = results.iter().filter(|result| result.is_sent()).count();
        assert_eq!(sent, 100);
        let report = smtp
            .send(Submission::new(&mail).results(&mut results).unsent())
            .unwrap();
        assert_eq!((report.accepted(), report.refused()), (100, 0));
        assert!(results.iter().all(RecipientStatus::is_sent));
        // Each recipient has the mail once.
        let mut all: Vec<String> = server
            .deliveries()
            .iter()
            .flat_map(|delivery| delivery.recipients.iter().map(|r| format!("{r:?}")))
            .collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 200);
    }
}

#[test]
fn results_without_room_for_every_recipient_are_refused_for_a_mail_that_goes_on() {
    let link = Scripted::new([
        Event::Say(b"220 x\r\n".to_vec()),
        Event::Expect(b"EHLO client.example\r\n".to_vec()),
        Event::Say(b"250 x\r\n".to_vec()),
    ]);
    let mut buffer = [0; 512];
    let mut smtp = embedded_smtp::blocking::Client::new(link.clone(), &mut buffer);
    smtp.open("client.example").unwrap();
    let mail = alert_to("b@example.org", "c@example.org");
    let mut results = [RecipientStatus::default(); 1];
    let end = smtp.send(Submission::new(&mail).results(&mut results).unsent());
    assert!(matches!(end, Err(Error::Invalid(_))), "{end:?}");
    link.assert_complete();
}

// 5.1

#[test]
fn nothing_is_sent_before_the_reply_to_rset() {
    play_report("5.1");
}

// 5.2

/// Counts replies in the content's phase, and final ones.
#[derive(Default)]
struct Finals {
    phase: RefCell<Option<Phase>>,
    in_content: RefCell<usize>,
    finals: RefCell<Vec<u16>>,
}

impl Observer for &Finals {
    fn awaiting(&mut self, phase: Phase) {
        *self.phase.borrow_mut() = Some(phase);
    }

    fn reply(&mut self, _: Reply<'_>) {
        if *self.phase.borrow() == Some(Phase::Content) {
            *self.in_content.borrow_mut() += 1;
        }
    }

    fn final_reply(&mut self, reply: Reply<'_>) {
        self.finals.borrow_mut().push(reply.code());
    }
}

#[test]
fn only_the_reply_to_the_last_chunk_is_the_final_one() {
    let text = "It is 8.4 bar, and the limit is 6.0 bar.\n".repeat(30);
    for is_async in [false, true] {
        let finals = Finals::default();
        let server = Server::builder().build();
        let mut buffer = [0; 256];
        let mail = alert().streamed_text();
        let link = Slippery::over(server.duplex(), false);
        let mut sources = [Slippery::over(text.as_bytes(), false)];
        let mail = Submission::new(&mail).sources(&mut sources);
        if is_async {
            let client = embedded_smtp::asynch::Client::new(link, &mut buffer);
            let mut smtp = client.observe(&finals).chunking(Chunking::AfterRecipients);
            let run = async {
                smtp.open("client.example").await.unwrap();
                smtp.send(mail).await.unwrap()
            };
            assert_eq!(poll_at_most(1, run).unwrap().accepted(), 1);
            assert_eq!(smtp.delivery(), Delivery::Accepted);
        } else {
            let client = embedded_smtp::blocking::Client::new(link, &mut buffer);
            let mut smtp = client.observe(&finals).chunking(Chunking::AfterRecipients);
            smtp.open("client.example").unwrap();
            assert_eq!(smtp.send(mail).unwrap().accepted(), 1);
            assert_eq!(smtp.delivery(), Delivery::Accepted);
        }
        let in_content = *finals.in_content.borrow();
        assert!(in_content > 3, "{in_content} chunks");
        assert_eq!(*finals.finals.borrow(), [250]);
        assert_eq!(server.deliveries().len(), 1);
    }
}

#[test]
fn a_mail_of_which_a_chunk_was_accepted_is_not_delivered() {
    let text = "It is 8.4 bar, and the limit is 6.0 bar.\n".repeat(30);
    let finals = Finals::default();
    let mail = alert().streamed_text();
    let script = [
        Event::Say(b"220 x\r\n".to_vec()),
        Event::Expect(b"EHLO client.example\r\n".to_vec()),
        Event::Say(b"250-x\r\n250 CHUNKING\r\n".to_vec()),
        Event::Expect(b"MAIL FROM:<a@example.org>\r\n".to_vec()),
        Event::Say(b"250 ok\r\n".to_vec()),
        Event::Expect(b"RCPT TO:<b@example.org>\r\n".to_vec()),
        Event::Say(b"250 ok\r\n".to_vec()),
        Event::Expect(b"BDAT ".to_vec()),
        Event::Say(b"250 more\r\n".to_vec()),
    ];
    let mut buffer = [0; 256];
    let mut smtp = embedded_smtp::blocking::Client::new(Scripted::new(script), &mut buffer)
        .observe(&finals)
        .chunking(Chunking::AfterRecipients);
    smtp.open("client.example").unwrap();
    let mut sources = [text.as_bytes()];
    let end = smtp.send(Submission::new(&mail).sources(&mut sources));
    assert!(matches!(end, Err(Error::Failed { .. })), "{end:?}");
    assert_eq!(smtp.delivery(), Delivery::None);
    assert_eq!(*finals.finals.borrow(), [0; 0]);
}

// 5.5

#[test]
fn a_refusal_that_met_no_mail_never_lets_one_be_dropped() {
    let greeting = |code: u16| vec![Event::Say(format!("{code} no\r\n").into_bytes())];
    let ehlo = |code: u16| {
        vec![
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO client.example\r\n".to_vec()),
            Event::Say(format!("{code} no\r\n").into_bytes()),
        ]
    };
    for code in [500, 501, 502, 550, 554] {
        for script in [greeting(code), ehlo(code)] {
            let mut buffer = [0; 512];
            let mut smtp = embedded_smtp::blocking::Client::new(Scripted::new(script), &mut buffer);
            let error = smtp.open("client.example").unwrap_err();
            assert_eq!(error.retry(), Retry::Reconnect, "{error}");
        }
        let script = [
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO client.example\r\n".to_vec()),
            Event::Say(b"250 x\r\n".to_vec()),
            Event::Expect(b"MAIL FROM:<a@example.org>\r\n".to_vec()),
            Event::Say(b"250 ok\r\n".to_vec()),
            Event::Expect(b"RCPT TO:<b@example.org>\r\n".to_vec()),
            Event::Say(b"550 no\r\n".to_vec()),
            Event::Expect(b"RSET\r\n".to_vec()),
            Event::Say(format!("{code} no\r\n").into_bytes()),
        ];
        let mut buffer = [0; 512];
        let mut smtp = embedded_smtp::blocking::Client::new(Scripted::new(script), &mut buffer);
        smtp.open("client.example").unwrap();
        assert_eq!(smtp.send(&alert()).unwrap_err().retry(), Retry::Never);
        let error = smtp.send(&alert()).unwrap_err();
        assert_eq!(error.refusal().map(|r| r.phase()), Some(Phase::Reset));
        assert_eq!((error.status(), error.retry()), (500, Retry::Reconnect));
        assert_eq!(smtp.delivery(), Delivery::None);
    }
    for (code, retry) in [(454, Retry::Later), (554, Retry::Reconnect)] {
        let script = [
            Event::Say(b"220 x\r\n".to_vec()),
            Event::Expect(b"EHLO client.example\r\n".to_vec()),
            Event::Say(b"250-x\r\n250 STARTTLS\r\n".to_vec()),
            Event::Expect(b"STARTTLS\r\n".to_vec()),
            Event::Say(format!("{code} no\r\n").into_bytes()),
        ];
        let mut buffer = [0; 512];
        let link = Vouched::new(Scripted::new(script));
        let mut smtp = embedded_smtp::blocking::Client::new(link, &mut buffer);
        smtp.open("client.example").unwrap();
        let error = smtp.starttls(Ok::<_, ErrorKind>).unwrap_err().into_error();
        assert_eq!((error.status(), error.retry()), (500, retry), "{error}");
    }
}

// 5.9

/// A transport or source of which every other call is interrupted, if it is to be.
struct Slippery<T> {
    inner: T,
    is_interrupted: bool,
    calls: usize,
}

impl<T> Slippery<T> {
    const fn over(inner: T, is_interrupted: bool) -> Self {
        Self {
            inner,
            is_interrupted,
            calls: 0,
        }
    }

    fn call(&mut self) -> Result<(), ErrorKind> {
        self.calls += 1;
        if self.is_interrupted && self.calls % 2 == 1 {
            return Err(ErrorKind::Interrupted);
        }
        Ok(())
    }
}

impl<T> ErrorType for Slippery<T> {
    type Error = ErrorKind;
}

impl<T: Read> Read for Slippery<T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        self.call()?;
        self.inner
            .read(buf)
            .map_err(|error| embedded_io::Error::kind(&error))
    }
}

impl<T: Write> Write for Slippery<T> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        self.call()?;
        // In pieces, so that there is a call in the middle of everything.
        self.inner
            .write(&buf[..buf.len().min(7)])
            .map_err(|error| embedded_io::Error::kind(&error))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.call()?;
        self.inner
            .flush()
            .map_err(|error| embedded_io::Error::kind(&error))
    }
}

impl<T: Read> embedded_io_async::Read for Slippery<T> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        Read::read(self, buf)
    }
}

impl<T: Write> embedded_io_async::Write for Slippery<T> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        Write::write(self, buf)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Write::flush(self)
    }
}

#[test]
fn an_interrupted_call_is_repeated() {
    let text = "It is 8.4 bar, and the limit is 6.0 bar.\n".repeat(30);
    for way in WAYS {
        for is_async in [false, true] {
            let server = Server::builder().build();
            let mut buffer = [0; 256];
            let mail = alert().streamed_text();
            let link = Slippery::over(server.duplex(), true);
            let mut sources = [Slippery::over(text.as_bytes(), true)];
            let mail = Submission::new(&mail).sources(&mut sources).and_quit();
            if is_async {
                let mut smtp = embedded_smtp::asynch::Client::new(link, &mut buffer);
                if let Some(chunking) = way {
                    smtp = smtp.chunking(chunking);
                }
                let run = async {
                    smtp.open("client.example").await.unwrap();
                    smtp.send(mail).await.unwrap()
                };
                assert_eq!(poll_at_most(1, run).unwrap().accepted(), 1, "{way:?}");
            } else {
                let mut smtp = embedded_smtp::blocking::Client::new(link, &mut buffer);
                if let Some(chunking) = way {
                    smtp = smtp.chunking(chunking);
                }
                smtp.open("client.example").unwrap();
                assert_eq!(smtp.send(mail).unwrap().accepted(), 1, "{way:?}");
            }
            assert_eq!(server.violations(), [""; 0]);
            assert_eq!(server.deliveries().len(), 1);
        }
    }
}

// 5.10

#[test]
fn a_list_has_at_most_a_thousand_mailboxes_so_that_no_mail_takes_for_ever() {
    let list = |range: std::ops::Range<usize>| -> String {
        let all: Vec<String> = range.map(|n| format!("r{n}@example.org")).collect();
        all.join(", ")
    };
    for count in [1_001, 1_500, 16_000] {
        let invalid = Invalid::new(Field::To, Reason::TooMany);
        let refused = Head::new(Mailbox::parse("a@example.org").unwrap())
            .to(list(0..count).as_str())
            .map(|_| ());
        assert_eq!(refused, Err(invalid), "{count}");
    }
    let (to, cc) = (list(0..1_000), list(1_000..1_200));
    let mail = alert_to(&to, &cc);
    let server = Server::builder().max_recipients(1_200).build();
    let mut link = server.duplex();
    let mut buffer = [0; 512];
    let mut smtp = embedded_smtp::blocking::Client::new(&mut link, &mut buffer);
    smtp.open("client.example").unwrap();
    assert_eq!(smtp.send(&mail).unwrap().accepted(), 1_200);
    assert_eq!(server.deliveries()[0].recipients.len(), 1_200);
    assert_eq!(server.violations(), [""; 0]);
}
