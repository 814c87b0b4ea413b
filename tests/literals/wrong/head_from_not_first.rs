//! `head!` begins with `from`, the mailbox of the author

use embedded_smtp::head;

fn main() {
    let _ = head! {
        to: "ops@example.org",
        from: "Boiler 3 <boiler3@example.org>", // here
    };
}
