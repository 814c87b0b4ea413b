//! What the client has to make of the replies to RCPT.

use embedded_io::ErrorKind;
use embedded_smtp::{Error, Fault, Violation};

use super::{RECIPIENTS, Whole};
use crate::replies::{Breach, Line, REPLY_MAX, Reader, Reply};

/// What the reference reads.
#[derive(Debug)]
pub(super) struct Expected {
    replies: Vec<Whole>,
    /// The lines of replies, as far as there is room for each.
    lines: Vec<Vec<u8>>,
    breach: Option<Breach>,
    /// The reply that broke the rules was too long besides, so either may be said of it.
    is_too_long: bool,
    /// Octets that matter: those behind them are not said.
    pub(super) used: usize,
    /// The refusal that is shown: while nobody was accepted the first, then the last.
    kept: Option<Whole>,
    /// Nobody was accepted.
    nobody: bool,
}

impl Expected {
    pub(super) fn of(octets: &[u8], buffer: usize, none_accepted: bool) -> Self {
        let mut this = Self {
            replies: Vec::new(),
            lines: Vec::new(),
            breach: None,
            is_too_long: false,
            used: 0,
            kept: None,
            nobody: none_accepted,
        };
        let mut share = Share::new(buffer);
        let most = RECIPIENTS - usize::from(!none_accepted);
        let mut reader = Reader::default();
        let mut text = Vec::new();
        let mut line = Vec::new();
        while this.used < octets.len() && this.replies.len() < most {
            let octet = octets[this.used];
            this.used += 1;
            let is_first = reader.unfinished_reply().is_none();
            let length = reader.octets() + 1;
            line.push(octet);
            let end = reader.take(octet);
            if octet != b'\n' {
                continue;
            }
            let raw = std::mem::take(&mut line);
            let reply = match end {
                Some(Err(breach)) => {
                    this.breach = Some(breach);
                    this.is_too_long = length > REPLY_MAX;
                    return this;
                }
                Some(Ok(reply)) => Some(reply),
                None => None,
            };
            let whole = reply.as_ref().or(reader.unfinished_reply());
            let part = whole.and_then(|reply| reply.lines.last()).unwrap();
            this.lines.push(raw[..raw.len().min(share.room())].to_vec());
            share.add(&mut text, &raw, part, is_first);
            let Some(reply) = reply else {
                continue;
            };
            let whole = Whole {
                code: reply.code,
                enhanced: reply.enhanced,
                text: std::mem::take(&mut text),
            };
            this.replies.push(whole.clone());
            match reply.code {
                421 => {
                    this.kept = None;
                    return this;
                }
                300..=399 => return this,
                200..=299 => this.nobody = false,
                _ if this.kept.is_none() || !this.nobody => {
                    share.keep(whole.text.len());
                    this.kept = Some(whole);
                }
                _ => {}
            }
        }
        // A line that fills all the room there is is judged before its end.
        if line.len() >= share.room() {
            this.is_too_long = reader.octets() > REPLY_MAX;
            this.breach = early_breach(&line[..share.room()], reader.unfinished_reply())
                .or(this.is_too_long.then_some(Breach::TooLong));
        }
        this
    }

    pub(super) fn check_replies(&self, replies: &[Whole]) {
        assert_eq!(replies, self.replies);
    }

    pub(super) fn check_lines(&self, lines: &[Vec<u8>]) {
        let (whole, rest) = lines.split_at(self.lines.len());
        assert_eq!(whole, self.lines);
        // The line that broke the rules, or the beginning of the last one.
        assert!(rest.len() <= 1, "{rest:?}");
    }

    pub(super) fn check_end(&self, end: &Error<ErrorKind>) {
        let last = self.replies.last().map_or(0, |reply| reply.code);
        let fault = match end {
            Error::Failed { fault, last, .. } => {
                let kept = self.kept.as_ref().map(|reply| reply.code);
                assert_eq!(last.map(|refusal| refusal.code()), kept);
                assert!(!self.nobody || kept.is_none(), "{end:?}");
                *fault
            }
            Error::Refused(refusal) if last == 421 => return assert_eq!(refusal.code(), 421),
            // Every recipient who was answered was refused before the connection's end.
            Error::Refused(refusal) => {
                assert!(self.nobody);
                let kept = self.kept.as_ref().map(|reply| reply.code);
                return assert_eq!(Some(refusal.code()), kept);
            }
            _ => panic!("{end:?}"),
        };
        let due = match self.breach {
            Some(Breach::Grammar) => Fault::Protocol(Violation::Grammar),
            Some(Breach::CodesDiffer) => Fault::Protocol(Violation::CodesDiffer),
            Some(Breach::TooLong) => Fault::Protocol(Violation::TooLong),
            None if last / 100 == 3 => Fault::Protocol(Violation::OutOfPlace(last)),
            None => Fault::Closed,
        };
        let violation = matches!(
            fault,
            Fault::Protocol(Violation::Grammar | Violation::CodesDiffer | Violation::TooLong)
        );
        let is_either = self.is_too_long && violation;
        assert!(fault == due || is_either, "{fault:?}, not {due:?}");
    }

    /// The refusal that is kept. Else there may be none: its text may be overwritten.
    pub(super) fn check_last(&self, last: Option<Whole>) {
        if let Some(kept) = &self.kept {
            assert_eq!(last.as_ref(), Some(kept));
        }
        if let (Some(last), Some(read)) = (last, self.replies.last())
            && self.kept.is_none()
        {
            assert_eq!(last, *read);
        }
    }
}

/// What is wrong with a line of which this is the beginning.
fn early_breach(beginning: &[u8], reply: Option<&Reply>) -> Option<Breach> {
    let Some(line) = Line::read(beginning) else {
        return Some(Breach::Grammar);
    };
    let differs = reply.is_some_and(|reply| reply.code != line.code);
    differs.then_some(Breach::CodesDiffer)
}

/// Where texts stand in the buffer. Three quarters of it are for them, the rest is for reading.
#[derive(Debug)]
struct Share {
    buffer: usize,
    /// The octets of the text that is kept.
    kept: usize,
    /// Where the text of the reply read last ends.
    end: usize,
}

impl Share {
    /// Behind a reply whose text has two octets.
    fn new(buffer: usize) -> Self {
        Self {
            buffer,
            kept: 0,
            end: 2,
        }
    }

    /// The octets of a line that there is room for.
    fn room(&self) -> usize {
        self.buffer - self.end
    }

    /// Adds a line's text to that of its reply, as far as there is room.
    fn add(&mut self, text: &mut Vec<u8>, raw: &[u8], part: &[u8], is_first: bool) {
        let limit = self.buffer - self.buffer / 4;
        let line_end = if raw.ends_with(b"\r\n") { 2 } else { 1 };
        let before = raw.len() - line_end - part.len();
        // Of a line that is longer, its beginning is there. A CR at the cut belongs to the line end,
        // or may as well be cut off.
        let beginning = &raw[before..raw.len().min(self.room())];
        let there = match raw.len() > self.room() {
            true => beginning.strip_suffix(b"\r").unwrap_or(beginning),
            false => part,
        };
        if is_first {
            self.end = self.kept;
        } else if self.end < limit {
            text.push(b'\n');
            self.end += 1;
        }
        let length = there.len().min(limit - self.end);
        text.extend(&there[..length]);
        self.end += length;
    }

    fn keep(&mut self, octets: usize) {
        self.kept = octets;
        self.end = octets;
    }
}
