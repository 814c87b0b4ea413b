//! domain: is not well formed

use embedded_smtp::domain;

fn main() {
    let _ = domain!("example.org."); // here
}
