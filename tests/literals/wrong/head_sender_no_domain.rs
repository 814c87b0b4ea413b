//! Sender: has a wrong domain

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        sender: "gateway@", // here
        to: "ops@example.org",
    };
}
