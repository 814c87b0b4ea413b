//! The mock server from arbitrary octets of a client.
//!
//! The first octet of the input chooses the server's settings (`0` to `9` are all there are), the
//! second how the octets are cut (`0` to `9`: none, or after 1, 2, 4 … octets), the rest is what the
//! client says. At each cut the client reads what there is to read.
//!
//! Checked: it ends, and does not panic. What it says without a script are replies that the reader
//! of this package takes. A mail that it keeps has a recipient, and there are no more of them than
//! contents were ended. What it remembers can be shown, and holds no control character. If the
//! client only writes, the cuts make no difference.

use embedded_io::{Read, Write};
use embedded_smtp::mock::{Action, Builder, Extension, PlaintextAuth, Server, Stage, Writes};

use crate::replies::Reader;

/// The settings, each a server of its own.
const SETTINGS: [fn(Builder) -> Builder; 10] = [
    |server| server,
    |server| server.plain(),
    |server| {
        server
            .account("u", "p")
            .plaintext_auth(PlaintextAuth::Allowed)
            .require_auth()
    },
    |server| {
        server
            .account("u", "p")
            .plaintext_auth(PlaintextAuth::Bait)
            .offer(Extension::StartTls)
    },
    |server| {
        server
            .account("u", "p")
            .offer(Extension::StartTls)
            .require_tls()
            .writes(Writes::PerReply)
    },
    |server| {
        server
            .refuse_recipient("x@example.org", "550 5.1.1 no such user")
            .refuse_sender("a@example.org", "451 4.3.0 later")
            .max_recipients(2)
            .limits("RCPTMAX=2 MAILMAX=2")
            .writes(Writes::PerOctet)
    },
    |server| {
        server
            .size(Some(300))
            .max_message_size(200)
            .withhold(Extension::Pipelining)
            .withhold(Extension::Chunking)
            .ehlo_line("REQUIRETLS")
    },
    |server| server.helo_only(502).withhold(Extension::SmtpUtf8),
    |server| {
        server
            .script(Stage::Rcpt, 2, Action::reply("252 perhaps\r\n"))
            .script(Stage::Data, 1, Action::reply("354 at once\r\n"))
            .script(Stage::Content, 1, Action::reply("550 no\r\n"))
            .script_every(Stage::Noop, Action::reply("2"))
    },
    |server| {
        server
            .greeting("220-two\r\n220 lines")
            .script(Stage::Mail, 2, Action::normal().then_silence())
            .script(Stage::Bdat, 1, Action::normal().then_close())
            .script(Stage::Rset, 1, Action::endless("250-more\r\n"))
            .script(Stage::Quit, 1, Action::close())
    },
];

/// Settings with a script, which may say anything.
const SCRIPTED: usize = 8;

/// Octets read at each cut of a server that may never end.
const READ_MAX: usize = 4_096;

/// The fuzz target.
pub fn mock(input: &[u8]) {
    let [settings, cut, octets @ ..] = input else {
        return;
    };
    let settings = usize::from(settings.wrapping_sub(b'0')) % SETTINGS.len();
    let piece = match cut.wrapping_sub(b'0') % 10 {
        0 => usize::MAX,
        power => 1 << (power - 1),
    };
    let server = SETTINGS[settings](Server::builder()).build();
    let is_scripted = settings >= SCRIPTED;
    let said = converse(
        &server,
        octets,
        piece,
        if is_scripted { READ_MAX } else { usize::MAX },
    );
    check_record(&server, octets);
    if !is_scripted {
        check_replies(&said);
    }
    let once = SETTINGS[settings](Server::builder()).build();
    say(&once, octets, usize::MAX);
    let in_pieces = SETTINGS[settings](Server::builder()).build();
    say(&in_pieces, octets, piece);
    assert_eq!(once.deliveries(), in_pieces.deliveries());
    assert_eq!(once.commands(), in_pieces.commands());
    assert_eq!(once.violations(), in_pieces.violations());
}

/// Writes piece by piece, and reads so many octets behind each; what was read.
fn converse(server: &Server, octets: &[u8], piece: usize, most: usize) -> Vec<u8> {
    let mut link = server.duplex();
    let mut said = Vec::new();
    let mut buf = [0; 512];
    for piece in octets.chunks(piece) {
        if link.write_all(piece).is_err() || link.flush().is_err() {
            break;
        }
        let before = said.len();
        while let Ok(n) = link.read(&mut buf) {
            said.extend(&buf[..n]);
            if n == 0 || said.len() - before > most {
                break;
            }
        }
    }
    said
}

/// Writes piece by piece, and reads nothing.
fn say(server: &Server, octets: &[u8], piece: usize) {
    let mut link = server.duplex();
    for piece in octets.chunks(piece) {
        if link.write_all(piece).is_err() {
            return;
        }
    }
}

fn check_replies(said: &[u8]) {
    let mut reader = Reader::default();
    for &octet in said {
        if let Some(reply) = reader.take(octet) {
            let reply = reply.expect("what is said is no reply");
            assert!(reply.lines.iter().all(|line| !line.contains(&b'\n')));
        }
    }
    assert!(reader.is_between_replies(), "half a reply is said");
    assert!(!said.windows(2).any(|w| w[1] == b'\n' && w[0] != b'\r'));
}

fn check_record(server: &Server, octets: &[u8]) {
    let deliveries = server.deliveries();
    let ends = octets
        .windows(3)
        .filter(|w| *w == b".\r\n" || *w == b".\n")
        .count();
    let lasts = octets
        .windows(4)
        .filter(|w| w.eq_ignore_ascii_case(b"LAST"))
        .count();
    assert!(deliveries.len() <= ends + lasts);
    for delivery in &deliveries {
        assert!(!delivery.recipients.is_empty());
        assert!(delivery.content.len() <= octets.len());
    }
    for transcript in [
        server.transcript(),
        server.transcript().with_content().with_credentials(),
    ] {
        let shown = transcript.to_string();
        assert!(!shown.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
    }
    assert_eq!(server.connections(), 1);
    assert!(server.commands()[0].len() <= octets.len());
}
