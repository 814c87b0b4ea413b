//! What to set: each is read from the environment when the firmware is built. What is not set is a
//! placeholder, with which no mail goes out.

use embedded_smtp::message::Head;
use embedded_smtp::tls::CertificateDer;
use embedded_smtp::{Credentials, Domain, head};

/// What the environment has, or else the placeholder.
macro_rules! setting {
    ($name:literal, $placeholder:literal) => {
        match option_env!($name) {
            Some(value) => value,
            None => $placeholder,
        }
    };
}

pub const WIFI_SSID: &str = setting!("WIFI_SSID", "not set");
/// For WPA2 and WPA3.
pub const WIFI_PASSWORD: &str = setting!("WIFI_PASSWORD", "not set");

/// The server that tells the date by SNTP.
pub const NTP_HOST: &str = setting!("NTP_HOST", "ntp.example.org");

/// The mail server: its name is looked up, sent to it in the handshake (SNI), and must stand in its
/// certificate.
pub const HOST: &str = setting!("MAIL_HOST", "mail.example.org");

/// 587: submission with STARTTLS (RFC 6409).
pub const PORT: u16 = number(setting!("MAIL_PORT", "587"));

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
}
.auto_submitted();

/// The board's own name: said to the server, and in each Message-ID.
pub const DEVICE: &str = setting!("MAIL_DEVICE", "board.example.org");

/// The certificate authority that the server's chain leads to: the file that `MAIL_ROOT` names. Empty
/// if it was not set; then the firmware does not start.
pub static ROOT: CertificateDer =
    CertificateDer::from_slice(include_bytes!(concat!(env!("OUT_DIR"), "/root.der")));

/// Seconds since 1970 when this firmware was built: the date cannot be before.
pub const BUILT: u64 = match u64::from_str_radix(env!("BUILT"), 10) {
    Ok(built) => built,
    Err(_) => panic!("BUILT: not a number"),
};

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
