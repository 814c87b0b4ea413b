//! From: has no @

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "boiler3", // here
        to: "ops@example.org",
    };
}
