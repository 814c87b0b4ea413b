//! What to set: each is read from an environment variable when the firmware is built.
//!
//! The defaults are placeholders. A value that cannot be right does not compile. A firmware that was
//! built without `MAIL_ROOT` trusts no server, and so sends nothing.

use embedded_smtp::message::Head;
use embedded_smtp::tls::CertificateDer;
use embedded_smtp::{Credentials, Domain, head};

/// The network's name, and its password (WPA2); with an empty one, an open network.
pub const WIFI_SSID: &str = or(option_env!("WIFI_SSID"), "example");
pub const WIFI_PASSWORD: &str = or(option_env!("WIFI_PASSWORD"), "placeholder");

const _: () = assert!(WIFI_SSID.len() <= 32, "WIFI_SSID is longer than 32 octets");
const _: () = assert!(
    matches!(WIFI_PASSWORD.len(), 0 | 8..=63),
    "WIFI_PASSWORD has not 8 to 63 octets"
);

/// The submission server, as its certificate names it, and its port for STARTTLS.
pub const HOST: &str = or(option_env!("MAIL_HOST"), "mail.example.org");
pub const PORT: u16 = match u16::from_str_radix(or(option_env!("MAIL_PORT"), "587"), 10) {
    Ok(port) => port,
    Err(_) => panic!("MAIL_PORT is no port"),
};

/// The root certificate, in DER, that a chain from the server must lead to (`build.rs`).
pub static ROOT: CertificateDer<'static> =
    CertificateDer::from_slice(include_bytes!(concat!(env!("OUT_DIR"), "/root.der")));

/// Who logs in.
pub const CREDENTIALS: Credentials<'static> = match Credentials::new(
    or(option_env!("MAIL_USER"), "esp32c3"),
    or(option_env!("MAIL_PASSWORD"), "placeholder"),
) {
    Ok(credentials) => credentials,
    Err(_) => panic!("MAIL_USER or MAIL_PASSWORD is empty, or holds NUL"),
};

/// Who the mail is from, and whom it is for: one, or several with `;` between them.
pub static HEAD: Head = head! {
    from: or(option_env!("MAIL_FROM"), "ESP32-C3 <esp32c3@example.org>"),
    to: TO,
}
.auto_submitted();

const TO: &str = or(option_env!("MAIL_TO"), "ops@example.org");
const _: () = assert!(!TO.is_empty(), "MAIL_TO is empty");

/// The board's own name: said to the server, and in each Message-ID.
pub const DEVICE: &str = or(option_env!("MAIL_DEVICE"), "esp32c3.example.org");

const _: () = assert!(Domain::parse(DEVICE).is_ok(), "MAIL_DEVICE is no domain");
// The texts of a mail have room for it.
const _: () = assert!(DEVICE.len() <= 64, "MAIL_DEVICE is longer than 64 octets");

/// The server that tells the date.
pub const NTP_HOST: &str = or(option_env!("NTP_HOST"), "pool.ntp.org");

/// When the firmware was built, in seconds since 1970 (`build.rs`).
pub const BUILT: u64 = match u64::from_str_radix(env!("BUILT"), 10) {
    Ok(built) => built,
    Err(_) => panic!("BUILT is no number"),
};

/// The variable, or the default.
const fn or(variable: Option<&'static str>, default: &'static str) -> &'static str {
    match variable {
        Some(value) => value,
        None => default,
    }
}
