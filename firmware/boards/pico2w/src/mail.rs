//! One attempt to send an alert, from top to bottom: network, date, connection, STARTTLS, login, mail.

use defmt::{info, warn};
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embassy_rp::peripherals::TRNG;
use embassy_rp::trng::Trng;
use embedded_smtp::asynch::Client;
use embedded_smtp::tls::asynch::Place;
use embedded_smtp::tls::{self, CertificateFault, Records, Roots, ServerName, TrustAnchor};
use embedded_smtp::{Message, Report};
use mailer::{Clock, Deadline, Failed, Serial, Verdict, connect, hang_up, submit, within};
use static_cell::ConstStaticCell;

use crate::alert::Alert;
use crate::settings;

/// What an attempt needs; it is used for one after the other.
pub struct Post {
    stack: Stack<'static>,
    clock: Clock,
    /// Random: no two starts of the board give the same Message-ID.
    boot: u64,
    /// The connection's buffers, for what is received and for what is sent.
    socket: (&'static mut [u8], &'static mut [u8]),
    session: Session,
}

/// What a session needs beside the connection.
struct Session {
    random: Trng<'static, TRNG>,
    name: ServerName<'static>,
    roots: [TrustAnchor<'static>; 1],
    /// The buffers for records of TLS, for those that are read and for those that are written.
    records: (&'static mut [u8], &'static mut [u8]),
    buffer: &'static mut [u8],
}

impl Post {
    /// Takes the buffers: there is one set.
    pub fn new(
        stack: Stack<'static>,
        mut random: Trng<'static, TRNG>,
        name: ServerName<'static>,
        root: TrustAnchor<'static>,
    ) -> Self {
        static RECEIVE: ConstStaticCell<[u8; 4096]> = ConstStaticCell::new([0; 4096]);
        static TRANSMIT: ConstStaticCell<[u8; 2048]> = ConstStaticCell::new([0; 2048]);
        // Holds the server's certificates: those of public authorities, as seen in 2026.
        static READ: ConstStaticCell<[u8; 8192]> = ConstStaticCell::new([0; 8192]);
        static WRITE: ConstStaticCell<[u8; 1024]> = ConstStaticCell::new([0; 1024]);
        static BUFFER: ConstStaticCell<[u8; 1024]> = ConstStaticCell::new([0; 1024]);
        Self {
            stack,
            clock: Clock::new(settings::BUILT),
            boot: random.blocking_next_u64(),
            socket: (RECEIVE.take(), TRANSMIT.take()),
            session: Session {
                random,
                name,
                roots: [root],
                records: (READ.take(), WRITE.take()),
                buffer: BUFFER.take(),
            },
        }
    }

    /// Makes an attempt, and says what it means for the alert.
    pub async fn attempt(&mut self, deadline: &Deadline, serial: Serial, alert: &Alert) -> Verdict {
        info!("alert {}: trying, {}", serial.0, alert);
        let failed = match self.send(deadline, serial, alert).await {
            Ok(report) => {
                info!("alert {}: sent, {}", serial.0, report);
                return Verdict::Sent;
            }
            Err(failed) => failed,
        };
        warn!("alert {}: not sent, {}", serial.0, failed);
        // It may be the date that is wrong.
        if let Failed::Tls(tls::Error::Certificate(
            CertificateFault::Expired { .. } | CertificateFault::NotYetValid { .. },
        )) = failed
        {
            self.clock.forget();
        }
        failed.verdict()
    }

    async fn send(
        &mut self,
        deadline: &Deadline,
        serial: Serial,
        alert: &Alert,
    ) -> Result<Report, Failed> {
        let parts = alert.parts(serial, self.boot)?;

        deadline.start(NETWORK);
        within(deadline, self.stack.wait_config_up()).await?;

        // Without the date no certificate can be judged.
        deadline.start(DATE);
        let told = within(deadline, self.clock.now(self.stack, settings::NTP_HOST)).await?;
        let now = told.map_err(|undated| {
            warn!("alert {}: no date, {}", serial.0, undated);
            Failed::Date
        })?;
        let date = self.clock.at(alert.at).ok_or(Failed::Date)?;
        let mail = alert.mail(&parts, date).map_err(|_| Failed::Invalid)?;

        deadline.start(CONNECTING);
        let connected = connect(
            self.stack,
            settings::HOST,
            settings::PORT,
            &mut *self.socket.0,
            &mut *self.socket.1,
        );
        let mut socket = within(deadline, connected).await??;
        info!("alert {}: connected", serial.0);
        let end = self.session.submit(&mut socket, deadline, now, &mail).await;

        // Whatever became of the session, the server is told that the connection ends.
        if !hang_up(&mut socket, deadline, end.is_ok()).await {
            info!("the server has not seen the end of the connection");
        }
        end
    }
}

impl Session {
    /// Submits the mail over a connection, with its date for the certificates.
    async fn submit(
        &mut self,
        socket: &mut TcpSocket<'_>,
        deadline: &Deadline,
        now: u64,
        mail: &Message<'_>,
    ) -> Result<Report, Failed> {
        // The client moves the deadline, phase by phase.
        let mut smtp = Client::new(socket, &mut *self.buffer).observe(deadline);
        let opened = within(deadline, smtp.open(settings::DEVICE)).await?;
        opened.map_err(|error| Failed::Plain(error.erase()))?;

        // Where STARTTLS is not offered or refused, or the server is not proven, this is the end: there
        // is no way on without TLS.
        let records = &mut Records::new(&mut *self.records.0, &mut *self.records.1)?;
        let roots = Roots::new(&self.roots, now).with_rsa().with_p384();
        let name = &self.name;
        let random = |bytes: &mut [u8]| self.random.blocking_fill_bytes(bytes);
        let mut place = Place::new();
        let lent = &mut place;
        let upgraded = smtp.starttls(async move |socket| {
            deadline.start(HANDSHAKE);
            lent.open(socket, records, name, roots, random).await
        });
        let mut smtp = within(deadline, upgraded).await??;

        let report = submit(&mut smtp, deadline, &settings::CREDENTIALS, mail).await?;
        deadline.start(CLOSING);
        if within(deadline, place.close()).await.is_err() {
            info!("TLS was not closed in time");
        }
        Ok(report)
    }
}

/// Milliseconds for Wi-Fi and DHCP, where there is no address yet.
const NETWORK: u64 = 60_000;
/// Milliseconds for the answer of the server that tells the date.
const DATE: u64 = 15_000;
/// Milliseconds for DNS and TCP.
const CONNECTING: u64 = 30_000;
/// Milliseconds for the handshake of TLS.
const HANDSHAKE: u64 = 30_000;
/// Milliseconds for the end of the connection.
const CLOSING: u64 = 5_000;
