//! Whole mails, over both drivers.

use embedded_smtp::tls::{
    self, DangerNoVerification, Error, Failure, Pins, Records, Roots, Verify,
};
use embedded_smtp::{Credentials, Proof, Report, StartTlsError};

use crate::link::{Link, Slow, finish};
use crate::{IDENTITY, NOW, alert, name, random, server};

/// Octets of buffers.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub session: usize,
    pub read: usize,
    pub write: usize,
}

pub const USUAL: Sizes = Sizes {
    session: 512,
    read: 4_096,
    write: 1_024,
};

/// How a mail ended: with its report, or where it did not.
#[derive(Debug)]
pub enum End {
    Sent(Report),
    /// TLS was not opened.
    NotOpened(Error),
    /// STARTTLS was refused on the plain link.
    Refused(embedded_smtp::Error<embedded_io::ErrorKind>),
    Failed(embedded_smtp::Error<Error>),
}

impl From<embedded_smtp::Error<Error>> for End {
    fn from(error: embedded_smtp::Error<Error>) -> Self {
        Self::Failed(error)
    }
}

/// Logs in, sends, says QUIT and closes.
macro_rules! send {
    ($smtp:ident $($await:tt)*) => {{
        let credentials = Credentials::new("boiler3", "secret").unwrap();
        $smtp.login(&credentials)$($await)*?;
        let report = $smtp.send(&alert())$($await)*?;
        $smtp.quit()$($await)*?;
        let proof = $smtp.proof();
        assert_eq!(proof, report.proof());
        $smtp.into_inner().close()$($await)*;
        Ok(report)
    }};
}

pub fn blocking<V: Verify>(link: Link, starttls: bool, choice: V, sizes: Sizes) -> End {
    use embedded_smtp::blocking::Client;
    use tls::blocking::Stream;
    let (mut read, mut write) = (vec![0; sizes.read], vec![0; sizes.write]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let mut buffer = vec![0; sizes.session];
    let mut dice = random(1);
    let name = name();
    let open = |link| Stream::open(link, &mut records, name, choice, &mut dice);
    let run = move || {
        let mut smtp = if starttls {
            let mut smtp = Client::new(link, &mut buffer);
            smtp.open("boiler3.example.org").map_err(End::Refused)?;
            smtp.starttls(open).map_err(|error| match error {
                StartTlsError::Refused { error, .. } => End::Refused(error),
                StartTlsError::Upgrade(Failure { error, .. }) => End::NotOpened(error),
                StartTlsError::Ehlo { error, .. } => End::Failed(error),
                _ => unreachable!(),
            })?
        } else {
            let stream = open(link).map_err(|failure| End::NotOpened(failure.error))?;
            let mut smtp = Client::over_tls(stream, &mut buffer);
            smtp.open("boiler3.example.org")?;
            smtp
        };
        send!(smtp)
    };
    run().map_or_else(|end| end, End::Sent)
}

pub fn asynch<V: Verify>(link: Link, starttls: bool, choice: V, sizes: Sizes) -> End {
    use embedded_smtp::asynch::Client;
    use tls::asynch::Stream;
    let (mut read, mut write) = (vec![0; sizes.read], vec![0; sizes.write]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let mut buffer = vec![0; sizes.session];
    let mut dice = random(1);
    let name = name();
    let link = Slow::new(link);
    let open = async |link| Stream::open(link, &mut records, name, choice, &mut dice).await;
    let run = async {
        let mut smtp = if starttls {
            let mut smtp = Client::new(link, &mut buffer);
            smtp.open("boiler3.example.org")
                .await
                .map_err(End::Refused)?;
            smtp.starttls(open).await.map_err(|error| match error {
                StartTlsError::Refused { error, .. } => End::Refused(error),
                StartTlsError::Upgrade(Failure { error, .. }) => End::NotOpened(error),
                StartTlsError::Ehlo { error, .. } => End::Failed(error),
                _ => unreachable!(),
            })?
        } else {
            let stream = open(link)
                .await
                .map_err(|failure| End::NotOpened(failure.error))?;
            let mut smtp = Client::over_tls(stream, &mut buffer);
            smtp.open("boiler3.example.org").await?;
            smtp
        };
        send!(smtp.await)
    };
    finish(run).map_or_else(|end| end, End::Sent)
}

/// Both drivers.
pub fn both<V: Verify>(
    server: &embedded_smtp::mock::Server,
    starttls: bool,
    choice: impl Fn() -> V,
    sizes: Sizes,
) -> [End; 2] {
    [
        blocking(Link::to(server), starttls, choice(), sizes),
        asynch(Link::to(server), starttls, choice(), sizes),
    ]
}

#[track_caller]
fn sent(ends: [End; 2], proof: Proof) {
    for end in ends {
        match end {
            End::Sent(report) => assert_eq!(report.proof(), Some(proof)),
            end => panic!("{end:?}"),
        }
    }
}

#[test]
fn a_mail_goes_out_under_tls_from_start_or_by_starttls() {
    let anchors = [tls::anchor(&IDENTITY.root).unwrap()];
    let pins = [IDENTITY.pin()];
    for starttls in [false, true] {
        let server = match starttls {
            true => server().build(),
            false => server().implicit_tls().build(),
        };
        let run = |proof, ends| sent(ends, proof);
        let roots = || Roots::new(&anchors, NOW);
        run(Proof::Chain, both(&server, starttls, roots, USUAL));
        let pinned = || Roots::new(&anchors, NOW).and_pins(&pins);
        run(Proof::Chain, both(&server, starttls, pinned, USUAL));
        let undated = || Roots::danger_without_dates(&anchors, 0);
        run(Proof::UndatedChain, both(&server, starttls, undated, USUAL));
        run(
            Proof::Key,
            both(&server, starttls, || Pins::new(&pins), USUAL),
        );
        let danger = || DangerNoVerification;
        run(Proof::Nothing, both(&server, starttls, danger, USUAL));
        assert_eq!(server.violations(), [""; 0]);
        assert_eq!(server.deliveries().len(), 10);
        for session in server.tls() {
            let session = session.unwrap();
            assert_eq!(session.server_name.as_deref(), Some(crate::NAME));
            assert!(session.closed, "with close_notify");
        }
    }
}

/// Rule: the content is the same whatever the records' sizes, and whatever pieces the transport takes.
#[test]
fn the_least_buffers_and_single_octets_do() {
    let pins = [IDENTITY.pin()];
    let server = server().build();
    let least = Sizes {
        session: 256,
        read: tls::READ_BUFFER_MIN.into(),
        write: tls::WRITE_BUFFER_MIN.into(),
    };
    sent(both(&server, true, || Pins::new(&pins), least), Proof::Key);
    for most in [1, 2, 5, 7] {
        let link = || Link::to(&server).in_pieces(most, most);
        let blocking = blocking(link(), true, Pins::new(&pins), least);
        let asynch = asynch(link(), true, Pins::new(&pins), least);
        sent([blocking, asynch], Proof::Key);
    }
    assert_eq!(server.violations(), [""; 0]);
    let deliveries = server.deliveries();
    assert_eq!(deliveries.len(), 10);
    assert!(
        deliveries
            .iter()
            .all(|one| one.content == deliveries[0].content)
    );
}

/// Rule: however large the buffer for writing is, a record holds no more than it may (RFC 8446 §5.1).
#[test]
fn no_buffer_makes_a_record_too_large() {
    use embedded_io::Write;
    let server = server().implicit_tls().build();
    let (mut read, mut write) = (vec![0; 4_096], vec![0; 40_000]);
    let mut records = Records::new(&mut read, &mut write).unwrap();
    let link = Link::to(&server);
    let (name, mut dice) = (name(), random(1));
    let choice = DangerNoVerification;
    let opened = tls::blocking::Stream::open(link, &mut records, name, choice, &mut dice);
    let mut stream = opened.unwrap_or_else(|failure| panic!("{:?}", failure.error));
    // A line that does not end.
    stream.write_all(&[b'a'; 50_000]).unwrap();
    stream.flush().unwrap();
    let found = server.violations();
    assert!(!found.iter().any(|one| one.contains("TLS")), "{found:?}");
}
