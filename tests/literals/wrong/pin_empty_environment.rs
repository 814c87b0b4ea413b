//! pin: is empty

use embedded_smtp::pin;
use embedded_smtp::tls::Pin;

const RELAY: Pin = pin!(""); // here

fn main() {
    let _ = RELAY;
}
