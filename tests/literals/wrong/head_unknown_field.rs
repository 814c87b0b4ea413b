//! `head!` has no field `subjct`: it has from, sender, reply_to, to, cc, bcc and subject

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "Boiler 3 <boiler3@example.org>",
        to: "ops@example.org",
        subjct: "Overpressure", // here
    };
}
