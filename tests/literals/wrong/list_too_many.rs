//! mailbox list: are too many at once

use embedded_smtp::mailbox_list;

macro_rules! ten {
    ($text:expr) => {
        concat!(
            $text, $text, $text, $text, $text, $text, $text, $text, $text, $text
        )
    };
}

fn main() {
    let _ = mailbox_list!(concat!(
        ten!(ten!(ten!("ops@example.org;"))),
        "duty@example.org"
    )); // here
}
