//! The bounded writer that every command, header and body line is produced through.
//!
//! Output is made of *atoms*: a command, a header field, a line of a body. An atom is produced by
//! plain code that writes all of it, in order, the same octets each time. When the buffer ends in
//! the middle of an atom, the rest is dropped and counted, and the next fill runs the same code
//! again with `skip` set to the octets that already went out. So every atom can be split at any
//! octet, any buffer size will do, and the only state between two fills is one number.
//!
//! This file does not know what it writes.

/// Writes into a slice, first skipping octets that went out before, then dropping what no longer
/// fits; or only counts.
///
/// The longest atom has `u32::MAX` octets.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut [u8],
    /// Octets in `out`.
    len: usize,
    /// Where the current atom begins in `out`.
    start: usize,
    /// Octets of the current atom that were delivered by earlier fills.
    before: u32,
    /// Octets of the current atom still to be left out, since they were delivered before.
    skip: u32,
    /// The current atom has octets beyond the end of `out`.
    cut: bool,
    /// Nothing is kept: octets are counted in `before`, those of the current atom by `skip`.
    counts: bool,
    /// Where in `out` the octets stand that a source gave and that were not taken yet.
    source: usize,
    /// Where they end.
    source_end: usize,
    /// The source was asked, and gave nothing.
    is_source_at_end: bool,
}

impl<'a> Writer<'a> {
    /// A writer into `out`, whose first atom had `skip` octets delivered before.
    #[inline(never)] // Ten fields.
    pub(crate) fn new(out: &'a mut [u8], skip: u32) -> Self {
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

    /// A writer behind the first `len` octets of `out`, where a source gave `octets` octets from
    /// `from` on; none, if it is at its end.
    pub(crate) fn with_source(out: &'a mut [u8], len: usize, from: usize, octets: usize) -> Self {
        let capacity = out.len();
        let mut w = Self::new(out, 0);
        w.advance(len);
        w.source = from;
        w.source_end = from
            .checked_add(octets)
            .map_or(capacity, |end| end.min(capacity));
        w.is_source_at_end = octets == 0;
        w
    }

    /// A writer that keeps nothing: it skips everything, and so learns how much there is.
    pub(crate) fn counting() -> Writer<'static> {
        let mut w = Writer::new(&mut [], u32::MAX);
        w.before = 0;
        w.counts = true;
        w
    }

    /// Octets written to the slice so far, all atoms together.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Octets counted in all atoms that ended; `u32::MAX` if there are more.
    pub(crate) fn counted(&self) -> u32 {
        self.before
    }

    /// Ends the atom: `None` when all of it was delivered, and the writer is ready for the next
    /// one; else the number of octets to skip when it is produced again.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "`start` is never beyond `len`, nor `skip` beyond u32::MAX"
    )]
    #[must_use = "an atom that was cut has to be produced again"]
    pub(crate) fn end_atom(&mut self) -> Option<u32> {
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

    /// The octets written to the slice from this position on.
    pub(crate) fn since(&self, position: usize) -> &[u8] {
        self.out.get(position..self.len).unwrap_or_default()
    }

    /// Writes over the octets in front of `end`, which were written before.
    pub(crate) fn write_before(&mut self, end: usize, octets: &[u8]) {
        let front = self.out.get_mut(..end).unwrap_or_default();
        for (slot, octet) in front.iter_mut().rev().zip(octets.iter().rev()) {
            *slot = *octet;
        }
    }

    /// Whether this writer only counts, so that nobody needs to produce octets whose number is
    /// known: they can be [`count`](Self::count)ed.
    pub(crate) fn counts(&self) -> bool {
        self.counts
    }

    /// Counts `octets` at once.
    pub(crate) fn count(&mut self, octets: u32) {
        self.before = sum(self.before, octets);
    }

    /// The slice's free end, for code that fills it without replay: empty within an atom that was
    /// begun in an earlier fill. Whoever writes to it says so with [`advance`](Self::advance),
    /// and counts as having delivered whole atoms.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        if self.before > 0 || self.len > self.start {
            return &mut [];
        }
        self.out.get_mut(self.len..).unwrap_or_default()
    }

    /// `octets` of [`free`](Self::free) were written.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "`len` is never beyond the slice's end"
    )]
    pub(crate) fn advance(&mut self, octets: usize) {
        self.len += octets.min(self.out.len() - self.len);
        self.start = self.len;
    }

    /// Makes what was written an atom, which was not cut since there was room.
    pub(crate) fn settle(&mut self) {
        self.start = self.len;
    }

    /// Octets the slice holds in all.
    pub(crate) fn capacity(&self) -> usize {
        self.out.len()
    }

    /// The next octet from the source.
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

    /// The octets from the source that were not taken yet, and the room in front of them, for code
    /// that fills it as it does [`free`](Self::free).
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

    /// `taken` octets from the source were written as `written` octets.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "what was taken was waiting, so `source` is not moved beyond the slice's end"
    )]
    pub(crate) fn encoded(&mut self, taken: usize, written: usize) {
        self.source += taken;
        self.advance(written);
    }

    /// Whether the source was asked, and gave nothing.
    pub(crate) fn is_source_at_end(&self) -> bool {
        self.is_source_at_end
    }

    /// What comes next has another source.
    pub(crate) fn forget_source(&mut self) {
        self.is_source_at_end = false;
    }

    /// One octet.
    #[inline(never)]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    /// A run of octets.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "`len` grows by what is written, so it is never beyond the slice's end"
    )]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if self.skip > 0 {
            return self.skipping(bytes);
        }
        let free = self.out.get_mut(self.len..).unwrap_or_default();
        for (slot, byte) in free.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        // A cut atom has filled the slice, so nothing follows the cut.
        self.cut |= bytes.len() > free.len();
        self.len += bytes.len().min(free.len());
    }

    /// [`bytes`](Self::bytes) while octets are left out.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "no more is skipped than is left to skip"
    )]
    fn skipping(&mut self, bytes: &[u8]) {
        let skipped = bytes.len().min(self.skip as usize);
        self.skip -= skipped as u32;
        if let Some(rest @ [_, ..]) = bytes.get(skipped..)
            && !self.counts
        {
            self.bytes(rest);
        }
    }

    /// The octets of a string.
    pub(crate) fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// The line end.
    #[inline(never)]
    pub(crate) fn crlf(&mut self) {
        self.str("\r\n");
    }

    /// A number in decimal digits, without leading zeros.
    #[expect(clippy::arithmetic_side_effects, reason = "nine more than `0` is `9`")]
    pub(crate) fn decimal(&mut self, mut number: u32) {
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
        self.bytes(digits.get(start..).unwrap_or_default());
    }
}

/// The sum of two numbers of bytes, of which `u32::MAX` stands for itself and all beyond it.
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
