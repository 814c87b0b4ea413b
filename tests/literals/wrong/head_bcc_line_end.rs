//! Bcc: holds a control character

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        to: "ops@example.org",
        bcc: "ops@example.org\n", // here
    };
}
