//! Reply-To: has no @

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        reply_to: "ops@example.org; duty", // here
        to: "ops@example.org",
    };
}
