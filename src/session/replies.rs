//! Assembles replies from the bytes received, in the session's buffer, and keeps the one that
//! decides.
//!
//! ```text
//! |  kept  |   text   |   consumed  |   unread   |    free    |
//!  a reply  the reply  lines that    received,    where the
//!  that     being      were read     not read     driver
//!  decides  read                     yet          receives
//! ```
//!
//! Text moves only down, over bytes that were consumed, so nothing is ever overwritten. When the
//! text has taken its share, the rest of it is dropped: a reply may be longer than any buffer.
//!
//! This file knows lines and replies. It does not know which command a reply answers.

use crate::fault::Violation;
use crate::observer::Observer;
use crate::wire::ehlo::{Capabilities, Keyword, whole_words};
use crate::wire::reply::{Reply, ReplyHead, ReplyLine};

use super::buffer::{Buffer, Span};

/// The longest reply, in bytes, all its lines together. RFC 5321 has no limit; the longest replies
/// seen, to EHLO, have about 1 KiB. A server that sends more is taken to be broken.
const REPLY_MAX: u32 = 128 * 1024;

/// The part of the buffer that texts of replies never take: one quarter is left for reading.
const WINDOW_SHARE: usize = 4;

/// The form of the reply that is expected.
pub(super) enum Form<'c> {
    /// One code, and text.
    Text,
    /// A greeting, whose last line may refuse what the lines before it seemed to promise.
    Greeting,
    /// After its first line, a line for each capability.
    Capabilities(&'c mut Capabilities),
}

impl Form<'_> {
    /// Reads words of a capability's line.
    fn read_words(&mut self, keyword: &mut Keyword, words: &[u8]) {
        if let Self::Capabilities(capabilities) = self {
            capabilities.read_words(keyword, words);
        }
    }
}

/// The result of reading on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Polled {
    /// A whole reply was read: see [`Replies::head`].
    Reply,
    /// More must be received, at [`Replies::free`].
    Wanting,
    /// No more will come.
    Closed,
}

#[derive(Debug, Default)]
pub(super) struct Replies {
    /// The text of the kept reply, or bytes that are kept and are no reply.
    kept: Span,
    /// The text of the reply being read, or read last.
    text: Span,
    unread: Span,
    /// Bytes that were received and are no reply.
    stray: Span,
    /// Bytes of the reply being read that were consumed; at most [`REPLY_MAX`].
    bytes: u32,
    /// Head of the reply being read, or of the one read last.
    head: ReplyHead,
    /// Head of the reply that decides; its code is 0 when there is none.
    kept_head: ReplyHead,
    /// What is kept is the text of that reply.
    is_reply_kept: bool,
    /// The text of the reply being read, or read last, is not complete.
    is_cut: bool,
    /// The transport said that no more will come.
    is_at_end: bool,
    /// The place in a reply of the next byte.
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Before the first line of a reply.
    #[default]
    Start,
    /// At the beginning of a further line.
    Line,
    /// In a line whose beginning was read. Its rest is dropped, except words after a keyword.
    Rest {
        is_last: bool,
        keyword: Option<Keyword>,
    },
}

impl Replies {
    /// Reads on in what was received.
    #[inline(never)]
    pub(super) fn poll(
        &mut self,
        buffer: &mut Buffer<'_>,
        mut form: Form<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Polled, Violation> {
        loop {
            let unread = buffer.get(self.unread);
            let line_feed = unread.iter().position(|&b| b == b'\n');
            let is_cut = line_feed.is_none();
            if is_cut && self.is_at_end {
                return Ok(self.close(buffer, observer));
            }
            let length = line_feed.unwrap_or(unread.len());
            let drops = matches!(self.place, Place::Rest { keyword: None, .. });
            if is_cut && !(drops && length > 0) && self.make_room(buffer) {
                return Ok(Polled::Wanting);
            }
            let mut line = self.unread.first(length);
            let mut rest = self.unread.without(length).without(1);
            let mut has_words = true;
            if is_cut && let Form::Capabilities(_) = form {
                // A word may continue in what is received next. One that fills all the room is longer
                // than any keyword.
                let words = whole_words(buffer.get(line));
                has_words = words > 0;
                if has_words {
                    rest = line.without(words);
                    line = line.first(words);
                }
            }
            let is_last = match self.place {
                Place::Rest { is_last, keyword } => {
                    let keyword = match keyword {
                        Some(mut keyword) if has_words => {
                            let words = buffer.get(line);
                            let words = words.strip_suffix(b"\r").unwrap_or(words);
                            form.read_words(&mut keyword, words);
                            Some(keyword)
                        }
                        // After a word that is too long, the rest of the line is dropped.
                        _ => None,
                    };
                    self.place = Place::Rest { is_last, keyword };
                    is_last
                }
                _ => self.take_line(buffer, line, is_cut, has_words, &mut form, observer)?,
            };
            self.consume(rest)?;
            match (is_cut, is_last) {
                (true, _) => {}
                (false, false) => self.place = Place::Line,
                (false, true) => {
                    self.place = Place::Start;
                    self.bytes = 0;
                    return Ok(Polled::Reply);
                }
            }
        }
    }

    /// The place to receive into.
    pub(super) fn free(&self, buffer: &Buffer<'_>) -> Span {
        buffer.rest(self.unread)
    }

    /// Notes that this many bytes were received there; 0 is the end of the stream.
    pub(super) fn received(&mut self, bytes: usize, buffer: &Buffer<'_>) {
        self.is_at_end = bytes == 0;
        self.unread = buffer.grow(self.unread, bytes);
    }

    /// Code and enhanced code of the reply read last.
    pub(super) fn head(&self) -> ReplyHead {
        self.head
    }

    /// Code and enhanced code of the reply that decides; code 0 if there is none.
    pub(super) fn kept_head(&self) -> ReplyHead {
        self.kept_head
    }

    /// The reply read last.
    pub(super) fn reply<'a>(&self, buffer: &'a Buffer<'_>) -> Reply<'a> {
        Reply {
            head: self.head,
            text: buffer.get(self.text),
        }
    }

    /// The text of the reply read last, and whether its end is missing.
    pub(super) fn text<'a>(&self, buffer: &'a mut Buffer<'_>) -> (&'a mut [u8], bool) {
        (buffer.get_mut(self.text), self.is_cut)
    }

    /// The reply that is kept, else the one read last, if there is one whose text is still there.
    pub(super) fn deciding<'a>(&self, buffer: &'a Buffer<'_>) -> Option<Reply<'a>> {
        if self.is_reply_kept {
            return Some(Reply {
                head: self.kept_head,
                text: buffer.get(self.kept),
            });
        }
        (self.head.code != 0 && self.place == Place::Start).then(|| self.reply(buffer))
    }

    /// The bytes that were received and are no reply.
    pub(super) fn stray<'a>(&self, buffer: &'a Buffer<'_>) -> &'a [u8] {
        buffer.get(self.stray)
    }

    /// Whether bytes were received that no reply has taken.
    pub(super) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Keeps the reply read last, with its text, until [`Self::forget`], in the place of one that
    /// was kept before.
    #[inline(never)]
    pub(super) fn keep(&mut self, buffer: &mut Buffer<'_>) {
        self.kept = buffer.move_down(self.text, Span::default());
        self.text = self.kept;
        self.kept_head = self.head;
        self.is_reply_kept = true;
    }

    /// Keeps the head of the reply read last, and not its text.
    pub(super) fn keep_head(&mut self) {
        self.kept_head = self.head;
    }

    /// Keeps the first `length` bytes of the text of the reply read last, until [`Self::forget`].
    /// They are no reply, and replace one that was kept.
    pub(super) fn keep_bytes(&mut self, buffer: &mut Buffer<'_>, length: usize) {
        self.kept = buffer.move_down(self.text.first(length), Span::default());
        self.text = self.kept.after();
        self.is_reply_kept = false;
    }

    /// Bytes that are kept and are no reply: of a challenge, or a reason.
    pub(super) fn kept_bytes(&self) -> Span {
        if self.is_reply_kept {
            Span::default()
        } else {
            self.kept
        }
    }

    /// The kept reply is no longer of interest.
    pub(super) fn forget(&mut self) {
        self.kept = Span::default();
        self.kept_head = ReplyHead::default();
        self.is_reply_kept = false;
    }

    /// Makes the buffer free for sending after what is kept, which is returned. The text of the reply
    /// read last is gone. Called only when nothing is unread.
    pub(super) fn clear(&mut self) -> Span {
        self.head = ReplyHead::default();
        self.text = self.kept.after();
        self.unread = self.text;
        self.kept
    }

    /// What was received last is no reply.
    pub(super) fn note_stray(&mut self) {
        if self.has_unread() {
            self.stray = self.unread;
        }
    }

    /// No more will come. Words without a line end are no reply, and are shown.
    fn close(&mut self, buffer: &Buffer<'_>, observer: &mut dyn Observer) -> Polled {
        if self.has_unread() {
            self.note_stray();
            observer.received(buffer.get(self.unread));
        } else if self.place != Place::Start {
            // The lines of a reply whose last line is missing.
            self.stray = self.text;
        }
        Polled::Closed
    }

    fn consume(&mut self, rest: Span) -> Result<(), Violation> {
        let bytes = self.unread.len().checked_sub(rest.len());
        self.unread = rest;
        let bytes = bytes.and_then(|bytes| u32::try_from(bytes).ok());
        let all = bytes.and_then(|bytes| self.bytes.checked_add(bytes));
        match all {
            Some(all) if all <= REPLY_MAX => {
                self.bytes = all;
                Ok(())
            }
            _ => Err(Violation::TooLong),
        }
    }

    /// Moves what is unread down to the end of the text. Whether there is room to receive into.
    #[inline(never)]
    fn make_room(&mut self, buffer: &mut Buffer<'_>) -> bool {
        // A text that was left in its place makes room once room is short.
        let window = buffer.len() / WINDOW_SHARE;
        let is_apart = self.kept.gap(self.text) > 0;
        if self.place == Place::Start && is_apart && self.free(buffer).len() < window {
            self.text = buffer.move_down(self.text, self.kept);
        }
        let has_gap = self.text.gap(self.unread) > 0;
        if has_gap && (self.unread.is_empty() || self.free(buffer).is_empty()) {
            self.unread = buffer.move_down(self.unread, self.text);
        }
        !self.free(buffer).is_empty()
    }

    /// Reads a line without its line end, or its beginning; whether it is the reply's last.
    #[inline(never)]
    fn take_line(
        &mut self,
        buffer: &mut Buffer<'_>,
        span: Span,
        is_cut: bool,
        has_words: bool,
        form: &mut Form<'_>,
        observer: &mut dyn Observer,
    ) -> Result<bool, Violation> {
        let whole = if is_cut { span } else { buffer.grow(span, 1) };
        observer.received(buffer.get(whole));
        let mut bytes = buffer.get(span);
        let mut span = span;
        // A bare LF ends a line too: servers after a proxy or on a serial line have sent it, and no
        // byte can be mistaken for another reply through it. Where the line is cut after its CR, its
        // LF may be all that is missing.
        if let [rest @ .., b'\r'] = bytes {
            bytes = rest;
            span = span.first(rest.len());
        }
        let Some(line) = ReplyLine::parse(bytes) else {
            self.stray = span;
            return Err(Violation::Grammar);
        };
        let is_first = self.place == Place::Start;
        if is_first {
            self.is_cut = false;
            self.head = line.head;
            self.text = self.kept.after();
        } else if line.head.code != self.head.code {
            // postscreen teases with `220-` and refuses in the last line.
            let refuses = line.is_last && line.head.code >= 400;
            if !(refuses && matches!(form, Form::Greeting)) {
                return Err(Violation::CodesDiffer);
            }
            self.head = line.head;
        }
        let (is_last, length) = (line.is_last, line.text.len());
        let mut keyword = None;
        if !is_first
            && self.head.code < 300
            && let Form::Capabilities(_) = form
        {
            let mut word = Keyword::default();
            if has_words {
                form.read_words(&mut word, line.text);
                keyword = Some(word);
            }
        } else if is_first && is_last && !is_cut && length <= self.room(buffer) {
            // The usual reply has one line, and its text stays in its place.
            self.text = span.last(length);
        } else {
            self.is_cut |= is_cut;
            self.take_text(buffer, span.last(length), is_first);
        }
        if is_cut {
            self.place = Place::Rest { is_last, keyword };
        }
        Ok(is_last)
    }

    /// The room for more text.
    #[inline(never)]
    fn room(&self, buffer: &Buffer<'_>) -> usize {
        let window = buffer.rest(Span::default()).last_share(WINDOW_SHARE);
        self.text.gap(window)
    }

    /// Adds a line's text to the reply's, as far as there is room for it.
    fn take_text(&mut self, buffer: &mut Buffer<'_>, line: Span, is_first: bool) {
        if !is_first && self.room(buffer) > 0 {
            // The code and separator of this line were consumed, so there is room for this byte.
            self.text = buffer.push(self.text, b'\n');
        }
        let kept = line.first(self.room(buffer));
        self.is_cut |= kept != line;
        let moved = buffer.move_down(kept, self.text);
        self.text = self.text.joined(moved);
    }
}
