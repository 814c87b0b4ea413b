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
/// fits.
///
/// The longest atom has `u32::MAX` octets.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut [u8],
    /// Octets in `out`.
    len: usize,
    /// Octets of the current atom still to be left out, since they were delivered before.
    skip: u32,
    /// Octets of the current atom delivered so far, earlier fills included.
    delivered: u32,
    /// The current atom has octets beyond the end of `out`.
    cut: bool,
}

impl<'a> Writer<'a> {
    /// A writer into `out`, whose first atom had `skip` octets delivered before.
    pub(crate) fn new(out: &'a mut [u8], skip: u32) -> Self {
        Self {
            out,
            len: 0,
            skip,
            delivered: skip,
            cut: false,
        }
    }

    /// Octets written to the slice so far, all atoms together.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the current atom did not fit as a whole. Nothing is written after that.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Ends the atom: `None` when all of it was delivered, and the writer is ready for the next
    /// one; else the number of octets to skip when it is produced again.
    #[must_use = "an atom that was cut has to be produced again"]
    pub(crate) fn end_atom(&mut self) -> Option<u32> {
        if self.cut {
            return Some(self.delivered);
        }
        self.skip = 0;
        self.delivered = 0;
        None
    }

    /// One octet.
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    /// A run of octets.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let skipped = bytes.len().min(self.skip as usize);
        self.skip = self.skip.saturating_sub(skipped as u32);
        for &byte in bytes.get(skipped..).unwrap_or_default() {
            match self.out.get_mut(self.len) {
                Some(slot) if !self.cut => {
                    *slot = byte;
                    self.len = self.len.saturating_add(1);
                    self.delivered = self.delivered.saturating_add(1);
                }
                _ => {
                    self.cut = true;
                    return;
                }
            }
        }
    }

    /// The octets of a string.
    pub(crate) fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A number in decimal digits, without leading zeros.
    pub(crate) fn decimal(&mut self, mut number: u32) {
        // Ten digits hold every u32.
        let mut digits = [b'0'; 10];
        let mut used = 0_usize;
        for slot in digits.iter_mut().rev() {
            *slot = b'0'.wrapping_add((number % 10) as u8);
            number /= 10;
            used = used.saturating_add(1);
            if number == 0 {
                break;
            }
        }
        let start = digits.len().saturating_sub(used);
        self.bytes(digits.get(start..).unwrap_or_default());
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
}
