//! Alerts by the async client, over embassy-net: all that are due over one connection.
//!
//! Three tasks: the network, the watchdog, and this one, which waits for alerts, connects, and sends. A
//! deadline runs along with each step: the observer moves it from phase to phase. When it is over, the
//! step is dropped, the connection is aborted, and the alert waits in the outbox for the next one.
//!
//! The mail goes to a relay in a network of the plant's own, without TLS, as in `alert-blocking`.
#![no_std]
#![no_main]

use boiler::{Desk, Ending, PASSWORD, Settings, USER, deliver_due, exit, farewell, greet, step};
use embassy_executor::Spawner;
use embassy_net::tcp::TcpSocket;
use embedded_smtp::Credentials;
use embedded_smtp::asynch::Client;
use mailer::{Deadline, embassy_clock};
use network::{Buffers, abort, connect, end};
use static_cell::StaticCell;

/// Milliseconds without a sign of life, after which the board is reset.
const WATCHDOG: u32 = 10_000;
/// Octets of the client's buffer.
const BUFFER: usize = 1024;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let watchdog = board::start(WATCHDOG);
    let Some(settings) = board::arguments().and_then(Settings::parse) else {
        defmt::error!("arguments that are not understood");
        board::end(exit::USAGE)
    };
    static DEADLINE: StaticCell<Deadline> = StaticCell::new();
    let deadline = &*DEADLINE.init(Deadline::new(embassy_clock, settings.patience));
    deadline.rest();
    let started = board::unix_time();
    let (Ok(stack), Ok(feeding)) = (
        network::start(spawner, started),
        network::feed(watchdog, deadline),
    ) else {
        panic!("started twice");
    };
    spawner.spawn(feeding);
    let buffers = Buffers::take();

    let mut desk = Desk::new(&settings, embassy_clock);
    desk.raise(settings.alerts, started);
    // A device goes on for ever.
    while desk.is_open() {
        desk.wait().await;
        match connect(stack, buffers, settings.port, deadline).await {
            None => desk.failed(Ending::LOST),
            Some(mut socket) => {
                if session(&mut socket, deadline, &mut desk, &settings).await {
                    end(socket, deadline).await;
                } else {
                    abort(socket, deadline).await;
                }
            }
        }
        deadline.rest();
    }
    board::end(desk.close())
}

/// Sends what is due. Whether the session ended politely.
async fn session(
    socket: &mut TcpSocket<'_>,
    deadline: &Deadline,
    desk: &mut Desk,
    settings: &Settings,
) -> bool {
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::new(socket, &mut buffer).observe(deadline);
    match log_in(&mut smtp, deadline).await {
        Ok(()) => deliver_due(&mut smtp, deadline, desk, settings).await,
        Err(ending) => desk.failed(ending),
    }
    farewell(&mut smtp, deadline).await
}

async fn log_in(
    smtp: &mut Client<'_, &mut TcpSocket<'_>, &Deadline>,
    deadline: &Deadline,
) -> Result<(), Ending> {
    greet(smtp, deadline).await?;
    let credentials = Credentials::new(USER, PASSWORD)?;
    step(deadline, smtp.danger_login_in_plaintext(&credentials, None)).await
}
