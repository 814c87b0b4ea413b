//! Alerts over TLS from the start (port 465, RFC 8314 §3.3), to a server whose key is pinned.
//!
//! For a relay of one's own: its key is in one's own hands, so neither a clock nor an authority is
//! needed. The start-up and the loop are those of `alert-async`; what differs is in `session`.
#![no_std]
#![no_main]

use board::random_bytes;
use boiler::{Ending, Rounds, SERVER_NAME, deliver_due, farewell, greet, log_in, open_tls};
use embassy_executor::Spawner;
use embassy_net::tcp::TcpSocket;
use embedded_smtp::asynch::Client;
use embedded_smtp::tls::asynch::{Place, Stream};
use embedded_smtp::tls::{Pin, Pins, Records, ServerName};
use mailer::{Deadline, embassy_clock, within};
use network::Device;
use static_cell::ConstStaticCell;

/// SHA-256 of the server's key: `alert --transcript` prints it. Given when the firmware is built; without
/// it no server is trusted.
const PINS: [Pin; 1] = [match option_env!("FIRMWARE_PIN") {
    Some(hex) => match Pin::parse(hex) {
        Ok(pin) => pin,
        Err(_) => panic!("FIRMWARE_PIN has 64 hexadecimal digits"),
    },
    None => Pin::new([0; 32]),
}];
/// Octets of the client's buffer, and of the records': a server of one's own shows few certificates.
const BUFFER: usize = 1024;
const READ: usize = 4096;
const WRITE: usize = 1024;

static READ_RECORDS: ConstStaticCell<[u8; READ]> = ConstStaticCell::new([0; READ]);
static WRITTEN_RECORDS: ConstStaticCell<[u8; WRITE]> = ConstStaticCell::new([0; WRITE]);

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let device = Device::start(spawner);
    let (Ok(mut records), Ok(name)) = (
        Records::new(READ_RECORDS.take(), WRITTEN_RECORDS.take()),
        ServerName::parse(SERVER_NAME),
    ) else {
        panic!("the constants do not go together");
    };
    let mut rounds = Rounds::new(&device.settings, embassy_clock);
    rounds.raise(1, board::unix_time());
    device
        .send(rounds, async |socket, rounds| {
            session(&device, socket, &mut records, &name, rounds).await
        })
        .await
}

/// Opens TLS, and sends what is due. Whether the session ended politely.
async fn session(
    device: &Device,
    socket: &mut TcpSocket<'_>,
    records: &mut Records<'_>,
    name: &ServerName<'_>,
    rounds: &mut Rounds,
) -> bool {
    let mut place = Place::new();
    let choice = Pins::new(&PINS);
    let (deadline, random) = (device.deadline, random_bytes);
    let is_polite =
        match open_tls(deadline, &mut place, socket, records, name, choice, random).await {
            Ok(stream) => mails(device, stream, rounds).await,
            Err(ending) => {
                rounds.failed(ending);
                false
            }
        };
    // The connection is closed politely only if the session was.
    is_polite && within(device.deadline, place.close()).await.is_ok()
}

async fn mails(
    device: &Device,
    stream: &mut Stream<'_, &mut TcpSocket<'_>>,
    rounds: &mut Rounds,
) -> bool {
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::over_tls(stream, &mut buffer).observe(device.deadline);
    match begin(&mut smtp, device.deadline).await {
        Ok(()) => deliver_due(&mut smtp, device.deadline, rounds, &device.settings).await,
        Err(ending) => rounds.failed(ending),
    }
    farewell(&mut smtp, device.deadline).await
}

async fn begin(
    smtp: &mut Client<'_, &mut Stream<'_, &mut TcpSocket<'_>>, &Deadline>,
    deadline: &Deadline,
) -> Result<(), Ending> {
    greet(smtp, deadline).await?;
    log_in(smtp, deadline).await
}
