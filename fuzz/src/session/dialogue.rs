//! Listens to both sides of a link, and knows SMTP apart from the client.
//!
//! Every octet of the client's is accounted for: it belongs to a command that may be said here and
//! reads just as it must, to a response of a login, or to the content of a mail. So nothing is said
//! that the caller did not ask for, no secret stands where none belongs, and no terminator goes out
//! but behind the whole content of a mail or right behind DATA.
//!
//! Commands are parsed here, contents in `content.rs` and replies in `hearing.rs`; which command may
//! be said when is in `rules.rs` and `mail_rules.rs`.

use std::collections::VecDeque;

use embedded_smtp::Chunking;

use super::command::{Row, Standing, Task, Verb};
use super::limits::Used;
use super::login::{Login, Secret};
use super::mail::{Mail, Transaction};
use crate::offers::Offers;
use crate::replies::Reader;

/// How the client was told to behave.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policy {
    pub without_pipelining: bool,
    pub all_or_none: bool,
    pub helo: bool,
    pub chunking: Option<Chunking>,
    pub limits: bool,
    /// Where the link lets it.
    pub require_tls: bool,
    /// The server was verified by a certificate chain, where the link is secure.
    pub by_chain: bool,
    /// Octets of the client's buffer.
    pub buffer: usize,
    /// The link keeps secrets from the beginning.
    pub is_secure: bool,
}

/// A command that was said and not answered.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub verb: Verb,
    /// The transaction it belongs to, if it belongs to one, and the recipient that RCPT named.
    pub transaction: usize,
    pub recipient: usize,
    /// The chunk is the last one.
    pub is_last: bool,
}

/// What the client's next octet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Command,
    /// A line that answers a challenge.
    Response,
    /// What DATA is followed by.
    Content,
    Chunk {
        left: usize,
        is_last: bool,
    },
}

/// Both sides of a link, as far as they spoke.
pub struct Dialogue {
    pub(super) policy: Policy,
    pub(super) task: Task,
    /// The names that the caller gave to EHLO.
    pub(super) names: Vec<String>,
    /// What the caller logs in with, and the mechanism if it is not the client's choice.
    pub(super) secret: Option<(Secret, Option<String>)>,
    /// All mails that were handed in; those from `first_mail` on are this task's.
    pub mails: Vec<Mail>,
    pub(super) first_mail: usize,
    pub transactions: Vec<Transaction>,
    pub(super) standing: Standing,
    pub(super) is_secure: bool,
    /// The client knows that the link is under TLS: it has opened that, or was told at the start.
    pub(super) is_upgraded: bool,
    /// Mails are only to go on under TLS, and whether they can.
    pub(super) requires_tls: bool,
    pub(super) has_chain: bool,
    pub(super) offers: Offers,
    /// No line of the offers is so long that the client may not have room for it.
    pub(super) is_short: bool,
    pub(super) used: Used,
    /// The code of the last answer to EHLO.
    pub(super) hello: u16,
    pub(super) login: Option<Login>,
    /// What was said in logins.
    pub secrets: Vec<String>,
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) reader: Reader,
    /// The codes of all replies so far.
    pub replies: Vec<u16>,
    /// The answers to what was said for this task.
    pub answers: Vec<(Verb, u16)>,
    /// What the reply before was for, if the same read brought it.
    pub(super) last_answered: Option<Verb>,
    /// The codes of replies that nothing had asked for.
    pub unasked: Vec<u16>,
    pub(super) mode: Mode,
    line: Vec<u8>,
    /// Nothing was said since something was heard.
    pub(super) is_new_flight: bool,
    /// What DATA has to be followed by.
    pub(super) due: Vec<u8>,
    /// Why nothing may be said or read any more.
    pub(super) over: Option<&'static str>,
    /// The server's last words are heard, though nothing can be said.
    pub(super) is_listening: bool,
    /// What the server said was no reply.
    pub(super) is_broken: bool,
    /// What an observer may be shown of what was said, and how many octets of contents.
    pub(super) shown: Vec<u8>,
    pub(super) content_octets: usize,
    /// Octets said and heard.
    pub octets: usize,
}

impl Dialogue {
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            task: Task::Nothing,
            names: Vec::new(),
            secret: None,
            mails: Vec::new(),
            first_mail: 0,
            transactions: Vec::new(),
            standing: Standing::Connected,
            is_secure: policy.is_secure,
            // A client that requires TLS asks its transport.
            is_upgraded: policy.is_secure && policy.require_tls,
            requires_tls: policy.is_secure && policy.require_tls,
            has_chain: policy.is_secure && policy.by_chain,
            offers: Offers::default(),
            is_short: true,
            used: Used::default(),
            hello: 0,
            login: None,
            secrets: Vec::new(),
            waiting: VecDeque::new(),
            reader: Reader::default(),
            replies: Vec::new(),
            answers: Vec::new(),
            last_answered: None,
            unasked: Vec::new(),
            mode: Mode::Command,
            line: Vec::new(),
            is_new_flight: true,
            due: Vec::new(),
            over: None,
            is_listening: false,
            is_broken: false,
            shown: Vec::new(),
            content_octets: 0,
            octets: 0,
        }
    }

    /// The client says something.
    pub fn say(&mut self, octets: &[u8]) {
        if let Some(why) = self.over {
            panic!("something is said after {why}");
        }
        assert!(self.reader.is_between_replies(), "half a reply is unread");
        if std::mem::take(&mut self.is_new_flight) {
            assert!(self.waiting.is_empty(), "replies are outstanding");
        }
        self.octets += octets.len();
        for &octet in octets {
            match self.mode {
                Mode::Command | Mode::Response => {
                    self.line.push(octet);
                    if octet == b'\n' {
                        self.end_line();
                    }
                }
                Mode::Content => self.say_content(octet),
                Mode::Chunk { left, is_last } => self.say_chunk(octet, left, is_last),
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8(line).expect("a line is UTF-8");
        let line = line.strip_suffix("\r\n").expect("a bare LF");
        assert!(!line.contains(char::is_control), "{line:?}");
        if let Some(last) = self.waiting.back() {
            let may_pipeline = !self.policy.without_pipelining && self.offers.has("PIPELINING");
            assert!(
                may_pipeline && last.verb.may_be_followed(),
                "{line:?} behind {last:?}"
            );
        }
        if self.mode == Mode::Response {
            return self.respond(line);
        }
        let (row, arguments) = Row::read(line).unwrap_or_else(|| panic!("{line:?} is no command"));
        self.mode = Mode::Command;
        self.check_command(row, arguments);
        let shown = match &self.login {
            Some(login) if row.verb == Verb::Auth && login.has_begun() => {
                format!("AUTH {} ***\r\n", login.row.name)
            }
            _ => format!("{line}\r\n"),
        };
        self.shown.extend(shown.bytes());
        if row.verb != Verb::Bdat {
            self.await_answer(row.verb);
        }
    }

    fn respond(&mut self, line: &str) {
        let login = self.login.as_mut().unwrap();
        let gives_up = login.respond(line);
        self.secrets.extend(login.said.last().cloned());
        self.shown
            .extend(if gives_up { &b"*\r\n"[..] } else { b"***\r\n" });
        self.mode = Mode::Command;
        self.await_answer(if gives_up {
            Verb::Cancel
        } else {
            Verb::Response
        });
    }

    pub(super) fn await_answer(&mut self, verb: Verb) {
        let recipients = self.transactions.last().map_or(0, |t| t.recipients.len());
        self.waiting.push_back(Waiting {
            verb,
            transaction: self.transactions.len().saturating_sub(1),
            recipient: recipients.saturating_sub(1),
            is_last: false,
        });
    }

    /// Nothing may be said or read any more.
    pub fn end(&mut self, why: &'static str) {
        self.over.get_or_insert(why);
    }

    /// The client says something, and the link fails. The server's last words may be read.
    pub fn say_in_vain(&mut self, octets: &[u8]) {
        self.is_listening = true;
        self.say(octets);
        self.end("a write that failed");
    }

    /// Nothing can be begun any more: it is over, or the caller left while a mail was under way.
    pub fn has_ended(&self) -> bool {
        self.over.is_some() || !self.waiting.is_empty()
    }

    /// The client is about to read.
    pub fn check_read(&self) {
        if let Some(why) = self.over {
            panic!("something is read after {why}");
        }
        assert!(
            !self.waiting.is_empty(),
            "a read, and nothing is outstanding"
        );
    }

    /// Octets of the last reply are outstanding, or of one that nothing had asked for.
    pub fn is_between_replies(&self) -> bool {
        self.reader.is_between_replies() && self.over.is_none()
    }

    /// What the observer was told is what was said, with secrets left out.
    pub fn check_shown(&self, sent: &[u8], content: usize) {
        let rest = sent
            .strip_prefix(&*self.shown)
            .expect("the observer is told something else");
        // A line that was cut off by a fault; of a login, what comes before its response.
        let is_login = rest.starts_with(b"AUTH ") && rest.ends_with(b" ");
        let is_cut = rest == self.line || (is_login && self.line.starts_with(rest));
        assert!(
            rest.is_empty() || (self.mode == Mode::Command && is_cut),
            "{rest:?}"
        );
        assert_eq!(content, self.content_octets);
    }
}
