//! Subject: holds a control character

use embedded_smtp::header_text;

fn main() {
    let _ = header_text!("Overpressure\r\nBcc: all@example.org"); // here
}
