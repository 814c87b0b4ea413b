//! What to set: each is read from the environment when the firmware is built. What is not set is a
//! placeholder, with which no mail goes out.

use embedded_smtp::message::Head;
use embedded_smtp::tls::Pin;
use embedded_smtp::{Credentials, Domain, head, pin};

/// What the environment has, or else the placeholder.
macro_rules! setting {
    ($name:literal, $placeholder:expr) => {
        match option_env!($name) {
            Some(value) => value,
            None => $placeholder,
        }
    };
}

/// The mail server: its name is looked up, and sent to it in the handshake (SNI).
pub const HOST: &str = setting!("MAIL_HOST", "mail.example.org");

/// 465: TLS from the start (RFC 8314 §3.3).
pub const PORT: u16 = number(setting!("MAIL_PORT", "465"));

pub const CREDENTIALS: Credentials = match Credentials::new(
    setting!("MAIL_USER", "board"),
    setting!("MAIL_PASSWORD", "not set"),
) {
    Ok(credentials) => credentials,
    Err(_) => panic!("MAIL_USER, MAIL_PASSWORD: cannot be sent"),
};

pub static HEAD: Head = head! {
    from: setting!("MAIL_FROM", "Board <board@example.org>"),
    to: setting!("MAIL_TO", "ops@example.org"),
    subject: "Button pressed",
}
.auto_submitted();

/// The board's own name: said to the server, and in each Message-ID.
pub const DEVICE: &str = setting!("MAIL_DEVICE", "board.example.org");

/// The keys that the server may have: the one it has, and the one it will have next. Without them, a
/// pin that no key has.
pub const PINS: [Pin; 2] = [pin!(PIN), pin!(setting!("MAIL_PIN_NEXT", PIN))];

const PIN: &str = setting!(
    "MAIL_PIN",
    "0000000000000000000000000000000000000000000000000000000000000000"
);

// A name that is none, or for which the mail has no room, does not build.
const _: () = assert!(
    Domain::parse(DEVICE).is_ok() && DEVICE.len() <= 64,
    "MAIL_DEVICE: not a domain of up to 64 characters"
);

const fn number(text: &str) -> u16 {
    match u16::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("MAIL_PORT: not a number up to 65535"),
    }
}
