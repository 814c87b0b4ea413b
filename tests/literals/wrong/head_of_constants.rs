//! To: has no @

use embedded_smtp::head;
use embedded_smtp::message::Head;

const TO: &str = "ops";

static HEAD: Head = head! {
    from: "Boiler 3 <boiler3@example.org>",
    to: TO, // here
};

fn main() {
    let _ = &HEAD;
}
