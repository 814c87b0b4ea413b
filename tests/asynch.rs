//! The async driver against the mock server: what the vectors do not reach.

mod support;

use embedded_smtp::message::Head;
use support::kept;

use embedded_io::{ErrorKind, ErrorType};
use embedded_smtp::asynch::Client;
use embedded_smtp::message::Attachment;
use embedded_smtp::mock::{PlaintextAuth, Server};
use embedded_smtp::{Credentials, Mailbox, Mechanism, Message, Submission, Vouched};
use support::poll_at_most;

/// A blocking transport or reader that is ready at once.
struct Ready<T>(T);

impl<T: ErrorType> ErrorType for Ready<T> {
    type Error = T::Error;
}

impl<T: embedded_io::Read> embedded_io_async::Read for Ready<T> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, T::Error> {
        self.0.read(buf)
    }
}

impl<T: embedded_io::Write> embedded_io_async::Write for Ready<T> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, T::Error> {
        self.0.write(buf)
    }

    async fn flush(&mut self) -> Result<(), T::Error> {
        self.0.flush()
    }
}

/// A reader that fails at its end.
struct Failing(&'static [u8]);

impl ErrorType for Failing {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Failing {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        match std::mem::take(&mut self.0) {
            [] => Err(ErrorKind::NotFound),
            bytes => {
                buf[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }
}

fn mail<'a>(attachments: &'a [Attachment<'a>]) -> Message<'a> {
    Message::new(kept(
        Head::new(Mailbox::parse("a@example.org").unwrap())
            .to("b@example.org")
            .unwrap(),
    ))
    .text("Hello")
    .attachments(attachments)
}

#[test]
fn a_streamed_mail_arrives() {
    let log: Vec<u8> = (0..5_000_u32).map(|n| (n % 251) as u8).collect();
    let whole = [Attachment::new("log", "a/b", &log).unwrap()];
    let streamed = [Attachment::streamed("log", "a/b", Some(5_000)).unwrap()];
    let server = Server::builder()
        .account("u", "p")
        .plaintext_auth(PlaintextAuth::Allowed)
        .build();
    let mut buffer = [0; 512];
    let mut link = server.duplex();
    let send = async {
        let mut smtp = Client::new(Vouched::new(Ready(&mut link)), &mut buffer);
        let credentials = Credentials::new("u", "p").unwrap();
        let credentials = credentials.only(Mechanism::Login).unwrap();
        smtp.open("a.example").await.unwrap();
        smtp.login(&credentials).await.unwrap();
        let mail = mail(&streamed);
        let mut sources = [Ready(&log[..])];
        let mail = Submission::new(&mail).sources(&mut sources);
        let report = smtp.send(mail).await.unwrap();
        assert_eq!(report.accepted(), 1);
        smtp.noop().await.unwrap();
        smtp.quit().await.unwrap();
    };
    poll_at_most(1, send).expect("everything is ready at once");
    assert_eq!(server.violations(), [""; 0]);
    assert_eq!(
        server.deliveries()[0].content,
        support::vector::plain(&mail(&whole))
    );
}

#[test]
fn a_source_that_fails_ends_the_mail_without_its_terminator() {
    let server = Server::builder().build();
    let attachments = [Attachment::streamed("log", "a/b", None).unwrap()];
    let mut buffer = [0; 512];
    let mut link = server.duplex();
    let send = async {
        let mut smtp = Client::new(Ready(&mut link), &mut buffer);
        smtp.open("a.example").await.unwrap();
        let mail = mail(&attachments);
        let mut sources = [Failing(b"some bytes")];
        let mail = Submission::new(&mail).sources(&mut sources);
        let error = smtp.send(mail).await.unwrap_err();
        let words = "the source of a streamed part failed: NotFound (phase: content)";
        assert_eq!(error.to_string(), words);
        assert!(smtp.quit().await.is_err());
    };
    poll_at_most(1, send).expect("everything is ready at once");
    assert_eq!(server.deliveries().len(), 0);
}

/// The state lives in the client, so futures stay small.
#[test]
fn futures_are_small() {
    let server = Server::builder().build();
    let mut buffer = [0; 512];
    let mut link = server.duplex();
    let mut smtp = Client::new(Vouched::new(Ready(&mut link)), &mut buffer);
    let mail = mail(&[]);
    let credentials = Credentials::new("u", "p").unwrap();
    let open = size_of_val(&smtp.open("a.example"));
    let login = size_of_val(&smtp.login(&credentials));
    let send = size_of_val(&smtp.send(&mail));
    let send_and_quit = size_of_val(&smtp.send(Submission::new(&mail).and_quit()));
    let quit = size_of_val(&smtp.quit());
    let sizes = [
        ("open", open),
        ("login", login),
        ("send", send),
        ("send and_quit", send_and_quit),
        ("quit", quit),
    ];
    for (name, bytes) in sizes {
        println!("{name}: {bytes} bytes on this machine");
        assert!(bytes <= 512, "{name}: {bytes}");
    }
}
