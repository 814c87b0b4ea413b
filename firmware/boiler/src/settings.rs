//! What a device's owner would set. What changes from boot to boot comes as the emulator's arguments.

/// The host, as the emulator's network has it.
pub const SERVER: [u8; 4] = [10, 0, 2, 2];
/// The name that the server's certificate must be for.
pub const SERVER_NAME: &str = "localhost";
/// This device's name, for EHLO and Message-ID.
pub const HOST: &str = "boiler3.example.org";
/// The account, given when the firmware is built.
pub const USER: &str = given(option_env!("FIRMWARE_USER"), "boiler3");
pub const PASSWORD: &str = given(option_env!("FIRMWARE_PASSWORD"), "secret");

#[derive(Clone, Copy)]
pub struct Settings {
    /// The server's port.
    pub port: u16,
    /// How often an alert is tried to be sent.
    pub tries: u32,
    /// Milliseconds before the second attempt; then twice as long each time.
    pub wait: u64,
    /// Milliseconds that nothing may take longer than.
    pub patience: u64,
    /// How many alerts there are.
    pub alerts: u32,
    /// How many rows the log has.
    pub rows: u32,
    /// The recipients.
    pub to: &'static str,
    /// The port of the server that knows the date.
    pub sntp: Option<u16>,
}

impl Settings {
    /// From `name=value` each; `None` for what is not understood.
    pub fn parse(arguments: impl Iterator<Item = &'static str>) -> Option<Self> {
        let mut settings = Self {
            port: 0,
            tries: 1,
            wait: 500,
            patience: 10_000,
            alerts: 3,
            rows: 400,
            to: "ops@interop.example;duty@interop.example",
            sntp: None,
        };
        for argument in arguments {
            let (name, value) = argument.split_once('=')?;
            match name {
                "port" => settings.port = value.parse().ok()?,
                "tries" => settings.tries = value.parse().ok()?,
                "wait" => settings.wait = value.parse().ok()?,
                "patience" => settings.patience = value.parse().ok()?,
                "alerts" => settings.alerts = value.parse().ok()?,
                "rows" => settings.rows = value.parse().ok()?,
                "to" => settings.to = value,
                "sntp" => settings.sntp = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        (settings.port != 0).then_some(settings)
    }
}

const fn given(value: Option<&'static str>, otherwise: &'static str) -> &'static str {
    match value {
        Some(value) => value,
        None => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_refused() {
        let parse = |line: &'static str| Settings::parse(line.split(' '));
        let settings = parse("port=25 tries=3 to=a@b.example;c@d.example sntp=123").unwrap();
        assert_eq!(
            (settings.port, settings.tries, settings.sntp),
            (25, 3, Some(123))
        );
        assert_eq!(settings.to, "a@b.example;c@d.example");
        for line in [
            "tries=3",
            "port=25 colour=red",
            "port=25 rows",
            "port=x",
            "port=0",
        ] {
            assert!(parse(line).is_none(), "{line}");
        }
    }
}
