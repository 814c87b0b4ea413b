//! domain: has a wrong address literal

use embedded_smtp::domain;

fn main() {
    let _ = domain!("[192.0.2.256]"); // here
}
