//! Watches a session: deadlines, the dialogue on stderr, a progress bar, and
//! the replies by which the outcome is told.
//!
//! It decides nothing.

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use embedded_smtp::{EnhancedStatusCode, Observer, Phase, Reply};
use indicatif::ProgressBar;

use crate::escape;
use crate::link::Deadlines;
use crate::options::TlsStack;
use crate::tls::{Shown, Terms};
use crate::trust::Trust;

/// Watches a session; the client is given a reference to it.
pub struct Watch {
    deadlines: Rc<Deadlines>,
    transcript: bool,
    progress: ProgressBar,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    phase: Option<Phase>,
    replies: Vec<Heard>,
    recipients: Vec<Heard>,
    /// The beginning of a line whose end was not sent yet.
    line: Vec<u8>,
    /// Bytes of content since the last line.
    content: usize,
    /// The final reply to this mail.
    final_reply: Option<Heard>,
    /// The version of TLS.
    tls: Option<&'static str>,
}

/// A reply, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub code: u16,
    pub enhanced: Option<EnhancedStatusCode>,
    /// Safe to show.
    pub text: String,
}

impl Watch {
    pub fn new(deadlines: Rc<Deadlines>, transcript: bool, progress: ProgressBar) -> Self {
        Self {
            deadlines,
            transcript,
            progress,
            seen: RefCell::default(),
        }
    }

    /// The times it sets.
    pub fn deadlines(&self) -> Rc<Deadlines> {
        Rc::clone(&self.deadlines)
    }

    /// The last reply with this code.
    pub fn last_reply(&self, code: u16) -> Option<Heard> {
        let seen = self.seen.borrow();
        let mut replies = seen.replies.iter().rev();
        replies.find(|reply| reply.code == code).cloned()
    }

    /// The last reply of 4yz or 5yz.
    pub fn last_refusal(&self) -> Option<Heard> {
        let seen = self.seen.borrow();
        let mut replies = seen.replies.iter().rev();
        replies.find(|reply| reply.code >= 400).cloned()
    }

    /// The recipients' replies of this mail, in order, as far as they were read.
    pub fn recipients(&self) -> Vec<Heard> {
        self.seen.borrow().recipients.clone()
    }

    /// Another mail begins: what was heard was said about the last.
    pub fn next_mail(&self) {
        let mut seen = self.seen.borrow_mut();
        seen.final_reply = None;
        seen.replies.clear();
        seen.recipients.clear();
    }

    /// The TLS handshake is over, well or not.
    pub fn secured(&self, shown: &Shown, terms: Option<&Terms>, trust: &Trust) {
        if let Some(terms) = terms {
            self.seen.borrow_mut().tls = Some(terms.version);
        }
        if !self.transcript {
            return;
        }
        if let Some(Terms {
            version,
            cipher_suite,
        }) = terms
        {
            let stack = match trust.stack {
                TlsStack::Rustls => "rustls",
                TlsStack::Embedded => "embedded-tls",
            };
            let proof = trust.proof();
            self.show(&format!(
                "-- TLS {version}, {cipher_suite}, by {stack}; proof of the server: {proof}"
            ));
        }
        for line in shown.lines() {
            self.show(&format!("-- {line}"));
        }
    }

    /// The phase that was awaited last.
    pub fn phase(&self) -> Phase {
        self.seen.borrow().phase.unwrap_or(Phase::Greeting)
    }

    /// The final reply to this mail.
    pub fn final_reply(&self) -> Option<Heard> {
        self.seen.borrow().final_reply.clone()
    }

    /// The version of TLS, once it was opened.
    pub fn tls(&self) -> Option<&'static str> {
        self.seen.borrow().tls
    }

    /// Nothing more will happen.
    pub fn end(&self) {
        self.show_content(&mut self.seen.borrow_mut());
        self.progress.finish_and_clear();
    }

    fn show(&self, line: &str) {
        // A terminal that is gone is no reason to stop.
        self.progress.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    fn show_content(&self, seen: &mut Seen) {
        if self.transcript && seen.content > 0 {
            self.show(&format!("C: <{} octets of content>", seen.content));
        }
        seen.content = 0;
    }
}

impl Observer for &Watch {
    fn awaiting(&mut self, phase: Phase) {
        self.deadlines.begin(phase);
        self.seen.borrow_mut().phase = Some(phase);
    }

    fn sent(&mut self, commands: &[u8]) {
        if !self.transcript {
            return;
        }
        let seen = &mut *self.seen.borrow_mut();
        self.show_content(seen);
        for piece in commands.split_inclusive(|octet| *octet == b'\n') {
            seen.line.extend_from_slice(piece);
            if let Some(line) = seen.line.strip_suffix(b"\r\n") {
                self.show(&format!("C: {}", escape::octets(line)));
                seen.line.clear();
            }
        }
    }

    fn content(&mut self, octets: usize) {
        self.deadlines.content();
        self.progress.inc(octets as u64);
        let seen = &mut *self.seen.borrow_mut();
        seen.content += octets;
    }

    fn received(&mut self, line: &[u8]) {
        if self.transcript {
            self.show_content(&mut self.seen.borrow_mut());
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.show(&format!("S: {}", escape::octets(line)));
        }
    }

    fn reply(&mut self, reply: Reply<'_>) {
        self.seen.borrow_mut().replies.push(reply.into());
    }

    fn final_reply(&mut self, reply: Reply<'_>) {
        self.seen.borrow_mut().final_reply = Some(reply.into());
    }

    fn recipient(&mut self, index: u16, reply: Reply<'_>) {
        let seen = &mut *self.seen.borrow_mut();
        // They come in order, from 0.
        seen.recipients.truncate(index.into());
        seen.recipients.push(reply.into());
    }
}

impl From<Reply<'_>> for Heard {
    fn from(reply: Reply<'_>) -> Self {
        Self {
            code: reply.code(),
            enhanced: reply.enhanced(),
            text: escape::octets(reply.text()),
        }
    }
}

impl std::fmt::Display for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        if !self.text.is_empty() {
            write!(f, " {}", self.text)?;
        }
        Ok(())
    }
}
