//! mailbox: is empty

use embedded_smtp::address;

fn main() {
    let _ = address!(""); // here
}
