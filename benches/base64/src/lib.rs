//! The same work by each encoder: an attachment in lines of base64 (RFC 2045 §6.8).
//!
//! Each writes into a buffer of [`LINES`] lines, and `flush` is given what is in it. None is generic
//! or inlined, so that firmware holds one copy of each at its own opt-level.
#![no_std]

#[allow(dead_code)]
mod wire;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64ct::Encoding;

/// Octets of content in a line, and of the line with its line end.
pub const LINE: usize = 57;
pub const ENCODED_LINE: usize = 78;
/// Whole lines in a buffer of 512 octets.
pub const LINES: usize = 6;

/// What takes the lines that are ready.
pub type Flush<'f> = &'f mut dyn FnMut(&[u8]);

/// Encodes the whole lines of `content`.
pub type Encoder = fn(content: &[u8], flush: Flush<'_>);

/// Of each encoder the name under which it is counted.
pub const ENCODERS: [(&str, Encoder); 5] = [
    ("nothing", nothing),
    ("base64ct", by_base64ct),
    ("base64_crate", by_base64_crate),
    ("own_line", by_own_line),
    ("own_lines", by_own_lines),
];

/// The frame without an encoder: what is subtracted.
#[inline(never)]
pub fn nothing(content: &[u8], flush: Flush<'_>) {
    line_by_line(content, flush, |line, out| {
        core::hint::black_box((line, out));
    });
}

/// `base64ct`: constant time, in arithmetic.
#[inline(never)]
pub fn by_base64ct(content: &[u8], flush: Flush<'_>) {
    line_by_line(content, flush, base64ct_line);
}

#[inline(never)]
fn base64ct_line(line: &[u8; LINE], out: &mut [u8; ENCODED_LINE]) {
    let [encoded @ .., cr, lf] = out;
    let _ = base64ct::Base64::encode(line, encoded);
    (*cr, *lf) = (b'\r', b'\n');
}

/// The `base64` crate.
#[inline(never)]
pub fn by_base64_crate(content: &[u8], flush: Flush<'_>) {
    line_by_line(content, flush, base64_crate_line);
}

#[inline(never)]
fn base64_crate_line(line: &[u8; LINE], out: &mut [u8; ENCODED_LINE]) {
    let [encoded @ .., cr, lf] = out;
    let _ = STANDARD.encode_slice(line, encoded);
    (*cr, *lf) = (b'\r', b'\n');
}

/// `src/wire/base64.rs`, a line at a time as the others are.
#[inline(never)]
pub fn by_own_line(content: &[u8], flush: Flush<'_>) {
    line_by_line(content, flush, |line, out| {
        wire::base64::lines(line, 0, out);
    });
}

/// `src/wire/base64.rs` as messages use it: as many lines at a time as there is room for.
#[inline(never)]
pub fn by_own_lines(content: &[u8], flush: Flush<'_>) {
    let mut out = [0; LINES * ENCODED_LINE];
    for content in content.chunks(LINES * LINE) {
        let (_, written) = wire::base64::lines(content, 0, &mut out);
        flush(out.get(..written).unwrap_or_default());
    }
}

#[inline(always)]
fn line_by_line(
    content: &[u8],
    flush: Flush<'_>,
    encode: fn(&[u8; LINE], &mut [u8; ENCODED_LINE]),
) {
    let mut out = [0; LINES * ENCODED_LINE];
    let (lines, _) = content.as_chunks::<LINE>();
    for lines in lines.chunks(LINES) {
        let (slots, _) = out.as_chunks_mut::<ENCODED_LINE>();
        for (line, slot) in lines.iter().zip(slots) {
            encode(line, slot);
        }
        flush(out.get(..lines.len() * ENCODED_LINE).unwrap_or_default());
    }
}
