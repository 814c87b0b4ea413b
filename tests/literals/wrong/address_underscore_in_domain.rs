//! mailbox: has a wrong domain

use embedded_smtp::address;

fn main() {
    let _ = address!("ops@boiler_3.example.org"); // here
}
