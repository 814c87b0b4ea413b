//! Assembles replies from the octets received, in the session's buffer.
//!
//! ```text
//! 0        kept       text          read          end          capacity
//! |--------|----------|-------------|-------------|------------|
//!  a reply  the reply  consumed      received,     free: what
//!  that is  being      before        not read      the driver
//!  kept     read                     yet           reads into
//! ```
//!
//! Text moves only downwards, over octets that were consumed, so nothing is ever overwritten. When
//! the text has taken its share, the rest of it is dropped: a reply may be longer than any buffer.
//!
//! Every position is one of the buffer, and in the order of the picture: what is added stays within
//! it and what is subtracted is smaller, so the arithmetic wraps only in name. Were it ever to, the
//! buffer has no such octets, and nothing is read or written.
//!
//! This file knows lines and replies. It does not know which command a reply answers.

use crate::observer::Observer;
use crate::outcome::Violation;
use crate::wire::ehlo::{Capabilities, Keyword, whole_words};
use crate::wire::reply::{Reply, ReplyHead, ReplyLine};

use super::buffer::Buffer;

/// The longest reply, in octets, all its lines together. RFC 5321 has no limit; the longest replies
/// seen, to EHLO, have about 1 KiB. Beyond it the server is taken to be broken.
pub(super) const REPLY_MAX: u32 = 128 * 1024;

/// The part of the buffer that texts of replies never take: one quarter stays for reading.
const WINDOW_SHARE: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Inbox {
    kept: usize,
    /// Where the text of the reply being read, or read last, begins.
    text_start: usize,
    text: usize,
    read: usize,
    end: usize,
    /// Octets of the reply being read that were consumed.
    octets: u32,
    /// Head of the reply being read, or of the one read last.
    head: ReplyHead,
    /// Head of the kept reply, `code` 0 when none is kept.
    kept_head: ReplyHead,
    /// The text of the reply being read, or read last, is not whole.
    is_cut: bool,
    /// Where in a reply the next octet stands.
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Before the first line of a reply.
    #[default]
    Start,
    /// At the beginning of a further line.
    Line,
    /// In a line whose beginning was taken and whose rest is dropped.
    Rest {
        /// It is the last line.
        is_last: bool,
    },
}

impl Inbox {
    /// Reads on in what was received. `true`: a whole reply was read, see [`Self::head`]. `false`:
    /// more must be received behind [`Self::end`].
    ///
    /// Given `capabilities`, the lines of a 2yz reply behind its first go there, not to the text.
    #[inline(never)]
    pub(super) fn poll(
        &mut self,
        buffer: &mut Buffer<'_>,
        mut capabilities: Option<&mut Capabilities>,
        observer: &mut dyn Observer,
    ) -> Result<bool, Violation> {
        loop {
            let unread = buffer.range(self.read, self.end);
            let line_feed = unread.iter().position(|&b| b == b'\n');
            let is_cut = line_feed.is_none();
            let length = match (line_feed, self.place) {
                (Some(at), _) => at,
                (None, Place::Rest { .. }) => unread.len(),
                (None, _) if self.make_room(buffer) => return Ok(false),
                // What the server offers is worth more than the greeting in front of it.
                (None, _)
                    if capabilities.is_some()
                        && self.head.code < 300
                        && self.text > self.text_start =>
                {
                    self.text = self.text_start;
                    continue;
                }
                // The line fills all the room there is: its beginning must do.
                (None, _) => self.end.wrapping_sub(self.read),
            };
            let start = self.read;
            let stop = start.wrapping_add(length);
            self.consume(if is_cut {
                length
            } else {
                length.wrapping_add(1)
            })?;
            let is_last = match self.place {
                Place::Rest { is_last } => is_last,
                _ => {
                    observer.received(buffer.range(start, self.read));
                    self.take_line(buffer, start, stop, is_cut, capabilities.as_deref_mut())?
                }
            };
            match (is_cut, is_last) {
                (true, _) => {
                    // Everything received was consumed.
                    self.place = Place::Rest { is_last };
                    self.make_room(buffer);
                    return Ok(false);
                }
                (false, false) => self.place = Place::Line,
                (false, true) => {
                    self.place = Place::Start;
                    self.octets = 0;
                    return Ok(true);
                }
            }
        }
    }

    /// Where what was received ends, and so what is received next begins.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Says that this many octets were received into the window.
    pub(super) fn received(&mut self, octets: usize, buffer: &Buffer<'_>) {
        self.end = self.end.wrapping_add(octets).min(buffer.len());
    }

    /// Code and enhanced code of the reply read last.
    pub(super) fn head(&self) -> ReplyHead {
        self.head
    }

    /// The reply read last.
    pub(super) fn reply<'a>(&self, buffer: &'a Buffer<'_>) -> Reply<'a> {
        Reply {
            head: self.head,
            text: buffer.range(self.text_start, self.text),
        }
    }

    /// The text of the reply read last, and whether its end is missing.
    pub(super) fn text<'a>(&self, buffer: &'a mut Buffer<'_>) -> (&'a mut [u8], bool) {
        (buffer.range_mut(self.text_start, self.text), self.is_cut)
    }

    /// The reply that is kept, else the one read last, if there is one whose text is still there.
    pub(super) fn deciding_reply<'a>(&self, buffer: &'a Buffer<'_>) -> Option<Reply<'a>> {
        if self.kept_head.code != 0 {
            return Some(Reply {
                head: self.kept_head,
                text: buffer.range(0, self.kept),
            });
        }
        (self.head.code != 0 && self.place == Place::Start).then(|| self.reply(buffer))
    }

    /// Whether octets were received that no reply took.
    pub(super) fn has_unread(&self) -> bool {
        self.read < self.end
    }

    /// Keeps the reply read last, with its text, until [`Self::forget`]. It takes the place of
    /// one that was kept before.
    pub(super) fn keep(&mut self, buffer: &mut Buffer<'_>) {
        let length = self.text.wrapping_sub(self.text_start);
        copy_down(buffer.octets(), self.text_start, 0, length);
        self.text_start = 0;
        self.text = length;
        self.kept = length;
        self.kept_head = self.head;
    }

    /// Keeps the first `length` octets at the place of the text of the reply read last, until
    /// [`Self::forget`]. They are no reply, and take the place of one that was kept.
    pub(super) fn keep_octets(&mut self, buffer: &mut Buffer<'_>, length: usize) {
        copy_down(buffer.octets(), self.text_start, 0, length);
        self.text_start = length;
        self.text = length;
        self.kept = length;
        self.kept_head = ReplyHead::default();
    }

    /// Octets that are kept and are no reply.
    pub(super) fn kept_octets<'a>(&self, buffer: &'a Buffer<'_>) -> &'a [u8] {
        if self.kept_head.code != 0 {
            return &[];
        }
        buffer.range(0, self.kept)
    }

    /// The kept reply is no longer of interest.
    pub(super) fn forget(&mut self) {
        self.kept = 0;
        self.kept_head = ReplyHead::default();
    }

    /// Makes the buffer free for sending, from the returned position on. The text of the reply
    /// read last is gone, a kept one stays.
    ///
    /// To be called only when nothing is unread.
    pub(super) fn clear(&mut self) -> usize {
        self.head = ReplyHead::default();
        self.text_start = self.kept;
        self.text = self.kept;
        self.read = self.kept;
        self.end = self.kept;
        self.kept
    }

    fn consume(&mut self, octets: usize) -> Result<(), Violation> {
        self.read = self.read.wrapping_add(octets).min(self.end);
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        self.octets = self.octets.saturating_add(octets);
        if self.octets > REPLY_MAX {
            Err(Violation::TooLong)
        } else {
            Ok(())
        }
    }

    /// Moves what is unread down to the text's end. Whether there is room to receive into.
    #[inline(never)]
    fn make_room(&mut self, buffer: &mut Buffer<'_>) -> bool {
        if self.read > self.text && (self.read == self.end || self.end == buffer.len()) {
            let length = self.end.wrapping_sub(self.read);
            copy_down(buffer.octets(), self.read, self.text, length);
            self.read = self.text;
            self.end = self.text.wrapping_add(length);
        }
        self.end < buffer.len()
    }

    /// Takes a line without its line end; whether it is the reply's last.
    #[inline(never)]
    fn take_line(
        &mut self,
        buffer: &mut Buffer<'_>,
        start: usize,
        stop: usize,
        is_cut: bool,
        capabilities: Option<&mut Capabilities>,
    ) -> Result<bool, Violation> {
        let mut line = buffer.range(start, stop);
        // A bare LF ends a line too: servers behind a proxy or on a serial line have sent it, and
        // no octet can be mistaken for another reply through it.
        // Where the line is cut behind its CR, its LF may be all that is missing.
        if let [rest @ .., b'\r'] = line {
            line = rest;
        }
        let end = start.wrapping_add(line.len());
        let line = ReplyLine::parse(line).ok_or(Violation::Grammar)?;
        let is_first = self.place == Place::Start;
        if is_first {
            self.is_cut = false;
            self.head = line.head;
            self.text_start = self.kept;
            self.text = self.kept;
        } else if line.head.code != self.head.code {
            return Err(Violation::CodesDiffer);
        }
        let is_last = line.is_last;
        match capabilities {
            Some(capabilities) if !is_first && self.head.code < 300 => {
                let length = match is_cut {
                    true => whole_words(line.text),
                    false => line.text.len(),
                };
                let words = line.text.get(..length).unwrap_or_default();
                capabilities.read_words(&mut Keyword::default(), words);
            }
            _ => {
                let from = end.wrapping_sub(line.text.len());
                self.is_cut |= is_cut;
                self.take_text(buffer, from, line.text.len(), is_first);
            }
        }
        Ok(is_last)
    }

    /// Adds a line's text to the reply's, as far as there is room for it.
    fn take_text(&mut self, buffer: &mut Buffer<'_>, from: usize, length: usize, is_first: bool) {
        let limit = buffer.len().wrapping_sub(buffer.len() / WINDOW_SHARE);
        if !is_first && self.text < limit {
            // The code and separator of this line were consumed, so there is room for this octet.
            if let Some(slot) = buffer.octets().get_mut(self.text) {
                *slot = b'\n';
            }
            self.text = self.text.wrapping_add(1);
        }
        let room = limit.saturating_sub(self.text);
        self.is_cut |= length > room;
        let length = length.min(room);
        copy_down(buffer.octets(), from, self.text, length);
        self.text = self.text.wrapping_add(length);
    }
}

/// Copies `length` octets from `from` down to `to`, octet by octet: the ranges may overlap, and
/// `copy_within` would link memmove, 1.6 KB of flash.
#[inline(never)]
fn copy_down(octets: &mut [u8], from: usize, to: usize, length: usize) {
    for offset in 0..length {
        let byte = octets
            .get(from.wrapping_add(offset))
            .copied()
            .unwrap_or_default();
        if let Some(slot) = octets.get_mut(to.wrapping_add(offset)) {
            *slot = byte;
        }
    }
}
