//! Many sessions in a row, none of which may fail.

use std::error::Error;
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use embedded_io_adapters::std::FromStd;
use embedded_smtp::server_name;
use embedded_smtp::tls::blocking::Stream;
use embedded_smtp::tls::{
    CertificateDer, DangerNoVerification, Pin, Pins, Records, Roots, Verify, anchor,
};

/// Opens them, says how it went, and fails if one did.
pub fn run(folder: &str, mode: &str, port: u16, count: u32) -> ExitCode {
    let folder = Path::new(folder);
    let pin = |kind: &str| {
        let octets = std::fs::read(folder.join(format!("leaf.{kind}.pin"))).unwrap();
        [Pin::new(octets.try_into().unwrap())]
    };
    let root = |kind: &str| {
        let der = std::fs::read(folder.join(format!("root.{kind}.der"))).unwrap();
        // For the whole program's life, as in a firmware.
        let der = Box::leak(Box::new(CertificateDer::from(&*der.leak())));
        [anchor(der).unwrap()]
    };
    let one: Box<dyn Fn() -> Result<(), Box<dyn Error>>> = match mode {
        "pin_p256" => {
            let pins = pin("p256");
            Box::new(move || one(port, Pins::new(&pins)))
        }
        "pin_p384" => {
            let pins = pin("p384");
            Box::new(move || one(port, Pins::new(&pins).with_p384()))
        }
        "pin_rsa" => {
            let pins = pin("rsa2048");
            Box::new(move || one(port, Pins::new(&pins).with_rsa()))
        }
        "ca_p256" => {
            let roots = root("p256");
            Box::new(move || one(port, Roots::new(&roots, now())))
        }
        "ca_p384" => {
            let roots = root("p384");
            Box::new(move || one(port, Roots::new(&roots, now()).with_p384()))
        }
        "ca_rsa" => {
            let roots = root("rsa4096");
            Box::new(move || one(port, Roots::new(&roots, now()).with_rsa()))
        }
        "ca_full" => {
            let roots = root("rsa4096");
            Box::new(move || one(port, Roots::new(&roots, now()).with_rsa().with_p384()))
        }
        "danger" => Box::new(move || one(port, DangerNoVerification)),
        _ => panic!("no such mode"),
    };

    let begun = Instant::now();
    let mut failed = 0;
    for number in 1..=count {
        if let Err(error) = one() {
            failed += 1;
            eprintln!("{mode} {number}: {error}");
        }
    }
    let each = begun.elapsed() / count;
    println!("{mode:<10} {count:>6} {failed:>6} {each:>10.1?}");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

/// A session, whose first line must be the server's greeting.
fn one(port: u16, verify: impl Verify) -> Result<(), Box<dyn Error>> {
    let tcp = TcpStream::connect(("127.0.0.1", port))?;
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    tcp.set_nodelay(true)?;
    let (mut read, mut write) = ([0; 8192], [0; 1024]);
    let mut records = Records::new(&mut read, &mut write)?;
    let name = server_name!("localhost");
    let mut stream = Stream::open(
        FromStd::new(tcp),
        &mut records,
        &name,
        verify,
        getrandom::fill,
    )
    .map_err(|failure| format!("{:?}", failure.error))?;
    let mut greeting = [0; 512];
    let octets =
        embedded_io::Read::read(&mut stream, &mut greeting).map_err(|e| format!("{e:?}"))?;
    if !greeting[..octets].starts_with(b"220 ") {
        return Err("no greeting".into());
    }
    stream.close();
    Ok(())
}
