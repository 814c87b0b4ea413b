//! Base64 in constant time, written byte by byte, so that what is encoded needs no buffer of its size:
//! credentials, which are secret, and texts, which are short. Attachments have [`super::base64`], which
//! is eight times as fast.

use base64ct::{Base64, Encoding};
use zeroize::Zeroize;

use crate::wire::writer::Writer;

/// Writes bytes as base64, three at a time.
pub(crate) struct Base64Line<'w, 'o> {
    out: &'w mut Writer<'o>,
    /// The bytes not written yet.
    group: [u8; 3],
    used: usize,
}

impl<'w, 'o> Base64Line<'w, 'o> {
    pub(crate) fn new(out: &'w mut Writer<'o>) -> Self {
        Self {
            out,
            group: [0; 3],
            used: 0,
        }
    }

    /// Writes a byte.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the third byte empties the group, so `used` is below three"
    )]
    pub(crate) fn byte(&mut self, byte: u8) {
        if let Some(slot) = self.group.get_mut(self.used) {
            *slot = byte;
        }
        self.used += 1;
        if self.used == self.group.len() {
            self.characters();
        }
    }

    /// Writes bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(*byte);
        }
    }

    /// Writes the last bytes, padded.
    pub(crate) fn end(&mut self) {
        if self.used > 0 {
            self.characters();
        }
    }

    /// Writes the bytes of the group as four characters, padded, and wipes it.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "three bytes are in use at most"
    )]
    fn characters(&mut self) {
        let mut text = [0; 4];
        // This cannot fail: three bytes make four characters. If it did, the server would refuse
        // the exchange, and nothing else would be sent. A constant length compiles to a third of
        // the size. Where they are only counted, any four will do.
        if self.out.counts() || Base64::encode(&self.group, &mut text).is_ok() {
            for slot in text.iter_mut().skip(self.used + 1) {
                *slot = b'=';
            }
            self.out.bytes(&text);
        }
        text.zeroize();
        self.group.zeroize();
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_pieces_make_the_same_base64(pieces: std::vec::Vec<std::vec::Vec<u8>>) {
            let whole = pieces.concat();
            let mut out = std::vec![0; whole.len() * 2 + 8];
            let mut writer = Writer::new(&mut out, 0);
            let mut line = Base64Line::new(&mut writer);
            for piece in &pieces {
                line.bytes(piece);
            }
            line.end();
            prop_assert_eq!(writer.end_atom(), None);
            let n = writer.len();
            let expected = base64::engine::general_purpose::STANDARD.encode(&whole);
            prop_assert_eq!(&out[..n], expected.as_bytes());
        }
    }
}
