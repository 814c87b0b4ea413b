//! A boiler's alert by the blocking client, over smoltcp.
//!
//! ```text
//! outbox ── due ──▶ attempt: connect, open, login, send, quit ── how it ended ──▶ outbox
//! ```
//!
//! The mail goes to a relay in a network of the plant's own, without TLS: the password can be read there,
//! which is why the login has `danger` in its name. `alert-tls` and `alert-ca` are for all others.
#![no_std]
#![no_main]

mod attempt;
mod network;

use board::ethernet::Device;
use boiler::{Rounds, Settings, exit};

use network::Network;

/// Milliseconds without a sign of life, after which the board is reset.
const WATCHDOG: u32 = 10_000;

#[cortex_m_rt::entry]
fn main() -> ! {
    let watchdog = board::start(WATCHDOG);
    let Some(settings) = board::arguments().and_then(Settings::parse) else {
        defmt::error!("arguments that are not understood");
        board::end(exit::USAGE)
    };
    let started = board::unix_time();
    let mut network = Network::start(Device::take(), watchdog, started);
    let mut rounds = Rounds::new(&settings, board::clock::now);
    rounds.raise(1, started);

    while rounds.is_open() {
        match rounds.due() {
            Some((serial, alert)) if rounds.begin() => {
                let ending = attempt::attempt(&mut network, &alert, &settings);
                rounds.settle(serial, ending);
            }
            _ => network.sleep(),
        }
    }
    board::end(rounds.close())
}
