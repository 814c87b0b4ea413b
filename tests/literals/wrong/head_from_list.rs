//! From: goes on where it should end

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "boiler3@example.org; boiler4@example.org", // here
        to: "ops@example.org",
    };
}
