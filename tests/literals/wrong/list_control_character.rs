//! mailbox list: holds a control character

use embedded_smtp::mailbox_list;

fn main() {
    let _ = mailbox_list!("ops@example.org;\r\n duty@example.org"); // here
}
