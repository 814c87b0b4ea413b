//! The application of all these firmwares: a boiler's sensor, its alert, and how an attempt to send it
//! ended. It knows no network and no board.
#![no_std]

mod alert;
mod ending;
mod sensor;
mod settings;

pub use alert::{Alert, Letter, RECIPIENTS_MAX};
pub use ending::{Ending, exit};
pub use sensor::Pressures;
pub use settings::{HOST, PASSWORD, SERVER, SERVER_NAME, Settings, USER};
