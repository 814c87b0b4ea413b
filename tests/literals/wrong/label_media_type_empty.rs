//! media type: is empty

use embedded_smtp::label;

fn main() {
    let _ = label!("log.csv", ""); // here
}
