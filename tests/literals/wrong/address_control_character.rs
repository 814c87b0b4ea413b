//! mailbox: holds a control character

use embedded_smtp::address;

fn main() {
    let _ = address!("ops@example.org\r\nDATA"); // here
}
