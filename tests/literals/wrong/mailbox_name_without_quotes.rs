//! mailbox: has a display name with a special character: put the name in double quotes

use embedded_smtp::mailbox;

fn main() {
    let _ = mailbox!("Ops, Hall B <ops@example.org>"); // here
}
