//! Cc: has a wrong domain

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        to: "ops@example.org",
        cc: "ops@boiler_3.example.org", // here
    };
}
