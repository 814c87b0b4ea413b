//! settings
pub const WIFI_SSID: &str = match option_env!("WIFI_SSID") {
    Some(x) => x,
    None => "example",
};
pub const WIFI_PASSWORD: &str = match option_env!("WIFI_PASSWORD") {
    Some(x) => x,
    None => "not-set-yet",
};
