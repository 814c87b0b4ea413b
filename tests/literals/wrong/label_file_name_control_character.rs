//! file name: holds a control character

use embedded_smtp::label;

fn main() {
    let _ = label!("log\n.csv", "text/csv"); // here
}
