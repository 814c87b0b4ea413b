//! To: has no @

use embedded_smtp::head;

#[allow(dead_code)]
fn alert() {
    let _ = head! {
        from: "boiler3@example.org",
        to: "ops", // here
    };
}

fn main() {}
