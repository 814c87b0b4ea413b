//! What a host does for the bench.
//!
//! - `host handshakes FOLDER MODE PORT COUNT` opens so many sessions in a row, each over a connection
//!   of its own, with the code that the firmware runs, and reads the server's greeting in each.
//! - `host panics ELF` lists from whose code a firmware can come to a panic.

mod handshakes;
mod panics;

#[path = "../../src/roots.rs"]
#[allow(dead_code)] // The firmware wants the anchors.
mod roots;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["handshakes", folder, mode, port, count] => {
            handshakes::run(folder, mode, port.parse().unwrap(), count.parse().unwrap())
        }
        ["panics", elf] => panics::list(elf),
        _ => panic!("handshakes FOLDER MODE PORT COUNT, or panics ELF"),
    }
}

/// The numbers in `roots.rs` mean the roots that are named there.
#[test]
fn the_roots_are_those_that_are_meant() {
    for (number, name) in roots::NAMED {
        let subject = webpki_roots::TLS_SERVER_ROOTS[number].subject.as_ref();
        assert!(
            subject
                .windows(name.len())
                .any(|part| part == name.as_bytes()),
            "{number} is not {name}"
        );
    }
}
