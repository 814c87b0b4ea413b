//! The `alert` example as a command: its outcomes, its input, and what hostile input does.
//!
//! Each test runs the built example against the mock server over TCP.

#[allow(dead_code)]
#[path = "../examples/alert/escape.rs"]
mod escape;
#[allow(dead_code)]
#[path = "../examples/alert/outcome.rs"]
mod outcome;

#[path = "alert_cli/command.rs"]
mod command;
#[path = "alert_cli/faults.rs"]
mod faults;
#[path = "alert_cli/hostile.rs"]
mod hostile;
#[path = "alert_cli/input.rs"]
mod input;
#[path = "alert_cli/refusals.rs"]
mod refusals;
#[path = "alert_cli/sent.rs"]
mod sent;
#[path = "alert_cli/usage.rs"]
mod usage;
