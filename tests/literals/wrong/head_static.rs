//! To: has no @

use embedded_smtp::head;
use embedded_smtp::message::Head;

static HEAD: Head = head! {
    from: "Boiler 3 <boiler3@example.org>",
    to: "ops", // here
    subject: "Overpressure in boiler 3",
};

fn main() {
    let _ = &HEAD;
}
