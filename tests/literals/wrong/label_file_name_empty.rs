//! file name: is empty

use embedded_smtp::label;

fn main() {
    let _ = label!("", "text/csv"); // here
}
