//! mailbox: has no @

use embedded_smtp::mailbox;

fn main() {
    let _ = mailbox!("Ops <ops>"); // here
}
