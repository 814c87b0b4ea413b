//! The `alert` example as a command: its outcomes, its input, and what hostile input does.
//!
//! Each test runs the built example against the mock server over TCP; here with the driver that is
//! the default, in `alert_cli_async.rs` with the other one.

/// The arguments that choose the driver.
const DRIVER: &[&str] = &[];

#[allow(dead_code)]
#[path = "../examples/alert/escape.rs"]
mod escape;
#[allow(dead_code)]
#[path = "../examples/alert/link/first_line.rs"]
mod first_line;
#[allow(dead_code)]
#[path = "../examples/alert/media_type.rs"]
mod media_type;
#[allow(dead_code)]
#[path = "../examples/alert/outcome.rs"]
mod outcome;

#[allow(dead_code)]
#[path = "../examples/alert/tls/shown.rs"]
mod shown;

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
#[path = "alert_cli/twins.rs"]
mod twins;
#[path = "alert_cli/usage.rs"]
mod usage;
