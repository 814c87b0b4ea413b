//! Bcc: has no @

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "boiler3@example.org",
        bcc: "log", // here
    };
}
