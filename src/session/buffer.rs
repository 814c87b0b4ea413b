//! The caller's buffer as spans: the only file that adds positions. It wipes what is secret.
//!
//! This file does not know what the bytes mean, only whether credentials are among them.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a position is at most the buffer's length, which is at most i32::MAX, and a span's start \
              is at most its end: sums of two fit u32, and what is subtracted is smaller"
)]

use zeroize::Zeroize;

/// A run of bytes of the buffer: from one position to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

/// The most bytes that are used of a buffer. Positions of four bytes make a client on a 64-bit machine
/// smaller.
const LENGTH_MAX: usize = i32::MAX as usize;

impl Span {
    pub(super) const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub(super) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Its first `length` bytes, or all of them if it has fewer.
    pub(super) const fn first(self, length: usize) -> Self {
        let Self { start, .. } = self;
        if length < self.len() {
            Self {
                start,
                end: start + length as u32,
            }
        } else {
            self
        }
    }

    /// What follows its first `length` bytes.
    pub(super) const fn without(self, length: usize) -> Self {
        let Self { start, end } = self;
        if length < self.len() {
            Self {
                start: start + length as u32,
                end,
            }
        } else {
            self.after()
        }
    }

    /// Its last `length` bytes, or all of them if it has fewer.
    pub(super) const fn last(self, length: usize) -> Self {
        match self.len() > length {
            true => self.without(self.len() - length),
            false => self,
        }
    }

    /// Its last part of so many, of equal length.
    pub(super) const fn last_share(self, parts: usize) -> Self {
        match self.len().checked_div(parts) {
            Some(length) => self.last(length),
            None => self,
        }
    }

    /// The span with another one that begins at its end.
    pub(super) const fn joined(self, other: Self) -> Self {
        Self {
            start: self.start,
            end: other.end,
        }
    }

    /// The empty span at its end.
    pub(super) const fn after(self) -> Self {
        Self {
            start: self.end,
            end: self.end,
        }
    }

    /// The bytes from its end to where `other` starts.
    pub(super) const fn gap(self, other: Self) -> usize {
        let start = self.end;
        let end = if other.start > start {
            other.start
        } else {
            start
        };
        Self { start, end }.len()
    }
}

/// The one buffer of a session. What was marked secret is overwritten by
/// [`wipe_secret`](Self::wipe_secret) or, at the latest, when the session is dropped.
pub(super) struct Buffer<'b> {
    bytes: &'b mut [u8],
    secret: Span,
}

impl<'b> Buffer<'b> {
    pub(super) fn new(bytes: &'b mut [u8]) -> Self {
        let used = bytes.len().min(LENGTH_MAX);
        Self {
            bytes: bytes.get_mut(..used).unwrap_or_default(),
            secret: Span::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes of a span.
    #[inline(never)] // One copy for all of its callers.
    pub(super) fn get(&self, span: Span) -> &[u8] {
        let (start, end) = (span.start as usize, span.end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The same, to be written to.
    #[inline(never)]
    pub(super) fn get_mut(&mut self, span: Span) -> &mut [u8] {
        let (start, end) = (span.start as usize, span.end as usize);
        self.bytes.get_mut(start..end).unwrap_or_default()
    }

    /// The position after the last byte, which [`LENGTH_MAX`] keeps within u32.
    const fn end(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// Everything after a span.
    pub(super) fn rest(&self, span: Span) -> Span {
        Span {
            start: span.end,
            end: self.end(),
        }
    }

    /// A span, and everything after it.
    pub(super) fn split(&mut self, span: Span) -> (&[u8], &mut [u8]) {
        match self.bytes.split_at_mut_checked(span.end as usize) {
            Some((front, rest)) => (front.get(span.start as usize..).unwrap_or_default(), rest),
            None => (&[], &mut []),
        }
    }

    /// The span with `length` more bytes at its end, as far as the buffer has them.
    pub(super) fn grow(&self, span: Span, length: usize) -> Span {
        span.joined(self.rest(span).first(length))
    }

    /// Copies a span down to the end of another one, which it may overlap; where it is now.
    #[inline(never)]
    pub(super) fn move_down(&mut self, from: Span, below: Span) -> Span {
        // Byte by byte: `copy_within` would link memmove, 1.6 KB of flash.
        let (start, end) = (from.start as usize, below.end as usize);
        for offset in 0..from.len() {
            let byte = self.bytes.get(start + offset).copied();
            let slot = self.bytes.get_mut(end + offset);
            if let (Some(byte), Some(slot)) = (byte, slot) {
                *slot = byte;
            }
        }
        Span {
            start: below.end,
            end: below.end + from.len() as u32,
        }
    }

    /// Writes a byte at the end of a span, if there is room.
    pub(super) fn push(&mut self, span: Span, byte: u8) -> Span {
        if let Some(slot) = self.bytes.get_mut(span.end as usize) {
            *slot = byte;
        }
        self.grow(span, 1)
    }

    /// Notes that credentials are somewhere in a span.
    pub(super) fn mark_secret(&mut self, span: Span) {
        self.secret = span;
    }

    /// Overwrites the credentials, and everything else in the span they were marked with.
    pub(super) fn wipe_secret(&mut self) {
        let Span { start, end } = self.secret;
        if end > 0 {
            wipe(self.bytes, start, end);
            self.secret = Span::default();
        }
    }
}

/// Not inlined, since buffers are dropped in many places, and with values for arguments, which do not
/// need the buffer in memory: else a client is copied to be dropped.
#[inline(never)]
fn wipe(bytes: &mut [u8], start: u32, end: u32) {
    // Byte by byte: a slice would link memclr, 200 bytes of flash.
    for byte in bytes
        .get_mut(start as usize..end as usize)
        .unwrap_or_default()
    {
        byte.zeroize();
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        self.wipe_secret();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_cut_and_grown_within_the_buffer() {
        let mut bytes = *b"0123456789";
        let mut buffer = Buffer::new(&mut bytes);
        let all = buffer.rest(Span::default());
        let (front, back) = (all.first(4), all.without(4));
        assert_eq!(
            (buffer.get(front), buffer.get(back)),
            (&b"0123"[..], &b"456789"[..])
        );
        assert_eq!((all.first(40), all.without(40)), (all, all.after()));
        assert_eq!(buffer.get(back.last(2)), b"89");
        assert_eq!(back.last(20), back);
        assert_eq!(buffer.grow(front, 2).len(), 6);
        assert_eq!(buffer.grow(front, 200), all);
        assert_eq!(front.gap(back.last(2)), 4);
        assert_eq!(all.gap(front), 0);
        let moved = buffer.move_down(back, front.first(2));
        assert_eq!(buffer.get(moved), b"456789");
        assert_eq!(buffer.get(all), b"0145678989");
        let pushed = buffer.push(front.first(1), b'x');
        assert_eq!(buffer.get(pushed), b"0x");
        assert_eq!(buffer.push(all, b'y'), all);
    }

    #[test]
    fn secrets_are_overwritten_at_the_latest_when_the_buffer_is_dropped() {
        let mut bytes = *b"0123456789";
        let mut buffer = Buffer::new(&mut bytes);
        let all = buffer.rest(Span::default());
        buffer.mark_secret(all.without(5));
        drop(buffer);
        assert_eq!(&bytes, b"01234\0\0\0\0\0");
    }
}
