//! One attempt to send an alert, from top to bottom: connection, TLS, login, mail.

use core::fmt::{Arguments, Write as _};

use defmt::{info, warn};
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embassy_stm32::peripherals::RNG;
use embassy_stm32::rng::Rng;
use embedded_smtp::Report;
use embedded_smtp::asynch::Client;
use embedded_smtp::message::{Importance, Message};
use embedded_smtp::tls::asynch::Place;
use embedded_smtp::tls::{Pins, Records, ServerName};
use heapless::String;
use mailer::{Deadline, Failed, Serial, Verdict, connect, hang_up, submit, within};
use static_cell::ConstStaticCell;

use crate::settings;

/// What happened.
#[derive(Clone, defmt::Format)]
pub struct Alert {
    /// How often the button was pressed since the board started.
    pub presses: u32,
    /// Seconds since the board started.
    pub at: u64,
}

/// What an attempt needs; it is used for one after the other.
pub struct Post {
    stack: Stack<'static>,
    /// Random: no two starts of the board give the same Message-ID.
    boot: u64,
    /// The connection's buffers, for what is received and for what is sent.
    socket: (&'static mut [u8], &'static mut [u8]),
    session: Session,
}

/// What a session needs beside the connection.
struct Session {
    random: Rng<'static, RNG>,
    name: ServerName<'static>,
    /// The buffers for records of TLS, for those that are read and for those that are written.
    records: (&'static mut [u8], &'static mut [u8]),
    buffer: &'static mut [u8],
}

impl Post {
    /// Takes the buffers: there is one.
    pub fn new(
        stack: Stack<'static>,
        mut random: Rng<'static, RNG>,
        name: ServerName<'static>,
    ) -> Self {
        static RECEIVE: ConstStaticCell<[u8; 4096]> = ConstStaticCell::new([0; 4096]);
        static TRANSMIT: ConstStaticCell<[u8; 2048]> = ConstStaticCell::new([0; 2048]);
        // Holds the server's certificate: enough for a relay of one's own.
        static READ: ConstStaticCell<[u8; 4096]> = ConstStaticCell::new([0; 4096]);
        static WRITE: ConstStaticCell<[u8; 1024]> = ConstStaticCell::new([0; 1024]);
        static BUFFER: ConstStaticCell<[u8; 1024]> = ConstStaticCell::new([0; 1024]);
        Self {
            stack,
            boot: random.next_u64(),
            socket: (RECEIVE.take(), TRANSMIT.take()),
            session: Session {
                random,
                name,
                records: (READ.take(), WRITE.take()),
                buffer: BUFFER.take(),
            },
        }
    }

    /// Makes an attempt, and says what it means for the alert.
    pub async fn attempt(&mut self, deadline: &Deadline, serial: Serial, alert: &Alert) -> Verdict {
        info!("alert {}: trying, {}", serial.0, alert);
        match self.send(deadline, serial, alert).await {
            Ok(report) => {
                info!("alert {}: sent, {}", serial.0, report);
                Verdict::Sent
            }
            Err(failed) => {
                warn!("alert {}: not sent, {}", serial.0, failed);
                failed.verdict()
            }
        }
    }

    async fn send(
        &mut self,
        deadline: &Deadline,
        serial: Serial,
        alert: &Alert,
    ) -> Result<Report, Failed> {
        let boot = self.boot;
        // The same at every attempt: who gets the mail twice sees it once.
        let id = written::<96>(format_args!(
            "{boot:016x}.{}@{}",
            serial.0,
            settings::DEVICE
        ))?;
        let text = text(alert)?;
        let html = html(alert)?;
        // Without a date: the board does not know it, and the server adds one (RFC 6409 §8).
        let mail = Message::new(&settings::HEAD)
            .message_id(id.as_str())
            .map_err(|_| Failed::Invalid)?
            .importance(Importance::High)
            .text(&text)
            .html(&html);

        deadline.start(CONNECTING);
        let (receive, transmit) = (&mut *self.socket.0, &mut *self.socket.1);
        let connected = connect(
            self.stack,
            settings::HOST,
            settings::PORT,
            receive,
            transmit,
        );
        let mut socket = within(deadline, connected).await??;
        info!("alert {}: connected", serial.0);
        let end = self.session.submit(&mut socket, deadline, &mail).await;

        // Whatever became of the session, the server is told that the connection ends.
        if !hang_up(&mut socket, deadline, end.is_ok()).await {
            info!("the server has not seen the end of the connection");
        }
        end
    }
}

impl Session {
    /// Submits the mail over a connection.
    async fn submit(
        &mut self,
        socket: &mut TcpSocket<'_>,
        deadline: &Deadline,
        mail: &Message<'_>,
    ) -> Result<Report, Failed> {
        deadline.start(HANDSHAKE);
        let mut records = Records::new(&mut *self.records.0, &mut *self.records.1)?;
        let mut place = Place::new();
        let name = &self.name;
        let random = |bytes: &mut [u8]| self.random.fill_bytes(bytes);
        let pins = Pins::new(&settings::PINS).with_rsa();
        let opening = place.open(socket, &mut records, name, pins, random);
        let stream = within(deadline, opening).await??;

        // The client moves the deadline, phase by phase.
        let mut smtp = Client::over_tls(stream, &mut *self.buffer).observe(deadline);
        let opened = within(deadline, smtp.open(settings::DEVICE)).await?;
        opened.map_err(Failed::Session)?;
        let report = submit(&mut smtp, deadline, &settings::CREDENTIALS, mail).await?;
        deadline.start(CLOSING);
        if within(deadline, place.close()).await.is_err() {
            info!("TLS was not closed in time");
        }
        Ok(report)
    }
}

fn text(alert: &Alert) -> Result<String<160>, Failed> {
    written(format_args!(
        "The button of {} was pressed {} s after the start: {} in all.",
        settings::DEVICE,
        alert.at,
        alert.presses,
    ))
}

// What is put in here are numbers and a domain: nothing of it means anything in HTML.
fn html(alert: &Alert) -> Result<String<320>, Failed> {
    written(format_args!(
        "<h1>Button pressed</h1><table><tr><td>Board<td>{}<tr><td>Seconds since the start<td>{}\
         <tr><td>Times pressed<td>{}</table>",
        settings::DEVICE,
        alert.at,
        alert.presses,
    ))
}

fn written<const N: usize>(what: Arguments<'_>) -> Result<String<N>, Failed> {
    let mut string = String::new();
    string.write_fmt(what).map_err(|_| Failed::Invalid)?;
    Ok(string)
}

/// Milliseconds for DHCP, where there is no address yet, DNS and TCP.
const CONNECTING: u64 = 30_000;
/// Milliseconds for the handshake of TLS.
const HANDSHAKE: u64 = 30_000;
/// Milliseconds for the end of the connection.
const CLOSING: u64 = 5_000;
