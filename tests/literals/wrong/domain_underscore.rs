//! domain: holds a character that may not stand there

use embedded_smtp::domain;

fn main() {
    let _ = domain!("boiler_3.example.org"); // here
}
