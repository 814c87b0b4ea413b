//! Sends a mail with an attachment of 64 KB, and one with a small attachment: what the difference
//! costs is what an octet of an attachment costs, end to end. The time in the transport and in the
//! source is not counted.
#![no_std]

use core::convert::Infallible;
use core::hint::black_box;

use embedded_io::{ErrorType, Read};
use embedded_smtp::blocking::Client;
use embedded_smtp::message::{Attachment, Date, Head};
use embedded_smtp::{Message, Submission, domain, head};
use footprint::{BUFFER, Chunks, Transport, exit, meter, number};

/// 64 KB.
const LARGE: usize = 64 * 1024;
/// Both kinds of lines occur: whole ones and a last one.
const SMALL: usize = 1024;

/// A usual submission server: PIPELINING, no CHUNKING.
const SERVER: Chunks = &[
    b"220 mail.example.org ESMTP ready\r\n",
    b"250-mail.example.org at your service\r\n250-PIPELINING\r\n250 SIZE 35882577\r\n",
    b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n",
    b"250 2.0.0 Ok: queued as 4FzX1a2b3c\r\n",
    b"221 2.0.0 Bye\r\n",
];

static CONTENT: [u8; LARGE] = {
    let mut content = [0; LARGE];
    let mut i = 0;
    while i < content.len() {
        content[i] = (i * 7 + i / 256) as u8;
        i += 1;
    }
    content
};

/// How a mail's attachment is given.
pub type Send = fn(&mut Client<'_, Transport>, &'static [u8]) -> Option<u32>;

/// Runs the scenario under the meter, reports, and ends the emulation.
pub fn measure(send: Send) -> ! {
    meter::start();
    let unit = meter::calibrate();
    let run = black_box(run as fn(Send, &'static [u8]) -> Option<Run>);
    let small = run(send, CONTENT.first_chunk::<SMALL>().map_or(&[], |s| s));
    let large = run(send, &CONTENT);
    let (Some(small), Some(large)) = (small, large) else {
        exit(false)
    };
    number("ticks", large.ticks - small.ticks);
    number("all", large.ticks);
    number("source", large.source_ticks - small.source_ticks);
    number("unit", unit);
    number("content", (LARGE - SMALL) as u32);
    number("octets", large.octets);
    number("hash", large.hash);
    number("stack", large.stack);
    exit(true)
}

struct Run {
    ticks: u32,
    source_ticks: u32,
    octets: u32,
    hash: u32,
    stack: u32,
}

fn run(send: Send, content: &'static [u8]) -> Option<Run> {
    let transport = Transport::new(black_box(SERVER));
    meter::paint_stack();
    let before = meter::now();
    let (transport, source_ticks) = session(transport, send, content)?;
    let after = meter::now();
    Some(Run {
        ticks: meter::between(before, after) - transport.ticks - source_ticks,
        source_ticks,
        octets: transport.octets,
        hash: transport.hash,
        stack: meter::peak_stack(),
    })
    .filter(|_| transport.at_end())
}

/// Greeting to QUIT.
#[inline(never)]
fn session(transport: Transport, send: Send, content: &'static [u8]) -> Option<(Transport, u32)> {
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::new(transport, &mut buffer);
    smtp.open(domain!("boiler3.example.org")).ok()?;
    let ticks = send(&mut smtp, content)?;
    smtp.quit().ok()?;
    Some((smtp.into_inner(), ticks))
}

/// From a slice.
#[inline(always)]
pub fn slice(smtp: &mut Client<'_, Transport>, content: &'static [u8]) -> Option<u32> {
    let attachments = [Attachment::new("log.bin", TYPE, black_box(content)).ok()?];
    let report = smtp.send(&mail(&attachments)?).ok()?;
    (report.accepted() == 1).then_some(0)
}

/// From a source that is read meanwhile.
#[inline(always)]
pub fn streamed(smtp: &mut Client<'_, Transport>, content: &'static [u8]) -> Option<u32> {
    let length = Some(black_box(content.len()) as u32);
    let attachments = [Attachment::streamed("log.bin", TYPE, length).ok()?];
    let mut sources = [Source { content, ticks: 0 }];
    let report = smtp
        .send(Submission::new(&mail(&attachments)?).sources(&mut sources))
        .ok()?;
    let [source] = sources;
    (report.accepted() == 1).then_some(source.ticks)
}

const TYPE: &str = "application/octet-stream";

static HEAD: Head = head! {
    from: "Boiler 3 <boiler3@example.org>",
    to: "ops@example.org",
    subject: "Overpressure in boiler 3",
};

#[inline(always)]
fn mail<'a>(attachments: &'a [Attachment<'a>]) -> Option<Message<'a>> {
    Some(
        Message::new(&HEAD)
            .date(Date::from_unix(black_box(1_764_000_000), 60).ok()?)
            .seed(black_box(4711))
            .text(black_box("pressure 8.4 bar, limit 6.0 bar\r\n"))
            .attachments(attachments),
    )
}

/// A file, as it were.
struct Source {
    content: &'static [u8],
    /// Time spent in here.
    ticks: u32,
}

impl ErrorType for Source {
    type Error = Infallible;
}

impl Read for Source {
    #[inline(never)]
    fn read(&mut self, window: &mut [u8]) -> Result<usize, Infallible> {
        let before = meter::now();
        let octets = window.len().min(self.content.len());
        for (slot, octet) in window.iter_mut().zip(self.content) {
            *slot = *octet;
        }
        self.content = self.content.get(octets..).unwrap_or_default();
        self.ticks += meter::between(before, meter::now());
        Ok(octets)
    }
}
