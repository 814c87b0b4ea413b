//! mailbox list: has a wrong domain

use embedded_smtp::mailbox_list;

fn main() {
    let _ = mailbox_list!("ops@example.org duty@example.org"); // here
}
