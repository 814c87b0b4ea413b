//! mailbox: has no @

use embedded_smtp::{Mailbox, mailbox};

#[allow(dead_code)]
fn desk<T>(_: T) -> Mailbox<'static> {
    mailbox!("desk") // here
}

fn main() {}
