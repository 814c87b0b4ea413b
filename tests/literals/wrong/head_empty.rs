//! `head!` begins with `from`, the mailbox of the author

use embedded_smtp::head;

fn main() {
    let _ = head! {}; // here
}
