//! mailbox list: has no @

use embedded_smtp::mailbox_list;

fn main() {
    let _ = mailbox_list!("Ops <ops@example.org>; duty; hall@example.org"); // here
}
