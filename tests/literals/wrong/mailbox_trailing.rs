//! mailbox: goes on where it should end

use embedded_smtp::mailbox;

fn main() {
    let _ = mailbox!("Ops <ops@example.org> (day)"); // here
}
