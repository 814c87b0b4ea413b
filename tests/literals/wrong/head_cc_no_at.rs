//! Cc: has no @

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "boiler3@example.org",
        cc: "hall", // here
    };
}
