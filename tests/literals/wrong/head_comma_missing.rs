//! `head!` takes fields with commas between them: `from: "boiler3@example.org", to: "ops@example.org"`

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "boiler3@example.org"
        to: "ops@example.org" // here
    };
}
