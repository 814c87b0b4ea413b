//! To: is empty

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        to: "", // here
    };
}
