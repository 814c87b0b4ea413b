//! Base64 of RFC 4648 §4, in lines as MIME wants them (RFC 2045 §6.8).
//!
//! By table: attachments and texts are no secrets. Credentials do not come here.

use super::writer::Writer;

/// Octets of content in a whole line.
pub(crate) const LINE: usize = 57;

/// Octets of a whole line's encoding with its line end: RFC 2045 §6.8 allows 76 characters.
pub(crate) const ENCODED_LINE: usize = 78;

/// Octets that `octets` of content take in lines, line ends included; at most `u32::MAX`.
pub(crate) const fn encoded_len(octets: usize) -> u32 {
    let quads = octets.div_ceil(3);
    let lines = octets.div_ceil(LINE);
    let len = quads
        .saturating_mul(4)
        .saturating_add(lines.saturating_mul(2));
    if len > u32::MAX as usize {
        u32::MAX
    } else {
        len as u32
    }
}

/// Encodes whole lines into `out`, as many as there are and as fit. Returns their number.
pub(crate) fn whole_lines(content: &[u8], out: &mut [u8]) -> usize {
    let (lines, _) = content.as_chunks::<LINE>();
    let (slots, _) = out.as_chunks_mut::<ENCODED_LINE>();
    let count = lines.len().min(slots.len());
    for (line, slot) in lines.iter().zip(slots) {
        let [encoded @ .., cr, lf] = slot;
        let (quads, _) = encoded.as_chunks_mut::<4>();
        let (triples, _) = line.as_chunks::<3>();
        for (triple, quad) in triples.iter().zip(quads) {
            *quad = encode(*triple);
        }
        *cr = b'\r';
        *lf = b'\n';
    }
    count
}

/// One line of at most [`LINE`] octets, without its line end; padded where it ends the content.
pub(crate) fn line(content: &[u8], w: &mut Writer<'_>) {
    let (triples, rest) = content.as_chunks::<3>();
    for triple in triples {
        w.bytes(&encode_once(*triple));
    }
    match *rest {
        [a] => {
            let [x, y, ..] = encode_once([a, 0, 0]);
            w.bytes(&[x, y, b'=', b'=']);
        }
        [a, b] => {
            let [x, y, z, _] = encode_once([a, b, 0]);
            w.bytes(&[x, y, z, b'=']);
        }
        _ => {}
    }
}

/// Three octets as four characters. Inlined, since bulk content spends its time here.
#[inline(always)]
fn encode([a, b, c]: [u8; 3]) -> [u8; 4] {
    let (a, b, c) = (u32::from(a), u32::from(b), u32::from(c));
    let bits = a << 16 | b << 8 | c;
    [
        digit(bits >> 18),
        digit(bits >> 12),
        digit(bits >> 6),
        digit(bits),
    ]
}

/// [`encode`] for everything else.
fn encode_once(triple: [u8; 3]) -> [u8; 4] {
    encode(triple)
}

/// The character for the lowest six bits.
fn digit(bits: u32) -> u8 {
    // Six bits always find their character; the compiler drops the other case.
    ALPHABET.get((bits & 63) as usize).copied().unwrap_or(b'A')
}

static ALPHABET: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;
    use ::base64::{Engine, prelude::BASE64_STANDARD};
    use std::string::String;
    use std::vec::Vec;

    /// What a mail holds for `content`, by another encoder.
    fn reference(content: &[u8]) -> Vec<u8> {
        let text: String = BASE64_STANDARD.encode(content);
        let mut out = Vec::new();
        for line in text.as_bytes().chunks(76) {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    #[test]
    fn lines_are_those_of_another_encoder() {
        let content: Vec<u8> = (0..300_u32).map(|i| (i * 7 + i / 256) as u8).collect();
        for len in 0..content.len() {
            let content = &content[..len];
            let mut out = [0; 500];
            let lines = whole_lines(content, &mut out);
            assert_eq!(lines, len / LINE);
            let mut got = out[..lines * ENCODED_LINE].to_vec();
            let rest = &content[lines * LINE..];
            if !rest.is_empty() {
                let mut w = Writer::new(&mut out, 0);
                line(rest, &mut w);
                w.crlf();
                let n = w.len();
                got.extend_from_slice(&out[..n]);
            }
            assert_eq!(got, reference(content), "{len} octets");
            assert_eq!(encoded_len(len) as usize, got.len());
        }
    }

    #[test]
    fn only_whole_lines_that_fit_are_written() {
        let mut out = [0; 2 * ENCODED_LINE - 1];
        assert_eq!(whole_lines(&[0; 3 * LINE], &mut out), 1);
        assert_eq!(out[ENCODED_LINE], 0);
    }

    #[test]
    fn a_length_beyond_u32_is_its_largest_value() {
        assert_eq!(encoded_len(usize::MAX), u32::MAX);
    }
}
