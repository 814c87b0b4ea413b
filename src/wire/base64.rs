//! Base64 (RFC 4648 §4) in the lines of MIME (RFC 2045 §6.8).
//!
//! It uses a table, since attachments and texts are not secret. Credentials are encoded elsewhere.
//!
//! Instructions for each byte of content in lines, and flash, as `benches/base64/run` measures
//! them:
//!
//! | | x86-64 | thumbv7m, opt s | opt 3 |
//! |---|---|---|---|
//! | base64ct, constant time | 9.9 | 89.0, 292 bytes | 24.3, 520 |
//! | base64 0.22 | 8.8 | 5.9, 864 bytes | 5.6, 976 |
//! | this file | 6.8 | 7.4, 280 bytes | 7.5, 812 |
//!
//! The crate `base64` is faster on the Cortex-M3, but takes three times the flash at opt s.

use super::writer::Writer;

/// The bytes of content in a whole line.
pub(crate) const LINE: usize = 57;

/// The bytes of a whole encoded line with its line end. RFC 2045 §6.8 allows 76 characters.
pub(crate) const ENCODED_LINE: usize = 78;

/// The length of this many bytes of content in lines, line ends included; at most `u32::MAX`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "there are at most usize::MAX / 57 + 1 lines"
)]
pub(crate) const fn encoded_len(bytes: usize) -> u32 {
    let quads = bytes.div_ceil(3);
    let lines = bytes.div_ceil(LINE);
    let len = match quads.checked_mul(4) {
        Some(len) => len.checked_add(lines * 2),
        None => None,
    };
    match len {
        Some(len) if len <= u32::MAX as usize => len as u32,
        _ => u32::MAX,
    }
}

/// Encodes as many groups of three bytes into `out` as fit, in lines. The first line begins at
/// `column` of the content, a multiple of three below [`LINE`]. A line's last group is written with
/// its line end or not at all. Returns the number of bytes taken from `content`, and of bytes
/// written.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "`column` is below LINE, so a line's end is a group away at least; the rest counts \
              bytes of `content` and of `out`, and two more"
)]
pub(crate) fn lines(content: &[u8], column: usize, out: &mut [u8]) -> (usize, usize) {
    let (mut triples, _) = content.as_chunks::<3>();
    let mut free = out;
    let mut until_end = (LINE - column).div_ceil(3);
    let (mut taken, mut written) = (0_usize, 0_usize);
    loop {
        let mut count = until_end.min(triples.len()).min(free.len() / 4);
        let mut is_end = count == until_end;
        if is_end && free.len() < count * 4 + 2 {
            count -= 1;
            is_end = false;
        }
        let bytes = count * 4;
        let Some((line, later)) = triples.split_at_checked(count) else {
            break;
        };
        let Some((encoded, rest)) = free.split_at_mut_checked(bytes) else {
            break;
        };
        let (quads, _) = encoded.as_chunks_mut::<4>();
        for (triple, quad) in line.iter().zip(quads) {
            *quad = encode(*triple);
        }
        taken += count * 3;
        written += bytes;
        let Some((end, rest)) = rest.split_first_chunk_mut::<2>() else {
            break;
        };
        if !is_end {
            break;
        }
        *end = *b"\r\n";
        written += 2;
        (triples, free) = (later, rest);
        until_end = LINE / 3;
    }
    (taken, written)
}

/// The number of bytes of content, from `column` on and in whole groups, whose lines fit into
/// `free`. `column` is below [`LINE`].
#[expect(
    clippy::arithmetic_side_effects,
    reason = "`column` is below LINE and `free` a slice's length, at most isize::MAX"
)]
pub(crate) fn fitting(column: usize, free: usize) -> usize {
    // The room, if the line's beginning were still to be written.
    let free = free + column / 3 * 4;
    let lines = free / ENCODED_LINE * LINE;
    // A line's last group needs its line end too.
    let groups = (free % ENCODED_LINE / 4).min(LINE / 3 - 1);
    let fitting = lines + groups * 3;
    // Where no group fits after one that is not complete, this is less than `column`.
    fitting.max(column) - column
}

/// Writes one line of at most [`LINE`] bytes without its line end, padded at the content's end.
pub(crate) const fn line(content: &[u8], w: &mut Writer<'_>) {
    let mut rest = content;
    while let [a, b, c, tail @ ..] = rest {
        w.bytes(&encode_once([*a, *b, *c]));
        rest = tail;
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

/// Encodes three bytes as four characters. Inlined, since bulk content spends its time here.
#[inline(always)]
fn encode([a, b, c]: [u8; 3]) -> [u8; 4] {
    let (a, b, c) = (u32::from(a), u32::from(b), u32::from(c));
    let bits = a << 16 | b << 8 | c;
    let ([w, x], [y, z]) = (pair(bits >> 12), pair(bits));
    [w, x, y, z]
}

/// The characters for the lowest twelve bits.
#[cfg(not(target_pointer_width = "64"))]
#[inline(always)]
fn pair(bits: u32) -> [u8; 2] {
    // Six bits always find their character; the compiler drops the other case.
    let digit = |bits: u32| ALPHABET.get((bits & 63) as usize).copied().unwrap_or(b'A');
    [digit(bits >> 6), digit(bits)]
}

/// The characters for the lowest twelve bits, where 8 KB for a larger table do not matter: one and
/// a half times as fast.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn pair(bits: u32) -> [u8; 2] {
    static PAIRS: [[u8; 2]; 4096] = {
        let mut pairs = [[0; 2]; 4096];
        let mut slots: &mut [[u8; 2]] = &mut pairs;
        let mut highs: &[u8] = &ALPHABET;
        while let [high, other_highs @ ..] = highs {
            let mut lows: &[u8] = &ALPHABET;
            while let [low, other_lows @ ..] = lows {
                if let [slot, others @ ..] = slots {
                    *slot = [*high, *low];
                    slots = others;
                } else {
                    break;
                }
                lows = other_lows;
            }
            highs = other_highs;
        }
        pairs
    };
    // Twelve bits always find their pair; the compiler drops the other case.
    PAIRS.get((bits & 4095) as usize).copied().unwrap_or(*b"AA")
}

/// [`encode`] for everything else, which the compiler can do too.
const fn encode_once([a, b, c]: [u8; 3]) -> [u8; 4] {
    let bits = u32::from_be_bytes([0, a, b, c]);
    [
        digit(bits >> 18),
        digit(bits >> 12),
        digit(bits >> 6),
        digit(bits),
    ]
}

/// The character for the lowest six bits.
const fn digit(bits: u32) -> u8 {
    // Six bits always find their character; the compiler drops the other case.
    match ALPHABET.split_at_checked((bits & 63) as usize) {
        Some((_, [digit, ..])) => *digit,
        _ => b'A',
    }
}

static ALPHABET: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;
    use ::base64::{Engine, prelude::BASE64_STANDARD};
    use std::string::String;
    use std::vec::Vec;

    /// `content` in lines, by another encoder.
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
            let (taken, written) = lines(content, 0, &mut out);
            assert_eq!(taken, len / 3 * 3);
            let mut got = out[..written].to_vec();
            let mut w = Writer::new(&mut out, 0);
            line(&content[taken..], &mut w);
            if len % LINE > 0 {
                w.crlf();
            }
            let n = w.len();
            got.extend_from_slice(&out[..n]);
            assert_eq!(got, reference(content), "{len} bytes");
            assert_eq!(encoded_len(len) as usize, got.len());
        }
    }

    #[test]
    fn lines_go_on_where_the_last_piece_ended() {
        let content: Vec<u8> = (0..6 * LINE).map(|i| (i * 5) as u8).collect();
        let whole = reference(&content);
        for size in 6..2 * ENCODED_LINE {
            let (mut got, mut position) = (Vec::new(), 0);
            while position < content.len() {
                let mut out = std::vec![0; size];
                let (taken, written) = lines(&content[position..], position % LINE, &mut out);
                assert!(taken > 0 && written + 6 > size.min(whole.len() - got.len()));
                got.extend_from_slice(&out[..written]);
                position += taken;
            }
            assert_eq!(got, whole, "pieces of {size}");
        }
    }

    #[test]
    fn as_much_is_written_as_fits() {
        let content = [0; 3 * LINE];
        for column in (0..LINE).step_by(3) {
            for free in 0..2 * ENCODED_LINE {
                let (taken, _) = lines(&content, column, &mut std::vec![0; free]);
                assert_eq!(fitting(column, free), taken, "{column} {free}");
                // The bytes of an incomplete group are kept elsewhere.
                assert!(fitting(column + 1, free) <= taken);
            }
        }
    }

    #[test]
    fn only_groups_that_fit_are_written() {
        let line = [0; LINE];
        for (column, free, done) in [
            (0, 3, (0, 0)),
            (0, 7, (3, 4)),
            (54, 5, (0, 0)),
            (54, 6, (3, 6)),
            (54, 9, (3, 6)),
            (54, 10, (6, 10)),
        ] {
            let mut out = [0xff; 16];
            assert_eq!(lines(&line, column, &mut out[..free]), done);
            assert!(out[done.1..].iter().all(|byte| *byte == 0xff));
        }
    }

    #[test]
    fn a_length_beyond_u32_is_its_largest_value() {
        assert_eq!(encoded_len(usize::MAX), u32::MAX);
    }
}
