//! A session driven by arbitrary octets of a server and arbitrary operations of a caller.
//!
//! Checked: it ends; nothing is sent after a fault; a mail is called sent only if its terminator
//! went out, and at most as many terminators go out as mails were begun; no credentials go out
//! before they were asked for.
#![no_main]

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use arbitrary::Arbitrary;
use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_smtp::blocking::Client;
use embedded_smtp::{
    Credentials, Error, Fault, Mailbox, Mechanism, Message, RecipientStatus, StartTlsError, Vouched,
};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Operation {
    Open,
    StartTls,
    Login(Option<bool>),
    Send,
    SendLast,
    SendAll(u8),
    Reset,
    Noop,
    Quit,
}

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    pipelining: bool,
    all_or_none: bool,
    or_helo: bool,
    buffer: u8,
    recipients: u8,
    text: &'a str,
    /// Octets at each read, and whether a write fails.
    reads: Vec<u8>,
    failing_write: Option<u16>,
    operations: Vec<Operation>,
    server: Vec<&'a [u8]>,
}

#[derive(Default)]
struct Wire {
    unread: Vec<u8>,
    pieces: Vec<u8>,
    reads: usize,
    written: Vec<u8>,
    writes: usize,
    failing_write: Option<usize>,
    is_over: bool,
}

#[derive(Clone)]
struct Link(Rc<RefCell<Wire>>);

impl ErrorType for Link {
    type Error = ErrorKind;
}

impl Read for Link {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut wire = self.0.borrow_mut();
        assert!(!buf.is_empty(), "a read into nothing");
        wire.reads += 1;
        assert!(wire.reads < 1_000_000, "endless reading");
        let piece = match wire.pieces.len() {
            0 => usize::MAX,
            n => usize::from(wire.pieces[wire.reads % n]) + 1,
        };
        let n = buf.len().min(piece).min(wire.unread.len());
        buf[..n].copy_from_slice(&wire.unread[..n]);
        wire.unread.drain(..n);
        wire.is_over |= n == 0;
        Ok(n)
    }
}

impl Write for Link {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let mut wire = self.0.borrow_mut();
        assert!(!buf.is_empty(), "a write of nothing");
        assert!(!wire.is_over, "something is sent after a fault");
        wire.writes += 1;
        assert!(wire.writes < 1_000_000, "endless writing");
        if wire.failing_write == Some(wire.writes) {
            wire.is_over = true;
            return Err(ErrorKind::BrokenPipe);
        }
        wire.written.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

fuzz_target!(|input: Input<'_>| {
    if input.operations.len() > 20 || input.text.len() > 2_000 {
        return;
    }
    let wire = Rc::new(RefCell::new(Wire {
        unread: input.server.concat(),
        pieces: input.reads.clone(),
        failing_write: input.failing_write.map(usize::from),
        ..Wire::default()
    }));
    let to: Vec<String> = (0..=input.recipients)
        .map(|n| format!("r{n}@example.org"))
        .collect();
    let to = to.join(",");
    let mail = Message::new(Mailbox::parse("a@example.org").unwrap())
        .to(to.as_str())
        .unwrap()
        .text(input.text);
    let mut buffer = vec![0; 256 + usize::from(input.buffer) * 4];
    let mut smtp = Client::new(Vouched::new(Link(wire.clone())), &mut buffer);
    if !input.pipelining {
        smtp = smtp.without_pipelining();
    }
    if input.all_or_none {
        smtp = smtp.all_or_none();
    }
    if input.or_helo {
        smtp = smtp.or_helo();
    }
    let credentials = Credentials::new("fuzzer", "hush-hush").unwrap();
    let secrets = ["ZnV6emVy", "aHVzaC1odXNo", "AGZ1enplcgBodXNoLWh1c2g"];
    let (mut mails, mut known, mut asked_to_log_in) = (0, 0, false);
    let is_fault = |error: &Error<ErrorKind>| {
        matches!(
            error,
            Error::Failed { .. } | Error::Unknown { .. } | Error::Ended
        )
    };
    for operation in &input.operations {
        let mut over = false;
        match operation {
            Operation::Open => over = smtp.open("f.example").is_err_and(|e| is_fault(&e)),
            Operation::StartTls => {
                smtp = match smtp.starttls(Ok::<_, std::convert::Infallible>) {
                    Ok(client) => client,
                    Err(StartTlsError::Refused { client, error }) => {
                        over = is_fault(&error);
                        client
                    }
                    Err(StartTlsError::Ehlo { client, error }) => {
                        over = is_fault(&error);
                        client
                    }
                    Err(_) => unreachable!(),
                }
            }
            Operation::Login(mechanism) => {
                asked_to_log_in = true;
                let end = match mechanism {
                    None => smtp.login(&credentials),
                    Some(true) => smtp.login_with(&credentials, Mechanism::Plain),
                    Some(false) => smtp.login_with(&credentials, Mechanism::Login),
                };
                over = end.is_err_and(|e| is_fault(&e));
            }
            Operation::Send | Operation::SendLast => {
                mails += 1;
                let mut results = [RecipientStatus::default(); 300];
                let end = match operation {
                    Operation::Send => smtp.send_with_results(&mail, &mut results),
                    _ => smtp.send_last(&mail, &mut results),
                };
                match end {
                    Ok(report) => {
                        assert!(report.accepted() > 0);
                        let accepted = results.iter().filter(|r| r.is_accepted()).count();
                        assert_eq!(accepted, usize::from(report.accepted()));
                        known += 1;
                    }
                    Err(Error::Unknown { .. }) => {
                        known += 1;
                        over = true;
                    }
                    Err(error) => over = is_fault(&error),
                }
            }
            Operation::SendAll(count) => {
                let count = usize::from(count % 5);
                mails += count;
                let mut ends = 0;
                smtp.send_all(vec![&mail; count], |end| {
                    ends += 1;
                    match end {
                        Ok(_) => known += 1,
                        Err(Error::Unknown { .. }) => {
                            known += 1;
                            over = true;
                        }
                        Err(error) => over |= is_fault(&error),
                    }
                    ControlFlow::Continue(())
                });
                assert_eq!(ends, count);
            }
            Operation::Reset => over = smtp.reset().is_err_and(|e| is_fault(&e)),
            Operation::Noop => over = smtp.noop().is_err_and(|e| is_fault(&e)),
            Operation::Quit => {
                let _ = smtp.quit();
                over = true;
            }
        }
        let mut wire = wire.borrow_mut();
        wire.is_over |= over;
        if !asked_to_log_in {
            let said = String::from_utf8_lossy(&wire.written);
            assert!(!secrets.iter().any(|secret| said.contains(secret)));
        }
    }
    let _ = smtp.last_reply().map(|reply| reply.to_string());
    let _ = Fault::<ErrorKind>::Closed;
    let wire = wire.borrow();
    let terminators = wire
        .written
        .windows(5)
        .filter(|w| w == b"\r\n.\r\n")
        .count();
    assert!(terminators <= mails && known <= mails);
    if wire.failing_write.is_none() {
        assert!(
            known <= terminators,
            "called sent or unknown without a terminator"
        );
    }
});
