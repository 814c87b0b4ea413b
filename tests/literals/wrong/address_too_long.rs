//! mailbox: is too long

use embedded_smtp::address;

fn main() {
    let _ =
        address!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org"); // here
}
