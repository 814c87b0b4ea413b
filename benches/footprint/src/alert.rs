//! The alert that all the firmwares send, and what the server says to it.
//!
//! `host` runs the same code; `sent/` has what they must send, octet by octet.
//! What a real firmware learns at run time (texts, time, password) is hidden from the optimiser.
//!
//! [`plain`], [`plain_parse`], [`mime`] and [`streamed`] use the client as it is. The others measure
//! one extension each, compared with [`plain`].

use core::convert::Infallible;
use core::hint::black_box;

use embedded_io::{ErrorType, Read};
use embedded_smtp::blocking::Client;
use embedded_smtp::message::{Date, Head, Importance, Label, Notify, Return, Text};
use embedded_smtp::{
    Chunking, Credentials, Domain, Mailbox, Message, Submission, domain, head, label,
};

use crate::{BUFFER, Chunks, Outcome, Transport};

/// A usual submission server: PIPELINING, no CHUNKING.
pub const SERVER: Chunks = &[
    GREETING,
    offers!("250-AUTH PLAIN LOGIN\r\n"),
    LOGGED_IN,
    ADDRESSED,
    ACCEPTED,
    GOODBYE,
];

/// The same with CHUNKING: MAIL, RCPT, BDAT and the content are one flight, which fits the buffer.
pub const SERVER_CHUNKING: Chunks = &[
    GREETING,
    offers!("250-AUTH PLAIN LOGIN\r\n250-CHUNKING\r\n"),
    LOGGED_IN,
    b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n250 2.0.0 Ok: queued as 4FzX1a2b3c\r\n",
    GOODBYE,
];

/// The same with LIMITS.
pub const SERVER_LIMITS: Chunks = &[
    GREETING,
    offers!("250-AUTH PLAIN LOGIN\r\n250-LIMITS MAILMAX=50 RCPTMAX=100 RCPTDOMAINMAX=20\r\n"),
    LOGGED_IN,
    ADDRESSED,
    ACCEPTED,
    GOODBYE,
];

/// The same with OAuth 2.0 alone.
pub const SERVER_TOKEN: Chunks = &[
    GREETING,
    offers!("250-AUTH OAUTHBEARER XOAUTH2\r\n"),
    LOGGED_IN,
    ADDRESSED,
    ACCEPTED,
    GOODBYE,
];

/// The same with SCRAM-SHA-256.
///
/// What it says follows from the password, [`NONCE`] and the salt "boiler 3's salt!". With Python's
/// `hashlib`, `hmac` and `base64`, HMAC being `hmac.digest(key, message, "sha256")`:
///
/// ```text
/// nonce     = base64(bytes(range(1, 19)))
/// first     = "r=" + nonce + "3rfcNHYJY1ZVvWVs7j,s=" + base64("boiler 3's salt!") + ",i=4096"
/// messages  = "n=boiler3,r=" + nonce + "," + first + ",c=biws,r=" + nonce + "3rfcNHYJY1ZVvWVs7j"
/// salted    = pbkdf2_hmac("sha256", "correct horse", "boiler 3's salt!", 4096)
/// signature = HMAC(HMAC(salted, "Server Key"), messages)
/// key       = HMAC(salted, "Client Key")
/// proof     = key ^ HMAC(sha256(key), messages)         in sent/scram.txt, behind ",p="
/// ```
///
/// Said are `base64(first)` and `base64("v=" + base64(signature))`.
#[cfg(feature = "scram-sha-256")]
pub const SERVER_SCRAM: Chunks = &[
    GREETING,
    offers!("250-AUTH PLAIN SCRAM-SHA-256\r\n"),
    b"334 cj1BUUlEQkFVR0J3Z0pDZ3NNRFE0UEVCRVMzcmZjTkhZSlkxWlZ2V1ZzN2oscz1ZbTlwYkdWeUlETW5jeUJ6WVd4\
      MElRPT0saT00MDk2\r\n",
    b"334 dj11UVQvdU1zbWhTWDBiTUdhaEdlQ3lnWEltaGNFV3RYY1liODljZmkvQ1k0PQ==\r\n",
    LOGGED_IN,
    ADDRESSED,
    ACCEPTED,
    GOODBYE,
];

/// The same with CRAM-MD5; the challenge is `<1896.697170952@mail.example.org>`.
///
/// What is to be said follows as in RFC 2195 §2, with Python:
/// `base64("boiler3 " + hmac.new("correct horse", challenge, "md5").hexdigest())`.
#[cfg(feature = "cram-md5")]
pub const SERVER_CRAM_MD5: Chunks = &[
    GREETING,
    offers!("250-AUTH CRAM-MD5\r\n"),
    b"334 PDE4OTYuNjk3MTcwOTUyQG1haWwuZXhhbXBsZS5vcmc+\r\n",
    LOGGED_IN,
    ADDRESSED,
    ACCEPTED,
    GOODBYE,
];

/// The same with DSN.
pub const SERVER_DSN: Chunks = &[
    GREETING,
    offers!("250-AUTH PLAIN LOGIN\r\n250-DSN\r\n"),
    LOGGED_IN,
    ADDRESSED,
    ACCEPTED,
    GOODBYE,
];

const GREETING: &[u8] = b"220 mail.example.org ESMTP ready\r\n";
const LOGGED_IN: &[u8] = b"235 2.7.0 Authentication successful\r\n";
const ADDRESSED: &[u8] =
    b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n";
const ACCEPTED: &[u8] = b"250 2.0.0 Ok: queued as 4FzX1a2b3c\r\n";
const GOODBYE: &[u8] = b"221 2.0.0 Bye\r\n";

/// The answer to EHLO, with these lines in it.
macro_rules! offers {
    ($lines:literal) => {
        concat!(
            "250-mail.example.org at your service\r\n250-PIPELINING\r\n250-SIZE 35882577\r\n",
            "250-8BITMIME\r\n",
            $lines,
            "250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n"
        )
        .as_bytes()
    };
}
use offers;

pub static HEAD: Head = head! {
    from: "Boiler 3 <boiler3@example.org>",
    to: "ops@example.org; duty@example.org",
    subject: "Überdruck: 8.4 bar",
};

pub const LABEL: Label = label!("log.csv", "text/csv");

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
/// As an authorization server gives it out, but shorter: two thousand octets are not rare.
const TOKEN: &str = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";
/// Not random, or nobody could know what is to be sent.
#[cfg(feature = "scram-sha-256")]
const NONCE: [u8; 18] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
];

/// A plain-text alert; its literals are checked when the program is compiled.
pub fn plain(transport: Transport) -> Option<Outcome> {
    let alert = alert!();
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        NAME,
        password()?,
        smtp.send(&alert)
    )
}

/// The same alert; its text too is known when it is compiled.
pub fn fixed(transport: Transport) -> Option<Outcome> {
    const FIXED: Text = Text::new(TEXT);
    let alert = Message::new(&HEAD).date(date()?).text(FIXED);
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        NAME,
        password()?,
        smtp.send(&alert)
    )
}

/// The same alert by BDAT, in the flight of MAIL and RCPT.
pub fn bdat(transport: Transport) -> Option<Outcome> {
    let alert = alert!();
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer).chunking(Chunking::Ahead),
        NAME,
        password()?,
        smtp.send(&alert)
    )
}

/// The same alert to a server whose limits (RFC 9422) are heeded.
pub fn limits(transport: Transport) -> Option<Outcome> {
    let alert = alert!();
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer).with_limits(),
        NAME,
        password()?,
        smtp.send(&alert)
    )
}

/// The same alert; its addresses and subject are known and checked only at run time.
pub fn plain_parse(transport: Transport) -> Option<Outcome> {
    let from = Mailbox::parse(black_box("Boiler 3 <boiler3@example.org>")).ok()?;
    let head = Head::new(from)
        .to(black_box("ops@example.org; duty@example.org"))
        .ok()?;
    let alert = Message::new(&head)
        .subject(black_box("Überdruck: 8.4 bar"))
        .ok()?
        .date(date()?)
        .text(black_box(TEXT));
    let name = Domain::parse(black_box("boiler3.example.org")).ok()?;
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        name,
        password()?,
        smtp.send(&alert)
    )
}

/// Text, HTML, importance and an attachment from a slice; literals as in [`plain`].
pub fn mime(transport: Transport) -> Option<Outcome> {
    let attachments = [LABEL.attach(black_box(LOG)).ok()?];
    let alert = rich_alert!(&attachments);
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        NAME,
        password()?,
        smtp.send(&alert)
    )
}

/// The same; the attachment comes from a reader, and its length is known.
pub fn streamed(transport: Transport) -> Option<Outcome> {
    let length = black_box(LOG.len()) as u32;
    let attachments = [LABEL.attach_streamed(Some(length)).ok()?];
    let alert = rich_alert!(&attachments);
    let mut log = [Source::of(black_box(LOG))];
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        NAME,
        password()?,
        smtp.send(Submission::new(&alert).sources(&mut log))
    )
}

/// [`plain`] with an OAuth 2.0 token.
pub fn token(transport: Transport) -> Option<Outcome> {
    let token = Credentials::token(black_box("boiler3@example.org"), black_box(TOKEN)).ok()?;
    let alert = alert!();
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        NAME,
        token,
        smtp.send(&alert)
    )
}

/// [`plain`] with SCRAM-SHA-256, and PLAIN where a server has nothing better.
#[cfg(feature = "scram-sha-256")]
pub fn scram(transport: Transport) -> Option<Outcome> {
    let nonce = black_box(NONCE);
    let password = password()?.with_nonce(&nonce).ok()?;
    let alert = alert!();
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        NAME,
        password,
        smtp.send(&alert)
    )
}

/// [`plain`] with CRAM-MD5.
#[cfg(feature = "cram-md5")]
pub fn cram_md5(transport: Transport) -> Option<Outcome> {
    let password = Credentials::cram_md5(black_box("boiler3"), black_box("correct horse")).ok()?;
    let alert = alert!();
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        NAME,
        password,
        smtp.send(&alert)
    )
}

/// [`plain`], and reports on the delivery are asked for.
pub fn dsn(transport: Transport) -> Option<Outcome> {
    let head = HEAD
        .notify(Notify::FAILURE.or(Notify::DELAY))
        .dsn_return(Return::Headers)
        .envelope_id(black_box("boiler3+4711"))
        .ok()?;
    let alert = alert!(&head);
    let mut buffer = [0; BUFFER];
    session!(
        smtp = Client::new(transport, &mut buffer),
        NAME,
        password()?,
        smtp.send(&alert)
    )
}

pub const NAME: Domain<'static> = domain!("boiler3.example.org");

pub fn date() -> Option<Date> {
    Date::from_unix(black_box(1_764_000_000), 60).ok()
}

#[inline(always)]
pub fn password() -> Option<Credentials<'static>> {
    Credentials::new(black_box("boiler3"), black_box("correct horse")).ok()
}

// These are macros, since a client or a message that is moved is copied: 100 octets of flash that
// are none of the client's.

macro_rules! alert {
    () => {
        alert!(&$crate::alert::HEAD)
    };
    ($head:expr) => {
        Message::new($head).date(date()?).text(black_box(TEXT))
    };
}
#[allow(unused_imports)] // `host` has no other file that uses it.
pub(crate) use alert;

macro_rules! rich_alert {
    ($attachments:expr) => {
        alert!()
            .importance(Importance::High)
            .seed(black_box(4711))
            .html(black_box(HTML))
            .attachments($attachments)
    };
}
#[allow(unused_imports)]
pub(crate) use rich_alert;

/// Greeting to QUIT.
macro_rules! session {
    ($smtp:ident = $client:expr, $name:expr, $credentials:expr, $send:expr) => {{
        let mut $smtp = $client;
        let client = size_of_val(&$smtp) - size_of::<Transport>();
        let credentials = $credentials;
        $smtp.open($name).ok()?;
        $smtp.danger_login_in_plaintext(&credentials).ok()?;
        if $send.ok()?.accepted() != 2 {
            return None;
        }
        $smtp.quit().ok()?;
        Some(Outcome {
            transport: $smtp.into_inner(),
            client,
            future: 0,
        })
    }};
}
use session;

/// A file, as it were.
struct Source {
    rest: &'static [u8],
}

impl Source {
    fn of(rest: &'static [u8]) -> Self {
        Self { rest }
    }
}

impl ErrorType for Source {
    type Error = Infallible;
}

impl Read for Source {
    #[inline(never)]
    fn read(&mut self, window: &mut [u8]) -> Result<usize, Infallible> {
        let octets = window.len().min(self.rest.len());
        for (slot, octet) in window.iter_mut().zip(self.rest) {
            *slot = *octet;
        }
        self.rest = self.rest.get(octets..).unwrap_or_default();
        Ok(octets)
    }
}
