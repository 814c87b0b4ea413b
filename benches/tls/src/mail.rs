//! The mail that all the firmwares send.
//!
//! [`plain`] and [`secure`](crate::secure) differ in nothing but the link and the login.

use embedded_smtp::blocking::Client;
use embedded_smtp::{Message, header_text, mailbox, mailbox_list};
use footprint::alert::{NAME, TEXT, date, password};

use crate::{Meters, Uart};

/// Octets of the client's buffer.
const BUFFER: usize = 512;

/// Greeting to QUIT.
macro_rules! deliver {
    ($smtp:ident = $client:expr, $login:expr) => {{
        let alert = Message::new(mailbox!("Boiler 3 <boiler3@example.org>"))
            .to(mailbox_list!("ops@example.org; duty@example.org"))
            .ok()?
            .subject(header_text!("Überdruck: 8.4 bar"))
            .ok()?
            .date(date()?)
            .text(core::hint::black_box(TEXT));
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
pub(crate) use deliver;

/// Without TLS.
pub fn plain(uart: Uart, meters: &mut Meters) -> Option<()> {
    let buffer = cortex_m::singleton!(: [u8; BUFFER] = [0; BUFFER])?;
    meters.handshake_is_done();
    let password = password()?;
    deliver!(
        smtp = Client::new(uart, buffer),
        smtp.danger_login_in_plaintext(&password, None)
    );
    Some(())
}
