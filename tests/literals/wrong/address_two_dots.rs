//! mailbox: has a wrong local part (before the @)

use embedded_smtp::address;

fn main() {
    let _ = address!("night..shift@example.org"); // here
}
