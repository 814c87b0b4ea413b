//! Literals that come from constants, `concat!`, `env!` and a macro of the program's own.

use embedded_smtp::message::Head;
use embedded_smtp::{head, label, mailbox, mailbox_list};

const FROM: &str = concat!(env!("CARGO_PKG_NAME"), "@example.org");
const TO: &str = "ops@example.org";

macro_rules! from_device {
    ($to:expr) => {
        head! { from: FROM, to: $to }
    };
}

static HEAD: Head<'static> = head! { from: FROM, to: TO, subject: "Overpressure" };
static DEVICE: Head<'static> = from_device!(TO);

fn main() {
    let _ = (&HEAD, &DEVICE, mailbox!(FROM), mailbox_list!(TO));
    let _ = label!(concat!("log", ".csv"), "text/csv");
}
