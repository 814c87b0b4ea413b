//! media type: is given twice

use embedded_smtp::label;

fn main() {
    let _ = label!("log.csv", "text/csv; charset=utf-8; charset=latin1"); // here
}
