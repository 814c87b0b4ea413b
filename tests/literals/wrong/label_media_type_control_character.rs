//! media type: is not well formed

use embedded_smtp::label;

fn main() {
    let _ = label!("log.csv", "text/csv\r\nX-Other: 1"); // here
}
