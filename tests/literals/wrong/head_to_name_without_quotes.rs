//! To: has a display name with a special character: put the name in double quotes

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        to: "Ops: Hall B <ops@example.org>", // here
    };
}
