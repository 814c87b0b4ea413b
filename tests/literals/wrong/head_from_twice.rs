//! From: is given twice

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        from: "boiler4@example.org", // here
        to: "ops@example.org",
    };
}
