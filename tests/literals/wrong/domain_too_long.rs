//! domain: is too long

use embedded_smtp::domain;

fn main() {
    let _ = domain!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.org"); // here
}
