//! domain: holds a control character

use embedded_smtp::domain;

fn main() {
    let _ = domain!("example.org\r\nQUIT"); // here
}
