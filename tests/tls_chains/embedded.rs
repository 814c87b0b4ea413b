//! The crate's own stack: both drivers, every choice of what the server must prove.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use embedded_io::ErrorType;
use embedded_smtp::tls::{
    CertificateDer, CertificateFault, DangerNoVerification, Error, Failure, Pin, Pins, Records,
    Roots, ServerName, TrustAnchor, Verify, anchor, asynch, blocking,
};
use embedded_smtp::{Proof, Secure};

use super::server::Link;
use super::table::Row;
use super::{Answer, Refusal, fits, text};

/// Tries a chain in every way and answers for the first: chain and dates, the blocking driver. What
/// the others should not have said goes to `faults`.
pub fn try_chain(row: &Row, faults: &mut Vec<String>) -> Answer {
    let certificates: Vec<_> = row
        .anchors
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let anchors: Vec<_> = certificates
        .iter()
        .map(|der| anchor(der).unwrap())
        .collect();
    let mut tries = Tries { row, faults };

    let all = |anchors| everything(Roots::new(anchors, row.time));
    let answer = tries.answer("chain", &row.expect, all(&anchors), Proof::Chain);
    tries.asynch("chain, async", &row.expect, all(&anchors), Proof::Chain);
    tries.only_needed(&anchors);
    let undated = everything(Roots::danger_without_dates(&anchors, 0));
    tries.blocking("without dates", row.undated(), undated, Proof::UndatedChain);

    let any = match row.scheme.as_deref() {
        Some("unknown") => "scheme-mismatch",
        _ => "accept",
    };
    tries.blocking("no verification", any, DangerNoVerification, Proof::Nothing);

    let wrong = [Pin::new([0x5a; 32])];
    // The key is judged before what it signed.
    let refused = match row.pin() {
        "empty" | "too-many" | "malformed" | "key-type" | "key-length" => row.pin(),
        _ => "pin-mismatch",
    };
    tries.blocking(
        "wrong pin",
        refused,
        every_pin(Pins::new(&wrong)),
        Proof::Key,
    );
    tries.asynch(
        "wrong pin, async",
        refused,
        every_pin(Pins::new(&wrong)),
        Proof::Key,
    );
    tries.blocking("no pin", refused, every_pin(Pins::new(&[])), Proof::Key);
    tries.blocking(
        "chain, wrong pin",
        refused,
        all(&anchors).and_pins(&wrong),
        Proof::Chain,
    );
    let Some(Ok(pin)) = row.chain.first().map(|leaf| Pin::of_certificate(leaf)) else {
        if refused == "pin-mismatch" {
            tries
                .faults
                .push("the server's certificate has no pin".into());
        }
        return answer;
    };
    let pins = [wrong[0], pin];
    tries.blocking("pin", row.pin(), every_pin(Pins::new(&pins)), Proof::Key);
    tries.asynch(
        "pin, async",
        row.pin(),
        every_pin(Pins::new(&pins)),
        Proof::Key,
    );
    tries.blocking(
        "chain and pin",
        &row.expect,
        all(&anchors).and_pins(&pins),
        Proof::Chain,
    );
    answer
}

/// Opens TLS with a chain that is accepted and so many octets for reading.
pub fn with_read_buffer(row: &Row, octets: usize) -> Result<(), Error> {
    let (mut read, mut write) = (vec![0; octets], [0; 1_024]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let name = server_name(row);
    let link = Link::new(row);
    match blocking::Stream::open(
        link,
        &mut records,
        &name,
        DangerNoVerification,
        getrandom::fill,
    ) {
        Ok(_) => Ok(()),
        Err(failure) => {
            failure.transport.is_silent().unwrap();
            Err(failure.error)
        }
    }
}

struct Tries<'t> {
    row: &'t Row,
    faults: &'t mut Vec<String>,
}

impl Tries<'_> {
    fn blocking(&mut self, what: &str, expected: &str, choice: impl Verify, proof: Proof) {
        let _ = self.answer(what, expected, choice, proof);
    }

    fn answer(&mut self, what: &str, expected: &str, choice: impl Verify, proof: Proof) -> Answer {
        let (mut read, mut write) = ([0; 16_640], [0; 1_024]);
        let mut records = Records::new(&mut read, &mut write).unwrap();
        let name = server_name(self.row);
        let link = Link::new(self.row);
        let opened = blocking::Stream::open(link, &mut records, &name, choice, getrandom::fill);
        let ended = opened.map(|mut stream| {
            use embedded_io::{Read, Write};
            self.proven(what, &stream, proof);
            let mut answer = [0; 4];
            let asked = stream.write_all(b"ping").and_then(|()| stream.flush());
            asked.unwrap();
            stream.read_exact(&mut answer).unwrap();
            (stream.close(), answer)
        });
        self.judge(what, expected, ended)
    }

    fn asynch(&mut self, what: &str, expected: &str, choice: impl Verify, proof: Proof) {
        let (mut read, mut write) = ([0; 16_640], [0; 1_024]);
        let mut records = Records::new(&mut read, &mut write).unwrap();
        let name = server_name(self.row);
        let link = Link::new(self.row);
        let ended = block_on(async {
            use embedded_io_async::{Read, Write};
            let mut stream =
                asynch::Stream::open(link, &mut records, &name, choice, getrandom::fill).await?;
            self.proven(what, &stream, proof);
            let mut answer = [0; 4];
            stream.write_all(b"ping").await.unwrap();
            stream.flush().await.unwrap();
            stream.read_exact(&mut answer).await.unwrap();
            Ok((stream.close().await, answer))
        });
        let _ = self.judge(what, expected, ended);
    }

    /// With no more kinds of keys than the row needs; and with less.
    fn only_needed(&mut self, anchors: &[TrustAnchor<'_>]) {
        let least = Roots::new(anchors, self.row.time);
        let enough = match self.row.needs.as_deref() {
            None => least,
            #[cfg(feature = "rsa")]
            Some("rsa") => least.with_rsa(),
            #[cfg(feature = "p384")]
            Some("p384") => least.with_p384(),
            Some(other) => panic!("unknown need: {other}"),
        };
        let expected = &self.row.expect;
        self.blocking("what is needed", expected, enough, Proof::Chain);
        if self.row.needs.is_some() {
            let expected = format!("{NOT_ENABLED}|{expected}");
            let expected = expected.replace("|accept", "");
            self.blocking("less than is needed", &expected, least, Proof::Chain);
        }
    }

    fn proven(&mut self, what: &str, stream: &impl Secure, expected: Proof) {
        if stream.proof() != expected {
            self.faults
                .push(format!("{what}: the proof is {}", stream.proof()));
        }
    }

    fn judge(
        &mut self,
        what: &str,
        expected: &str,
        ended: Result<(Link, [u8; 4]), Failure<Link>>,
    ) -> Answer {
        let answer = match ended {
            Ok((link, answer)) => {
                if answer != *b"ping" || link.received != b"ping" {
                    self.faults
                        .push(format!("{what}: the octets sent did not come back"));
                }
                Ok(())
            }
            Err(Failure { transport, error }) => {
                if let Err(sent) = transport.is_silent() {
                    self.faults.push(format!("{what}: {sent}"));
                }
                Err(Refusal {
                    word: word(error),
                    text: error.to_string(),
                })
            }
        };
        if !fits(expected, &answer) {
            let fault = format!("{what}: not {expected}, but \"{}\"", text(&answer));
            self.faults.push(fault);
        }
        answer
    }
}

/// Whether the features of this build are enough for a row.
pub fn can_try(row: &Row) -> bool {
    match row.needs.as_deref() {
        Some("rsa") => cfg!(feature = "rsa"),
        Some("p384") => cfg!(feature = "p384"),
        _ => true,
    }
}

fn everything(roots: Roots<'_>) -> Roots<'_> {
    #[cfg(feature = "rsa")]
    let roots = roots.with_rsa();
    #[cfg(feature = "p384")]
    let roots = roots.with_p384();
    roots
}

fn every_pin(pins: Pins<'_>) -> Pins<'_> {
    #[cfg(feature = "rsa")]
    let pins = pins.with_rsa();
    #[cfg(feature = "p384")]
    let pins = pins.with_p384();
    pins
}

/// The table's word for an error.
fn word(error: Error) -> &'static str {
    let Error::Certificate(fault) = error else {
        return "other";
    };
    match fault {
        CertificateFault::Empty => "empty",
        CertificateFault::TooMany => "too-many",
        CertificateFault::Malformed => "malformed",
        CertificateFault::Expired { .. } => "expired",
        CertificateFault::NotYetValid { .. } => "not-yet-valid",
        CertificateFault::WrongName => "wrong-name",
        CertificateFault::UnknownIssuer => "unknown-issuer",
        CertificateFault::CaAsServer => "ca-as-leaf",
        CertificateFault::NotCa => "not-a-ca",
        CertificateFault::WrongPurpose => "wrong-purpose",
        CertificateFault::PathLength => "path-length",
        CertificateFault::NameConstraint => "name-constraint",
        CertificateFault::BadSignature => "bad-signature",
        CertificateFault::HandshakeSignature => "handshake-signature",
        CertificateFault::Scheme => "scheme-mismatch",
        CertificateFault::PinMismatch => "pin-mismatch",
        CertificateFault::KeyType => "key-type",
        CertificateFault::KeyLength => "key-length",
        CertificateFault::Algorithm => "algorithm",
        CertificateFault::CriticalExtension => "critical-extension",
        CertificateFault::TooMuchWork => "too-much-work",
        _ => "other",
    }
}

/// What is said of keys whose support was not asked for.
const NOT_ENABLED: &str = "key-type|algorithm";

impl ErrorType for Link {
    type Error = io::Error;
}

impl embedded_io::Read for Link {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        io::Read::read(self, buf)
    }
}

impl embedded_io::Write for Link {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        io::Write::write(self, buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl embedded_io_async::Read for Link {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        once_later().await;
        io::Read::read(self, buf)
    }
}

impl embedded_io_async::Write for Link {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        once_later().await;
        io::Write::write(self, buf)
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Is not ready when first asked.
async fn once_later() {
    let mut asked = false;
    poll_fn(|_| match std::mem::replace(&mut asked, true) {
        false => Poll::Pending,
        true => Poll::Ready(()),
    })
    .await;
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn server_name(row: &Row) -> ServerName<'_> {
    match row.host.parse::<std::net::IpAddr>() {
        Ok(address) => address.into(),
        Err(_) => ServerName::parse(&row.host).unwrap(),
    }
}
