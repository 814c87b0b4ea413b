//! The alert that all the firmwares send, and what the server says to it.
//!
//! `host` runs the same code; `sent/` has what they must send, octet by octet.
//! What a real firmware learns at run time (texts, time, password) is hidden from the optimiser.

use core::hint::black_box;

use embedded_smtp::blocking::Client;
use embedded_smtp::message::{Attachment, Date, Importance};
use embedded_smtp::{
    Credentials, Domain, Mailbox, Message, domain, header_text, mailbox, mailbox_list,
};

use crate::{BUFFER, Chunks, Outcome, Transport};

/// A usual submission server: PIPELINING, no CHUNKING.
pub const SERVER: Chunks = &[
    b"220 mail.example.org ESMTP ready\r\n",
    b"250-mail.example.org at your service\r\n250-PIPELINING\r\n250-SIZE 35882577\r\n\
      250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n",
    b"235 2.7.0 Authentication successful\r\n",
    b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n",
    b"250 2.0.0 Ok: queued as 4FzX1a2b3c\r\n",
    b"221 2.0.0 Bye\r\n",
];

pub const TEXT: &str = "Overpressure in boiler 3\r\n\r\npressure 8.4 bar, limit 6.0 bar\r\n\
                        valve V12 did not open.\r\n";
pub const HTML: &str = "<h1>Overpressure in boiler 3</h1>\r\n<p>pressure <b>8.4 bar</b>, limit \
                        6.0 bar<br>valve V12 did not open.</p>\r\n";
/// 512 octets.
pub const LOG: &[u8; 512] = &{
    let mut log = [0; 512];
    let mut i = 0;
    while i < log.len() {
        log[i] = b"12:00:00;8.4;6.0\r\n"[i % 18];
        i += 1;
    }
    log
};

/// A plain-text alert; its literals are checked when the program is compiled.
pub fn plain(transport: Transport) -> Option<Outcome> {
    let alert = Message::new(mailbox!("Boiler 3 <boiler3@example.org>"))
        .to(mailbox_list!("ops@example.org; duty@example.org"))
        .ok()?
        .subject(header_text!("Überdruck: 8.4 bar"))
        .ok()?
        .date(date()?)
        .text(black_box(TEXT));
    send(transport, domain!("boiler3.example.org"), &alert)
}

/// The same alert; its addresses and subject are known and checked only at run time.
pub fn plain_parse(transport: Transport) -> Option<Outcome> {
    let from = Mailbox::parse(black_box("Boiler 3 <boiler3@example.org>")).ok()?;
    let alert = Message::new(from)
        .to(black_box("ops@example.org; duty@example.org"))
        .ok()?
        .subject(black_box("Überdruck: 8.4 bar"))
        .ok()?
        .date(date()?)
        .text(black_box(TEXT));
    let name = Domain::parse(black_box("boiler3.example.org")).ok()?;
    send(transport, name, &alert)
}

/// Text, HTML, importance and an attachment from a slice; literals as in [`plain`].
pub fn mime(transport: Transport) -> Option<Outcome> {
    let attachments = [Attachment::new("log.csv", "text/csv", black_box(LOG)).ok()?];
    let alert = Message::new(mailbox!("Boiler 3 <boiler3@example.org>"))
        .to(mailbox_list!("ops@example.org; duty@example.org"))
        .ok()?
        .subject(header_text!("Überdruck: 8.4 bar"))
        .ok()?
        .importance(Importance::High)
        .date(date()?)
        .seed(black_box(4711))
        .text(black_box(TEXT))
        .html(black_box(HTML))
        .attachments(&attachments);
    send(transport, domain!("boiler3.example.org"), &alert)
}

fn date() -> Option<Date> {
    Date::from_unix(black_box(1_764_000_000), 60).ok()
}

/// Greeting to QUIT.
#[inline(always)]
fn send(transport: Transport, name: Domain<'_>, alert: &Message<'_>) -> Option<Outcome> {
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::new(transport, &mut buffer);
    let client = size_of_val(&smtp) - size_of::<Transport>();
    let credentials = Credentials::new(black_box("boiler3"), black_box("correct horse")).ok()?;
    smtp.open(name).ok()?;
    smtp.danger_login_in_plaintext(&credentials, None).ok()?;
    if smtp.send(alert).ok()?.accepted() != 2 {
        return None;
    }
    smtp.quit().ok()?;
    Some(Outcome {
        transport: smtp.into_inner(),
        client,
        future: 0,
    })
}
