//! mailbox: has no @

use embedded_smtp::address;

fn main() {
    let _ = address!("ops"); // here
}
