//! Replies from arbitrary octets of a server, cut anywhere, in a buffer of any size.
//!
//! ```text
//! with: buffer 300, reads 1 7        the size of the buffer; octets at each read, over and over
//! with: none-accepted                the octets answer the first RCPT too, so a refusal is kept
//! with: ehlo                         the octets answer EHLO, not RCPT
//! with: ehlo, limits                 and the client heeds LIMITS
//!
//! 250 ok…
//! ```
//!
//! An octet 0xF8 stands for 1,000 times `x`, so that a small input can hold a long reply.
//!
//! The octets answer up to 16 RCPT commands of one flight, or EHLO. An observer sees each reply.
//!
//! Checked against [`replies`](crate::replies), which reads the same octets: the same codes, enhanced
//! codes and texts in the same order, the same lines, the same end (closed, or which violation), a
//! text cut off just where the buffer's share for texts ends; what EHLO offers. And the same again
//! whatever the cuts.

mod ehlo;
mod expected;

use std::cell::RefCell;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::message::Head;
use embedded_smtp::session::BUFFER_MIN;
use embedded_smtp::{Mailbox, Message, Observer, Reply};

use crate::form::Form;
use crate::replies::REPLY_MAX;
use expected::Expected;

/// RCPT commands. With MAIL and DATA they are one flight.
const RECIPIENTS: usize = 16;

/// The fuzz target.
pub fn reply(input: &[u8]) {
    let form = Form::read(input);
    let octets = stretched(form.octets);
    let buffer = BUFFER_MIN + form.number("buffer").unwrap_or_default().min(2_000);
    let given = form.numbers("reads");
    let mut all_reads = vec![vec![usize::MAX], given];
    if octets.len() < 2_000 {
        all_reads.push(vec![1]);
    }
    if form.has("ehlo") {
        return ehlo::check(&octets, buffer, &all_reads, form.has("limits"));
    }
    let none_accepted = form.has("none-accepted");
    let expected = Expected::of(&octets, buffer, none_accepted);
    for reads in all_reads {
        send(
            &octets[..expected.used],
            buffer,
            reads,
            none_accepted,
            &expected,
        );
    }
}

fn send(octets: &[u8], buffer: usize, reads: Vec<usize>, none_accepted: bool, expected: &Expected) {
    // Replies to MAIL and perhaps to the first RCPT, then the octets.
    let before = if none_accepted { 1 } else { 2 };
    let parts = vec![
        b"220 x\r\n".to_vec(),
        b"250-x\r\n250 PIPELINING\r\n".to_vec(),
        [&b"250 ok\r\n".repeat(before), octets].concat(),
    ];
    let seen = RefCell::new(Seen::default());
    let mut memory = vec![0; buffer];
    let mut smtp = Client::new(Server::new(parts, reads), &mut memory).observe(Watch(&seen));
    smtp.open("f.example").unwrap();
    seen.take();
    let to: Vec<String> = (0..RECIPIENTS).map(|n| format!("r{n}@b")).collect();
    let to = to.join(",");
    let head = Head::new(Mailbox::parse("a@b").unwrap());
    let head = head.to(&*to).unwrap();
    let end = smtp.send(&Message::new(&head)).unwrap_err();
    let last = smtp.last_reply().map(|reply| Whole::of(&reply));
    let seen = seen.take();
    expected.check_replies(&seen.replies[before..]);
    expected.check_lines(&seen.lines[before..]);
    expected.check_end(&end);
    expected.check_last(last);
}

fn stretched(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for &octet in octets {
        match octet {
            0xF8 if out.len() < 2 * REPLY_MAX => out.extend([b'x'; 1_000]),
            _ => out.push(octet),
        }
    }
    out
}

/// A reply as the caller of the library sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Whole {
    code: u16,
    enhanced: Option<(u8, u16, u16)>,
    text: Vec<u8>,
}

impl Whole {
    fn of(reply: &Reply<'_>) -> Self {
        let shown = reply.to_string();
        assert!(shown.starts_with(&reply.code().to_string()));
        assert!(!shown.contains(char::is_control), "{shown:?}");
        Self {
            code: reply.code(),
            enhanced: reply.enhanced().map(|e| (e.class, e.subject, e.detail)),
            text: reply.text().to_vec(),
        }
    }
}

/// What an observer saw.
#[derive(Debug, Default)]
struct Seen {
    replies: Vec<Whole>,
    lines: Vec<Vec<u8>>,
}

struct Watch<'s>(&'s RefCell<Seen>);

impl Observer for Watch<'_> {
    fn received(&mut self, line: &[u8]) {
        self.0.borrow_mut().lines.push(line.to_vec());
    }

    fn reply(&mut self, reply: Reply<'_>) {
        self.0.borrow_mut().replies.push(Whole::of(&reply));
    }
}

/// A server that says its parts in turn, each cut as told, and then closes the connection.
struct Server {
    octets: Vec<u8>,
    at: usize,
    /// Where the parts end: no read goes beyond one.
    ends: Vec<usize>,
    reads: Vec<usize>,
    count: usize,
}

impl Server {
    fn new(parts: Vec<Vec<u8>>, reads: Vec<usize>) -> Self {
        let mut ends = Vec::new();
        for part in &parts {
            ends.push(ends.last().unwrap_or(&0) + part.len());
        }
        Self {
            octets: parts.concat(),
            at: 0,
            ends,
            reads,
            count: 0,
        }
    }
}

impl ErrorType for Server {
    type Error = ErrorKind;
}

impl Read for Server {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty(), "a read into nothing");
        let end = *self
            .ends
            .iter()
            .find(|&&end| end > self.at)
            .unwrap_or(&self.at);
        let most = match self.reads.len() {
            0 => usize::MAX,
            n => self.reads[self.count % n].max(1),
        };
        self.count += 1;
        let n = buf.len().min(most).min(end - self.at);
        buf[..n].copy_from_slice(&self.octets[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Write for Server {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
