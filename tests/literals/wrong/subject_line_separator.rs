//! Subject: holds a control character

use embedded_smtp::header_text;

fn main() {
    let _ = header_text!("Overpressure\u{2028}in boiler 3"); // here
}
