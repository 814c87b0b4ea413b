//! The alerts of the firmware on a host.
//!
//! - `host sent NAME` prints what is sent, for `sent/NAME.txt`.
//! - `host count` sends a small alert twice, and once more with the next one known, under a counting
//!   allocator; `callgrind` counts the instructions of `first_mail`, `next_mail` and `last_mail`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::convert::Infallible;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use embedded_io::{ErrorType, Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::message::{Date, Head};
use embedded_smtp::{Credentials, Message, Report, Submission, domain, head};

#[path = "../../src/alert.rs"]
mod alert;

const BUFFER: usize = 512;

type Chunks = &'static [&'static [u8]];

#[allow(dead_code)] // The firmware's meters want the sizes.
struct Outcome {
    transport: Transport,
    client: usize,
    future: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["sent", name] => sent(name),
        ["count"] => count(),
        _ => panic!("sent NAME, or count"),
    }
}

type Scenario = fn(Transport) -> Option<Outcome>;

fn sent(name: &str) {
    let (server, scenario): (Chunks, Scenario) = match name {
        "plain" => (alert::SERVER, alert::plain),
        "fixed" => (alert::SERVER, alert::fixed),
        "plain_parse" => (alert::SERVER, alert::plain_parse),
        "mime" => (alert::SERVER, alert::mime),
        "streamed" => (alert::SERVER, alert::streamed),
        "bdat" => (alert::SERVER_CHUNKING, alert::bdat),
        "limits" => (alert::SERVER_LIMITS, alert::limits),
        "token" => (alert::SERVER_TOKEN, alert::token),
        "dsn" => (alert::SERVER_DSN, alert::dsn),
        #[cfg(feature = "scram-sha-256")]
        "scram" => (alert::SERVER_SCRAM, alert::scram),
        #[cfg(feature = "cram-md5")]
        "cram_md5" => (alert::SERVER_CRAM_MD5, alert::cram_md5),
        _ => panic!("no such scenario; for some, features must be on"),
    };
    let transport = Transport {
        record: Some(Vec::new()),
        ..Transport::new(server)
    };
    let outcome = scenario(transport).expect("the alert is sent");
    assert!(outcome.transport.is_at_end(), "the server has more to say");
    std::io::stdout()
        .write_all(&outcome.transport.record.unwrap_or_default())
        .unwrap();
}

/// What the server says to three mails in one connection.
const THREE_MAILS: Chunks = &[
    alert::SERVER[0],
    alert::SERVER[1],
    alert::SERVER[2],
    ONE_RECIPIENT,
    alert::SERVER[4],
    ONE_RECIPIENT,
    alert::SERVER[4],
    ONE_RECIPIENT,
    b"250 2.0.0 Ok: queued as 4FzX1a2b3d\r\n221 2.0.0 Bye\r\n",
];
const ONE_RECIPIENT: &[u8] =
    b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n";

fn count() {
    static HEAD: Head = head! {
        from: "Boiler 3 <boiler3@example.org>",
        to: "ops@example.org",
        subject: "Overpressure in boiler 3",
    };
    let mail = Message::new(&HEAD)
        .date(Date::from_unix(1_764_000_000, 60).unwrap())
        .text(black_box(alert::TEXT));
    let mut buffer = [0; 1024];
    let credentials = Credentials::new("boiler3", "correct horse").unwrap();

    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let mut smtp = Client::new(Transport::new(THREE_MAILS), &mut buffer);
    smtp.open(domain!("boiler3.example.org")).unwrap();
    smtp.danger_login_in_plaintext(&credentials).unwrap();
    first_mail(&mut smtp, &mail);
    next_mail(&mut smtp, &mail);
    last_mail(&mut smtp, &mail);
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;

    let transport = smtp.into_inner();
    println!("allocations={allocations}");
    println!("writes={}", transport.writes);
    println!("flushes={}", transport.flushes);
    println!("octets={}", transport.octets);
    assert!(transport.is_at_end());
}

#[inline(never)]
fn first_mail(smtp: &mut Client<'_, Transport>, mail: &Message<'_>) {
    check(smtp.send(black_box(mail)).ok());
}

#[inline(never)]
fn next_mail(smtp: &mut Client<'_, Transport>, mail: &Message<'_>) {
    // Not the same code as `first_mail`, or the two would be merged.
    check(black_box(smtp).send(black_box(mail)).ok());
}

#[inline(never)]
fn last_mail(smtp: &mut Client<'_, Transport>, mail: &Message<'_>) {
    check(smtp.send(Submission::new(black_box(mail)).and_quit()).ok());
}

fn check(report: Option<Report>) {
    assert!(report.is_some_and(|report| report.accepted() == 1));
}

/// The firmware's transport without its meters; it may keep what is sent.
struct Transport {
    chunks: Chunks,
    chunk: &'static [u8],
    octets: usize,
    writes: u32,
    flushes: u32,
    record: Option<Vec<u8>>,
}

impl Transport {
    fn new(chunks: Chunks) -> Self {
        Self {
            chunks,
            chunk: &[],
            octets: 0,
            writes: 0,
            flushes: 0,
            record: None,
        }
    }

    fn is_at_end(&self) -> bool {
        self.chunks.is_empty() && self.chunk.is_empty()
    }
}

impl ErrorType for Transport {
    type Error = Infallible;
}

impl Read for Transport {
    #[inline(never)]
    fn read(&mut self, window: &mut [u8]) -> Result<usize, Infallible> {
        if let ([], [next, rest @ ..]) = (self.chunk, self.chunks) {
            (self.chunk, self.chunks) = (next, rest);
        }
        let octets = window.len().min(self.chunk.len());
        let (now, later) = self.chunk.split_at(octets);
        window[..octets].copy_from_slice(now);
        self.chunk = later;
        Ok(octets)
    }
}

impl Write for Transport {
    #[inline(never)]
    fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        self.writes += 1;
        self.octets += octets.len();
        black_box(octets);
        if let Some(record) = &mut self.record {
            record.extend_from_slice(octets);
        }
        Ok(octets.len())
    }

    #[inline(never)]
    fn flush(&mut self) -> Result<(), Infallible> {
        self.flushes += 1;
        Ok(())
    }
}

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
