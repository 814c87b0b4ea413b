//! domain: is empty

use embedded_smtp::domain;

fn main() {
    let _ = domain!(""); // here
}
