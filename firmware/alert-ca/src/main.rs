//! Alerts after STARTTLS (port 587), to a server whose certificate leads to an authority that is known.
//!
//! For a provider, whose keys change: the firmware holds the authorities' certificates, asks for the
//! date, and checks the server's name. There is no way from STARTTLS back to plain text. The start-up and
//! the loop are those of `alert-async`; what differs is in `session`.
#![no_std]
#![no_main]

mod calendar;

use core::cell::Cell;

use board::FromTheHost;
use boiler::{Ending, HANDSHAKE, Rounds, SERVER_NAME, deliver_due, exit, farewell, greet, log_in};
use embassy_executor::Spawner;
use embassy_net::tcp::TcpSocket;
use embassy_time::Timer;
use embedded_smtp::StartTlsError;
use embedded_smtp::asynch::Client;
use embedded_smtp::tls::asynch::Place;
use embedded_smtp::tls::{
    self, CertificateDer, CertificateFault, Records, Roots, ServerName, TrustAnchor, anchor,
};
use mailer::{embassy_clock, within};
use network::Device;
use static_cell::ConstStaticCell;

use calendar::Calendar;

include!(concat!(env!("OUT_DIR"), "/roots.rs"));

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
    calendar: Cell<Calendar>,
    /// A certificate is out of date by the calendar: it may be that one which is wrong.
    is_doubted: Cell<bool>,
}

impl Trust<'_> {
    /// Whoever sits on the line when the firmware starts, and tells it a wrong date, shall not hold its
    /// alerts up for ever.
    async fn ask_again(&self, device: &Device) {
        if let Some(port) = device.settings.sntp
            && let Some(calendar) = Calendar::ask(device.stack, port, device.deadline).await
        {
            self.calendar.set(calendar);
        }
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let (Ok(device), Ok(mut records), Ok(name)) = (
        Device::start(spawner),
        Records::new(READ_RECORDS.take(), WRITTEN_RECORDS.take()),
        ServerName::try_from(SERVER_NAME),
    ) else {
        panic!("started twice, or constants that do not go together");
    };
    let roots = ROOTS.map(CertificateDer::from);
    let anchors = roots.each_ref().map(|root| match anchor(root) {
        Ok(anchor) => anchor,
        Err(_) => panic!("FIRMWARE_ROOT names a file that is no certificate in DER"),
    });
    let trust = Trust {
        anchors: &anchors,
        name,
        calendar: Cell::new(date(&device).await),
        is_doubted: Cell::new(false),
    };

    let mut rounds = Rounds::new(&device.settings, embassy_clock);
    rounds.raise(1, trust.calendar.get().now());
    device
        .send(rounds, async |socket, rounds| {
            session(&device, socket, &mut records, &trust, rounds).await
        })
        .await
}

/// The date, however long it takes; a device would go on for ever.
async fn date(device: &Device) -> Calendar {
    let Some(port) = device.settings.sntp else {
        return Calendar::of_the_emulator();
    };
    for _ in 0..device.settings.tries {
        if let Some(calendar) = Calendar::ask(device.stack, port, device.deadline).await {
            return calendar;
        }
        defmt::warn!("the date is not known");
        Timer::after_millis(device.settings.wait).await;
    }
    board::end(exit::IO)
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

    let choice = Roots::new(trust.anchors, trust.calendar.get().now()).with_rsa();
    let upgrade = smtp.starttls(async |socket| {
        deadline.start(HANDSHAKE);
        place
            .open(socket, records, &trust.name, choice, &mut FromTheHost)
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
