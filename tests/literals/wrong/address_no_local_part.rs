//! mailbox: has a wrong local part (before the @)

use embedded_smtp::address;

fn main() {
    let _ = address!("@example.org"); // here
}
