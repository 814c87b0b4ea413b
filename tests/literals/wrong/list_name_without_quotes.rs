//! mailbox list: has a display name with a special character: put the name in double quotes

use embedded_smtp::mailbox_list;

fn main() {
    let _ = mailbox_list!("ops@example.org; Hall (B) <duty@example.org>"); // here
}
