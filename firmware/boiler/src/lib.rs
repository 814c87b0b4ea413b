//! The application of all these firmwares: a boiler's sensor, its alert, and how an attempt to send it
//! ended. It knows no network and no board.
#![no_std]

mod alert;
mod ending;
mod rounds;
mod sensor;
#[cfg(feature = "asynch")]
mod session;
mod settings;

pub use alert::{Alert, Letter, RECIPIENTS_MAX, head};
pub use ending::{Ending, exit};
pub use rounds::Rounds;
pub use sensor::Pressures;
#[cfg(all(feature = "asynch", feature = "tls"))]
pub use session::{HANDSHAKE, log_in, open_tls};
#[cfg(feature = "asynch")]
pub use session::{danger_log_in_in_plaintext, deliver_due, farewell, greet};
pub use settings::{HOST, PASSWORD, SERVER, SERVER_NAME, Settings, USER};
