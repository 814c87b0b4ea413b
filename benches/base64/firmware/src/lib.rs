//! Runs one encoder under the meter.
#![no_std]

use core::hint::black_box;

use encoders::{ENCODED_LINE, Encoder, LINE};
use footprint::{FNV_OFFSET, exit, fnv, meter, number};

/// Lines of content: 4,104 octets.
const LINES: usize = 72;

static CONTENT: [u8; LINES * LINE] = {
    let mut content = [0; LINES * LINE];
    let mut i = 0;
    while i < content.len() {
        content[i] = (i * 7 + i / 256) as u8;
        i += 1;
    }
    content
};

/// Reports ticks, and the hash of the lines for `host` to compare.
pub fn measure(encode: Encoder) -> ! {
    meter::start();
    let unit = meter::calibrate();
    let content = black_box(&CONTENT);
    let (mut octets, mut hash, mut elsewhere) = (0, FNV_OFFSET, 0);

    let before = meter::now();
    encode(content, &mut |lines| {
        let before = meter::now();
        octets += lines.len();
        hash = fnv(hash, lines);
        elsewhere += meter::between(before, meter::now());
    });
    let ticks = meter::between(before, meter::now()).wrapping_sub(elsewhere);

    number("ticks", ticks);
    number("unit", unit);
    number("content", content.len() as u32);
    number("hash", hash);
    exit(octets == LINES * ENCODED_LINE)
}
