//! Alerts by the async client, over embassy-net: all that are due over one connection.
//!
//! A deadline runs along with each step: the observer moves it from phase to phase. When it is over, the
//! step is dropped, the connection is aborted, and the alert waits in the outbox for the next one.
//!
//! The mail goes to a relay in a network of the plant's own, without TLS, as in `alert-blocking`.
#![no_std]
#![no_main]

use boiler::{Ending, Rounds, danger_log_in_in_plaintext, deliver_due, farewell, greet};
use embassy_executor::Spawner;
use embassy_net::tcp::TcpSocket;
use embedded_smtp::asynch::Client;
use mailer::{Deadline, embassy_clock};
use network::Device;

/// Octets of the client's buffer.
const BUFFER: usize = 1024;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let device = Device::start(spawner);
    let mut rounds = Rounds::new(&device.settings, embassy_clock);
    rounds.raise(device.settings.alerts, board::unix_time());
    device
        .send(rounds, async |socket, rounds| {
            session(&device, socket, rounds).await
        })
        .await
}

/// Sends what is due. Whether the session ended politely.
async fn session(device: &Device, socket: &mut TcpSocket<'_>, rounds: &mut Rounds) -> bool {
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::new(socket, &mut buffer).observe(device.deadline);
    match log_in(&mut smtp, device.deadline).await {
        Ok(()) => deliver_due(&mut smtp, device.deadline, rounds, &device.settings).await,
        Err(ending) => rounds.failed(ending),
    }
    farewell(&mut smtp, device.deadline).await
}

async fn log_in(
    smtp: &mut Client<'_, &mut TcpSocket<'_>, &Deadline>,
    deadline: &Deadline,
) -> Result<(), Ending> {
    greet(smtp, deadline).await?;
    danger_log_in_in_plaintext(smtp, deadline).await
}
