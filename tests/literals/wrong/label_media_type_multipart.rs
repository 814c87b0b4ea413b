//! media type: is reserved: it is written by the library or may not be set

use embedded_smtp::label;

fn main() {
    let _ = label!("log.csv", "multipart/mixed"); // here
}
