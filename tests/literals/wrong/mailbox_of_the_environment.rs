//! mailbox: has no @

use embedded_smtp::{Mailbox, mailbox};

const OPS: Mailbox<'static> = mailbox!(env!("CARGO_CRATE_NAME")); // here

fn main() {
    let _ = OPS;
}
