//! mailbox: has an angle bracket missing or out of place

use embedded_smtp::mailbox;

fn main() {
    let _ = mailbox!("Ops <ops@example.org"); // here
}
