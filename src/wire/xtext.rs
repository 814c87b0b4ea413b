//! The xtext encoding of RFC 3461 §4, for the values of ENVID and ORCPT.
//!
//! This file does not know which values may be sent; it makes all bytes printable.

use super::quoted_printable::hex;
use super::writer::Writer;

/// Writes the bytes as xtext.
// RFC 3461 §4: "xchar = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+"
// and "=".", "hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits".
pub(crate) fn write(w: &mut Writer<'_>, bytes: &[u8]) {
    for &byte in bytes {
        match byte {
            b'+' | b'=' | ..=b' ' | 0x7F.. => {
                w.byte(b'+');
                w.byte(hex(byte >> 4));
                w.byte(hex(byte & 0x0F));
            }
            _ => w.byte(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn encode(bytes: &[u8]) -> Vec<u8> {
        let mut out = std::vec![0; bytes.len() * 3];
        let mut w = Writer::new(&mut out, 0);
        write(&mut w, bytes);
        assert_eq!(w.end_atom(), None);
        let len = w.len();
        out.truncate(len);
        out
    }

    fn decode(text: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = text.iter();
        while let Some(&byte) = rest.next() {
            bytes.push(match byte {
                b'+' => {
                    let digits = [*rest.next().unwrap(), *rest.next().unwrap()];
                    u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                _ => byte,
            });
        }
        bytes
    }

    #[test]
    fn specials_become_plus_and_two_digits() {
        assert_eq!(encode(b"a+b=c d~!\x7f\r"), b"a+2Bb+3Dc+20d~!+7F+0D");
    }

    proptest! {
        #[test]
        fn decoding_gives_the_bytes_back(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert!(text.iter().all(|b| (b'!'..=b'~').contains(b) && *b != b'='));
            prop_assert_eq!(decode(&text), bytes);
        }
    }
}
