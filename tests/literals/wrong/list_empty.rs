//! mailbox list: is empty

use embedded_smtp::mailbox_list;

fn main() {
    let _ = mailbox_list!(""); // here
}
