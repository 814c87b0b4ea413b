//! mailbox: has a quoted string that does not end

use embedded_smtp::address;

fn main() {
    let _ = address!("\"ops@example.org"); // here
}
