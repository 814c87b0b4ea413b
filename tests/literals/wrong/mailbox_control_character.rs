//! mailbox: holds a control character

use embedded_smtp::mailbox;

fn main() {
    let _ = mailbox!("Ops\n <ops@example.org>"); // here
}
