//! The content of a mail: what is kept of it, what is wrong with it, and where the dot ends it.
//!
//! [`Content`] takes bytes as they were before dot-stuffing, from DATA and BDAT alike; [`DotReader`]
//! undoes the stuffing. Both go byte by byte, so the cut of the input does not matter.

use std::vec::Vec;

/// What a transaction's content has come to so far.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The first [`CONTENT_LIMIT`] bytes.
    pub(super) octets: Vec<u8>,
    /// How many there were.
    pub(super) total: u64,
    pub(super) faults: Faults,
    previous: u8,
    line_octets: u64,
    in_body: bool,
}

/// What was found in a content, each kind once.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) bare_cr: bool,
    pub(super) bare_lf: bool,
    pub(super) nul: bool,
    pub(super) long_line: bool,
    pub(super) eight_bit_header: bool,
    pub(super) eight_bit_body: bool,
    pub(super) lone_dot: bool,
}

impl Content {
    pub(super) fn push(&mut self, octet: u8) {
        self.total += 1;
        if self.octets.len() < CONTENT_LIMIT {
            self.octets.push(octet);
        }
        let after_cr = self.previous == b'\r';
        self.previous = octet;
        // RFC 5321 §2.3.8: "the CR and LF characters MUST NOT be sent except as a pair".
        self.faults.bare_cr |= after_cr && octet != b'\n';
        self.faults.bare_lf |= !after_cr && octet == b'\n';
        self.faults.nul |= octet == 0;
        self.faults.eight_bit_header |= octet >= 0x80 && !self.in_body;
        self.faults.eight_bit_body |= octet >= 0x80 && self.in_body;
        self.line_octets += 1;
        self.faults.long_line |= self.line_octets > TEXT_LINE_LIMIT;
        if after_cr && octet == b'\n' {
            self.in_body |= self.line_octets == 2;
            self.line_octets = 0;
        }
    }

    /// No further byte comes.
    pub(super) fn end(&mut self) {
        self.faults.bare_cr |= self.previous == b'\r';
    }
}

impl Faults {
    /// The faults in words, given what the transaction allows.
    pub(super) fn describe(
        self,
        eight_bit: bool,
        smtputf8: bool,
        binary: bool,
    ) -> Vec<&'static str> {
        [
            (self.bare_cr && !binary, "bare CR in the content"),
            (self.bare_lf && !binary, "bare LF in the content"),
            (self.nul && !binary, "NUL in the content"),
            (
                self.long_line && !binary,
                "content line longer than 1000 octets",
            ),
            // RFC 6531 §3.6: BODY speaks of the body; UTF-8 in the header is SMTPUTF8's.
            (
                self.eight_bit_header && !smtputf8,
                "8-bit header without SMTPUTF8",
            ),
            (
                self.eight_bit_body && !eight_bit,
                "8-bit content without BODY=8BITMIME",
            ),
            (
                self.lone_dot,
                "content line with a leading dot that was not doubled",
            ),
        ]
        .into_iter()
        .filter_map(|(found, words)| found.then_some(words))
        .collect()
    }
}

/// Undoes dot-stuffing, RFC 5321 §4.5.2, and finds the end.
#[derive(Debug, Default)]
pub(super) struct DotReader {
    state: State,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    LineStart,
    Dot,
    DotCr,
    Text,
    Cr,
}

impl DotReader {
    /// Takes bytes up to the end of the content: how many, and whether the end was among them.
    pub(super) fn read(&mut self, octets: &[u8], content: &mut Content) -> (usize, bool) {
        for (at, octet) in octets.iter().enumerate() {
            if self.step(*octet, content) {
                return (at + 1, true);
            }
        }
        (octets.len(), false)
    }

    fn step(&mut self, octet: u8, content: &mut Content) -> bool {
        match (self.state, octet) {
            (State::LineStart, b'.') => self.state = State::Dot,
            (State::Dot, b'\r') => self.state = State::DotCr,
            (State::DotCr, b'\n') => return true,
            (State::Dot, b'.') => {
                content.push(b'.');
                self.state = State::Text;
            }
            (State::Dot, other) => {
                // "If the first character is a period and there are other characters on the line, the
                // first character is deleted." But no client that stuffs sends it.
                content.faults.lone_dot = true;
                self.text(other, content);
            }
            (State::DotCr, other) => {
                content.faults.lone_dot = true;
                content.push(b'\r');
                self.text(other, content);
            }
            (State::Cr, b'\n') => {
                content.push(b'\n');
                self.state = State::LineStart;
            }
            (State::LineStart | State::Text | State::Cr, other) => self.text(other, content),
        }
        false
    }

    fn text(&mut self, octet: u8, content: &mut Content) {
        content.push(octet);
        self.state = if octet == b'\r' {
            State::Cr
        } else {
            State::Text
        };
    }
}

/// Bytes of one content that are kept; a longer one is refused with 552.
const CONTENT_LIMIT: usize = 64 * 1024 * 1024;
/// RFC 5321 §4.5.3.1.6, CRLF included, the doubled dot not.
const TEXT_LINE_LIMIT: u64 = 1_000;
/// The same, as a message size.
pub(super) const LARGEST_MESSAGE: u64 = CONTENT_LIMIT as u64;
