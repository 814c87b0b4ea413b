//! pin: is not well formed

use embedded_smtp::pin;

fn main() {
    let _ = pin!("00112233"); // here
}
