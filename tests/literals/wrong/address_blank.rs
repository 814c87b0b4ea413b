//! mailbox: has a wrong local part

use embedded_smtp::address;

fn main() {
    let _ = address!("ops desk@example.org"); // here
}
