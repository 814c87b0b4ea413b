//! The link between the client and the octets of the input. It hands what passes to the
//! [`Dialogue`], and sees to it that the client uses it as a link has to be used.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use super::dialogue::Dialogue;
use super::input::Setup;

/// Where what the server says at once ends: no read goes beyond.
pub const PAUSE: u8 = b'|';

/// What goes wrong on the client's side of the link, and at which call, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// With an error that says nothing of the other side.
    WriteFails(usize),
    /// With an error that says that the other side has closed: what it said can still be read.
    WriteBreaks(usize),
    /// No octet is taken.
    WriteEnds(usize),
    FlushFails(usize),
}

/// What follows the server's last octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Closes,
    TimesOut,
}

/// One link, and what is known of its use.
pub struct Wire {
    unread: Vec<u8>,
    at: usize,
    setup: Setup,
    reads: usize,
    writes: usize,
    flushes: usize,
    unflushed: bool,
    /// Why the link can no longer be used.
    over: Option<&'static str>,
    /// A call failed because the server had closed, so the client may listen to its last words.
    pub may_listen: bool,
    /// It may have done so.
    pub has_listened: bool,
    pub dialogue: Dialogue,
}

impl Wire {
    pub fn new(octets: &[u8], setup: &Setup, dialogue: Dialogue) -> Self {
        Self {
            unread: octets.to_vec(),
            at: 0,
            setup: setup.clone(),
            reads: 0,
            writes: 0,
            flushes: 0,
            unflushed: false,
            over: None,
            may_listen: false,
            has_listened: false,
            dialogue,
        }
    }

    /// From here on nothing is sent or received.
    pub fn end(&mut self, why: &'static str) {
        self.over.get_or_insert(why);
        self.may_listen = false;
    }

    pub fn has_ended(&self) -> bool {
        self.over.is_some() || self.dialogue.has_ended()
    }

    /// Octets that a read brings: at least one, or the server's octets are at their end.
    fn next(&mut self, most: usize) -> Vec<u8> {
        while self.unread.get(self.at) == Some(&PAUSE) {
            self.at += 1;
        }
        let rest = &self.unread[self.at..];
        let until_pause = rest.iter().position(|&b| b == PAUSE).unwrap_or(rest.len());
        let piece = match self.setup.reads.len() {
            0 => usize::MAX,
            n => self.setup.reads[self.reads % n].max(1),
        };
        let octets = rest[..until_pause.min(piece).min(most)].to_vec();
        self.at += octets.len();
        octets
    }

    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty(), "a read into nothing");
        assert!(self.reads <= self.unread.len() + 1, "endless reading");
        self.reads += 1;
        if !self.may_listen {
            if let Some(why) = self.over {
                panic!("something is read after {why}");
            }
            assert!(!self.unflushed, "a read before what was written is flushed");
            self.dialogue.check_read();
        }
        let octets = self.next(buf.len());
        if octets.is_empty() {
            self.end("the server's end");
            return match self.setup.end {
                End::Closes => Ok(0),
                End::TimesOut => Err(ErrorKind::TimedOut),
            };
        }
        buf[..octets.len()].copy_from_slice(&octets);
        self.dialogue.hear(&octets);
        Ok(octets.len())
    }

    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty(), "a write of nothing");
        if let Some(why) = self.over {
            panic!("something is sent after {why}");
        }
        self.writes += 1;
        self.unflushed = true;
        let number = self.writes;
        let (result, may_listen) = match self.setup.trouble {
            Some(Trouble::WriteFails(n)) if n == number => (Err(ErrorKind::TimedOut), false),
            Some(Trouble::WriteBreaks(n)) if n == number => (Err(ErrorKind::BrokenPipe), true),
            Some(Trouble::WriteEnds(n)) if n == number => (Ok(0), false),
            _ => (Ok(buf.len().min(self.setup.write_max)), false),
        };
        match result {
            Ok(n) if n > 0 => self.dialogue.say(&buf[..n]),
            // Who hands octets to a link that fails cannot know what became of them.
            _ => {
                self.dialogue.say_in_vain(buf);
                self.end("a write that failed");
                self.may_listen = may_listen;
                self.has_listened = may_listen;
            }
        }
        result
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.flushes += 1;
        self.unflushed = false;
        if self.setup.trouble == Some(Trouble::FlushFails(self.flushes)) {
            self.dialogue.is_listening = true;
            self.dialogue.end("a flush that failed");
            self.end("a flush that failed");
            self.may_listen = true;
            self.has_listened = true;
            return Err(ErrorKind::BrokenPipe);
        }
        Ok(())
    }
}

/// The client's end of a link.
#[derive(Clone)]
pub struct Link(pub Rc<RefCell<Wire>>);

impl ErrorType for Link {
    type Error = ErrorKind;
}

impl Read for Link {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        self.0.borrow_mut().read(buf)
    }
}

impl Write for Link {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        self.0.borrow_mut().write(buf)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.0.borrow_mut().flush()
    }
}
