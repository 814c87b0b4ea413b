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
use boiler::{Alert, Settings, exit};
use mailer::{Backoff, Outbox};

use network::Network;

/// Milliseconds without a sign of life, after which the board is reset.
const WATCHDOG: u32 = 10_000;
/// Milliseconds that an alert waits at most.
const LONGEST_WAIT: u64 = 30 * 60 * 1000;

#[cortex_m_rt::entry]
fn main() -> ! {
    let watchdog = board::start(WATCHDOG);
    let Some(settings) = board::arguments().and_then(Settings::parse) else {
        defmt::error!("arguments that are not understood");
        board::end(exit::USAGE)
    };
    let started = board::unix_time();
    let mut network = Network::start(Device::take(), watchdog, started);
    let mut outbox = Outbox::<Alert, 4>::new(Backoff {
        first: settings.wait,
        longest: LONGEST_WAIT,
    });

    let alert = Alert {
        raised: started,
        number: 1,
        started,
    };
    if outbox.push(alert, board::clock::now()).is_err() {
        defmt::error!("the outbox is full: an alert is lost");
    }

    let (mut attempts, mut last) = (0, exit::SENT);
    // A device goes on for ever. This one ends, so that somebody can look at how.
    while !outbox.is_empty() && attempts < settings.tries {
        let Some((serial, alert)) = outbox.due(board::clock::now()) else {
            network.sleep();
            continue;
        };
        let ending = attempt::attempt(&mut network, alert, &settings);
        attempts += 1;
        last = ending.exit;
        defmt::info!(
            "attempt {=u32}: {=str}, exit {=u8}",
            attempts,
            ending.word,
            ending.exit
        );
        if let Some(alert) = outbox.settle(serial, ending.verdict, board::clock::now()) {
            defmt::error!("alert {=u32} is given up", alert.number);
        }
    }
    defmt::info!("attempts: {=u32}", attempts);
    board::end(last)
}
