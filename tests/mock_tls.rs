//! The mock server's TLS, with rustls at the client's end: in memory and over TCP, STARTTLS and from
//! the first octet, TLS 1.2 and 1.3, and what a script does to it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use embedded_io::ErrorKind;
use embedded_smtp::mock::{Action, Builder, Duplex, Extension, Server, Stage, TlsVersion, Writes};
use proptest::prelude::*;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const NAME: &str = "mail.example.org";

/// A server's certificate, and the key to it.
fn identity() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed([NAME.to_owned()]).unwrap()
}

fn with(identity: &CertifiedKey<KeyPair>) -> Builder {
    Server::builder()
        .offer(Extension::StartTls)
        .certificate([identity.cert.der()], &identity.signing_key.serialize_der())
}

fn client(identity: &CertifiedKey<KeyPair>) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(identity.cert.der().clone()).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::try_from(NAME).unwrap()).unwrap()
}

/// A connection in memory, as the standard library wants it.
struct Link(Duplex);

impl Read for Link {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        embedded_io::Read::read(&mut self.0, octets).map_err(error)
    }
}

impl Write for Link {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        embedded_io::Write::write(&mut self.0, octets).map_err(error)
    }

    fn flush(&mut self) -> io::Result<()> {
        embedded_io::Write::flush(&mut self.0).map_err(error)
    }
}

fn error(kind: ErrorKind) -> io::Error {
    match kind {
        ErrorKind::TimedOut => io::ErrorKind::WouldBlock.into(),
        kind => io::Error::other(format!("{kind:?}")),
    }
}

/// Sends, and reads one reply; an error in its place.
fn say(link: &mut (impl Read + Write), octets: &str) -> String {
    let result = link
        .write_all(octets.as_bytes())
        .and_then(|()| link.flush())
        .and_then(|()| reply(link));
    result.unwrap_or_else(|error| error.to_string())
}

fn reply(link: &mut impl Read) -> io::Result<String> {
    let mut text = Vec::new();
    loop {
        let mut octet = [0];
        link.read_exact(&mut octet)?;
        text.push(octet[0]);
        let line = text.split_inclusive(|octet| *octet == b'\n').next_back();
        if line.is_some_and(|line| line.ends_with(b"\n") && line.get(3) == Some(&b' ')) {
            return Ok(String::from_utf8(text).unwrap());
        }
    }
}

/// Goes as far as STARTTLS.
fn start_tls(link: &mut (impl Read + Write)) {
    assert!(reply(link).unwrap().starts_with("220 "));
    assert!(say(link, "EHLO a\r\n").contains("250-STARTTLS\r\n"));
    assert!(say(link, "STARTTLS\r\n").starts_with("220 "));
}

const MAIL: &str = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n";

/// From EHLO to QUIT.
fn send_mail(link: &mut (impl Read + Write)) {
    let ehlo = say(link, "EHLO a\r\n");
    assert!(
        ehlo.contains("PIPELINING") && !ehlo.contains("STARTTLS"),
        "{ehlo}"
    );
    assert_eq!(say(link, MAIL), "250 2.1.0 Ok\r\n");
    assert_eq!(reply(link).unwrap(), "250 2.1.5 Ok\r\n");
    assert!(reply(link).unwrap().starts_with("354 "));
    assert!(say(link, "A: b\r\n\r\nc\r\n.\r\n").starts_with("250 2.0.0 Ok: queued as "));
    assert_eq!(say(link, "QUIT\r\n"), "221 2.0.0 Bye\r\n");
    // close_notify, not just the end of the link.
    assert_eq!(link.read(&mut [0]).unwrap(), 0);
}

#[track_caller]
fn has_mail(server: &Server, version: TlsVersion) {
    assert_eq!(server.violations(), [""; 0]);
    let [mail] = &server.deliveries()[..] else {
        panic!("{}", server.transcript())
    };
    assert!(mail.tls);
    assert_eq!(mail.content, b"A: b\r\n\r\nc\r\n");
    let [Some(session)] = &server.tls()[..] else {
        panic!("{:?}", server.tls())
    };
    assert_eq!(session.version, version);
    assert_eq!(session.server_name.as_deref(), Some(NAME));
    assert!(session.cipher_suite.starts_with("TLS"), "{session:?}");
    let note = format!("-- TLS {version}\n");
    assert!(server.transcript().to_string().contains(&note));
}

const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

#[test]
fn in_memory() {
    let identity = identity();
    for version in VERSIONS {
        for (implicit, most, writes) in [
            (false, 100_000, Writes::Coalesced),
            (true, 100_000, Writes::PerReply),
            (false, 1, Writes::PerOctet),
            (true, 7, Writes::Coalesced),
        ] {
            let mut builder = with(&identity).tls_versions(&[version]).writes(writes);
            if implicit {
                builder = builder.implicit_tls();
            }
            let server = builder.build();
            let mut link = Link(server.duplex());
            link.0.set_most(most, most);
            if !implicit {
                start_tls(&mut link);
            }
            let mut link = StreamOwned::new(client(&identity), link);
            if implicit {
                assert!(reply(&mut link).unwrap().starts_with("220 "));
            }
            send_mail(&mut link);
            assert!(!server.tls()[0].as_ref().unwrap().closed);
            drop(link);
            has_mail(&server, version);
        }
    }
}

#[test]
fn over_tcp() {
    let identity = identity();
    for version in VERSIONS {
        for implicit in [false, true] {
            let mut builder = with(&identity).tls_versions(&[version]);
            if implicit {
                builder = builder.implicit_tls();
            }
            let server = builder.listen().unwrap();
            let mut link = TcpStream::connect(server.addr()).unwrap();
            if !implicit {
                start_tls(&mut link);
            }
            let mut link = StreamOwned::new(client(&identity), link);
            if implicit {
                assert!(reply(&mut link).unwrap().starts_with("220 "));
            }
            send_mail(&mut link);
            link.conn.send_close_notify();
            link.flush().unwrap();
            drop(link);
            assert!(server.wait_for_end(1, Duration::from_secs(5)));
            has_mail(&server, version);
            assert!(server.tls()[0].as_ref().unwrap().closed);
            let note = "-- TLS closed by the client\n";
            assert!(server.transcript().to_string().contains(note));
        }
    }
}

#[test]
fn both_versions_if_not_said() {
    let identity = identity();
    let server = with(&identity).implicit_tls().build();
    let mut link = StreamOwned::new(client(&identity), Link(server.duplex()));
    reply(&mut link).unwrap();
    send_mail(&mut link);
    has_mail(&server, TlsVersion::Tls13);
}

/// Whether the octets come with the command or before the 220 was read.
#[test]
fn octets_behind_starttls_are_thrown_away() {
    let identity = identity();
    for pieces in [
        &["STARTTLS\r\nEHLO injected\r\n"][..],
        &["STARTTLS\r\n", "EHLO injected\r\n"],
    ] {
        let server = with(&identity).build();
        let mut link = Link(server.duplex());
        reply(&mut link).unwrap();
        say(&mut link, "EHLO a\r\n");
        for piece in pieces {
            link.write_all(piece.as_bytes()).unwrap();
        }
        link.flush().unwrap();
        assert!(reply(&mut link).unwrap().starts_with("220 "));
        let mut link = StreamOwned::new(client(&identity), link);
        assert!(say(&mut link, "EHLO b\r\n").starts_with("250-"));
        let behind = "octets behind STARTTLS, which ends a group (RFC 2920 §3.1)";
        assert_eq!(server.violations(), [behind]);
        assert!(!server.transcript().to_string().contains("injected"));
    }
    let server = with(&identity).listen().unwrap();
    let mut link = TcpStream::connect(server.addr()).unwrap();
    reply(&mut link).unwrap();
    say(&mut link, "EHLO a\r\n");
    assert!(say(&mut link, "STARTTLS\r\nEHLO injected\r\n").starts_with("220 "));
    let mut link = StreamOwned::new(client(&identity), link);
    assert!(say(&mut link, "EHLO b\r\n").starts_with("250-"));
    assert_eq!(server.violations().len(), 1);
}

#[test]
fn pipelining_is_seen_through_tls() {
    let identity = identity();
    let server = with(&identity)
        .withhold(Extension::Pipelining)
        .implicit_tls()
        .build();
    let mut link = StreamOwned::new(client(&identity), Link(server.duplex()));
    reply(&mut link).unwrap();
    say(&mut link, "EHLO a\r\n");
    say(&mut link, MAIL);
    let found = server.violations();
    assert!(found[0].contains("PIPELINING was not offered"), "{found:?}");
    // A command before the last reply's record was handed over is pipelined too.
    let server = with(&identity)
        .withhold(Extension::Pipelining)
        .implicit_tls()
        .build();
    let mut link = Link(server.duplex());
    link.0.set_most(100_000, 5);
    let mut link = StreamOwned::new(client(&identity), link);
    reply(&mut link).unwrap();
    say(&mut link, "EHLO a\r\n");
    link.write_all(b"NOOP\r\n").unwrap();
    link.flush().unwrap();
    link.sock.read_exact(&mut [0; 5]).unwrap();
    link.write_all(b"RSET\r\n").unwrap();
    link.flush().unwrap();
    assert_eq!(server.violations().len(), 1, "{:?}", server.violations());
}

/// What opening comes to, and the server behind it.
fn opening(builder: Builder) -> (Result<String, String>, Server) {
    let identity = identity();
    let key = identity.signing_key.serialize_der();
    let server = builder
        .certificate([identity.cert.der()], &key)
        .implicit_tls()
        .build();
    let mut link = StreamOwned::new(client(&identity), Link(server.duplex()));
    (reply(&mut link).map_err(|e| e.to_string()), server)
}

#[test]
fn a_scripted_handshake() {
    let at = |action| opening(Server::builder().script(Stage::Handshake, 1, action));
    let (result, server) = at(Action::reply("220 this is no TLS\r\n"));
    assert!(result.unwrap_err().contains("corrupt"));
    assert_eq!(server.tls(), [None]);
    let (result, _) = at(Action::silence());
    assert_eq!(result, Err(error(ErrorKind::TimedOut).to_string()));
    let (result, server) = at(Action::close());
    assert_eq!(result.unwrap_err(), "unexpected end of file");
    assert_eq!(server.violations(), [""; 0]);
    // The client still writes its part, and nobody takes it.
    let (result, server) = at(Action::normal().then_close());
    assert_eq!(result.unwrap_err(), "BrokenPipe");
    assert_eq!(server.violations(), [""; 0]);
    let (result, _) = at(Action::normal().then_silence());
    assert_eq!(result, Err(error(ErrorKind::TimedOut).to_string()));
    let drip = Action::normal()
        .after(Duration::from_secs(1))
        .drip(Duration::from_millis(1));
    assert!(at(drip).0.is_ok());
    let (result, _) = at(Action::endless("\x16\x03\x03\x00\x01\x00"));
    assert!(result.is_err());
}

#[test]
fn a_reply_to_starttls_that_closes_or_says_more() {
    let identity = identity();
    let started = |action: Action| {
        let server = with(&identity).script(Stage::StartTls, 1, action).build();
        let mut link = Link(server.duplex());
        reply(&mut link).unwrap();
        say(&mut link, "EHLO a\r\n");
        (say(&mut link, "STARTTLS\r\n"), link)
    };
    let (said, mut link) = started(Action::reply("220 go\r\n250 injected\r\n"));
    assert_eq!(said, "220 go\r\n");
    assert_eq!(reply(&mut link).unwrap(), "250 injected\r\n");
    let mut link = StreamOwned::new(client(&identity), link);
    send_mail(&mut link);

    let (_, mut link) = started(Action::normal().then_close());
    assert_eq!(link.read(&mut [0; 9]).unwrap(), 0);
    let (_, link) = started(Action::normal().then_silence());
    let mut link = StreamOwned::new(client(&identity), link);
    assert_eq!(
        say(&mut link, "EHLO a\r\n"),
        error(ErrorKind::TimedOut).to_string()
    );
    // Refused, it stays plain.
    let (said, mut link) = started(Action::reply("454 4.7.0 later\r\n"));
    assert_eq!(said, "454 4.7.0 later\r\n");
    assert!(say(&mut link, "EHLO a\r\n").contains("STARTTLS"));
}

#[test]
fn unencrypted_octets() {
    let at = |action: Action| {
        opening(Server::builder().script(Stage::Greeting, 1, action.unencrypted()))
    };
    let (result, server) = at(Action::reply([23, 3, 3, 0, 20].repeat(9)));
    assert!(result.unwrap_err().contains("cannot decrypt"));
    assert!(server.tls()[0].is_some());
    // A close without close_notify.
    let (result, _) = at(Action::close());
    let error = result.unwrap_err();
    assert!(
        error.contains("without sending TLS close_notify"),
        "{error}"
    );
    let (result, _) = opening(Server::builder().script(Stage::Greeting, 1, Action::close()));
    assert_eq!(result.unwrap_err(), "failed to fill whole buffer");
    // On a plain link it changes nothing.
    let hello = Action::reply("220 hello\r\n").unencrypted();
    let server = Server::builder().script(Stage::Greeting, 1, hello).build();
    assert_eq!(reply(&mut Link(server.duplex())).unwrap(), "220 hello\r\n");
}

#[test]
fn a_client_that_does_not_trust_it() {
    let (server_side, other) = (identity(), identity());
    let server = with(&server_side).implicit_tls().build();
    let mut link = StreamOwned::new(client(&other), Link(server.duplex()));
    assert!(reply(&mut link).is_err());
    drop(link.flush());
    assert_eq!(server.violations(), [""; 0]);
    let transcript = server.transcript().to_string();
    assert!(
        transcript.contains("-- TLS failed: received fatal alert"),
        "{transcript}"
    );
    assert_eq!(server.commands(), [[""; 0]]);
}

/// The server does not hold the key of the certificate that it shows.
#[test]
fn a_foreign_certificate() {
    let (shown, held) = (identity(), identity());
    for version in VERSIONS {
        let server = Server::builder()
            .tls_versions(&[version])
            .certificate([shown.cert.der()], &held.signing_key.serialize_der())
            .implicit_tls()
            .build();
        let mut link = StreamOwned::new(client(&shown), Link(server.duplex()));
        let result = reply(&mut link).unwrap_err().to_string();
        assert!(result.contains("BadSignature"), "{result}");
    }
}

#[test]
fn clients_that_speak_no_tls() {
    let identity = identity();
    let server = with(&identity).implicit_tls().build();
    let mut link = Link(server.duplex());
    say(&mut link, "EHLO a\r\n");
    let found = server.violations();
    assert!(
        found[0].starts_with("TLS: received corrupt message"),
        "{found:?}"
    );
    assert!(server.commands()[0].is_empty());
    assert!(link.write_all(b"QUIT\r\n").is_err());

    // Broken later on.
    let server = with(&identity).implicit_tls().build();
    let mut link = StreamOwned::new(client(&identity), Link(server.duplex()));
    reply(&mut link).unwrap();
    link.sock.write_all(&[23, 3, 3, 0, 20].repeat(6)).unwrap();
    link.sock.flush().unwrap();
    assert!(reply(&mut link).is_err());
    assert_eq!(server.violations().len(), 1, "{:?}", server.violations());
}

proptest! {
    /// No octets bring the server down, before the handshake, in it or behind it.
    #[test]
    fn any_octets(
        octets in proptest::collection::vec(any::<u8>(), 0..400),
        kind in prop_oneof![Just(None), (20_u8..25).prop_map(Some)],
        opened in any::<bool>(),
        piece in 1_usize..100,
    ) {
        let identity = identity();
        let server = with(&identity).implicit_tls().build();
        let mut tls = StreamOwned::new(client(&identity), Link(server.duplex()));
        if opened {
            reply(&mut tls).unwrap();
        }
        let mut sent = octets;
        if let Some(kind) = kind {
            let length = u16::try_from(sent.len()).unwrap().to_be_bytes();
            sent.splice(0..0, [kind, 3, 3, length[0], length[1]]);
        }
        let mut link = tls.sock;
        for piece in sent.chunks(piece) {
            drop(link.write_all(piece));
        }
        while let Ok(1..) = link.read(&mut [0; 300]) {}
        drop(link);
        prop_assert!(server.wait_for_end(1, Duration::ZERO));
        prop_assert!(server.deliveries().is_empty());
    }
}

/// Without a certificate nothing is encrypted.
#[test]
fn without_a_certificate_a_link_only_counts_as_tls() {
    let server = Server::builder()
        .implicit_tls()
        .tls_versions(&VERSIONS)
        .build();
    let mut link = Link(server.duplex());
    assert!(reply(&mut link).unwrap().starts_with("220 "));
    assert_eq!(server.tls(), [None]);
    send_mail(&mut link);
    assert!(server.deliveries()[0].tls);
}
