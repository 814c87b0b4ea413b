//! The mail that all the firmwares send, greeting to QUIT.
//!
//! [`plain`] and [`deliver`] differ in nothing but the link and the login.

use core::hint::black_box;

use embedded_io::{Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::message::Head;
use embedded_smtp::server_name;
use embedded_smtp::tls::{Records, ServerName, Verify, blocking::Place};
use embedded_smtp::{Credentials, Message, Secure, head};
use footprint::alert::{NAME, TEXT, date, password};

use crate::random::FromTheClock;
use crate::{Meters, Uart};

/// Octets of the client's buffer.
const BUFFER: usize = 512;
/// Octets of the record buffers: a chain of five with RSA-4096 fits.
const READ: usize = 8192;
const WRITE: usize = 1024;

pub static SERVER: ServerName = server_name!("localhost");

/// Without TLS.
pub fn plain(uart: Uart, meters: &mut Meters) -> Option<()> {
    let buffer = cortex_m::singleton!(: [u8; BUFFER] = [0; BUFFER])?;
    let password = password()?;
    meters.handshake_is_done();
    session!(
        smtp = Client::new(uart, buffer),
        smtp.danger_login_in_plaintext(&password)
    );
    Some(())
}

/// Over TLS from the start, as on port 465, with what the server must prove.
pub fn deliver(uart: Uart, meters: &mut Meters, choice: impl Verify) -> Option<()> {
    let read = cortex_m::singleton!(: [u8; READ] = [0; READ])?;
    let write = cortex_m::singleton!(: [u8; WRITE] = [0; WRITE])?;
    let buffer = cortex_m::singleton!(: [u8; BUFFER] = [0; BUFFER])?;
    let password = password()?;
    let mut records = Records::new(read, write).ok()?;
    let mut random = FromTheClock::new();
    let mut place = Place::new();
    let random = |bytes: &mut [u8]| random.fill(bytes);
    let stream = place
        .open(uart, &mut records, &SERVER, choice, random)
        .ok()?;
    meters.handshake_is_done();
    mail(stream, buffer, &password)?;
    place.close();
    Some(())
}

/// In a frame of its own: what is on the stack below the handshake is not there yet.
#[inline(never)]
fn mail<T: Read + Write + Secure>(
    link: T,
    buffer: &mut [u8],
    password: &Credentials<'_>,
) -> Option<()> {
    session!(smtp = Client::over_tls(link, buffer), smtp.login(password));
    Some(())
}

static HEAD: Head = head! {
    from: "Boiler 3 <boiler3@example.org>",
    to: "ops@example.org; duty@example.org",
    subject: "Überdruck: 8.4 bar",
};

/// A macro, since a client that is moved is copied.
macro_rules! session {
    ($smtp:ident = $client:expr, $login:expr) => {{
        let alert = Message::new(&HEAD).date(date()?).text(black_box(TEXT));
        let mut $smtp = $client;
        $smtp.open(NAME).ok()?;
        $login.ok()?;
        if $smtp.send(&alert).ok()?.accepted() != 2 {
            return None;
        }
        $smtp.quit().ok()?;
        $smtp.into_inner()
    }};
}
use session;
