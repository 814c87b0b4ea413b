//! An alert over TLS 1.2 or 1.3 by Mbed TLS, whose stream the client takes in [`Vouched`].
//!
//! For a server without TLS 1.3, or whose key this crate's own TLS does not take. Mbed TLS checks the chain,
//! the name and the dates; it needs a heap and a C compiler.
//!
//! Arguments, by semihosting: the file with the root in DER, the server's name, the user, and the file with
//! the password.
#![no_std]
#![no_main]

extern crate alloc;

mod chip;
mod heap;
mod libc;
mod uart;

use alloc::ffi::CString;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::Ordering::Relaxed;

use embedded_smtp::blocking::Client;
use embedded_smtp::message::Head;
use embedded_smtp::{Credentials, Message, Proof, Report, Vouched, head};
use mbedtls_rs::blocking::Session;
use mbedtls_rs::{
    Certificate, ClientSessionConfig, SessionConfig, SessionError, Tls, TlsVersion, X509, sys,
};
use semihosting::fs::File;
use semihosting::io::Read;
use semihosting::{println, process};

use uart::Uart;

use cortex_m as _; // Critical sections.

static HEAD: Head = head! {
    from: "Boiler 3 <boiler3@interop.example>",
    to: "ops@interop.example",
    subject: "Overpressure",
};

/// The reason no mail was sent.
#[derive(Debug)]
#[expect(dead_code, reason = "printed by `Debug`")]
enum Trouble {
    Arguments,
    /// Mbed TLS does not trust the server.
    Certificate(Reason),
    Tls(SessionError),
    Smtp(embedded_smtp::Error<SessionError>),
    Invalid(embedded_smtp::Invalid),
}

#[cortex_m_rt::entry]
fn main() -> ! {
    heap::start();
    chip::start_ticks();
    let result = alert();
    println!("heap {} of {}", heap::peak(), heap::SIZE);
    println!("stack {}", chip::peak_stack());
    println!("sent {}", uart::SENT.load(Relaxed));
    println!("received {}", uart::RECEIVED.load(Relaxed));
    println!("turns {}", uart::TURNS.load(Relaxed));
    println!("ticks {}", chip::ticks());
    match result {
        Ok((report, version)) => {
            println!("sent to {} by {version}", report.accepted());
            process::exit(0)
        }
        Err(trouble) => {
            println!("not sent: {trouble:?}");
            process::exit(1)
        }
    }
}

fn alert() -> Result<(Report, &'static str), Trouble> {
    let arguments =
        semihosting::experimental::env::args::<1024>().map_err(|_| Trouble::Arguments)?;
    let mut words = (&arguments)
        .into_iter()
        .skip(1)
        .map(|word| word.unwrap_or(""));
    let mut word = || words.next().ok_or(Trouble::Arguments);
    let root = read(word()?)?;
    let name = CString::new(word()?).map_err(|_| Trouble::Arguments)?;
    let user = word()?;
    let password = read(word()?)?;
    let password = core::str::from_utf8(&password).map_err(|_| Trouble::Arguments)?;
    let credentials = Credentials::new(user, password).map_err(Trouble::Invalid)?;

    chip::hook_clocks();
    let tls = Tls::new(chip::random()).map_err(|_| Trouble::Arguments)?;
    let root = Certificate::new(X509::DER(&root)).map_err(|error| Trouble::Tls(error.into()))?;
    let config = SessionConfig::Client(ClientSessionConfig {
        ca_chain: Some(root),
        server_name: Some(&name),
        ..ClientSessionConfig::new()
    });
    let mut session = Session::new(tls.reference(), Uart::open(), &config).map_err(Trouble::Tls)?;
    let connected = session.connect();
    chip::stop_ticks();
    println!("handshake sent {}", uart::SENT.load(Relaxed));
    println!("handshake received {}", uart::RECEIVED.load(Relaxed));
    if let Err(error) = connected {
        let details = session.tls_verification_details();
        session.stream().drain();
        return Err(Reason::of(details).map_or(Trouble::Tls(error), Trouble::Certificate));
    }
    let version = match session.tls_version() {
        Some(TlsVersion::Tls1_2) => "TLS 1.2",
        Some(TlsVersion::Tls1_3) => "TLS 1.3",
        _ => "an unknown version",
    };

    // The chain, the name and the dates were checked: `AuthMode::Required` is the default.
    let link = Vouched::with_proof(session, Proof::Chain);
    let mut buffer = [0; 1024];
    let mut smtp = Client::over_tls(link, &mut buffer);
    smtp.open("boiler3.example.org").map_err(Trouble::Smtp)?;
    smtp.login(&credentials).map_err(Trouble::Smtp)?;
    let mail = Message::new(&HEAD).text("8.4 bar");
    let report = smtp.send(&mail).map_err(Trouble::Smtp)?;
    smtp.quit().map_err(Trouble::Smtp)?;
    Ok((report, version))
}

/// The reason for which Mbed TLS refused the certificate. An enum: `Debug` of a text takes 6 KB of flash.
#[derive(Debug)]
enum Reason {
    Expired,
    NotYetValid,
    OtherName,
    UnknownRoot,
    /// Another reason, or several.
    Other,
}

impl Reason {
    /// None if the handshake failed for something other than the certificate.
    fn of(details: u32) -> Option<Self> {
        match details {
            // Verified, or not looked at.
            0 | u32::MAX => None,
            sys::MBEDTLS_X509_BADCERT_EXPIRED => Some(Self::Expired),
            sys::MBEDTLS_X509_BADCERT_FUTURE => Some(Self::NotYetValid),
            sys::MBEDTLS_X509_BADCERT_CN_MISMATCH => Some(Self::OtherName),
            sys::MBEDTLS_X509_BADCERT_NOT_TRUSTED => Some(Self::UnknownRoot),
            _ => Some(Self::Other),
        }
    }
}

/// A file of the host.
fn read(path: &str) -> Result<Vec<u8>, Trouble> {
    let path = CString::new(path).map_err(|_| Trouble::Arguments)?;
    let mut file = File::open(&path).map_err(|_| Trouble::Arguments)?;
    let mut bytes = vec![0; 4096];
    let count = file.read(&mut bytes).map_err(|_| Trouble::Arguments)?;
    bytes.truncate(count);
    bytes.shrink_to_fit();
    Ok(bytes)
}
