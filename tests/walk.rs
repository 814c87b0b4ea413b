//! The engine walked exhaustively: every operation of a program × every class of reply the server
//! can give to it, to a stated depth, with a monitor that knows SMTP apart from the client.

#[path = "support/kept.rs"]
mod kept;

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::message::Head;
use embedded_smtp::{
    Chunking, Credentials, Error, Mailbox, Message, Report, StartTlsError, Submission, Vouched,
};
use kept::kept;

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

/// What a server of SCRAM says besides: its first message, and the signature that goes with it
/// (RFC 7677 §3).
const SCRAM_FIRST: &str = "334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=\r\n";
const SCRAM_FINAL: &str =
    "334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==\r\n";
/// The bytes of the nonce `rOprNGfwEbeRWgbNEkqO`.
const NONCE: [u8; 15] = [
    0xac, 0xea, 0x6b, 0x34, 0x67, 0xf0, 0x11, 0xb7, 0x91, 0x5a, 0x06, 0xcd, 0x12, 0x4a, 0x8e,
];
/// A challenge in base64, as CRAM-MD5 has it, or a reason as XOAUTH2 has it.
const CHALLENGE: &str = "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n";

/// The answer to QUIT.
const GOODBYE: &str = "221 bye\r\n";

const CHUNKED: &str = "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n";
const CHUNKED_LOCK_STEP: &str = "250-x\r\n250 CHUNKING\r\n";
const MECHANISMS: &str = "250-x\r\n250 AUTH XOAUTH2 CRAM-MD5 SCRAM-SHA-256\r\n";
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
    /// Bytes of a chunk that are still to come, and whether it is the last.
    chunk: Option<(usize, bool)>,
    /// How the client was told to send content.
    chunking: Option<Chunking>,
    /// The operation has a command after the mail whose reply shows whether the count fits.
    is_confirming: bool,
    /// A mail was accepted by BDAT in such an operation, and the count not confirmed.
    is_unconfirmed: bool,
    /// Mails accepted by BDAT whose count was then shown not to fit.
    refuted: usize,
    /// Mails accepted by BDAT after which the link broke, so that the count was not confirmed.
    doubtful: usize,
    /// A chunk was refused, and RSET not sent.
    needs_reset: bool,
    /// A login was tried, and not completed.
    is_login_due: bool,
    /// How much of SCRAM the server has done well.
    scram: usize,
    is_scram: bool,
    extra: &'static [&'static str],
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
    fn new(choices: Vec<usize>, program: &Program) -> Self {
        let ehlo = program.ehlo;
        Self {
            chunk: None,
            chunking: program.chunking,
            is_confirming: false,
            is_unconfirmed: false,
            refuted: 0,
            doubtful: 0,
            needs_reset: false,
            is_login_due: false,
            scram: 0,
            is_scram: program.operations.contains(&"login-nonce"),
            extra: program.extra,
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

    fn byte(&mut self, byte: u8) {
        if let Some((left, is_last)) = self.chunk {
            self.chunk = Some((left - 1, is_last));
            if left == 1 {
                self.end_chunk(is_last);
            }
            return;
        }
        self.line.push(byte);
        if self.line.ends_with(b"\r\n") {
            self.line();
        }
    }

    fn end_chunk(&mut self, is_last: bool) {
        self.chunk = None;
        self.terminators += usize::from(is_last);
        self.unanswered
            .push(if is_last { "bdat-last" } else { "bdat" });
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
            "BDAT" => "BDAT",
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
        for sent in self.unanswered.clone() {
            match sent {
                "MAIL" | "RCPT" | "content" | "hollow" => {}
                "RSET" => self.fault("something follows RSET in its flight"),
                "bdat-last" => self.fault("something follows BDAT LAST before its reply"),
                _ => self.fault("said after a command that ends its group"),
            }
        }
        if !self.ehlo.contains("PIPELINING") && !self.unanswered.is_empty() {
            self.fault("pipelined though not offered");
        }
        if verb == "response" && self.last_code != 334 {
            self.fault("a response nobody asked for");
        }
        if verb == "MAIL" && self.last_code == 334 {
            self.fault("MAIL within AUTH");
        }
        if verb == "MAIL" && self.is_login_due {
            self.fault("a mail without the login that was asked for");
        }
        self.is_login_due |= verb == "AUTH";
        if self.needs_reset && verb != "RSET" {
            self.fault("said after a refused chunk");
        }
        if verb == "MAIL" && self.is_unconfirmed {
            self.fault("the next mail before the count was confirmed");
        }
        self.needs_reset = false;
        if verb == "BDAT" {
            if !self.ehlo.contains("CHUNKING") {
                self.fault("BDAT was not offered");
            }
            if self.chunking.is_none() {
                self.fault("BDAT was not asked for");
            }
            if self.unanswered.contains(&"RSET") {
                self.fault("content leaves before the reply to RSET");
            }
            if self.chunking == Some(Chunking::AfterRecipients) && !self.unanswered.is_empty() {
                self.fault("content leaves before the replies to RCPT");
            }
            if self.unanswered.is_empty() && self.accepted == 0 {
                self.fault("content for nobody");
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let octets = words[1].parse().unwrap();
            let is_last = words.get(2) == Some(&"LAST");
            self.chunk = Some((octets, is_last));
            if octets == 0 {
                self.end_chunk(is_last);
            }
            return;
        }
        self.unanswered.push(verb);
    }

    /// The reply to the command after a mail that was accepted by BDAT. Code 0 is no reply: a link
    /// that broke says nothing of the count.
    fn confirm(&mut self, verb: &str, code: u16) {
        if !self.is_unconfirmed {
            return;
        }
        match (verb, code) {
            ("NOOP", 200..=299) | ("QUIT", 221) => {}
            ("NOOP" | "QUIT", 0 | 421) => self.doubtful += 1,
            ("NOOP" | "QUIT", _) => {
                self.refuted += 1;
                self.is_over = true;
            }
            _ => return,
        }
        self.is_unconfirmed = false;
    }

    /// An operation begins.
    fn begin(&mut self, operation: &str) {
        self.is_confirming = matches!(operation, "send-all" | "send-last");
        self.is_unconfirmed = false;
    }

    /// The reply that the client reads next.
    fn reply(&mut self) -> Option<&'static str> {
        let Some(&choice) = self.choices.get(self.taken) else {
            self.is_at_end = true;
            self.is_over = true;
            if let Some(verb) = self.unanswered.first().copied() {
                self.confirm(verb, 0);
            }
            return None;
        };
        self.taken += 1;
        let mut reply = match REPLIES.get(choice) {
            Some(reply) => reply,
            None => self.extra[choice - REPLIES.len()],
        };
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
        self.confirm(verb, code);
        match verb {
            "greeting" => self.is_greeted = true,
            "EHLO" if code / 10 == 25 => {
                self.said_hello = true;
                reply = self.ehlo;
            }
            // Success in another exchange's words.
            "EHLO" => self.is_over |= is_success,
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
                    self.fault("something was pipelined after DATA");
                }
            }
            "content" => self.final_accepts += usize::from(is_success),
            "bdat-last" if self.accepted > 0 && self.mail_accepted => {
                self.final_accepts += usize::from(is_success);
                self.is_unconfirmed = is_success && self.is_confirming;
                self.needs_reset = code >= 400;
            }
            // Success for nobody.
            "bdat-last" => self.is_over |= is_success,
            "bdat" => self.needs_reset = code >= 400,
            "AUTH" | "response" => {
                self.scram += usize::from(self.scram == 0 && reply == SCRAM_FIRST);
                self.scram += usize::from(self.scram == 1 && reply == SCRAM_FINAL);
                self.is_login_due &= code != 235;
                self.is_over |= self.is_scram && code == 235 && self.scram < 2;
            }
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
            path.byte(byte);
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
    chunking: Option<Chunking>,
    all_or_none: bool,
    /// What the server can say besides.
    extra: &'static [&'static str],
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
    if let Some(chunking) = program.chunking {
        smtp = smtp.chunking(chunking);
    }
    let mail = Message::new(kept(
        Head::new(Mailbox::parse("a@example.org").unwrap())
            .to(program.recipients)
            .unwrap(),
    ))
    .text("Hello");
    let (mut accepted, mut unknown) = (0, 0);
    let mut count = |end: &Result<Report, Error<ErrorKind>>| match end {
        Ok(_) => accepted += 1,
        Err(Error::DeliveryUnknown { .. }) => unknown += 1,
        Err(_) => {}
    };
    let credentials = Credentials::new("u", "p").unwrap();
    for operation in program.operations {
        path.borrow_mut().begin(operation);
        match *operation {
            "open" => drop(smtp.open("a.example")),
            "login" => drop(smtp.login(&credentials)),
            "login-token" => {
                let credentials = Credentials::token("u", "t").unwrap();
                let _ = smtp.login(&credentials);
            }
            "login-cram" => {
                let credentials = Credentials::cram_md5("u", "p").unwrap();
                let _ = smtp.login(&credentials);
            }
            "login-nonce" => {
                let credentials = Credentials::new("user", "pencil").unwrap();
                let credentials = credentials.with_nonce(&NONCE).unwrap();
                let _ = smtp.login(&credentials);
            }
            "send-streamed" => {
                let text = "It is 8.4 bar, and the limit is 6.0 bar.\n".repeat(15);
                let mail = mail.streamed_text();
                let mut sources = [text.as_bytes()];
                count(&smtp.send(Submission::new(&mail).sources(&mut sources)));
            }
            "send" => count(&smtp.send(&mail)),
            "send-last" => count(&smtp.send(Submission::new(&mail).and_quit())),
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
        let path = Rc::new(RefCell::new(Path::new(choices.clone(), program)));
        let (accepted, unknown) = run(program, &path);
        let path = path.borrow();
        let place = || {
            let replies = || REPLIES.iter().chain(program.extra);
            let said: Vec<&str> = choices
                .iter()
                .filter_map(|&c| replies().nth(c))
                .map(|reply| reply.trim())
                .collect();
            format!("{} after {said:?}:\n{}", program.name, path.said)
        };
        assert!(path.faults.is_empty(), "{:?}\n{}", path.faults, place());
        // What the server accepted is reported as accepted, or as unknown where it went by BDAT and
        // the count was not confirmed; and never as anything else.
        let most = path.final_accepts - path.refuted;
        assert!(accepted <= most, "{}", place());
        assert!(accepted + path.doubtful >= most, "{}", place());
        assert!(accepted + unknown >= path.final_accepts, "{}", place());
        assert!(
            unknown <= 1 && path.terminators >= accepted + unknown,
            "{}",
            place()
        );
        if path.is_at_end {
            if choices.len() < program.depth {
                for choice in 0..REPLIES.len() + program.extra.len() {
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
    let twice: &[&str] = &["open", "send-all", "quit"];
    let last: &[&str] = &["open", "send-last"];
    let (ahead, after) = (Some(Chunking::Ahead), Some(Chunking::AfterRecipients));
    let programs = [
        ("a mail, pipelined", PIPELINED, None, false, two, mail, 10),
        ("a mail, lock-step", LOCK_STEP, None, false, two, mail, 10),
        (
            "all or none, pipelined",
            PIPELINED,
            None,
            true,
            two,
            mail,
            10,
        ),
        (
            "all or none, lock-step",
            LOCK_STEP,
            None,
            true,
            two,
            mail,
            10,
        ),
        (
            "login PLAIN",
            PIPELINED,
            None,
            false,
            one,
            &["open", "login", "login", "send-last"],
            9,
        ),
        (
            "login LOGIN",
            LOCK_STEP,
            None,
            false,
            one,
            &["open", "login", "reset", "send-last"],
            10,
        ),
        (
            "starttls",
            PIPELINED,
            None,
            false,
            one,
            &["open", "starttls", "login", "send", "quit"],
            9,
        ),
        (
            "two mails",
            PIPELINED,
            None,
            false,
            one,
            &["open", "send", "send-last"],
            8,
        ),
        ("two mails in a row", PIPELINED, None, false, one, twice, 8),
        (
            "two mails in a row, lock-step",
            LOCK_STEP,
            None,
            false,
            one,
            twice,
            9,
        ),
        (
            "by DATA though CHUNKING is offered",
            CHUNKED,
            None,
            false,
            one,
            mail,
            9,
        ),
        ("by BDAT ahead", CHUNKED, ahead, false, two, mail, 10),
        ("by BDAT after RCPT", CHUNKED, after, false, two, mail, 10),
        (
            "by BDAT ahead, where CHUNKING is not offered",
            PIPELINED,
            ahead,
            false,
            one,
            mail,
            9,
        ),
        (
            "by BDAT, lock-step",
            CHUNKED_LOCK_STEP,
            ahead,
            false,
            two,
            mail,
            10,
        ),
        (
            "by BDAT ahead, all or none",
            CHUNKED,
            ahead,
            true,
            two,
            mail,
            10,
        ),
        (
            "by BDAT after RCPT, all or none",
            CHUNKED,
            after,
            true,
            two,
            mail,
            10,
        ),
        (
            "by BDAT ahead, then QUIT",
            CHUNKED,
            ahead,
            false,
            two,
            last,
            9,
        ),
        (
            "by BDAT after RCPT, then QUIT",
            CHUNKED,
            after,
            false,
            two,
            last,
            9,
        ),
        (
            "two mails in a row by BDAT ahead",
            CHUNKED,
            ahead,
            false,
            one,
            twice,
            9,
        ),
        (
            "two mails in a row by BDAT after RCPT",
            CHUNKED,
            after,
            false,
            one,
            twice,
            9,
        ),
        (
            "two mails by BDAT ahead",
            CHUNKED,
            ahead,
            false,
            one,
            &["open", "send", "send-last"],
            8,
        ),
        (
            "in chunks",
            CHUNKED,
            after,
            false,
            one,
            &["open", "send-streamed", "send-last"],
            9,
        ),
        (
            "login XOAUTH2",
            MECHANISMS,
            None,
            false,
            one,
            &["open", "login-token", "login-token", "send-last"],
            9,
        ),
        (
            "login CRAM-MD5",
            MECHANISMS,
            None,
            false,
            one,
            &["open", "login-cram", "noop", "send-last"],
            9,
        ),
        (
            "login SCRAM-SHA-256",
            MECHANISMS,
            None,
            false,
            one,
            &["open", "login-nonce", "noop", "send-last"],
            9,
        ),
    ];
    let mut all = 0;
    for (name, ehlo, chunking, all_or_none, recipients, operations, depth) in programs {
        let program = Program {
            name,
            ehlo,
            chunking,
            all_or_none,
            extra: match operations.get(1) {
                Some(&"login-nonce") => &[SCRAM_FIRST, SCRAM_FINAL],
                Some(&"login-token" | &"login-cram") => &[CHALLENGE],
                // The one reply to QUIT that shows that the count fits.
                _ if chunking.is_some() && operations.contains(&"send-last") => &[GOODBYE],
                _ => &[],
            },
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
