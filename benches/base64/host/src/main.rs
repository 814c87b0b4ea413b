//! The encoders on a host.
//!
//! - `host hash OCTETS` prints the hash that firmware prints, the same of every encoder.
//! - `host run NAME OCTETS` runs one encoder, whose function `callgrind` counts.

use std::hint::black_box;

use encoders::{ENCODED_LINE, ENCODERS, LINE};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["hash", octets] => hash(&content(octets)),
        ["run", name, octets] => run(name, &content(octets)),
        _ => panic!("hash OCTETS, or run NAME OCTETS"),
    }
}

/// The firmware's content.
fn content(octets: &str) -> Vec<u8> {
    let octets: usize = octets.parse().expect("a number");
    (0..octets).map(|i| (i * 7 + i / 256) as u8).collect()
}

fn run(name: &str, content: &[u8]) {
    let (_, encode) = ENCODERS
        .into_iter()
        .find(|(known, _)| *known == name)
        .expect("the name of an encoder");
    encode(black_box(content), &mut |lines| {
        black_box(lines);
    });
}

fn hash(content: &[u8]) {
    let mut hashes = ENCODERS[1..].iter().map(|(_, encode)| {
        let (mut hash, mut octets) = (0x811c_9dc5_u32, 0);
        encode(content, &mut |lines| {
            octets += lines.len();
            for octet in lines {
                hash = (hash ^ u32::from(*octet)).wrapping_mul(0x0100_0193);
            }
        });
        assert_eq!(octets, content.len() / LINE * ENCODED_LINE);
        hash
    });
    let first = hashes.next().unwrap();
    assert!(hashes.all(|hash| hash == first), "the encoders differ");
    println!("{first}");
}
