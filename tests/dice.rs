//! Many dialogues with a server that throws dice for its replies, against a plain statement of how
//! each mail must end.

mod support;

use embedded_smtp::message::Head;
use support::kept;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::{Chunking, Mailbox, Message, Submission};
use support::vector::{plain, report, stuffed};

/// What the server said to one mail.
#[derive(Debug, Default, Clone)]
struct Said {
    mail: u16,
    recipients: Vec<u16>,
    data: u16,
    end: End,
    /// Where it said 421.
    closing: Option<&'static str>,
    content: Vec<u8>,
    by_bdat: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum End {
    #[default]
    None,
    Code(u16),
    /// The link was closed, or something came that is no final reply.
    Lost,
    /// The same, where more of the content was to come.
    Cut,
}

impl Said {
    fn accepted(&self) -> usize {
        self.recipients.iter().filter(|code| **code < 300).count()
    }

    /// How the mail must end: the rows of the outcome table, first match wins.
    fn outcome(&self, all_or_none: bool) -> String {
        let refused = self.recipients.iter().find(|code| **code >= 400);
        match (self.closing, refused, self.end) {
            (Some(phase), ..) => format!("refused 421 at {phase}"),
            _ if self.mail >= 400 => format!("refused {} at mail", self.mail),
            (_, Some(code), _) if self.accepted() == 0 || all_or_none => {
                format!("refused {code} at rcpt")
            }
            _ if self.data >= 400 => format!("refused {} at data", self.data),
            (_, _, End::Code(code @ 400..)) => format!("refused {code} at content"),
            (_, None, End::Code(code)) => format!("sent {code}"),
            (_, Some(_), End::Code(code)) => format!("partial {code}"),
            (_, _, End::Cut) => "failed at content".into(),
            (_, _, End::Lost | End::None) => "unknown".into(),
        }
    }
}

#[derive(Debug, Default)]
struct Dice {
    seed: u64,
    pipelining: bool,
    chunking: bool,
    line: Vec<u8>,
    /// Bytes of the chunk that are still to come, and whether it is the last.
    chunk: Option<(usize, bool)>,
    out: VecDeque<u8>,
    in_content: bool,
    in_transaction: bool,
    is_closed: bool,
    mails: Vec<Said>,
    most: usize,
    /// It does not know the commands that come after a content in the same flight.
    is_odd: bool,
    is_behind_content: bool,
    /// The command that the client must not follow by anything before it has read the reply.
    ends_its_flight: Option<&'static str>,
    /// Reads for which nothing was due.
    starved: usize,
}

impl Dice {
    fn throw<T: Copy>(&mut self, faces: &[T]) -> T {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        faces[(self.seed >> 33) as usize % faces.len()]
    }

    fn say(&mut self, code: u16) -> u16 {
        let form = self.throw(&[
            "# x;",
            "#;",
            "#-a;# b;",
            "# text of some length\n",
            "# !;",
            "#-!;#-!;# !;",
        ]);
        let form = form.replace('!', &"much ".repeat(70));
        let reply = form.replace('#', &code.to_string()).replace(';', "\r\n");
        self.out.extend(reply.bytes());
        self.is_closed |= code == 421 || code == 221;
        code
    }

    fn hear(&mut self, line: &[u8]) {
        if self.in_content {
            return self.hear_content(line);
        }
        let closing = |code, phase| (code == 421).then_some(phase);
        match line.split(|b| *b == b' ' || *b == b'\r').next().unwrap() {
            b"EHLO" if self.pipelining || self.chunking => {
                self.out.extend(b"250-x\r\n");
                if self.pipelining {
                    self.out.extend(b"250-PIPELINING\r\n");
                }
                let offer: &[u8] = if self.chunking {
                    b"250 CHUNKING\r\n"
                } else {
                    b"250 X-DICE\r\n"
                };
                self.out.extend(offer);
            }
            b"EHLO" | b"RSET" => {
                self.in_transaction = false;
                self.say(250);
                self.ends_its_flight = Some("RSET");
            }
            b"NOOP" => {
                self.say(250);
            }
            b"MAIL" | b"RCPT" | b"DATA" if self.is_odd && self.is_behind_content => {
                self.say(503);
            }
            b"MAIL" => {
                assert!(!self.in_transaction, "a transaction within another");
                let code = self.throw(&[250, 250, 250, 250, 250, 250, 259, 550, 451, 421]);
                self.say(code);
                self.in_transaction = code < 300;
                self.mails.push(Said {
                    mail: code,
                    closing: closing(code, "mail"),
                    ..Said::default()
                });
            }
            b"RCPT" => {
                let code = match self.in_transaction {
                    true => self.throw(&[250, 250, 250, 250, 250, 251, 550, 450, 550, 421]),
                    false => 503,
                };
                self.say(code);
                let said = self.mails.last_mut().unwrap();
                said.recipients.push(code);
                said.closing = closing(code, "rcpt");
            }
            b"DATA" => {
                let is_any = self.mails.last().unwrap().accepted() > 0;
                let code = match is_any {
                    true => self.throw(&[354, 354, 354, 354, 354, 354, 554, 451, 421]),
                    false => self.throw(&[354, 554, 503, 421]),
                };
                self.say(code);
                self.in_content = code == 354;
                let said = self.mails.last_mut().unwrap();
                said.data = code;
                said.closing = closing(code, "data");
            }
            b"BDAT" => {
                assert!(self.chunking, "BDAT was not offered");
                let line = std::str::from_utf8(line).unwrap();
                let mut words = line.split_whitespace().skip(1);
                let octets = words.next().unwrap().parse().unwrap();
                let is_last = words.next().is_some();
                self.mails.last_mut().unwrap().by_bdat = true;
                self.chunk = Some((octets, is_last));
                if octets == 0 {
                    self.end_chunk(is_last);
                }
            }
            b"QUIT" => {
                self.say(221);
            }
            _ => panic!("no command: {:?}", String::from_utf8_lossy(line)),
        }
    }

    /// An octet of a chunk.
    fn hear_octet(&mut self, byte: u8) {
        self.mails.last_mut().unwrap().content.push(byte);
        if let Some((left, is_last)) = self.chunk {
            self.chunk = Some((left - 1, is_last));
            if left == 1 {
                self.end_chunk(is_last);
            }
        }
    }

    fn end_chunk(&mut self, is_last: bool) {
        self.chunk = None;
        self.ends_its_flight = Some("BDAT");
        let said = self.mails.last().unwrap();
        assert_eq!(said.end, End::None, "a chunk after one that was refused");
        if !self.in_transaction || said.accepted() == 0 {
            let code = self.throw(&[503, 554, 503, 421]);
            self.say(code);
            self.mails.last_mut().unwrap().closing = (code == 421).then_some("content");
            return;
        }
        let code = match is_last {
            true => self.throw(&[250, 250, 250, 250, 250, 251, 554, 451, 421, 354, 0, 1]),
            false => self.throw(&[250, 250, 250, 250, 250, 250, 250, 552, 451, 421, 354, 1]),
        };
        let end = self.final_reply(code);
        let said = self.mails.last_mut().unwrap();
        said.end = match end {
            End::Code(..300) if !is_last => End::None,
            End::Lost if !is_last => End::Cut,
            end => end,
        };
        said.closing = (end == End::Code(421)).then_some("content");
        // Otherwise only RSET ends it.
        self.in_transaction &= !(is_last && code < 300);
    }

    /// Says this, or something that is no final reply.
    fn final_reply(&mut self, code: u16) -> End {
        let rubbish: &[u8] = match code {
            0 => b"25",
            1 => b"what\r\n",
            354 => b"354 go\r\n",
            code => return End::Code(self.say(code)),
        };
        self.out.extend(rubbish);
        self.is_closed = true;
        End::Lost
    }

    fn hear_content(&mut self, line: &[u8]) {
        let said = self.mails.last_mut().unwrap();
        if line != b".\r\n" {
            return said.content.extend(line);
        }
        self.in_content = false;
        self.in_transaction = false;
        self.is_behind_content = true;
        let code = self.throw(&[250, 250, 250, 250, 250, 251, 554, 451, 421, 354, 0, 1]);
        let is_hollow = self.mails.last().unwrap().accepted() == 0;
        let end = self.final_reply(code);
        let said = self.mails.last_mut().unwrap();
        if is_hollow {
            assert_eq!(said.content, b"", "content for nobody");
        }
        said.end = end;
        said.closing = (end == End::Code(421)).then_some("content");
    }
}

#[derive(Clone)]
struct Link(Rc<RefCell<Dice>>);

impl ErrorType for Link {
    type Error = ErrorKind;
}

impl Read for Link {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut dice = self.0.borrow_mut();
        if dice.out.is_empty() && !dice.is_closed {
            dice.starved += 1;
            return Err(ErrorKind::TimedOut);
        }
        dice.is_behind_content = false;
        let n = buf.len().min(dice.out.len()).min(dice.most);
        for slot in &mut buf[..n] {
            *slot = dice.out.pop_front().unwrap();
        }
        Ok(n)
    }
}

impl Write for Link {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let mut dice = self.0.borrow_mut();
        let n = buf.len().min(dice.most);
        for byte in &buf[..n] {
            if dice.is_closed {
                continue;
            }
            if let Some(command) = dice.ends_its_flight.take() {
                assert!(dice.out.is_empty(), "said after {command} in its flight");
            }
            if dice.chunk.is_some() {
                dice.hear_octet(*byte);
                continue;
            }
            dice.line.push(*byte);
            if *byte == b'\n' {
                let line = std::mem::take(&mut dice.line);
                dice.hear(&line);
            }
        }
        Ok(n)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Rule: the outcome of every mail, whatever the server says to each command, pipelined or not, by
/// DATA or by BDAT, one by one or many, with QUIT after the last or not.
#[test]
fn every_mail_ends_as_its_replies_say() {
    let mut ends_seen = std::collections::BTreeMap::new();
    for seed in 0..40_000_u64 {
        let mut dice = Dice {
            seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            ..Dice::default()
        };
        dice.pipelining = dice.throw(&[true, true, false]);
        dice.chunking = dice.throw(&[true, false]);
        dice.is_odd = dice.throw(&[true, false, false, false]);
        dice.most = dice.throw(&[1, 3, 50, 4096]);
        dice.out.extend(b"220 x\r\n");
        let all_or_none = dice.throw(&[false, false, true]);
        let is_last = dice.throw(&[false, true]);
        let count = if is_last {
            1
        } else {
            dice.throw(&[1, 2, 3, 4])
        };
        let to = dice.throw(&["b@c", "b@c, d@e", "b@c, d@e, f@g, h@i"]);
        let octets = dice.throw(&[256, 300, 512, 1024]);
        let text = "line\n.dot\n".repeat(dice.throw(&[1, 10, 100]));
        let is_streamed = is_last && dice.throw(&[true, false]);
        let chunking = dice.throw(&[
            None,
            Some(Chunking::AfterRecipients),
            Some(Chunking::Ahead),
            Some(Chunking::Ahead),
        ]);
        let mail = Message::new(kept(
            Head::new(Mailbox::parse("a@b").unwrap()).to(to).unwrap(),
        ))
        .text(&text);
        let link = Link(Rc::new(RefCell::new(dice)));
        let mut buffer = vec![0; octets];
        let mut smtp = Client::new(link.clone(), &mut buffer);
        if all_or_none {
            smtp = smtp.all_or_none();
        }
        if let Some(chunking) = chunking {
            smtp = smtp.chunking(chunking);
        }
        smtp.open("client.example").unwrap();
        let mut ends = Vec::new();
        if is_streamed {
            let mail = mail.streamed_text();
            let mut sources = [text.as_bytes()];
            let end = smtp.send(Submission::new(&mail).sources(&mut sources));
            ends.push(report(end));
        } else if is_last {
            ends.push(report(smtp.send(Submission::new(&mail).and_quit())));
        } else {
            smtp.send_all(vec![mail; count], |end| {
                ends.push(report(end));
                ControlFlow::Continue(())
            });
        }
        // The text of the reply that decided is there, and so is its code.
        let last = ends.last().unwrap().clone();
        if last.starts_with(['s', 'p', 'r']) {
            let code = smtp.last_reply().unwrap().code().to_string();
            assert!(last.contains(&code), "{seed}: {last} {code}");
        }
        let _ = smtp.quit();
        let dice = link.0.borrow();
        assert_eq!(dice.starved, 0, "{seed}: {dice:?} {ends:?}");
        let mut is_over = false;
        for (n, end) in ends.iter().enumerate() {
            let expected = match dice.mails.get(n) {
                Some(said) if !is_over => said.outcome(all_or_none),
                _ => "ended".into(),
            };
            // Without the kind, and without what was lost.
            let end = end.split([':', '(']).next().unwrap().trim_end();
            assert_eq!(end, expected, "{seed}: mail {n} {dice:?} {ends:?}");
            is_over |= ["unknown", "refused 421", "ended"]
                .iter()
                .any(|e| end.starts_with(e));
            is_over |= end.starts_with("failed");
            *ends_seen.entry(expected).or_insert(0) += 1;
        }
        for said in &dice.mails {
            assert!(!said.by_bdat || chunking.is_some(), "{seed}: BDAT unasked");
            if matches!(said.end, End::None | End::Cut) || said.accepted() == 0 || is_streamed {
                continue;
            }
            let content = if said.by_bdat {
                plain(&mail)
            } else {
                stuffed(&mail)
            };
            assert_eq!(said.content, content, "{seed}");
        }
    }
    println!("{ends_seen:#?}");
    assert!(ends_seen.len() >= 19);
}
