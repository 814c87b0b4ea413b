//! One mail, by each builder: the same sender, recipient, subject, date, text and attachment.

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use embedded_smtp::message::{Attachment, Date, Head};
use embedded_smtp::{Address, Mailbox, Message};

/// Octets of the large mail's attachment: 10 MB.
pub const CONTENT: usize = 10_000_000;
/// Octets of the buffer that this package encodes in.
const BUFFER: usize = 16 * 1024;

const FROM: (&str, &str) = ("Boiler 3", "boiler3@example.org");
const TO: &str = "ops@example.org";
const SUBJECT: &str = "Overpressure in boiler 3";
const UNIX: u32 = 1_764_000_000;
const ID: &str = "4711@boiler3.example.org";
const TEXT: &str = "pressure 8.4 bar, limit 6.0 bar\r\nvalve V12 did not open.\r\n";
const NAME: &str = "log.bin";
const TYPE: &str = "application/octet-stream";

pub struct Builder {
    pub name: &'static str,
    /// It takes the content by value.
    pub wants_own: bool,
    /// Its content need not be in memory.
    pub produces: bool,
    /// Both return the octets of the mail.
    pub large: fn(&[u8], Option<Vec<u8>>) -> usize,
    pub small: fn() -> usize,
}

pub const BUILDERS: [Builder; 4] = [
    Builder {
        name: "slice",
        wants_own: false,
        produces: false,
        large: |content, _| {
            let attachments = [Attachment::new(NAME, TYPE, content).unwrap()];
            pull(&own(&own_head()).attachments(&attachments), &[])
        },
        small: || pull(&own(&own_head()), &[]),
    },
    Builder {
        name: "streamed",
        wants_own: false,
        produces: true,
        large: |content, _| {
            let length = Some(CONTENT as u32);
            let attachments = [Attachment::streamed(NAME, TYPE, length).unwrap()];
            pull(&own(&own_head()).attachments(&attachments), content)
        },
        small: || pull(&own(&own_head()).streamed_text(), TEXT.as_bytes()),
    },
    Builder {
        name: "lettre",
        wants_own: true,
        produces: false,
        large: |_, content| {
            use lettre::message::{Attachment, MultiPart, SinglePart, header::ContentType};
            let content = content.expect("the content");
            let part =
                Attachment::new(NAME.into()).body(content, ContentType::parse(TYPE).unwrap());
            let mail = lettre()
                .multipart(
                    MultiPart::mixed()
                        .singlepart(SinglePart::plain(black_box(TEXT).to_owned()))
                        .singlepart(part),
                )
                .unwrap();
            sink(&mail.formatted())
        },
        small: || {
            let mail = lettre().body(black_box(TEXT).to_owned()).unwrap();
            sink(&mail.formatted())
        },
    },
    Builder {
        name: "mail-builder",
        wants_own: false,
        produces: false,
        large: |content, _| {
            let mut sink = Sink(0);
            mail_builder()
                .attachment(TYPE, NAME, content)
                .write_to(&mut sink)
                .unwrap();
            sink.0
        },
        small: || {
            let mut sink = Sink(0);
            mail_builder().write_to(&mut sink).unwrap();
            sink.0
        },
    },
];

/// Addresses and texts are known, and checked, at run time only.
fn own_head() -> Head<'static> {
    let address = Address::parse(black_box(FROM.1)).unwrap();
    let from = Mailbox::new(black_box(FROM.0), address).unwrap();
    Head::new(from).to(black_box(TO)).unwrap()
}

fn own<'h>(head: &'h Head<'static>) -> Message<'h> {
    Message::new(head)
        .subject(black_box(SUBJECT))
        .unwrap()
        .date(Date::from_unix(black_box(UNIX).into(), 0).unwrap())
        .message_id(black_box(ID))
        .unwrap()
        .text(black_box(TEXT))
}

/// The mail buffer by buffer. A source gives `content`, or produces one if there is none.
fn pull(message: &Message<'_>, mut content: &[u8]) -> usize {
    let mut reader = message.reader();
    let mut buffer = [0; BUFFER];
    let mut produced = if content.is_empty() { 0 } else { CONTENT };
    let mut octets = 0;
    loop {
        let ready = reader.read_with(&mut buffer, |_, window| {
            if content.is_empty() {
                let octets = window.len().min(CONTENT - produced);
                window[..octets].fill(produced as u8);
                produced += octets;
                return octets;
            }
            let (now, later) = content.split_at(window.len().min(content.len()));
            window[..now.len()].copy_from_slice(now);
            content = later;
            now.len()
        });
        match ready.unwrap() {
            0 => return octets,
            ready => octets += sink(&buffer[..ready]),
        }
    }
}

fn lettre() -> lettre::message::MessageBuilder {
    let (name, address) = black_box(FROM);
    lettre::Message::builder()
        .from(lettre::message::Mailbox::new(
            Some(name.to_owned()),
            address.parse().unwrap(),
        ))
        .to(black_box(TO).parse().unwrap())
        .subject(black_box(SUBJECT))
        .date(UNIX_EPOCH + Duration::from_secs(black_box(UNIX).into()))
        .message_id(Some(black_box(ID).to_owned()))
}

fn mail_builder() -> mail_builder::MessageBuilder<'static> {
    mail_builder::MessageBuilder::new()
        .from(black_box(FROM))
        .to(black_box(TO))
        .subject(black_box(SUBJECT))
        .date(i64::from(black_box(UNIX)))
        .message_id(black_box(ID))
        .text_body(black_box(TEXT))
}

/// Takes octets as a socket would; returns their number.
fn sink(octets: &[u8]) -> usize {
    black_box(octets).len()
}

struct Sink(usize);

impl Write for Sink {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0 += sink(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The attachment's octets.
pub fn content() -> Vec<u8> {
    (0..CONTENT).map(|i| (i * 7 + i / 256) as u8).collect()
}
