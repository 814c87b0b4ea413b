//! A server that knows SMTP and gives one reply too many or too few. It parses what it hears, chunks
//! of BDAT included, and notes which mails it accepted: the truth that a client's report is held to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

/// What the server does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    /// The final reply is a refusal.
    RefuseContent,
    /// Every recipient is refused.
    RefuseRecipients,
}

/// The one reply that is wrong. Replies are counted from 0, the greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    None,
    /// After this reply comes another one: at once, or just before the next reply.
    Surplus {
        after: usize,
        text: &'static str,
        is_late: bool,
    },
    /// This reply is left out. Where the client then waits, the server closes, or stays silent.
    Missing {
        at: usize,
        closes: bool,
    },
}

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub pipelining: bool,
    /// Replies have enhanced status codes.
    pub is_enhanced: bool,
    /// For the first and the second mail.
    pub verdicts: [Verdict; 2],
    /// A read brings one line at most, else all there is.
    pub by_line: bool,
    pub slip: Slip,
}

/// A mail whose content arrived as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    /// The number in its subject.
    pub mail: usize,
    pub is_accepted: bool,
    /// Where the final reply begins among all bytes said; `None` if it was left out.
    pub final_reply_at: Option<usize>,
    /// The number of the reply before the final one: 354, or that to the last RCPT.
    pub reply_before: usize,
}

#[derive(Debug)]
pub struct Server {
    plan: Plan,
    line: Vec<u8>,
    /// Bytes of a chunk that are still to come.
    chunk: Option<usize>,
    is_in_data: bool,
    content: Vec<u8>,
    /// The number of MAIL commands that were accepted.
    pub transactions: usize,
    is_in_transaction: bool,
    recipients: usize,
    /// Replies that were due so far.
    pub replies: usize,
    late: Option<&'static str>,
    out: VecDeque<u8>,
    /// All bytes said, and all bytes that the client read.
    pub said: usize,
    pub read: usize,
    pub written: usize,
    pub arrived: Vec<Arrived>,
    /// Lines that are no command.
    pub strays: Vec<String>,
    has_quit: bool,
    /// The client waited in vain.
    pub is_starved: bool,
    pub written_when_starved: usize,
}

impl Server {
    pub fn new(plan: Plan) -> Self {
        let mut this = Self {
            plan,
            line: Vec::new(),
            chunk: None,
            is_in_data: false,
            content: Vec::new(),
            transactions: 0,
            is_in_transaction: false,
            recipients: 0,
            replies: 0,
            late: None,
            out: VecDeque::new(),
            said: 0,
            read: 0,
            written: 0,
            arrived: Vec::new(),
            strays: Vec::new(),
            has_quit: false,
            is_starved: false,
            written_when_starved: 0,
        };
        this.say("220 mail.example.org ESMTP");
        this
    }

    fn put(&mut self, reply: &str) {
        self.out.extend(reply.bytes().chain(*b"\r\n"));
        self.said += reply.len() + 2;
    }

    /// A reply, which may be the one that is wrong. Where it begins, unless it is left out.
    fn say(&mut self, reply: &str) -> Option<usize> {
        let number = self.replies;
        self.replies += 1;
        if let Some(text) = self.late.take() {
            self.put(text);
        }
        let begin = self.said;
        match self.plan.slip {
            Slip::Missing { at, .. } if at == number => return None,
            Slip::Surplus {
                after,
                text,
                is_late,
            } if after == number => {
                self.put(reply);
                if is_late {
                    self.late = Some(text);
                } else {
                    self.put(text);
                }
            }
            _ => self.put(reply),
        }
        Some(begin)
    }

    /// A reply with or without its enhanced status code.
    fn answer(&mut self, code: u16, enhanced: &str, text: &str) -> Option<usize> {
        let reply = if self.plan.is_enhanced {
            format!("{code} {enhanced} {text}")
        } else {
            format!("{code} {text}")
        };
        self.say(&reply)
    }

    fn hear(&mut self, byte: u8) {
        if let Some(left) = self.chunk {
            self.content.push(byte);
            self.chunk = Some(left - 1);
            if left == 1 {
                self.chunk = None;
                self.end_content();
            }
            return;
        }
        self.line.push(byte);
        if byte == b'\n' {
            let line = std::mem::take(&mut self.line);
            if !self.is_in_data {
                self.command(&line);
            } else if line == b".\r\n" {
                self.is_in_data = false;
                self.end_content();
            } else {
                self.content.extend(line);
            }
        }
    }

    fn command(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).trim_end().to_owned();
        match line.split(' ').next().unwrap() {
            "EHLO" => {
                let pipelining = if self.plan.pipelining {
                    "\r\n250-PIPELINING"
                } else {
                    ""
                };
                let reply = format!(
                    "250-mail.example.org{pipelining}\r\n250-CHUNKING\r\n250-AUTH PLAIN\r\n250 HELP"
                );
                self.say(&reply);
            }
            "AUTH" => {
                self.answer(235, "2.7.0", "welcome");
            }
            "MAIL" if self.is_in_transaction => {
                self.answer(503, "5.5.1", "nested MAIL");
            }
            "MAIL" => {
                self.transactions += 1;
                self.is_in_transaction = true;
                self.recipients = 0;
                self.answer(250, "2.1.0", "Ok");
            }
            "RCPT" if !self.is_in_transaction => {
                self.answer(503, "5.5.1", "need MAIL");
            }
            "RCPT" => {
                let mail = (self.transactions - 1).min(1);
                if self.plan.verdicts[mail] == Verdict::RefuseRecipients {
                    self.answer(550, "5.1.1", "no such user");
                } else {
                    self.recipients += 1;
                    self.answer(250, "2.1.5", "Ok");
                }
            }
            "DATA" if self.recipients == 0 => {
                self.answer(554, "5.5.1", "no valid recipients");
            }
            "DATA" => {
                self.is_in_data = true;
                self.content.clear();
                self.say("354 go");
            }
            "BDAT" => {
                let mut words = line.split(' ').skip(1);
                let length: usize = words.next().unwrap().parse().unwrap();
                assert_eq!(words.next(), Some("LAST"), "{line}");
                self.content.clear();
                self.chunk = Some(length);
            }
            "RSET" => {
                self.is_in_transaction = false;
                self.recipients = 0;
                self.answer(250, "2.0.0", "Ok");
            }
            "NOOP" => {
                self.answer(250, "2.0.0", "Ok");
            }
            "QUIT" => {
                self.answer(221, "2.0.0", "bye");
                self.has_quit = true;
            }
            _ => {
                self.strays.push(line);
                self.answer(500, "5.5.2", "what?");
            }
        }
    }

    /// The whole content was heard.
    fn end_content(&mut self) {
        let content = String::from_utf8_lossy(&self.content).into_owned();
        let mail = usize::from(content.contains("Subject: mail 1\r\n"));
        let reply_before = self.replies - 1;
        let is_addressed = self.recipients > 0;
        let is_accepted = is_addressed && self.plan.verdicts[mail] == Verdict::Accept;
        let final_reply_at = if is_accepted {
            self.answer(250, "2.0.0", "queued")
        } else if is_addressed {
            self.answer(554, "5.7.1", "refused")
        } else {
            self.answer(503, "5.5.1", "no valid recipients")
        };
        // Without a recipient the transaction is still open.
        self.is_in_transaction = !is_addressed;
        self.recipients = 0;
        self.arrived.push(Arrived {
            mail,
            is_accepted,
            final_reply_at,
            reply_before,
        });
    }
}

/// The client's end of the link to a server.
#[derive(Debug, Clone)]
pub struct Link(pub Rc<RefCell<Server>>);

impl Link {
    pub fn to(plan: Plan) -> Self {
        Self(Rc::new(RefCell::new(Server::new(plan))))
    }
}

impl ErrorType for Link {
    type Error = ErrorKind;
}

impl Read for Link {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut server = self.0.borrow_mut();
        if server.out.is_empty() {
            server.is_starved = true;
            server.written_when_starved = server.written;
            let closes = matches!(server.plan.slip, Slip::Missing { closes: true, .. });
            return if server.has_quit || closes {
                Ok(0)
            } else {
                Err(ErrorKind::TimedOut)
            };
        }
        let mut n = buf.len().min(server.out.len());
        if server.plan.by_line {
            let line = server.out.iter().position(|&byte| byte == b'\n').unwrap();
            n = n.min(line + 1);
        }
        for slot in &mut buf[..n] {
            *slot = server.out.pop_front().unwrap();
        }
        server.read += n;
        Ok(n)
    }
}

impl Write for Link {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let mut server = self.0.borrow_mut();
        server.written += buf.len();
        for &byte in buf {
            server.hear(byte);
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl embedded_io_async::Read for Link {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        Read::read(self, buf)
    }
}

impl embedded_io_async::Write for Link {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        Write::write(self, buf)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Write::flush(self)
    }
}
