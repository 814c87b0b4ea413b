//! mailbox list: is a group, which is not supported

use embedded_smtp::mailbox_list;

fn main() {
    let _ = mailbox_list!("staff: ops@example.org, duty@example.org;"); // here
}
