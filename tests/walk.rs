//! The engine walked exhaustively: every operation of a program × every class of reply the server
//! can give to it, to a stated depth, with a monitor that knows SMTP apart from the client.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::{Credentials, Error, Mailbox, Message, Report, StartTlsError, Vouched};

/// What a server can say, one of each class that matters somewhere, garbage and a close.
const REPLIES: [&str; 11] = [
    "220 go\r\n",
    "250 ok\r\n",
    "235 welcome\r\n",
    "334 \r\n",
    "354 go\r\n",
    "421 bye\r\n",
    "450 later\r\n",
    "503 sequence\r\n",
    "550 no\r\n",
    "garbage\r\n",
    "",
];

const PIPELINED: &str = "250-x\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n";
const LOCK_STEP: &str = "250-x\r\n250-STARTTLS\r\n250 AUTH LOGIN\r\n";

/// The server's choices so far, and what the monitor saw.
struct Path {
    choices: Vec<usize>,
    taken: usize,
    /// The answer to EHLO where 250 is chosen.
    ehlo: &'static str,
    is_at_end: bool,
    /// Something happened after which nothing may be written.
    is_over: bool,
    line: Vec<u8>,
    unanswered: Vec<&'static str>,
    last_code: u16,
    is_in_content: bool,
    is_hollow: bool,
    accepted: usize,
    mail_accepted: bool,
    is_greeted: bool,
    said_hello: bool,
    terminators: usize,
    final_accepts: usize,
    faults: Vec<String>,
    said: String,
}

impl Path {
    fn new(choices: Vec<usize>, ehlo: &'static str) -> Self {
        Self {
            choices,
            taken: 0,
            ehlo,
            is_at_end: false,
            is_over: false,
            line: Vec::new(),
            unanswered: Vec::new(),
            last_code: 0,
            is_in_content: false,
            is_hollow: false,
            accepted: 0,
            mail_accepted: false,
            is_greeted: false,
            said_hello: false,
            terminators: 0,
            final_accepts: 0,
            faults: Vec::new(),
            said: String::new(),
        }
    }

    fn fault(&mut self, what: &str) {
        self.faults.push(what.into());
    }

    /// A whole line of the client.
    fn line(&mut self) {
        let line = String::from_utf8(std::mem::take(&mut self.line)).unwrap();
        self.said.push_str(&line);
        if self.is_over {
            self.fault("something is said after the end");
        }
        if self.is_in_content {
            if line == ".\r\n" {
                self.is_in_content = false;
                self.terminators += usize::from(!self.is_hollow);
                self.unanswered
                    .push(if self.is_hollow { "hollow" } else { "content" });
            } else if self.is_hollow {
                self.fault("content for nobody");
            }
            return;
        }
        let verb = match line.split([' ', '\r']).next().unwrap() {
            "EHLO" => "EHLO",
            "STARTTLS" => "STARTTLS",
            "AUTH" => "AUTH",
            "MAIL" => "MAIL",
            "RCPT" => "RCPT",
            "DATA" => "DATA",
            "RSET" => "RSET",
            "NOOP" => "NOOP",
            "QUIT" => "QUIT",
            _ => "response",
        };
        if !self.is_greeted {
            self.fault("said before the greeting");
        }
        if !self.said_hello && !matches!(verb, "EHLO" | "QUIT") {
            self.fault("said before EHLO was accepted");
        }
        let is_open = self
            .unanswered
            .iter()
            .any(|v| !matches!(*v, "RSET" | "MAIL" | "RCPT" | "content" | "hollow"));
        if is_open {
            self.fault("said behind a command that ends its group");
        }
        if self.ehlo == LOCK_STEP && !self.unanswered.is_empty() {
            self.fault("pipelined though not offered");
        }
        if verb == "response" && self.last_code != 334 {
            self.fault("a response nobody asked for");
        }
        if verb == "MAIL" && self.last_code == 334 {
            self.fault("MAIL within AUTH");
        }
        self.unanswered.push(verb);
    }

    /// The reply that the client reads next.
    fn reply(&mut self) -> Option<&'static str> {
        let Some(&choice) = self.choices.get(self.taken) else {
            self.is_at_end = true;
            self.is_over = true;
            return None;
        };
        self.taken += 1;
        let mut reply = REPLIES[choice];
        let verb = if self.is_greeted {
            if self.unanswered.is_empty() {
                self.fault("a reply is awaited that nothing asked for");
                return None;
            }
            self.unanswered.remove(0)
        } else {
            "greeting"
        };
        let code = reply.get(..3).and_then(|c| c.parse().ok()).unwrap_or(0);
        self.last_code = code;
        let is_success = code / 100 == 2;
        match verb {
            "greeting" => self.is_greeted = true,
            "EHLO" if is_success => {
                self.said_hello = true;
                reply = self.ehlo;
            }
            "STARTTLS" if code == 220 => self.said_hello = false,
            "MAIL" => {
                self.mail_accepted = is_success;
                self.accepted = 0;
            }
            "RCPT" => self.accepted += usize::from(is_success),
            "DATA" if code == 354 => {
                self.is_in_content = true;
                self.is_hollow = self.accepted == 0;
                if self.accepted > 0 && !self.mail_accepted {
                    self.is_over = true;
                }
                if !self.unanswered.is_empty() {
                    self.fault("something was pipelined behind DATA");
                }
            }
            "content" => self.final_accepts += usize::from(is_success),
            _ => {}
        }
        if code == 421 || reply.is_empty() || reply.starts_with('g') {
            self.is_over = true;
        }
        Some(reply)
    }
}

#[derive(Clone)]
struct Tree {
    path: Rc<RefCell<Path>>,
    unread: Vec<u8>,
}

impl ErrorType for Tree {
    type Error = ErrorKind;
}

impl Read for Tree {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        if self.unread.is_empty() {
            match self.path.borrow_mut().reply() {
                None => return Err(ErrorKind::TimedOut),
                Some(reply) => self.unread = reply.into(),
            }
        }
        let n = buf.len().min(self.unread.len());
        buf[..n].copy_from_slice(&self.unread[..n]);
        self.unread.drain(..n);
        Ok(n)
    }
}

impl Write for Tree {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let mut path = self.path.borrow_mut();
        for &byte in buf {
            path.line.push(byte);
            if path.line.ends_with(b"\r\n") {
                path.line();
            }
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
struct Program {
    name: &'static str,
    ehlo: &'static str,
    all_or_none: bool,
    recipients: &'static str,
    operations: &'static [&'static str],
    /// The most replies of a path.
    depth: usize,
}

/// The numbers of mails reported as accepted and as unknown.
fn run(program: &Program, path: &Rc<RefCell<Path>>) -> (usize, usize) {
    let mut buffer = [0; 512];
    let link = Tree {
        path: path.clone(),
        unread: Vec::new(),
    };
    let mut smtp = Client::new(Vouched::new(link), &mut buffer);
    if program.all_or_none {
        smtp = smtp.all_or_none();
    }
    let mail = Message::new(Mailbox::parse("a@example.org").unwrap())
        .to(program.recipients)
        .unwrap()
        .text("Hello");
    let (mut accepted, mut unknown) = (0, 0);
    let mut count = |end: &Result<Report, Error<ErrorKind>>| match end {
        Ok(_) => accepted += 1,
        Err(Error::Unknown { .. }) => unknown += 1,
        Err(_) => {}
    };
    let credentials = Credentials::new("u", "p").unwrap();
    for operation in program.operations {
        match *operation {
            "open" => drop(smtp.open("a.example")),
            "login" => drop(smtp.login(&credentials)),
            "send" => count(&smtp.send(&mail)),
            "send-last" => count(&smtp.send_last(&mail, &mut [])),
            "send-all" => smtp.send_all([&mail, &mail], |end| {
                count(&end);
                ControlFlow::Continue(())
            }),
            "noop" => drop(smtp.noop()),
            "reset" => drop(smtp.reset()),
            "quit" => drop(smtp.quit()),
            "starttls" => {
                smtp = match smtp.starttls(Ok::<_, std::convert::Infallible>) {
                    Ok(client) => client,
                    Err(StartTlsError::Refused { client, .. }) => client,
                    Err(StartTlsError::Ehlo { client, .. }) => client,
                    Err(_) => unreachable!(),
                }
            }
            _ => unreachable!(),
        }
    }
    (accepted, unknown)
}

fn walk(program: &Program) -> (usize, usize) {
    let mut open = vec![Vec::new()];
    let (mut runs, mut cut) = (0, 0);
    while let Some(choices) = open.pop() {
        runs += 1;
        let path = Rc::new(RefCell::new(Path::new(choices.clone(), program.ehlo)));
        let (accepted, unknown) = run(program, &path);
        let path = path.borrow();
        let place = || {
            let said: Vec<&str> = choices.iter().map(|&c| REPLIES[c].trim()).collect();
            format!("{} after {said:?}:\n{}", program.name, path.said)
        };
        assert!(path.faults.is_empty(), "{:?}\n{}", path.faults, place());
        assert_eq!(accepted, path.final_accepts, "{}", place());
        assert!(
            unknown <= 1 && path.terminators >= accepted + unknown,
            "{}",
            place()
        );
        if path.is_at_end {
            if choices.len() < program.depth {
                for choice in 0..REPLIES.len() {
                    let mut longer = choices.clone();
                    longer.push(choice);
                    open.push(longer);
                }
            } else {
                cut += 1;
            }
        }
    }
    (runs, cut)
}

#[test]
fn every_path_ends_in_order() {
    let two = "b@example.org, c@example.org";
    let one = "b@example.org";
    let mail: &[&str] = &["open", "send", "noop", "quit"];
    let programs = [
        ("a mail, pipelined", PIPELINED, false, two, mail, 10),
        ("a mail, lock-step", LOCK_STEP, false, two, mail, 10),
        ("all or none, pipelined", PIPELINED, true, two, mail, 10),
        ("all or none, lock-step", LOCK_STEP, true, two, mail, 10),
        (
            "login PLAIN",
            PIPELINED,
            false,
            one,
            &["open", "login", "login", "send-last"],
            9,
        ),
        (
            "login LOGIN",
            LOCK_STEP,
            false,
            one,
            &["open", "login", "reset", "send-last"],
            10,
        ),
        (
            "starttls",
            PIPELINED,
            false,
            one,
            &["open", "starttls", "login", "send", "quit"],
            9,
        ),
        (
            "two mails",
            PIPELINED,
            false,
            one,
            &["open", "send", "send-last"],
            8,
        ),
        (
            "two mails riding",
            PIPELINED,
            false,
            one,
            &["open", "send-all", "quit"],
            8,
        ),
        (
            "two mails in lock-step",
            LOCK_STEP,
            false,
            one,
            &["open", "send-all", "quit"],
            9,
        ),
    ];
    let mut all = 0;
    for (name, ehlo, all_or_none, recipients, operations, depth) in programs {
        let program = Program {
            name,
            ehlo,
            all_or_none,
            recipients,
            operations,
            depth,
        };
        let (runs, cut) = walk(&program);
        println!("{name}: {runs} paths, {cut} longer than {depth} replies");
        all += runs;
    }
    println!("{all} paths");
    assert!(all > 100_000);
}
