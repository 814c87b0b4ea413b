//! The tests of `alert_cli.rs` again, with the async driver.

/// The arguments that choose the driver.
const DRIVER: &[&str] = &["--driver", "async"];

#[path = "alert_cli/command.rs"]
mod command;
#[path = "alert_cli/doubts.rs"]
mod doubts;
#[path = "alert_cli/faults.rs"]
mod faults;
#[path = "alert_cli/files.rs"]
mod files;
#[path = "alert_cli/hostile.rs"]
mod hostile;
#[path = "alert_cli/identity.rs"]
mod identity;
#[path = "alert_cli/input.rs"]
mod input;
#[path = "alert_cli/login.rs"]
mod login;
#[path = "alert_cli/pki.rs"]
mod pki;
#[path = "alert_cli/reasons.rs"]
mod reasons;
#[path = "alert_cli/refusals.rs"]
mod refusals;
#[path = "alert_cli/sent.rs"]
mod sent;
#[path = "alert_cli/streamed.rs"]
mod streamed;
#[path = "alert_cli/tls.rs"]
mod tls;
#[path = "alert_cli/tls_breaches.rs"]
mod tls_breaches;
#[path = "alert_cli/tls_faults.rs"]
mod tls_faults;
#[path = "alert_cli/usage.rs"]
mod usage;
