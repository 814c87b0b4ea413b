//! What a server remembers: deliveries, violations, command lines and the dialogue.
//!
//! Everything here is bounded; beyond a limit things are dropped, and the dialogue says so.

use std::borrow::Cow;
use std::string::{String, ToString};
use std::vec::Vec;

use super::script::Stage;

/// A mail that the server accepted with a 2yz final reply.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The number of the connection it came by, from 0.
    pub connection: usize,
    /// The name given with the last EHLO or HELO.
    pub helo: String,
    /// The address in `MAIL FROM:<…>`, without the angle brackets; empty for the null path.
    pub reverse_path: String,
    /// The parameters of `MAIL`, as they came: `SIZE=1000`.
    pub mail_parameters: Vec<String>,
    /// The accepted recipients, in order.
    pub recipients: Vec<Recipient>,
    /// The content as it was before dot-stuffing, line ends kept.
    pub content: Vec<u8>,
    /// The command that carried it.
    pub via: Via,
    /// The user name of a successful AUTH.
    pub authenticated_as: Option<String>,
    /// Whether it came over TLS: after STARTTLS, or on a link that was TLS from its start.
    pub tls: bool,
}

/// A recipient the server accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recipient {
    /// The address in `RCPT TO:<…>`, without the angle brackets.
    pub address: String,
    /// The parameters of this `RCPT`, as they came: `NOTIFY=NEVER`.
    pub parameters: Vec<String>,
}

/// The command that carried a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// `DATA`, dot-stuffed.
    Data,
    /// `BDAT`, in one or more chunks.
    Bdat,
}

/// What passed over a [`Duplex`](super::Duplex), counted in calls of the client's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Traffic {
    /// Calls of `write` that took at least one byte.
    pub writes: usize,
    /// Calls of `read` that were answered with bytes.
    pub reads: usize,
    /// Calls of `flush`.
    pub flushes: usize,
    /// Reads that came after at least one write since the last read.
    pub round_trips: usize,
    /// Bytes written by the client.
    pub octets_written: usize,
    /// Bytes read by the client.
    pub octets_read: usize,
}

/// The memory of one server.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) connections: Vec<Connection>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) violations: Vec<String>,
    occurrences: [usize; Stage::COUNT],
    exchanges: usize,
    logged: usize,
    kept: usize,
}

/// The memory of one connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) events: Vec<Event>,
    pub(super) commands: Vec<String>,
    /// Those of them that were part of a refused chunk.
    pub(super) misread: Vec<String>,
    /// Nothing more is to come.
    pub(super) over: bool,
    pub(super) traffic: Traffic,
    /// What a handshake came to.
    #[cfg(feature = "mock-tls")]
    pub(super) tls: Option<super::tls::TlsSession>,
}

/// One line, or one content, of the dialogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A command line; the bytes from `secret` on are credentials.
    Command { line: String, secret: Option<usize> },
    /// A line that answers a challenge.
    AuthResponse(String),
    /// What the server said, in the pieces it said it in.
    Reply(Vec<u8>),
    /// The content of a mail, unstuffed, or a chunk of it.
    Content {
        octets: Vec<u8>,
        total: u64,
        via: Via,
    },
    /// What is neither: a close, a scripted silence.
    Note(Cow<'static, str>),
}

impl Event {
    pub(super) fn note(text: &'static str) -> Self {
        Self::Note(Cow::Borrowed(text))
    }
}

impl Record {
    pub(super) fn connect(&mut self) -> usize {
        self.connections.push(Connection::default());
        self.connections.len() - 1
    }

    /// Counts a stage's occurrence; the first is 1.
    pub(super) fn count(&mut self, stage: Stage) -> usize {
        let occurrence = &mut self.occurrences[stage as usize];
        *occurrence += 1;
        *occurrence
    }

    /// Counts a run of a SASL mechanism; the first is 1.
    pub(super) fn count_exchange(&mut self) -> usize {
        self.exchanges += 1;
        self.exchanges
    }

    pub(super) fn violate(&mut self, what: impl Into<String>) {
        if self.violations.len() < VIOLATION_LIMIT {
            self.violations.push(what.into());
        }
    }

    pub(super) fn command(&mut self, connection: usize, line: String) {
        if self.admit(line.len()) {
            self.connections[connection].commands.push(line);
        }
    }

    pub(super) fn misread(&mut self, connection: usize, line: String) {
        if self.admit(line.len()) {
            self.connections[connection].misread.push(line);
        }
    }

    pub(super) fn log(&mut self, connection: usize, event: Event) {
        let octets = match &event {
            Event::Command { line, .. } | Event::AuthResponse(line) => line.len(),
            Event::Reply(octets) | Event::Content { octets, .. } => octets.len(),
            Event::Note(_) => 0,
        };
        if self.admit(octets) {
            self.connections[connection].events.push(event);
        }
    }

    /// Keeps a mail; `false` where the server is full.
    pub(super) fn keep(&mut self, delivery: Delivery) -> bool {
        let octets = delivery.content.len() + ENTRY_OCTETS;
        if !self.has_room(octets) {
            return false;
        }
        self.kept += octets;
        self.deliveries.push(delivery);
        true
    }

    pub(super) fn has_room(&self, octets: usize) -> bool {
        self.kept.saturating_add(octets) <= STORE_LIMIT
    }

    fn admit(&mut self, octets: usize) -> bool {
        let octets = octets + ENTRY_OCTETS;
        let fits = self.logged + octets <= LOG_LIMIT;
        if fits {
            self.logged += octets;
        }
        fits
    }
}

/// The dialogue of a server so far, to be shown.
///
/// `C: ` and `S: ` begin the lines of client and server, `-- ` what is neither. Credentials are shown
/// as `****` and a content as its length, unless asked for. What is not printable ASCII or UTF-8 is
/// escaped as in a Rust string.
#[derive(Clone)]
pub struct Transcript {
    connections: Vec<Vec<Event>>,
    content: bool,
    credentials: bool,
}

impl Transcript {
    pub(super) fn new(record: &Record) -> Self {
        let connections = record
            .connections
            .iter()
            .map(|one| one.events.clone())
            .collect();
        Self {
            connections,
            content: false,
            credentials: false,
        }
    }

    /// Shows every line of the content, dot-stuffed where it came by DATA.
    #[must_use]
    pub fn with_content(mut self) -> Self {
        self.content = true;
        self
    }

    /// Shows credentials as they came.
    #[must_use]
    pub fn with_credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// The lines, those of all connections one after the other.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, events) in self.connections.iter().enumerate() {
            if self.connections.len() > 1 {
                lines.push(std::format!("-- connection {number}"));
            }
            for event in events {
                self.show(event, &mut lines);
            }
        }
        lines
    }

    fn show(&self, event: &Event, lines: &mut Vec<String>) {
        match event {
            Event::Command {
                line,
                secret: Some(at),
            } if !self.credentials => {
                let shown = line.get(..*at).unwrap_or_default();
                lines.push(std::format!("C: {}****", escape(shown)));
            }
            Event::Command { line, .. } => lines.push(std::format!("C: {}", escape(line))),
            Event::AuthResponse(line) if self.credentials || line.is_empty() || line == "*" => {
                lines.push(std::format!("C: {}", escape(line)));
            }
            Event::AuthResponse(_) => lines.push("C: ****".to_string()),
            Event::Reply(octets) => {
                let text = String::from_utf8_lossy(octets);
                let whole = text.strip_suffix("\r\n").unwrap_or(&text);
                lines.extend(
                    whole
                        .split("\r\n")
                        .map(|line| std::format!("S: {}", escape(line))),
                );
            }
            Event::Content { octets, via, .. } if self.content => {
                let text = String::from_utf8_lossy(octets);
                let whole = text.strip_suffix("\r\n").unwrap_or(&text);
                let stuffing = if *via == Via::Data { "." } else { "" };
                if !octets.is_empty() {
                    lines.extend(whole.split("\r\n").map(|line| {
                        let dot = if line.starts_with('.') { stuffing } else { "" };
                        std::format!("C: {dot}{}", escape(line))
                    }));
                }
                if *via == Via::Data {
                    lines.push("C: .".to_string());
                }
            }
            Event::Content { total, .. } => {
                lines.push(std::format!("C: <{total} octets of content>"));
            }
            Event::Note(note) => lines.push(std::format!("-- {note}")),
        }
    }
}

impl core::fmt::Display for Transcript {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.lines()
            .iter()
            .try_for_each(|line| writeln!(formatter, "{line}"))
    }
}

impl core::fmt::Debug for Transcript {
    /// The lines, without credentials even where they were asked for.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut masked = self.clone();
        masked.credentials = false;
        formatter.debug_list().entries(masked.lines()).finish()
    }
}

/// No control character of the client's reaches a terminal.
fn escape(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        if character.is_control() && character != '\t' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Violations kept.
const VIOLATION_LIMIT: usize = 1_000;
/// Bytes of command lines and dialogue kept, over all connections.
const LOG_LIMIT: usize = 64 * 1024 * 1024;
/// Bytes of accepted content kept, over all connections; beyond it mail is refused with 452.
const STORE_LIMIT: usize = 256 * 1024 * 1024;
/// What an entry without bytes is taken to weigh.
const ENTRY_OCTETS: usize = 64;
