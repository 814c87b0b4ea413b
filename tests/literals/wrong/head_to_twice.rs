//! To: is given twice

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        to: "ops@example.org",
        to: "duty@example.org", // here
    };
}
