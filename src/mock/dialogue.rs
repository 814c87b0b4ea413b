//! The server's side of one connection, without any I/O.
//!
//! Bytes go in, replies go to the [`Outbox`]; the result does not depend on how the bytes were cut.
//! This file finds lines and contents and sees what was pipelined; what a command means stands in
//! `commands.rs`.
//!
//! ```text
//!            ┌──── reply ────┐
//!            ▼               │
//!  start ─► Line ─► command ─┤─ 334 ─► Line (a response) ─► reply
//!            ▲               ├─ 354 ─► Content ─► final reply
//!            │               └─ BDAT ► Chunk ─► reply
//!            └──────────────────────────────────────┘
//!  scripted silence ─► Silent        QUIT, scripted close ─► Closed
//! ```

use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::sync::Arc;
use std::vec::Vec;

use super::auth::Exchange;
use super::commands::clip;
use super::content::{Content, DotReader};
use super::outbox::Outbox;
use super::record::{Event, Recipient};
use super::script::Stage;
use super::server::Shared;

/// One connection's state.
pub(super) struct Dialogue {
    pub(super) shared: Arc<Shared>,
    pub(super) connection: usize,
    /// Whether the outbox tells exactly what the client has read: so in memory, not over TCP.
    pub(super) exact: bool,
    pub(super) phase: Phase,
    /// The last command's verb, in upper case; empty before the first.
    pub(super) last: String,
    pub(super) tls: bool,
    pub(super) helo: Option<String>,
    /// The keywords of the last EHLO reply, in upper case.
    pub(super) offered: Vec<String>,
    pub(super) authenticated: Option<String>,
    pub(super) transaction: Option<Transaction>,
    /// MAIL was refused, and nothing since has ended that attempt.
    pub(super) mail_refused: bool,
    /// How many MAIL commands there were on the connection.
    pub(super) mails: usize,
    /// The recipients' domains so far on the connection, in lower case, no more than LIMITS allows.
    pub(super) domains: Vec<String>,
    /// Whether the first byte of the line at hand came before the last reply was handed over.
    pub(super) pipelined: bool,
    /// Bytes that the script holds back until the next reply is due.
    pub(super) held_back: Vec<u8>,
    /// The script closes the connection at the client's next byte.
    pub(super) closes_late: bool,
    /// How many bytes of a refused chunk are still to come, on a server that reads them as commands.
    pub(super) unskipped: u64,
    /// The line at hand began within a refused chunk.
    pub(super) misread: bool,
    line: Vec<u8>,
    line_octets: usize,
    reported: bool,
}

/// What the next byte belongs to.
pub(super) enum Phase {
    Line,
    Response(Box<dyn Exchange>),
    Content {
        reader: DotReader,
        begun: bool,
    },
    /// `start` is where it begins in the content that is kept.
    Chunk {
        size: u64,
        start: usize,
        left: u64,
        last: bool,
        keep: bool,
    },
    Silent,
    Closed,
}

/// An open mail transaction.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    pub(super) reverse_path: String,
    pub(super) parameters: Vec<String>,
    pub(super) size: Option<u64>,
    pub(super) eight_bit: bool,
    pub(super) binary: bool,
    pub(super) smtputf8: bool,
    pub(super) recipients: Vec<Recipient>,
    /// How many RCPT commands there were, whatever their success.
    pub(super) rcpts: usize,
    /// BDAT was tried.
    pub(super) chunked: bool,
    /// DATA was tried.
    pub(super) data_tried: bool,
    /// A chunk was refused, or DATA and BDAT were mixed: only RSET helps.
    pub(super) failed: bool,
    pub(super) content: Content,
}

impl Dialogue {
    pub(super) fn new(shared: Arc<Shared>, exact: bool, out: &mut Outbox) -> Self {
        let connection = shared.record().connect();
        let tls = shared.settings.implicit_tls;
        let mut dialogue = Self {
            shared,
            connection,
            exact,
            phase: Phase::Line,
            last: String::new(),
            tls,
            helo: None,
            offered: Vec::new(),
            authenticated: None,
            transaction: None,
            mail_refused: false,
            mails: 0,
            domains: Vec::new(),
            pipelined: false,
            held_back: Vec::new(),
            closes_late: false,
            unskipped: 0,
            misread: false,
            line: Vec::new(),
            line_octets: 0,
            reported: false,
        };
        let greeting = dialogue.shared.settings.greeting();
        dialogue.answer(&[Stage::Greeting], greeting, out);
        dialogue
    }

    /// Takes what the client sent.
    pub(super) fn receive(&mut self, octets: &[u8], out: &mut Outbox) {
        let mut rest = octets;
        while !rest.is_empty() {
            if core::mem::take(&mut self.closes_late) {
                self.say_held_back(out);
                self.close(out);
            }
            let unskipped = self.unskipped;
            let taken = match self.phase {
                Phase::Line | Phase::Response(_) => self.receive_line(rest, out),
                Phase::Content { .. } => self.receive_content(rest, out),
                Phase::Chunk { .. } => self.receive_chunk(rest, out),
                Phase::Silent => rest.len(),
                Phase::Closed => {
                    if self.last == "QUIT" {
                        self.violate_once("octets behind QUIT");
                    }
                    rest.len()
                }
            };
            if unskipped > 0 {
                self.unskipped = unskipped.saturating_sub(taken as u64);
            }
            rest = &rest[taken..];
        }
    }

    /// The client has closed, or the connection broke.
    pub(super) fn end(&mut self) {
        if !self.is_closed() {
            self.phase = Phase::Closed;
            self.log(Event::note("closed by the client"));
        }
        self.shared.end(self.connection);
    }

    /// Whether what the client says is not looked at any more.
    #[cfg(feature = "mock-tls")]
    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Silent | Phase::Closed)
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    fn receive_line(&mut self, octets: &[u8], out: &mut Outbox) -> usize {
        if self.line_octets == 0 && !self.begin_line(out) {
            return octets.len();
        }
        let end = octets.iter().position(|octet| *octet == b'\n');
        let taken = end.map_or(octets.len(), |at| at + 1);
        self.line_octets += taken;
        let room = LINE_LIMIT - self.line.len();
        self.line.extend_from_slice(&octets[..taken.min(room)]);
        if end.is_some() {
            self.end_line(out);
        }
        taken
    }

    /// Looks at what the line follows; `false` where it and all after it are to be thrown away.
    fn begin_line(&mut self, out: &Outbox) -> bool {
        self.pipelined = !out.is_empty();
        self.misread = self.unskipped > 0;
        if !self.pipelined {
            self.reported = false;
            return true;
        }
        let last = clip(&self.last);
        match last.as_str() {
            "" => self.violate("the client spoke before the greeting"),
            "STARTTLS" => {
                // RFC 3207 §4.2 has everything learned in plain text forgotten. What was injected
                // before the handshake must not be taken for a part of the session after it.
                self.violate_once("octets behind STARTTLS, which ends a group (RFC 2920 §3.1)");
                return false;
            }
            // RFC 2920 §3.1: "The EHLO, DATA, VRFY, EXPN, TURN, QUIT, and NOOP commands can only
            // appear as the last command in a group". AUTH: RFC 4954 §4. HELO offers nothing.
            "EHLO" | "HELO" | "DATA" | "VRFY" | "EXPN" | "NOOP" | "AUTH" | "HELP" | "TURN" => {
                self.violate(format!(
                    "octets behind {last}, which ends a group (RFC 2920 §3.1)"
                ));
            }
            _ if !self.offers("PIPELINING") => {
                self.violate(format!(
                    "pipelined behind {last}, but PIPELINING was not offered"
                ));
            }
            _ => {}
        }
        true
    }

    fn end_line(&mut self, out: &mut Outbox) {
        let mut line = core::mem::take(&mut self.line);
        let octets = core::mem::take(&mut self.line_octets);
        let mut fault = None;
        line.pop_if(|octet| *octet == b'\n');
        if line.pop_if(|octet| *octet == b'\r').is_none() && octets <= LINE_LIMIT {
            fault = Some("bare LF in a command");
        }
        if line.contains(&b'\r') {
            fault = Some("bare CR in a command");
        } else if line.iter().any(|octet| *octet < 0x20 || *octet == 0x7f) {
            fault = Some("control octet in a command");
        }
        if octets > LINE_LIMIT {
            fault = Some("command line longer than any limit");
        }
        if let Some(fault) = fault {
            self.violate(fault);
        }
        match core::mem::replace(&mut self.phase, Phase::Line) {
            Phase::Response(exchange) => self.response(exchange, &line, octets, fault, out),
            _ => self.command(&line, octets, fault, out),
        }
    }

    fn receive_content(&mut self, octets: &[u8], out: &mut Outbox) -> usize {
        let Phase::Content { reader, begun } = &mut self.phase else {
            return octets.len();
        };
        let early = !core::mem::replace(begun, true) && !out.is_empty();
        let transaction = self.transaction.get_or_insert_default();
        let (taken, ended) = reader.read(octets, &mut transaction.content);
        if early {
            self.violate("content before the 354 reply (RFC 2920 §3.1)");
        }
        if ended {
            self.enter(Phase::Line);
            self.end_data(out);
        }
        taken
    }

    fn receive_chunk(&mut self, octets: &[u8], out: &mut Outbox) -> usize {
        let Phase::Chunk {
            size,
            start,
            left,
            last,
            keep,
        } = &mut self.phase
        else {
            return octets.len();
        };
        let (size, start, last, keep) = (*size, *start, *last, *keep);
        let taken = usize::try_from(*left)
            .unwrap_or(usize::MAX)
            .min(octets.len());
        *left -= taken as u64;
        let ended = *left == 0;
        if keep && let Some(transaction) = &mut self.transaction {
            octets[..taken]
                .iter()
                .for_each(|octet| transaction.content.push(*octet));
        }
        if ended {
            self.enter(Phase::Line);
            self.end_chunk(size, start, last, out);
        }
        taken
    }

    /// Goes to a phase, unless the conversation is over.
    pub(super) fn enter(&mut self, phase: Phase) {
        if !matches!(self.phase, Phase::Closed | Phase::Silent) {
            self.phase = phase;
        }
    }

    /// `250 2.1.0 Ok`, without the enhanced code where it is not offered.
    pub(super) fn reply(&self, code: u16, enhanced: &str, text: &str) -> String {
        if self.shared.settings.offers_enhanced_codes() {
            format!("{code} {enhanced} {text}\r\n")
        } else {
            format!("{code} {text}\r\n")
        }
    }

    pub(super) fn offers(&self, keyword: &str) -> bool {
        self.offered.iter().any(|offered| offered == keyword)
    }

    pub(super) fn violate(&self, what: impl Into<String>) {
        // The server is wrong about a misread line, so the client is not to blame for it.
        if !self.misread {
            self.shared.record().violate(what.into());
        }
    }

    fn violate_once(&mut self, what: &str) {
        if !core::mem::replace(&mut self.reported, true) {
            self.violate(what.to_string());
        }
    }

    pub(super) fn log(&self, event: Event) {
        self.shared.record().log(self.connection, event);
    }
}

/// Bytes of a line that are kept; a longer one is answered 500.
const LINE_LIMIT: usize = 64 * 1024;
