//! From: is empty

use embedded_smtp::head;

fn main() {
    let _ = head! {
        from: "", // here
    };
}
