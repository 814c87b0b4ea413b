//! Alerts after STARTTLS (port 587), to a server whose certificate leads to an authority that is known.
//!
//! For a provider, whose keys change: the firmware holds the authorities' certificates, asks for the
//! date, and checks the server's name. There is no way from STARTTLS back to plain text. The start-up and
//! the loop are those of `alert-async`; what differs is in `session`.
#![no_std]
#![no_main]

use core::cell::Cell;
use core::net::SocketAddr;

use board::random_bytes;
use boiler::{
    Ending, HANDSHAKE, Rounds, SERVER, SERVER_NAME, deliver_due, exit, farewell, greet, log_in,
};
use embassy_executor::Spawner;
use embassy_net::tcp::TcpSocket;
use embassy_time::Timer;
use embedded_smtp::StartTlsError;
use embedded_smtp::asynch::Client;
use embedded_smtp::tls::asynch::Place;
use embedded_smtp::tls::{
    self, CertificateDer, CertificateFault, Records, Roots, ServerName, TrustAnchor, anchor,
};
use mailer::{Clock, TimedOut, embassy_clock, within};
use network::Device;
use static_cell::ConstStaticCell;

include!(concat!(env!("OUT_DIR"), "/roots.rs"));

/// This firmware is from November 2026: no date before that is believed. Seconds since 1970.
const BUILT: u64 = 1_793_491_200;
/// Milliseconds for the answer of the server that knows the date.
const ANSWER: u64 = 5000;
/// Octets of the client's buffer, and of the records': an authority's chain is of several certificates.
const BUFFER: usize = 1024;
const READ: usize = 8192;
const WRITE: usize = 1024;

static READ_RECORDS: ConstStaticCell<[u8; READ]> = ConstStaticCell::new([0; READ]);
static WRITTEN_RECORDS: ConstStaticCell<[u8; WRITE]> = ConstStaticCell::new([0; WRITE]);

/// What is known of the server beforehand.
struct Trust<'a> {
    anchors: &'a [TrustAnchor<'a>],
    name: ServerName<'static>,
    /// When the board started, in seconds since 1970.
    started: Cell<u64>,
    /// A certificate is out of date by the board's clock: it may be the clock that is wrong.
    is_doubted: Cell<bool>,
}

impl Trust<'_> {
    /// Seconds since 1970.
    fn now(&self) -> u64 {
        self.started.get().saturating_add(uptime())
    }

    /// Asks for the date again: whoever sits on the line when the board starts, and tells it a wrong one,
    /// shall not hold up its alerts for ever.
    async fn ask_again(&self, device: &Device) {
        if let Some(port) = device.settings.sntp
            && let Some(started) = ask(device, port).await
        {
            self.started.set(started);
        }
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let device = Device::start(spawner);
    let (Ok(mut records), Ok(name)) = (
        Records::new(READ_RECORDS.take(), WRITTEN_RECORDS.take()),
        ServerName::parse(SERVER_NAME),
    ) else {
        panic!("the constants do not go together");
    };
    let roots = ROOTS.map(CertificateDer::from);
    let anchors = roots.each_ref().map(|root| match anchor(root) {
        Ok(anchor) => anchor,
        Err(_) => panic!("FIRMWARE_ROOT names a file that is no certificate in DER"),
    });
    let trust = Trust {
        anchors: &anchors,
        name,
        started: Cell::new(started(&device).await),
        is_doubted: Cell::new(false),
    };

    let mut rounds = Rounds::new(&device.settings, embassy_clock);
    rounds.raise(1, trust.now());
    device
        .send(rounds, async |socket, rounds| {
            session(&device, socket, &mut records, &trust, rounds).await
        })
        .await
}

/// When the board started, in seconds since 1970, however long it takes to know; a device would go on
/// for ever.
async fn started(device: &Device) -> u64 {
    let Some(port) = device.settings.sntp else {
        return board::unix_time().saturating_sub(uptime());
    };
    for _ in 0..device.settings.tries {
        if let Some(started) = ask(device, port).await {
            return started;
        }
        Timer::after_millis(device.settings.wait).await;
    }
    board::end(exit::IO)
}

/// When the board started, by the server at this port; `None` if it gives no answer that makes sense.
async fn ask(device: &Device, port: u16) -> Option<u64> {
    let server = SocketAddr::from((SERVER, port));
    device.deadline.start(ANSWER);
    let mut clock = Clock::new(BUILT);
    let asking = async {
        device.stack.wait_config_up().await;
        clock.ask(device.stack, server).await
    };
    let answer = within(device.deadline, asking).await;
    // What follows may be to wait.
    device.deadline.rest();
    match answer {
        Ok(Ok(now)) => return Some(now.saturating_sub(uptime())),
        Ok(Err(undated)) => defmt::warn!("no date: {}", undated),
        Err(TimedOut) => defmt::warn!("no date: no answer in time"),
    }
    None
}

/// Seconds since the board started.
fn uptime() -> u64 {
    embassy_clock() / 1000
}

/// Sends what is due. Whether the session ended politely.
async fn session(
    device: &Device,
    socket: &mut TcpSocket<'_>,
    records: &mut Records<'_>,
    trust: &Trust<'_>,
    rounds: &mut Rounds,
) -> bool {
    let deadline = device.deadline;
    let mut place = Place::new();
    let is_polite = mails(device, socket, records, &mut place, trust, rounds).await;
    if trust.is_doubted.take() {
        trust.ask_again(device).await;
    }
    // The connection is closed politely only if the session was.
    is_polite && within(deadline, place.close()).await.is_ok()
}

async fn mails<'b, 's>(
    device: &Device,
    socket: &'b mut TcpSocket<'s>,
    records: &'b mut Records<'_>,
    place: &mut Place<'b, &'b mut TcpSocket<'s>>,
    trust: &Trust<'_>,
    rounds: &mut Rounds,
) -> bool {
    let deadline = device.deadline;
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::new(socket, &mut buffer).observe(deadline);
    if let Err(ending) = greet(&mut smtp, deadline).await {
        rounds.failed(ending);
        return farewell(&mut smtp, deadline).await;
    }

    let choice = Roots::new(trust.anchors, trust.now()).with_rsa();
    let upgrade = smtp.starttls(async |socket| {
        deadline.start(HANDSHAKE);
        place
            .open(socket, records, &trust.name, choice, random_bytes)
            .await
    });
    let mut smtp = match within(deadline, upgrade).await {
        Ok(Ok(smtp)) => smtp,
        Ok(Err(StartTlsError::Refused { mut client, error })) => {
            defmt::warn!("{}", error.erase());
            rounds.failed(error.into());
            return farewell(&mut client, deadline).await;
        }
        Ok(Err(StartTlsError::Upgrade(error))) => {
            defmt::warn!("{}", error);
            trust.is_doubted.set(matches!(
                error,
                tls::Error::Certificate(
                    CertificateFault::Expired { .. } | CertificateFault::NotYetValid { .. }
                )
            ));
            rounds.failed(Ending::of_tls(&error));
            return false;
        }
        Ok(Err(StartTlsError::Ehlo { error, .. })) => {
            defmt::warn!("{}", error.erase());
            rounds.failed(error.into());
            return false;
        }
        Ok(Err(_)) | Err(_) => {
            defmt::warn!("the server did not answer in time");
            rounds.failed(Ending::LOST);
            return false;
        }
    };
    match log_in(&mut smtp, deadline).await {
        Ok(()) => deliver_due(&mut smtp, deadline, rounds, &device.settings).await,
        Err(ending) => rounds.failed(ending),
    }
    farewell(&mut smtp, deadline).await
}
