//! mailbox: goes on where it should end

use embedded_smtp::mailbox;

fn main() {
    let _ = mailbox!("ops@example.org; duty@example.org"); // here
}
