//! A picture made without a library: a gauge as a PNG of four colours (RFC 2083).

const WIDTH: u32 = 200;
const HEIGHT: u32 = 36;
/// White, grey, green, red.
const PALETTE: [u8; 12] = [255, 255, 255, 90, 90, 90, 60, 160, 60, 200, 30, 30];

/// A bar that is filled to `part` of `whole`, red beyond `limit`.
pub fn gauge(part: u32, limit: u32, whole: u32) -> Vec<u8> {
    let at = |value: u32| 4 + (WIDTH - 8) * value.min(whole) / whole.max(1);
    let colour = |x: u32, y: u32| match (x, y) {
        _ if x < 2 || y < 2 || x >= WIDTH - 2 || y >= HEIGHT - 2 => 1,
        _ if x == at(limit) => 1,
        _ if !(4..at(part)).contains(&x) || !(4..HEIGHT - 4).contains(&y) => 0,
        _ if x < at(limit) => 2,
        _ => 3,
    };
    let mut rows = Vec::new();
    for y in 0..HEIGHT {
        // No filter; then four pixels an octet.
        rows.push(0);
        for x in (0..WIDTH).step_by(4) {
            rows.push((0..4).fold(0, |octet, i| (octet << 2) | colour(x + i, y)));
        }
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(WIDTH.to_be_bytes());
    head.extend(HEIGHT.to_be_bytes());
    // 2 bits a pixel from a palette; the only compression, filters and order there are.
    head.extend([2, 3, 0, 0, 0]);
    chunk(b"IHDR", &head, &mut png);
    chunk(b"PLTE", &PALETTE, &mut png);
    chunk(b"IDAT", &zlib(&rows), &mut png);
    chunk(b"IEND", &[], &mut png);
    png
}

fn chunk(kind: &[u8; 4], data: &[u8], png: &mut Vec<u8>) {
    png.extend((data.len() as u32).to_be_bytes());
    let from = png.len();
    png.extend(kind);
    png.extend(data);
    png.extend(crc32(&png[from..]).to_be_bytes());
}

/// Octets as a zlib stream of stored blocks (RFC 1950, RFC 1951 §3.2.4).
fn zlib(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(adler32(data).to_be_bytes());
    out
}

fn adler32(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1_u32, 0_u32), |(a, b), octet| {
        let a = (a + u32::from(*octet)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16) | a
}

fn crc32(data: &[u8]) -> u32 {
    let crc = data.iter().fold(u32::MAX, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    });
    !crc
}
