//! The bounded writer that every command, header and body line is produced through.
//!
//! Output is made of *atoms*: a command, a header field, a line of a body. An atom is produced by
//! plain code that writes all of it, in order, the same bytes each time. When the buffer ends in
//! the middle of an atom, the rest is dropped. The next fill runs the same code again, with `skip`
//! set to the number of bytes that already went out. So every atom can be split at any byte, every
//! buffer size works, and the only state between two fills is one number.
//!
//! This file does not know what it writes.

/// Writes into a slice: skips the bytes that already went out, and drops those that do not fit. Or
/// only counts.
///
/// The longest atom has `u32::MAX` bytes.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut [u8],
    /// The number of bytes written to `out`.
    len: usize,
    /// The position in `out` at which the current atom begins.
    start: usize,
    /// The number of bytes of the current atom that earlier fills delivered.
    before: u32,
    /// The number of bytes of the current atom that are still to be skipped.
    skip: u32,
    /// The current atom has bytes beyond the end of `out`.
    cut: bool,
    /// Nothing is kept: `before` counts the bytes, and `skip` counts down those of the current
    /// atom.
    counts: bool,
    /// The position in `out` of the bytes from a source that were not taken yet.
    source: usize,
    /// The position at which they end.
    source_end: usize,
    /// The source was asked for bytes and has no more.
    is_source_at_end: bool,
}

impl<'a> Writer<'a> {
    /// A writer into `out`, whose first atom had `skip` bytes delivered before.
    #[inline(never)] // Ten fields.
    pub(crate) const fn new(out: &'a mut [u8], skip: u32) -> Self {
        Self {
            out,
            len: 0,
            start: 0,
            before: skip,
            skip,
            cut: false,
            counts: false,
            source: 0,
            source_end: 0,
            is_source_at_end: false,
        }
    }

    /// A writer after the first `len` bytes of `out`. A source wrote `bytes` bytes to `out`, from
    /// `from` on; none at its end.
    pub(crate) fn with_source(out: &'a mut [u8], len: usize, from: usize, bytes: usize) -> Self {
        let capacity = out.len();
        let mut w = Self::new(out, 0);
        w.advance(len);
        w.source = from;
        w.source_end = from
            .checked_add(bytes)
            .map_or(capacity, |end| end.min(capacity));
        w.is_source_at_end = bytes == 0;
        w
    }

    /// A writer that only counts: it skips everything.
    pub(crate) const fn counting() -> Writer<'static> {
        let mut w = Writer::new(&mut [], u32::MAX);
        w.before = 0;
        w.counts = true;
        w
    }

    /// The number of bytes written to the slice so far, all atoms together.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The number of bytes in all atoms that ended; `u32::MAX` if there are more.
    pub(crate) const fn counted(&self) -> u32 {
        self.before
    }

    /// Ends the atom. `None`: all of it was delivered, and the writer is ready for the next one.
    /// `Some`: the number of bytes to skip when the atom is produced again.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "`start` is never beyond `len`, nor `skip` beyond u32::MAX"
    )]
    #[must_use = "an atom that was cut has to be produced again"]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))] // As `byte`.
    pub(crate) const fn end_atom(&mut self) -> Option<u32> {
        let delivered = (self.len - self.start) as u32;
        if self.cut {
            return Some(sum(self.before, delivered));
        }
        self.start = self.len;
        if self.counts {
            self.before = sum(self.before, u32::MAX - self.skip);
            self.skip = u32::MAX;
        } else {
            self.before = 0;
            self.skip = 0;
        }
        None
    }

    /// The bytes written to the slice from this position on.
    pub(crate) fn since(&self, position: usize) -> &[u8] {
        self.out.get(position..self.len).unwrap_or_default()
    }

    /// The bytes written to the slice from one position to before another.
    pub(crate) fn between(&self, from: usize, to: usize) -> &[u8] {
        self.out.get(from..to.min(self.len)).unwrap_or_default()
    }

    /// Overwrites the bytes before `end`.
    pub(crate) fn write_before(&mut self, end: usize, bytes: &[u8]) {
        let front = self.out.get_mut(..end).unwrap_or_default();
        for (slot, byte) in front.iter_mut().rev().zip(bytes.iter().rev()) {
            *slot = *byte;
        }
    }

    /// Whether this writer only counts. Then bytes whose number is known need not be produced: they
    /// can be [`count`](Self::count)ed.
    pub(crate) fn counts(&self) -> bool {
        self.counts
    }

    /// Counts `bytes` at once.
    pub(crate) fn count(&mut self, bytes: u32) {
        self.before = sum(self.before, bytes);
    }

    /// The free end of the slice, for code that fills it without replay. Empty within an atom.
    /// After writing to it, call [`advance`](Self::advance); the bytes count as whole atoms.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        if self.before > 0 || self.len > self.start {
            return &mut [];
        }
        self.out.get_mut(self.len..).unwrap_or_default()
    }

    /// Counts the first `bytes` of [`free`](Self::free) as written.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "`len` is never beyond the slice's end"
    )]
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.len += bytes.min(self.out.len() - self.len);
        self.start = self.len;
    }

    /// Ends an atom that is known to fit.
    pub(crate) fn settle(&mut self) {
        self.start = self.len;
    }

    /// The length of the slice.
    pub(crate) fn capacity(&self) -> usize {
        self.out.len()
    }

    /// Takes the next byte from the source.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "`source` is the position of a byte in the slice"
    )]
    pub(crate) fn take(&mut self) -> Option<u8> {
        let waiting = self.out.get(self.source..self.source_end)?;
        let byte = *waiting.first()?;
        self.source += 1;
        Some(byte)
    }

    /// The bytes from the source that were not taken yet, and the room before them, for code that
    /// fills it as it does [`free`](Self::free).
    pub(crate) fn waiting(&mut self) -> (&[u8], &mut [u8]) {
        if self.before > 0 || self.len > self.start {
            return (&[], &mut []);
        }
        let given = self.out.get_mut(..self.source_end).unwrap_or_default();
        match given.split_at_mut_checked(self.source) {
            Some((front, waiting)) => (waiting, front.get_mut(self.len..).unwrap_or_default()),
            None => (&[], &mut []),
        }
    }

    /// Counts `taken` bytes from the source as taken, and the first `written` bytes of the room
    /// before them as written.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "what was taken was waiting, so `source` is not moved beyond the slice's end"
    )]
    pub(crate) fn encoded(&mut self, taken: usize, written: usize) {
        self.source += taken;
        self.advance(written);
    }

    /// Whether the source was asked for bytes and has no more.
    pub(crate) fn is_source_at_end(&self) -> bool {
        self.is_source_at_end
    }

    /// Prepares for another source.
    pub(crate) fn forget_source(&mut self) {
        self.is_source_at_end = false;
    }

    /// Writes one byte.
    // Built once, not at each of many calls, where flash counts.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) const fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    /// Writes bytes.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "`len` grows by what is written, so it is never beyond the slice's end"
    )]
    pub(crate) const fn bytes(&mut self, bytes: &[u8]) {
        if self.skip > 0 {
            return self.skipping(bytes);
        }
        let Some((_, free)) = self.out.split_at_mut_checked(self.len) else {
            return;
        };
        // A cut atom has filled the slice, so nothing follows the cut.
        self.cut |= bytes.len() > free.len();
        let (mut free, mut rest) = (free, bytes);
        while let ([slot, others @ ..], [byte, tail @ ..]) = (free, rest) {
            *slot = *byte;
            (free, rest) = (others, tail);
        }
        self.len += bytes.len() - rest.len();
    }

    /// [`bytes`](Self::bytes) while there are bytes to skip.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "no more is skipped than is left to skip"
    )]
    const fn skipping(&mut self, bytes: &[u8]) {
        match bytes.split_at_checked(self.skip as usize) {
            Some((skipped, rest)) => {
                self.skip -= skipped.len() as u32;
                if !rest.is_empty() && !self.counts {
                    self.bytes(rest);
                }
            }
            None => self.skip -= bytes.len() as u32,
        }
    }

    /// Writes a string.
    pub(crate) const fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes the line end.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))] // As `byte`.
    pub(crate) const fn crlf(&mut self) {
        self.str("\r\n");
    }

    /// Writes a number in decimal digits, without leading zeros.
    #[expect(clippy::arithmetic_side_effects, reason = "nine more than `0` is `9`")]
    pub(crate) const fn decimal(&mut self, mut number: u32) {
        // Ten digits hold every u32.
        let mut digits = [0; 10];
        let mut free: &mut [u8] = &mut digits;
        while let [others @ .., last] = free {
            *last = b'0' + (number % 10) as u8;
            number /= 10;
            free = others;
            if number == 0 {
                break;
            }
        }
        let start = free.len();
        if let Some((_, digits)) = digits.split_at_checked(start) {
            self.bytes(digits);
        }
    }
}

/// The sum of two numbers of bytes; `u32::MAX` if it is larger.
pub(crate) const fn sum(a: u32, b: u32) -> u32 {
    match a.checked_add(b) {
        Some(sum) => sum,
        None => u32::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn atom(w: &mut Writer<'_>) {
        w.str("MAIL FROM:<a@b> SIZE=");
        w.decimal(0);
        w.decimal(4_294_967_295);
        w.byte(b'\r');
        w.bytes(b"\n");
    }

    #[test]
    fn an_atom_is_the_same_for_every_buffer_size() {
        for size in 1..40 {
            let mut got = Vec::new();
            let mut skip = 0;
            loop {
                let mut out = std::vec![0; size];
                let mut w = Writer::new(&mut out, skip);
                atom(&mut w);
                let end = w.end_atom();
                let n = w.len();
                got.extend_from_slice(&out[..n]);
                match end {
                    Some(s) => skip = s,
                    None => break,
                }
            }
            assert_eq!(got, b"MAIL FROM:<a@b> SIZE=04294967295\r\n", "size {size}");
        }
    }

    #[test]
    fn a_second_atom_follows_the_first_in_one_slice() {
        let mut out = [0; 8];
        let mut w = Writer::new(&mut out, 2);
        w.str("abcd");
        assert_eq!(w.end_atom(), None);
        w.str("efghijkl");
        assert_eq!(w.end_atom(), Some(6));
        assert_eq!(&out, b"cdefghij");
    }
    #[test]
    fn a_counting_writer_knows_what_a_slice_would_hold() {
        let mut w = Writer::counting();
        atom(&mut w);
        assert_eq!(w.end_atom(), None);
        atom(&mut w);
        assert_eq!(w.end_atom(), None);
        assert!(w.counts());
        w.count(78);
        assert_eq!((w.counted(), w.len()), (2 * 34 + 78, 0));
        assert!(!Writer::new(&mut [], 0).counts());
    }
}
