//! The mock server: a conversation over each transport, every scripted action, every violation, and
//! no trust in its input.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use embedded_io::ErrorKind;
use embedded_smtp::mock::{
    Action, Builder, Duplex, Extension, Mechanism, PlaintextAuth, ScramOddity, Server, Stage, Via,
    Writes,
};
use proptest::prelude::*;

/// A client of few words.
struct Client {
    link: Duplex,
}

impl Client {
    /// Has read the greeting.
    fn new(server: &Server) -> Self {
        let mut client = Self {
            link: server.duplex(),
        };
        client.read();
        client
    }

    /// Has said EHLO.
    fn greeted(server: &Server) -> Self {
        let mut client = Self::new(server);
        client.say("EHLO client.example\r\n");
        client
    }

    /// Sends, and reads all there is.
    fn say(&mut self, octets: impl AsRef<[u8]>) -> String {
        self.write(octets);
        self.read()
    }

    fn write(&mut self, octets: impl AsRef<[u8]>) {
        embedded_io::Write::write_all(&mut self.link, octets.as_ref()).unwrap();
        embedded_io::Write::flush(&mut self.link).unwrap();
    }

    fn read(&mut self) -> String {
        let mut all = Vec::new();
        let mut buffer = [0; 300];
        while let Ok(count @ 1..) = embedded_io::Read::read(&mut self.link, &mut buffer) {
            all.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8(all).unwrap()
    }
}

const MAIL: &str = "MAIL FROM:<a@example.org>\r\n";
const RCPT: &str = "RCPT TO:<b@example.org>\r\n";

fn bare() -> Builder {
    Server::builder().plain()
}

fn read(link: &mut Duplex) -> Result<usize, ErrorKind> {
    embedded_io::Read::read(link, &mut [0; 64])
}

/// A connection to a server whose greeting is this action.
fn greeting(action: Action) -> Duplex {
    Server::builder()
        .script(Stage::Greeting, 1, action)
        .build()
        .duplex()
}

// ---- conversations ----

#[test]
fn a_mail_in_memory() {
    let server = Server::builder().build();
    let mut client = Client::new(&server);
    let ehlo = client.say("EHLO client.example\r\n");
    assert_eq!(
        ehlo,
        "250-mock.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ENHANCEDSTATUSCODES\r\n\
         250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n"
    );
    let flight = client.say(
        "MAIL FROM:<a@example.org> SIZE=15 RET=HDRS\r\nRCPT TO:<b@example.org> NOTIFY=NEVER\r\n\
         RCPT TO:<c@example.org>\r\nDATA\r\n",
    );
    assert_eq!(
        flight,
        "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
    );
    let last = client.say("A: b\r\n\r\n..x\r\n..\r\n.\r\n");
    assert_eq!(last, "250 2.0.0 Ok: queued as 04F200001\r\n");
    assert_eq!(client.say("QUIT\r\n"), "221 2.0.0 Bye\r\n");
    assert_eq!(read(&mut client.link), Ok(0));
    assert_eq!(
        embedded_io::Write::write(&mut client.link, b"x"),
        Err(ErrorKind::BrokenPipe)
    );

    let [mail] = &server.deliveries()[..] else {
        panic!()
    };
    assert_eq!(mail.helo, "client.example");
    assert_eq!(mail.reverse_path, "a@example.org");
    assert_eq!(mail.mail_parameters, ["SIZE=15", "RET=HDRS"]);
    assert_eq!(mail.recipients[0].address, "b@example.org");
    assert_eq!(mail.recipients[0].parameters, ["NOTIFY=NEVER"]);
    assert_eq!(mail.recipients.len(), 2);
    assert_eq!(mail.content, b"A: b\r\n\r\n.x\r\n.\r\n");
    assert_eq!(
        (mail.via, mail.authenticated_as.as_deref(), mail.tls),
        (Via::Data, None, false)
    );
    assert_eq!(server.violations(), ["octets behind QUIT"]);
    assert_eq!(client.link.traffic().round_trips, 4);
    assert_eq!(
        (client.link.traffic().writes, client.link.traffic().flushes),
        (4, 4)
    );
    assert_eq!(server.traffic(), [client.link.traffic()]);
}

#[test]
fn a_mail_over_tcp() {
    let server = Server::builder().listen().unwrap();
    let stream = TcpStream::connect(server.addr()).unwrap();
    let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "220 mock.example ESMTP mock");
    (&stream).write_all(b"EHLO [127.0.0.1]\r\n").unwrap();
    while lines.next().unwrap().as_bytes()[3] == b'-' {}
    let flight = [MAIL, RCPT, "BDAT 5\r\nA: b\r", "BDAT 1 LAST\r\n\n"].concat();
    (&stream).write_all(flight.as_bytes()).unwrap();
    assert_eq!(lines.next().unwrap(), "250 2.1.0 Ok");
    assert_eq!(lines.next().unwrap(), "250 2.1.5 Ok");
    assert_eq!(lines.next().unwrap(), "250 2.0.0 Ok: 5 octets received");
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("250 2.0.0 Ok: queued as ")
    );
    assert!(server.wait_for_deliveries(1, Duration::from_secs(5)));
    assert!(!server.wait_for_deliveries(2, Duration::from_millis(10)));
    (&stream).write_all(b"QUIT\r\nNOOP\r\n").unwrap();
    assert_eq!(lines.next().unwrap(), "221 2.0.0 Bye");
    assert!(lines.next().is_none());
    drop(lines);
    drop(stream);
    assert!(server.wait_for_end(1, Duration::from_secs(5)));
    assert_eq!(server.deliveries()[0].content, b"A: b\r\n");
    assert_eq!(server.deliveries()[0].via, Via::Bdat);
    assert_eq!(server.violations(), ["octets behind QUIT"]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_dropped_listener_ends_at_once() {
    let listener = Server::builder()
        .script(
            Stage::Greeting,
            1,
            Action::normal().after(Duration::from_secs(3600)),
        )
        .script(Stage::Greeting, 2, Action::endless("220-x\r\n"))
        .listen()
        .unwrap();
    let server = listener.server().clone();
    let clients = [(); 3].map(|()| TcpStream::connect(listener.addr()).unwrap());
    while server.connections() < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    drop(listener);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(server.wait_for_end(3, Duration::ZERO));
    drop(clients);
}

#[test]
fn a_helo_only_server_in_lock_step() {
    let server = bare().helo_only(502).build();
    let mut client = Client::new(&server);
    assert_eq!(
        client.say("EHLO x\r\n"),
        "502 Error: command not implemented\r\n"
    );
    assert_eq!(client.say("helo x\r\n"), "250 mock.example\r\n");
    assert_eq!(client.say("mail from:<>\r\n"), "250 Ok\r\n");
    assert_eq!(client.say("rcpt to:<Postmaster>\r\n"), "250 Ok\r\n");
    assert!(client.say("data\r\n").starts_with("354 "));
    assert!(client.say(".\r\n").starts_with("250 Ok: queued"));
    assert_eq!(server.deliveries()[0].reverse_path, "");
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn starttls_forgets_what_was_said_before() {
    let server = Server::builder()
        .offer(Extension::StartTls)
        .account("u", "p")
        .require_tls()
        .require_auth()
        .build();
    let mut client = Client::new(&server);
    let ehlo = client.say("EHLO a\r\n");
    assert!(ehlo.contains("STARTTLS") && !ehlo.contains("AUTH"));
    assert!(client.say(MAIL).starts_with("530 5.7.0 Must issue"));
    assert!(client.say("STARTTLS\r\n").starts_with("220 2.0.0 "));
    assert!(client.say(MAIL).starts_with("503 5.5.1 "));
    let ehlo = client.say("EHLO a\r\n");
    assert!(!ehlo.contains("STARTTLS") && ehlo.contains("250-AUTH PLAIN LOGIN\r\n"));
    assert!(client.say(MAIL).starts_with("530 5.7.0 Auth"));
    assert!(
        client
            .say("AUTH PLAIN AHUAcA==\r\n")
            .starts_with("235 2.7.0 ")
    );
    client.say([MAIL, RCPT, "DATA\r\n"].concat());
    client.say(".\r\n");
    assert!(client.say("STARTTLS\r\n").starts_with("503 5.5.1 "));
    let mail = &server.deliveries()[0];
    assert_eq!(
        (mail.authenticated_as.as_deref(), mail.tls),
        (Some("u"), true)
    );
    let already = "STARTTLS: the link is TLS already";
    assert_eq!(
        server.violations(),
        ["MAIL: no EHLO or HELO before it", already]
    );
}

#[test]
fn logins() {
    let server = Server::builder()
        .account("user", "secret")
        .implicit_tls()
        .build();
    let login = |lines: &[&str]| {
        let mut client = Client::greeted(&server);
        lines
            .iter()
            .map(|line| client.say(format!("{line}\r\n")))
            .collect::<String>()
    };
    let good = "AHVzZXIAc2VjcmV0";
    assert!(login(&[&format!("AUTH PLAIN {good}")]).starts_with("235 "));
    assert!(login(&["auth plain", good]).starts_with("334 \r\n235 2.7.0 "));
    assert!(login(&["AUTH PLAIN AHVzZXIAd3Jvbmc="]).starts_with("535 5.7.8 "));
    assert!(login(&["AUTH PLAIN", "*"]).starts_with("334 \r\n501 5.7.0 "));
    assert_eq!(
        login(&["AUTH LOGIN", "dXNlcg==", "c2VjcmV0"]),
        "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 2.7.0 Authentication successful\r\n"
    );
    assert_eq!(server.violations(), [""; 0]);
    for malformed in [
        "AHVzZXIAc2VjcmV0=",
        "AHVzZXIAc2VjcmV",
        "AB==",
        "A B",
        "=",
        "AA==",
    ] {
        let reply = login(&[&format!("AUTH PLAIN {malformed}")]);
        assert!(reply.starts_with("501 5.5.2 "), "{malformed}: {reply}");
        let violation = server.violations().pop().unwrap();
        assert!(violation.starts_with("AUTH: malformed response: "));
    }
    let masked = server.transcript().to_string();
    assert!(masked.contains("C: AUTH PLAIN ****\n") && masked.contains("C: ****\n"));
    assert!(masked.contains("C: *\n"));
    assert!(!masked.contains(good) && !masked.contains("c2VjcmV0"));
    assert!(
        server
            .transcript()
            .with_credentials()
            .to_string()
            .contains(good)
    );
}

#[test]
fn refusals() {
    let server = Server::builder()
        .refuse_sender("evil@example.org", "550 5.7.1 no")
        .refuse_recipients(|address| {
            address
                .ends_with(".invalid")
                .then(|| "550 5.1.2 no such domain".into())
        })
        .max_recipients(2)
        .size(Some(100))
        .build();
    let mut client = Client::greeted(&server);
    assert_eq!(
        client.say("MAIL FROM:<evil@example.org>\r\n"),
        "550 5.7.1 no\r\n"
    );
    assert!(
        client
            .say("MAIL FROM:<a@b> SIZE=101\r\n")
            .starts_with("552 5.3.4 ")
    );
    assert!(client.say(MAIL).starts_with("250 "));
    assert_eq!(
        client.say("RCPT TO:<x@y.invalid>\r\n"),
        "550 5.1.2 no such domain\r\n"
    );
    assert_eq!(
        client.say("BDAT 4 LAST\r\nNOOP"),
        "503 5.5.1 Error: no valid recipients\r\n"
    );
    client.say("RSET\r\n");
    let flight = [MAIL, "RCPT TO:<x@y.invalid>\r\nDATA\r\n"].concat();
    assert!(
        client
            .say(flight)
            .ends_with("554 5.5.1 Error: no valid recipients\r\n")
    );
    let replies = client.say([RCPT, RCPT, RCPT, "DATA\r\n"].concat());
    assert!(replies.contains("452 4.5.3 ") && replies.contains("354 "));
    let large = "x".repeat(99);
    assert!(
        client
            .say(format!("{large}\r\n.\r\n"))
            .starts_with("552 5.3.4 ")
    );
    assert!(server.deliveries().is_empty());
    // BDAT was sent although the refusal had been read; the rest rode in flights.
    assert_eq!(server.violations(), ["BDAT: every recipient was refused"]);
}

#[test]
fn a_refused_chunk_is_cleared_by_rset_only() {
    let server = Server::builder()
        .script(Stage::Bdat, 1, Action::reply("451 no\r\n"))
        .build();
    let mut client = Client::greeted(&server);
    client.say([MAIL, RCPT].concat());
    assert_eq!(client.say("BDAT 2\r\nab"), "451 no\r\n");
    assert!(client.say("BDAT 2 LAST\r\nab").starts_with("503 5.5.1 "));
    assert!(client.say(MAIL).starts_with("503 5.5.1 "));
    assert!(client.say("RSET\r\n").starts_with("250 "));
    client.say([MAIL, RCPT].concat());
    assert!(client.say("BDAT 2\r\na\r").starts_with("250 "));
    assert!(client.say("BDAT 1\r\n\n").starts_with("250 "));
    assert!(
        client
            .say("BDAT 0 LAST\r\n")
            .starts_with("250 2.0.0 Ok: queued")
    );
    assert_eq!(server.deliveries()[0].content, b"a\r\n");
    let refused = "BDAT: an earlier chunk was refused";
    assert_eq!(
        server.violations(),
        [refused, "MAIL: within a mail transaction"]
    );
}

#[test]
fn chunks_in_all_their_forms() {
    let server = Server::builder().build();
    let mut client = Client::greeted(&server);
    let content = |at: usize| server.deliveries()[at].content.clone();
    let ok = |octets| format!("250 2.0.0 Ok: {octets} octets received\r\n");
    let envelope = "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n";
    let queued = |number| format!("250 2.0.0 Ok: queued as 04F20000{number}\r\n");

    // Behind RCPT in one flight, in one chunk; octets that look like commands and dots are octets.
    let flight = [MAIL, RCPT, "BDAT 12 LAST\r\n.\r\nRSET\r\n\n\r\n"].concat();
    assert_eq!(client.say(flight), format!("{envelope}{}", queued(1)));
    assert_eq!(content(0), b".\r\nRSET\r\n\n\r\n");
    assert_eq!(server.violations(), ["bare LF in the content"]);

    // In several, all in the flight, then each on its own; the last one empty, or not.
    let chunks = "BDAT 3\r\na\r\nBDAT 0\r\nbdat 2 last\r\n\r\n";
    let replies = format!("{envelope}{}{}{}", ok(3), ok(0), queued(2));
    assert_eq!(client.say([MAIL, RCPT, chunks].concat()), replies);
    assert_eq!(client.say([MAIL, RCPT].concat()), envelope);
    assert_eq!(client.say("BDAT 3\r\na\r\n"), ok(3));
    assert_eq!(client.say("BDAT 00000002\r\n\r\n"), ok(2));
    assert_eq!(client.say("BDAT 0 LAST\r\n"), queued(3));
    assert_eq!(
        (content(1), content(2)),
        (b"a\r\n\r\n".into(), b"a\r\n\r\n".into())
    );

    // A content of no octets at all, and the next mail behind it in the flight.
    let empty = [MAIL, RCPT, "BDAT 0 LAST\r\n", MAIL].concat();
    assert_eq!(
        client.say(empty),
        format!("{envelope}{}250 2.1.0 Ok\r\n", queued(4))
    );
    assert!(content(3).is_empty());

    // RSET drops what has come, and DATA may follow in another transaction.
    client.say([RCPT, "BDAT 4\r\nold\n"].concat());
    assert!(client.say("RSET\r\n").starts_with("250 "));
    client.say([MAIL, RCPT, "DATA\r\n"].concat());
    assert_eq!(client.say("BDAT 1\r\n.\r\n"), queued(5));
    assert_eq!(content(4), b"BDAT 1\r\n");
    let vias: Vec<Via> = server.deliveries().iter().map(|one| one.via).collect();
    assert_eq!(
        vias,
        [Via::Bdat, Via::Bdat, Via::Bdat, Via::Bdat, Via::Data]
    );
    assert_eq!(server.violations().len(), 1);
}

#[test]
fn chunks_without_a_recipient_are_swallowed() {
    let server = Server::builder()
        .refuse_sender("no@example.org", "550 no")
        .refuse_recipient("no@example.org", "550 no")
        .build();
    let no_rcpt = "RCPT TO:<no@example.org>\r\n";
    let chunks = "BDAT 6\r\nNOOP\r\nBDAT 6 LAST\r\nNOOP\r\nRSET\r\n";
    let refused = "503 5.5.1 Error: no valid recipients\r\n503 5.5.1 Error: send RSET first\r\n";
    let end = "250 2.0.0 Ok\r\n";
    // In the flight of the refusal nobody could know of it.
    let (violations, replies) = found(&server, &[[MAIL, no_rcpt, chunks].concat().as_bytes()]);
    assert_eq!(violations, [""; 0]);
    assert_eq!(replies, format!("250 2.1.0 Ok\r\n550 no\r\n{refused}{end}"));
    let mail = "MAIL FROM:<no@example.org>\r\n";
    let (violations, replies) = found(&server, &[[mail, RCPT, chunks].concat().as_bytes()]);
    let need = "503 5.5.1 Error: need MAIL command\r\n".repeat(3);
    assert_eq!(violations, [""; 0]);
    assert_eq!(replies, format!("550 no\r\n{need}{end}"));
    // After it had been read, it is a fault of the client's.
    let pieces = [
        MAIL.as_bytes(),
        no_rcpt.as_bytes(),
        b"BDAT 6 LAST\r\nNOOP\r\n",
    ];
    let (violations, replies) = found(&server, &pieces);
    assert_eq!(violations, ["BDAT: every recipient was refused"]);
    assert_eq!(replies, "503 5.5.1 Error: no valid recipients\r\n");
    // One recipient of several is enough.
    let one = [MAIL, no_rcpt, RCPT, "BDAT 2 LAST\r\n\r\n"].concat();
    let (violations, replies) = found(&server, &[one.as_bytes()]);
    assert!(violations.is_empty() && replies.contains("250 2.0.0 Ok: queued as "));
    assert!(
        server
            .transcript()
            .to_string()
            .contains("C: <6 octets of content>\n")
    );
}

#[test]
fn nothing_but_rset_follows_a_refused_chunk() {
    let refusing = |builder: Builder, chunk: &str, next: &str| {
        let server = builder.build();
        let mut client = Client::greeted(&server);
        client.say([MAIL, RCPT].concat());
        let refusal = client.say(chunk);
        assert!(!refusal.starts_with('2'), "{refusal}");
        let reply = client.say(next);
        let violations = server.violations();
        assert!(client.say("RSET\r\n").starts_with("250 "));
        client.say([MAIL, RCPT].concat());
        assert!(client.say("BDAT 0 LAST\r\n").starts_with("250 "));
        (violations, reply)
    };
    let scripted = || Server::builder().script(Stage::Bdat, 1, Action::reply("451 no\r\n"));
    for (next, violation) in [
        ("BDAT 6\r\nQUIT\r\n", "BDAT: an earlier chunk was refused"),
        ("BDAT 0 LAST\r\n", "BDAT: an earlier chunk was refused"),
        ("DATA\r\n", "DATA: in a transaction that is for BDAT"),
        (MAIL, "MAIL: within a mail transaction"),
        (RCPT, "RCPT: behind BDAT"),
    ] {
        let (violations, reply) = refusing(scripted(), "BDAT 2\r\na\n", next);
        assert_eq!(violations, [violation]);
        assert!(reply.starts_with("503 5.5.1 "), "{next}: {reply}");
    }
    // A chunk is refused as soon as the content is too large, and so is the last.
    let small = || Server::builder().size(Some(3));
    let (violations, reply) = refusing(small(), "BDAT 4\r\nabcd", "NOOP\r\n");
    assert!(violations.is_empty() && reply.starts_with("250 "));
    let server = small().build();
    let chunks = [MAIL, RCPT, "BDAT 3\r\nabcBDAT 1\r\ndBDAT 0 LAST\r\n"].concat();
    let (violations, replies) = found(&server, &[chunks.as_bytes()]);
    let big = "552 5.3.4 Error: message file too big\r\n";
    assert!(replies.ends_with(&format!("{big}503 5.5.1 Error: send RSET first\r\n")));
    let chunks = [MAIL, RCPT, "BDAT 3\r\nabcBDAT 1 LAST\r\nd"].concat();
    assert!(found(&server, &[chunks.as_bytes()]).1.ends_with(big));
    assert!(violations.is_empty() && server.deliveries().is_empty());
}

#[test]
fn data_and_bdat_are_not_mixed() {
    let server = Server::builder()
        .script(Stage::Data, 2, Action::reply("451 no\r\n"))
        .build();
    let data = "DATA: in a transaction that is for BDAT";
    let chunk = "BDAT 6\r\nQUIT\r\n";
    let steps = [MAIL, RCPT, chunk, "DATA\r\n", chunk, "RSET\r\n"].map(str::as_bytes);
    let (violations, _) = found(&server, &steps);
    // RFC 3030 §2: RSET must follow, and nothing else.
    assert_eq!(
        violations,
        [data, "BDAT: in a transaction that is for DATA"]
    );
    let steps = [MAIL, RCPT, "DATA\r\n", chunk].map(str::as_bytes);
    let (violations, last) = found(&server, &steps);
    assert_eq!(violations, ["BDAT: in a transaction that is for DATA"]);
    assert_eq!(last, "503 5.5.1 Error: send RSET first\r\n");
    // "There is no prohibition on using DATA and BDAT in the same session".
    let one = [MAIL, RCPT, "DATA\r\n"].concat();
    let other = [".\r\n", MAIL, RCPT, "BDAT 0 LAST\r\n"].concat();
    let (violations, last) = found(&server, &[one.as_bytes(), other.as_bytes()]);
    assert!(violations.is_empty() && last.contains("250 2.0.0 Ok: queued as 04F200002"));
    // Nor is there a chunk behind the last one.
    let behind = [MAIL, RCPT, "BDAT 0 LAST\r\nBDAT 2 LAST\r\n\r\n"].concat();
    let (violations, last) = found(&server, &[behind.as_bytes()]);
    assert_eq!(violations, ["BDAT: no MAIL before it"]);
    assert!(last.ends_with("503 5.5.1 Error: need MAIL command\r\n"));
}

#[test]
fn transcripts_show_the_content_when_asked() {
    let server = Server::builder().build();
    let mut client = Client::greeted(&server);
    client.say([MAIL, RCPT, "DATA\r\n"].concat());
    client.say("A: b\r\n\r\n..\x1b[\r\n.\r\n");
    let brief = server.transcript().to_string();
    assert!(
        brief.contains("<CR><LF>.<CR><LF>\nC: <13 octets of content>\nS: 250 "),
        "{brief}"
    );
    let full = server.transcript().with_content().lines();
    let at = full.iter().position(|line| line == "C: A: b").unwrap();
    assert_eq!(full[at + 1..at + 4], ["C: ", "C: ..\\u{1b}[", "C: ."]);
    assert_eq!(
        server.commands()[0][1..],
        [MAIL.trim_end(), RCPT.trim_end(), "DATA"]
    );
    drop(client);
    assert!(
        server
            .transcript()
            .to_string()
            .ends_with("-- closed by the client\n")
    );
}

// ---- scripts ----

#[test]
fn every_stage_can_be_scripted() {
    const DIALOGUE: [&str; 16] = [
        "HELO a\r\n",
        "EHLO a\r\n",
        "STARTTLS\r\n",
        "EHLO a\r\n",
        "AUTH PLAIN\r\n",
        "AHUAcA==\r\n",
        MAIL,
        RCPT,
        "DATA\r\n",
        ".\r\n",
        MAIL,
        RCPT,
        "BDAT 2 LAST\r\n\r\n",
        "NOOP\r\n",
        "RSET\r\n",
        "QUIT\r\n",
    ];
    let odd = |stage, reply: &str| {
        let server = Server::builder()
            .account("u", "p")
            .plaintext_auth(PlaintextAuth::Allowed)
            .offer(Extension::StartTls)
            .script(stage, 1, Action::reply(reply))
            .build();
        let mut client = Client {
            link: server.duplex(),
        };
        let mut all = client.read();
        for line in DIALOGUE {
            all += &client.say(line);
        }
        assert_eq!(all.matches(reply).count(), 1, "{stage:?}: {all}");
    };
    for stage in [
        Stage::Greeting,
        Stage::Helo,
        Stage::Ehlo,
        Stage::StartTls,
        Stage::Auth,
        Stage::AuthResponse,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Data,
        Stage::Content,
        Stage::Bdat,
        Stage::Rset,
        Stage::Noop,
        Stage::Quit,
    ] {
        odd(stage, "459 odd\r\n");
        odd(stage, "no reply at all");
    }
}

#[test]
fn the_server_believes_its_script() {
    let server = Server::builder()
        .refuse_recipient("no@example.org", "550 no")
        .script(
            Stage::Ehlo,
            1,
            Action::reply("250-x\r\n250-AUTH PLAIN\r\n250 dsn\r\n"),
        )
        .script(Stage::Rcpt, 1, Action::reply("251 forwarded\r\n"))
        .script(Stage::Data, 2, Action::reply("354 go\r\n"))
        .build();
    let mut client = Client::greeted(&server);
    assert!(
        client
            .say("MAIL FROM:<a@b> RET=FULL\r\n")
            .starts_with("250 ")
    );
    assert!(
        client
            .say("RCPT TO:<no@example.org>\r\n")
            .starts_with("251 ")
    );
    assert!(client.say("DATA\r\n").starts_with("354 "));
    assert!(client.say(".\r\n").starts_with("250 "));
    assert_eq!(
        server.deliveries()[0].recipients[0].address,
        "no@example.org"
    );
    // A 354 without a recipient opens the content all the same.
    client.say(MAIL);
    client.say("RCPT TO:<no@example.org>\r\n");
    assert_eq!(client.say("DATA\r\n"), "354 go\r\n");
    assert!(client.say(".\r\n").starts_with("554 5.5.1 "));
    assert_eq!(server.violations(), ["DATA: every recipient was refused"]);
}

#[test]
fn close_silence_and_half_replies() {
    assert_eq!(read(&mut greeting(Action::close())), Ok(0));
    let mut half = greeting(Action::reply("22").then_close());
    assert_eq!((read(&mut half), read(&mut half)), (Ok(2), Ok(0)));
    let mut silent = greeting(Action::silence());
    assert_eq!(read(&mut silent), Err(ErrorKind::TimedOut));
    assert_eq!(embedded_io::Write::write(&mut silent, b"EHLO a\r\n"), Ok(8));
    assert_eq!(read(&mut silent), Err(ErrorKind::TimedOut));
    let mut then_silent = greeting(Action::normal().then_silence());
    assert!(read(&mut then_silent).is_ok());
    assert_eq!(
        embedded_io::Write::write(&mut then_silent, b"EHLO a\r\n"),
        Ok(8)
    );
    assert_eq!(read(&mut then_silent), Err(ErrorKind::TimedOut));
}

#[test]
fn delays_and_drips_pass_on_the_clock_of_the_link() {
    let second = Duration::from_secs(1);
    let mut slow = greeting(Action::normal().after(10 * second));
    slow.set_timeout(Some(4 * second));
    assert_eq!(
        (read(&mut slow), slow.elapsed()),
        (Err(ErrorKind::TimedOut), 4 * second)
    );
    assert_eq!(
        (read(&mut slow), slow.elapsed()),
        (Err(ErrorKind::TimedOut), 8 * second)
    );
    assert_eq!((read(&mut slow), slow.elapsed()), (Ok(29), 10 * second));
    assert_eq!(
        (read(&mut slow), slow.elapsed()),
        (Err(ErrorKind::TimedOut), 14 * second)
    );

    let mut dripping = greeting(Action::reply("220 x\r\n").drip(second));
    for octet in 0..7 {
        assert_eq!(
            (read(&mut dripping), dripping.elapsed()),
            (Ok(1), octet * second)
        );
    }

    let mut endless = greeting(Action::endless("220-x\r\n"));
    assert_eq!((read(&mut endless), read(&mut endless)), (Ok(64), Ok(64)));
    let mut endless = greeting(Action::endless("220-x\r\n").drip(second));
    for octet in 0..20 {
        assert_eq!(
            (read(&mut endless), endless.elapsed()),
            (Ok(1), octet * second)
        );
    }
}

#[test]
fn delays_and_drips_over_tcp() {
    let server = Server::builder()
        .script(
            Stage::Greeting,
            1,
            Action::reply("220 x\r\n").drip(Duration::from_millis(10)),
        )
        .script(
            Stage::Noop,
            1,
            Action::normal()
                .after(Duration::from_millis(60))
                .then_close(),
        )
        .listen()
        .unwrap();
    let start = Instant::now();
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    let mut greeting = [0; 7];
    stream.read_exact(&mut greeting).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(60));
    stream.write_all(b"NOOP\r\n").unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "250 2.0.0 Ok\r\n");
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[test]
fn replies_are_cut_as_asked() {
    let reads = |writes| {
        let server = Server::builder().writes(writes).build();
        let mut client = Client::greeted(&server);
        client.write([MAIL, RCPT, "DATA\r\n"].concat());
        let before = client.link.traffic();
        let text = client.read();
        let after = client.link.traffic();
        assert_eq!(after.round_trips - before.round_trips, 1);
        (after.reads - before.reads, text.len())
    };
    assert_eq!(reads(Writes::Coalesced).0, 1);
    assert_eq!(reads(Writes::PerReply).0, 3);
    let (count, length) = reads(Writes::PerOctet);
    assert_eq!(count, length);
}

#[test]
fn short_writes_and_reads() {
    let server = Server::builder().build();
    let mut link = server.duplex();
    link.set_most(3, 2);
    assert_eq!(read(&mut link), Ok(2));
    assert_eq!(embedded_io::Write::write(&mut link, b"EHLO a\r\n"), Ok(3));
    // Without a flush, and with the greeting unread.
    assert_eq!(read(&mut link), Ok(2));
    assert_eq!(
        server.violations(),
        [
            "the client spoke before the greeting",
            "read before what was written was flushed"
        ]
    );
}

// ---- violations ----

/// What the server finds in these octets, said after EHLO piece by piece, and its last reply.
fn found(server: &Server, pieces: &[&[u8]]) -> (Vec<String>, String) {
    let before = server.violations().len();
    let mut client = Client::greeted(server);
    let mut last = String::new();
    for piece in pieces {
        last = client.say(piece);
    }
    (server.violations().split_off(before), last)
}

#[test]
fn violations_of_lines_and_order() {
    let long = format!("NOOP {}\r\n", "x".repeat(506));
    let huge = format!("NOOP {}\r\n", "x".repeat(70_000));
    let bdat = [MAIL, RCPT, "BDAT 0\r\n"].concat();
    let server = Server::builder().build();
    #[rustfmt::skip]
    let cases: &[(&[&str], &str, &str)] = &[
        (&["NOOP\n"], "bare LF in a command", "500 "),
        (&["NO\rOP\r\n"], "bare CR in a command", "500 "),
        (&["NOOP \0\r\n"], "control octet in a command", "500 "),
        (&["NOOP \u{fc}\r\n"], "8-bit octet in a command without SMTPUTF8", "500 "),
        (&[&long], "NOOP: command line of 513 octets, the limit is 512", "500 "),
        (&[&huge], "command line longer than any limit", "500 "),
        (&["QUIT \r\n"], "QUIT: blank at the end of the line", "501 "),
        (&["RSET now\r\n"], "RSET: an argument where none is allowed", "501 "),
        (&["FETCH 1\r\n"], "unknown command \"FETCH\"", "500 "),
        (&["EHLO a b\r\n"], "EHLO: neither a domain nor an address literal", "501 "),
        (&["HELO\r\n"], "HELO: neither a domain nor an address literal", "501 "),
        (&[RCPT], "RCPT: no MAIL before it", "503 "),
        (&["DATA\r\n"], "DATA: no MAIL before it", "503 "),
        (&["BDAT 1\r\nx"], "BDAT: no MAIL before it", "503 "),
        (&["BDAT x\r\n"], "BDAT: malformed", "501 "),
        (&["BDAT\r\n"], "BDAT: malformed", "501 "),
        (&["BDAT LAST\r\n"], "BDAT: malformed", "501 "),
        (&["BDAT +1\r\n"], "BDAT: malformed", "501 "),
        (&["BDAT 1 FIRST\r\n"], "BDAT: malformed", "501 "),
        (&["BDAT 1  LAST\r\n"], "BDAT: malformed", "501 "),
        (&["BDAT 99999999999999999999\r\n"], "BDAT: malformed", "501 "),
        (&[MAIL, "DATA\r\n"], "DATA: no RCPT before it", "503 "),
        (&[MAIL, "BDAT 0\r\n"], "BDAT: no RCPT before it", "503 "),
        (&[MAIL, MAIL], "MAIL: within a mail transaction", "503 "),
        (&[&bdat, "DATA\r\n"], "DATA: in a transaction that is for BDAT", "503 "),
        (&[&bdat, RCPT], "RCPT: behind BDAT", "503 "),
        (&["MAIL FROM:<a>\r\n"], "MAIL: the address has no domain", "501 "),
        (&["MAIL FROM: <a@b>\r\n"], "MAIL: the path does not begin with <", "501 "),
        (&["MAIL FROM:a@b\r\n"], "MAIL: the path does not begin with <", "501 "),
        (&["MAIL FROM:<a@b\r\n"], "MAIL: the path does not end with >", "501 "),
        (&["MAIL FROM:<a b@c>\r\n"], "MAIL: the address has no domain", "501 "),
        (&["MAIL FROM:<a..b@c>\r\n"], "MAIL: an empty atom in the local part", "501 "),
        (&["MAIL FROM:<a@b-.c>\r\n"], "MAIL: malformed domain", "501 "),
        (&["MAIL FROM:<a@b>SIZE=1\r\n"], "MAIL: octets behind the path", "501 "),
        (&["MAIL FROM:<a@b>  SIZE=1\r\n"], "MAIL: malformed parameter", "501 "),
        (&["MAIL FROM:<a@b> SIZE=1 SIZE=1\r\n"], "MAIL: a parameter stands twice", "501 "),
        (&["MAIL FROM:<a@b> SIZE=x\r\n"], "MAIL: malformed parameter SIZE=x", "501 "),
        (&["MAIL FROM:<a@b> RET=SOME\r\n"], "MAIL: malformed parameter RET=SOME", "501 "),
        (&["MAIL FROM:<a@b> ENVID=+\r\n"], "MAIL: malformed parameter ENVID=+", "501 "),
        (&["MAIL FROM:<a@b> AUTH=<>\r\n"], "MAIL: parameter AUTH was not offered", "555 "),
        (&["MAIL FROM:<a@b> DSN\r\n"], "MAIL: parameter DSN was not offered", "555 "),
        (&["MAIL FROM:<\u{fc}@b>\r\n"], "MAIL: 8-bit address without SMTPUTF8", "553 "),
        (&[MAIL, "RCPT TO:<\u{fc}@b>\r\n"], "RCPT: 8-bit address without SMTPUTF8", "553 "),
        (&[MAIL, "RCPT TO:<>\r\n"], "RCPT: an empty forward-path", "501 "),
        (&[MAIL, "RCPT TO:<b@c> NOTIFY=NEVER,DELAY\r\n"],
            "RCPT: malformed parameter NOTIFY=NEVER,DELAY", "501 "),
        (&[MAIL, "RCPT TO:<b@c> X=1\r\n"], "RCPT: parameter X was not offered", "555 "),
        (&["STARTTLS\r\n"], "STARTTLS: not offered", "502 "),
        (&["AUTH PLAIN AA==\r\n"], "AUTH: not offered", "503 "),
    ];
    for (pieces, violation, reply) in cases {
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        let (violations, last) = found(&server, &pieces);
        assert!(
            violations.iter().any(|one| one == violation),
            "{violation}: {violations:?}"
        );
        assert!(last.starts_with(reply), "{violation}: {last}");
    }
}

#[test]
fn violations_of_what_was_not_offered() {
    let server = bare().build();
    for (line, violation) in [
        (
            "MAIL FROM:<a@b> SIZE=1\r\n",
            "MAIL: parameter SIZE was not offered",
        ),
        (
            "MAIL FROM:<a@b> BODY=8BITMIME\r\n",
            "MAIL: parameter BODY was not offered",
        ),
        (
            "MAIL FROM:<a@b> SMTPUTF8\r\n",
            "MAIL: parameter SMTPUTF8 was not offered",
        ),
        (
            "MAIL FROM:<a@b> RET=FULL\r\n",
            "MAIL: parameter RET was not offered",
        ),
        (
            "MAIL FROM:<a@b> REQUIRETLS\r\n",
            "MAIL: parameter REQUIRETLS was not offered",
        ),
        (
            "MAIL FROM:<\u{fc}@b>\r\n",
            "8-bit octet in a command without SMTPUTF8",
        ),
        (
            "RSET\r\nRSET\r\n",
            "pipelined behind RSET, but PIPELINING was not offered",
        ),
    ] {
        assert_eq!(found(&server, &[line.as_bytes()]).0, [violation]);
    }
    // The octets of a chunk are never taken for commands.
    let pieces: [&[u8]; 3] = [MAIL.as_bytes(), RCPT.as_bytes(), b"BDAT 6\r\nQUIT\r\n"];
    let (violations, last) = found(&server, &pieces);
    assert_eq!(violations, ["BDAT: CHUNKING was not offered"]);
    assert_eq!(last, "502 Error: command not implemented\r\n");
}

#[test]
fn parameters_of_dsn() {
    let server = Server::builder().build();
    let hundred = "e".repeat(100);
    let escaped = "+20".repeat(100);
    let mail = |value: &str| format!("MAIL FROM:<a@b> {value}\r\n");
    let rcpt = |value: &str| format!("RCPT TO:<a@b> {value}\r\n");
    let taken = |command: String| {
        let pieces: [&[u8]; 2] = [MAIL.as_bytes(), command.as_bytes()];
        let is_mail = command.starts_with("MAIL");
        let (violations, reply) = found(&server, &pieces[usize::from(is_mail)..]);
        assert_eq!(
            violations.is_empty(),
            reply.starts_with("250 "),
            "{command}"
        );
        if let [violation] = &violations[..] {
            let verb = &command[..4];
            let malformed = format!("{verb}: malformed parameter ");
            assert!(violation.starts_with(&malformed), "{violation}");
            assert_eq!(reply, "501 5.5.4 Bad parameter syntax\r\n");
        }
        violations.is_empty()
    };
    for (value, valid) in [
        ("RET=FULL", true),
        ("ret=hdrs", true),
        ("RET", false),
        ("RET=FULL,HDRS", false),
        ("RET=NONE", false),
        ("ENVID=QQ314159", true),
        ("ENVID=a+2Bb+3Dc+20+09~", true),
        ("ENVID", false),
        ("ENVID=a+", false),
        ("ENVID=a+2", false),
        ("ENVID=a+2b", false),
        ("ENVID=a+G0", false),
        ("ENVID=a++2", false),
        // Not printable: LF, DEL, 8-bit.
        ("ENVID=a+0A", false),
        ("ENVID=a+7F", false),
        ("ENVID=a+FC", false),
        ("ENVID=\u{fc}", false),
        (&format!("ENVID={hundred}"), true),
        (&format!("ENVID={escaped} RET=HDRS"), true),
        (&format!("ENVID={hundred}e"), false),
        (&format!("ENVID={escaped}+20"), false),
    ] {
        assert_eq!(taken(mail(value)), valid, "{value}");
    }
    let long = format!("rfc822;{}@{}", "a".repeat(64), "b.".repeat(100));
    for (value, valid) in [
        ("NOTIFY=NEVER", true),
        ("NOTIFY=SUCCESS", true),
        ("notify=delay,Failure,SUCCESS", true),
        ("NOTIFY", false),
        ("NOTIFY=ALWAYS", false),
        ("NOTIFY=NEVER,NEVER", false),
        ("NOTIFY=SUCCESS,NEVER", false),
        ("NOTIFY=SUCCESS,", false),
        ("NOTIFY=,SUCCESS", false),
        ("NOTIFY=SUCCESS;DELAY", false),
        ("ORCPT=rfc822;a@b", true),
        ("ORCPT=RFC822;a+2Bx+3Dy@b", true),
        ("ORCPT=rfc822;+22a+20b+22@c NOTIFY=DELAY", true),
        ("ORCPT=utf-8;a\\x{FC}@b", true),
        ("ORCPT=x400;/C+3Dde", true),
        ("ORCPT", false),
        ("ORCPT=a@b", false),
        ("ORCPT=;a@b", false),
        ("ORCPT=rfc822;", false),
        ("ORCPT=rfc822;a", false),
        ("ORCPT=rfc822;a+b@c", false),
        ("ORCPT=rfc822;<a@b>", false),
        ("ORCPT=rfc822;a@b+0D+0A", false),
        ("ORCPT=rfc822;a@b;c", false),
        (&format!("ORCPT={long}b"), true),
        (&format!("ORCPT=x400;{}", "a".repeat(495)), true),
        (&format!("ORCPT=x400;{}", "a".repeat(496)), false),
    ] {
        assert_eq!(taken(rcpt(value)), valid, "{value}");
    }
    // UTF-8 in ORCPT belongs to SMTPUTF8.
    let utf8 = "RCPT TO:<a@b> ORCPT=utf-8;\u{fc}@b\r\n";
    let pieces = [MAIL.as_bytes(), utf8.as_bytes()];
    let (violations, reply) = found(&server, &pieces);
    assert_eq!(violations, ["RCPT: 8-bit parameter without SMTPUTF8"]);
    assert!(reply.starts_with("501 "));
    let pieces = [b"MAIL FROM:<a@b> SMTPUTF8\r\n", utf8.as_bytes()];
    assert!(found(&server, &pieces).0.is_empty());
    // Without DSN none of them is known.
    let without = Server::builder().withhold(Extension::Dsn).build();
    for (command, parameter) in [
        (mail("RET=FULL"), "MAIL: parameter RET"),
        (mail("ENVID=x"), "MAIL: parameter ENVID"),
        (rcpt("NOTIFY=NEVER"), "RCPT: parameter NOTIFY"),
        (rcpt("ORCPT=rfc822;a@b"), "RCPT: parameter ORCPT"),
    ] {
        let pieces: [&[u8]; 2] = [MAIL.as_bytes(), command.as_bytes()];
        let is_mail = command.starts_with("MAIL");
        let (violations, reply) = found(&without, &pieces[usize::from(is_mail)..]);
        assert_eq!(violations, [format!("{parameter} was not offered")]);
        assert!(reply.starts_with("555 "));
    }
}

#[test]
fn requiretls_needs_tls() {
    let mail: &[u8] = b"MAIL FROM:<a@b> REQUIRETLS\r\n";
    let offers = |client: &mut Client| client.say("EHLO a\r\n").contains("REQUIRETLS");
    let server = Server::builder()
        .offer(Extension::StartTls)
        .offer(Extension::RequireTls)
        .build();
    let mut client = Client::new(&server);
    assert!(!offers(&mut client));
    assert_eq!(client.say(mail), "555 5.5.4 Unsupported option\r\n");
    let not_offered = "MAIL: parameter REQUIRETLS was not offered";
    assert_eq!(server.violations(), [not_offered]);
    client.say("STARTTLS\r\n");
    assert!(offers(&mut client));
    client.say([mail, RCPT.as_bytes(), b"DATA\r\n"].concat());
    client.say(".\r\n");
    assert_eq!(server.deliveries()[0].mail_parameters, ["REQUIRETLS"]);
    let malformed = "MAIL FROM:<a@b> REQUIRETLS=1\r\n";
    assert!(client.say(malformed).starts_with("501 "));
    let value = "MAIL: malformed parameter REQUIRETLS=1";
    assert_eq!(server.violations(), [not_offered, value]);

    let implicit = bare().offer(Extension::RequireTls).implicit_tls().build();
    assert!(offers(&mut Client::new(&implicit)));
    assert!(found(&implicit, &[mail]).0.is_empty());
    // RFC 8689 §2: the parameter may make the line so much longer.
    let long = |octets| format!("MAIL FROM:<{}@b> REQUIRETLS\r\n", "a".repeat(octets));
    let limit = "MAIL: command line of 524 octets, the limit is 523";
    let (violations, _) = found(&implicit, &[long(497).as_bytes()]);
    assert_eq!(violations, [limit]);
    let (violations, _) = found(&implicit, &[long(496).as_bytes()]);
    assert_eq!(
        violations,
        ["MAIL: the local part is longer than 64 octets"]
    );

    let bait = Server::builder().ehlo_line("REQUIRETLS").build();
    let (violations, last) = found(&bait, &[mail]);
    assert_eq!(violations, ["MAIL: REQUIRETLS without TLS"]);
    assert!(last.starts_with("555 "));
}

#[test]
fn violations_of_groups() {
    let server = Server::builder()
        .account("u", "p")
        .plaintext_auth(PlaintextAuth::Allowed)
        .offer(Extension::StartTls)
        .build();
    for line in [
        "EHLO a",
        "HELO a",
        "NOOP",
        "VRFY x",
        "EXPN x",
        "DATA",
        "STARTTLS",
        "AUTH PLAIN AHUAcA==",
    ] {
        let verb = line.split(' ').next().unwrap();
        let wanted = format!("octets behind {verb}, which ends a group (RFC 2920 §3.1)");
        let (violations, _) = found(&server, &[format!("{line}\r\nRSET\r\n").as_bytes()]);
        assert!(violations.contains(&wanted), "{violations:?}");
    }
    assert_eq!(
        found(&server, &[b"QUIT\r\nRSET\r\n"]).0,
        ["octets behind QUIT"]
    );
    let early = [MAIL, RCPT, "DATA\r\n.\r\n"].concat();
    let wanted = "content before the 354 reply (RFC 2920 §3.1)";
    assert_eq!(found(&server, &[early.as_bytes()]).0, [wanted]);
    // The next mail may ride behind a content, but no response behind AUTH.
    let flight = [MAIL, RCPT, "DATA\r\n"].concat();
    let behind = [".\r\n", MAIL, RCPT, "DATA\r\n"].concat();
    assert!(
        found(&server, &[flight.as_bytes(), behind.as_bytes()])
            .0
            .is_empty()
    );
    assert_eq!(found(&server, &[b"AUTH PLAIN\r\nAHUAcA==\r\n"]).0.len(), 1);

    // What rode behind STARTTLS is no part of the session behind it.
    let mut client = Client::greeted(&server);
    assert!(
        client
            .say("STARTTLS\r\nEHLO evil\r\nMAIL FROM:<e@x>\r\n")
            .starts_with("220 ")
    );
    assert!(
        !server
            .commands()
            .last()
            .unwrap()
            .iter()
            .any(|line| line.contains("evil"))
    );
    assert!(client.say("EHLO good\r\n").starts_with("250-"));
}

#[test]
fn violations_of_content() {
    let server = Server::builder().build();
    let long = format!("{}\r\n", "x".repeat(999));
    let envelope = [MAIL, RCPT].concat();
    let flight = [&envelope, "DATA\r\n"].concat();
    for (content, violation) in [
        (&b"a\rb\r\n"[..], "bare CR in the content"),
        (b"a\nb\r\n", "bare LF in the content"),
        (b"a\0b\r\n", "NUL in the content"),
        (long.as_bytes(), "content line longer than 1000 octets"),
        (b"\xc3\xbc\r\n", "8-bit header without SMTPUTF8"),
        (b"\r\n\xc3\xbc\r\n", "8-bit content without BODY=8BITMIME"),
        (
            b".a\r\n",
            "content line with a leading dot that was not doubled",
        ),
    ] {
        let data = [content, b".\r\n"].concat();
        let (violations, last) = found(&server, &[flight.as_bytes(), &data]);
        assert_eq!(violations, [violation]);
        assert!(last.starts_with("250 "));
        let chunk = [
            format!("BDAT {} LAST\r\n", content.len()).as_bytes(),
            content,
        ]
        .concat();
        let (violations, _) = found(&server, &[envelope.as_bytes(), &chunk]);
        assert_eq!(violations.is_empty(), content == b".a\r\n");
    }
    let allowed = "MAIL FROM:<a@b> SMTPUTF8 BODY=8BITMIME SIZE=8\r\nRCPT TO:<\u{fc}@b>\r\nDATA\r\n";
    let content = "\u{fc}\r\n\r\n..\r\n.\r\n";
    let (violations, _) = found(&server, &[allowed.as_bytes(), content.as_bytes()]);
    assert_eq!(violations, ["SIZE=8, but 9 octets came"]);
    // No dot but the last ends this content.
    let smuggled = b"\n.\r\n\r\n.\nMAIL FROM:<e@x>\r\n\r.\r\n\r\n.\r\n";
    found(&server, &[flight.as_bytes(), smuggled]);
    assert_eq!(server.commands().last().unwrap().len(), 4);
}

#[test]
fn violations_of_auth() {
    let good: &[u8] = b"AUTH PLAIN AHUAcA==\r\n";
    let bait = Server::builder()
        .account("u", "p")
        .plaintext_auth(PlaintextAuth::Bait)
        .build();
    let (violations, last) = found(&bait, &[good]);
    assert_eq!(violations, ["AUTH: credentials without TLS"]);
    assert!(last.starts_with("235 "));
    let withheld = Server::builder()
        .account("u", "p")
        .offer(Extension::StartTls)
        .build();
    let (violations, last) = found(&withheld, &[good]);
    assert_eq!(
        violations,
        ["AUTH: not offered, and credentials without TLS"]
    );
    assert!(last.starts_with("538 "));

    let server = Server::builder()
        .account("u", "p")
        .mechanisms(&[Mechanism::Plain])
        .implicit_tls()
        .build();
    let long = format!("AUTH PLAIN {}\r\n", "A".repeat(500));
    let response = format!("{}\r\n", "A".repeat(12_288));
    let cases: [(&[&[u8]], &str); 5] = [
        (&[good, good], "AUTH: already authenticated"),
        (&[MAIL.as_bytes(), good], "AUTH: within a mail transaction"),
        (
            &[b"AUTH LOGIN\r\n"],
            "AUTH: mechanism \"LOGIN\" is not offered",
        ),
        (
            &[long.as_bytes()],
            "AUTH: command line of 513 octets, the limit is 512",
        ),
        (
            &[b"AUTH PLAIN\r\n", response.as_bytes()],
            "AUTH: response line of 12290 octets, the limit is 12288",
        ),
    ];
    for (pieces, violation) in cases {
        assert_eq!(found(&server, pieces).0, [violation]);
    }
}

// ---- mechanisms ----

const ALL_MECHANISMS: [Mechanism; 6] = [
    Mechanism::Plain,
    Mechanism::Login,
    Mechanism::CramMd5,
    Mechanism::ScramSha256,
    Mechanism::XOAuth2,
    Mechanism::OAuthBearer,
];

/// A server that knows `user` with the password `pencil` and the token `t0ken`.
fn mechanics() -> Builder {
    Server::builder()
        .account("user", "pencil")
        .token_account("user", "t0ken")
        .mechanisms(&ALL_MECHANISMS)
        .implicit_tls()
}

fn base64(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}

/// Says an AUTH command, a message behind it if there is one, then answers to challenges. The
/// messages are encoded here, 0x01 written `|`; `*` stands for itself.
///
/// Gives the violations and what was said to the last line.
fn login(server: &Server, command: &str, messages: &[&str]) -> (Vec<String>, String) {
    let before = server.violations().len();
    let mut client = Client::greeted(server);
    let encoded: Vec<String> = messages
        .iter()
        .map(|message| match *message {
            "*" => "*".into(),
            other => base64(&other.replace('|', "\u{1}")),
        })
        .collect();
    let (first, answers) = match command.strip_suffix(" ") {
        Some(_) => (format!("{command}{}\r\n", encoded[0]), &encoded[1..]),
        None => (format!("{command}\r\n"), &encoded[..]),
    };
    let mut reply = client.say(first);
    for answer in answers {
        assert!(reply.starts_with("334 "), "{reply}");
        reply = client.say(format!("{answer}\r\n"));
    }
    let violations = server.violations().split_off(before);
    (violations, reply)
}

/// A server-first and the client-final that answers it, with the user and the password above, the
/// client's nonce `fyko` and the first nonce of a server. Computed with Python's hashlib.
const SERVER_FIRST: &str = "r=fyko%mock=1~,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const CLIENT_FIRST: &str = "n,,n=user,r=fyko";
const CLIENT_FINAL: &str = "c=biws,r=fyko%mock=1~,p=KQew33euEqM7M9udrOFQJNdci4txHeMLgpyoNHzxKcI=";

#[test]
fn every_mechanism_lets_in() {
    let bearer = "n,a=user,|host=mock.example|port=465|auth=Bearer t0ken||";
    let cram = "user 4021ddae894e7f7e73f46a7e7da91fdf";
    for (command, messages) in [
        ("AUTH PLAIN ", &["\0user\0pencil"][..]),
        ("AUTH PLAIN ", &["user\0user\0pencil"]),
        ("AUTH LOGIN", &["user", "pencil"]),
        ("AUTH CRAM-MD5", &[cram]),
        ("AUTH SCRAM-SHA-256 ", &[CLIENT_FIRST, CLIENT_FINAL, ""]),
        ("auth scram-sha-256", &[CLIENT_FIRST, CLIENT_FINAL, ""]),
        ("AUTH XOAUTH2 ", &["user=user|auth=Bearer t0ken||"]),
        ("AUTH XOAUTH2", &["user=user|auth=Bearer t0ken||"]),
        ("AUTH OAUTHBEARER ", &[bearer]),
        ("AUTH OAUTHBEARER", &[bearer]),
    ] {
        let server = mechanics().build();
        let (violations, last) = login(&server, command, messages);
        assert_eq!(last, "235 2.7.0 Authentication successful\r\n", "{command}");
        assert_eq!(violations, [""; 0], "{command}");
    }
}

#[test]
fn the_mechanisms_follow_the_accounts() {
    let offered = |builder: Builder| {
        let mut client = Client::new(&builder.implicit_tls().build());
        let ehlo = client.say("EHLO a\r\n");
        let auth = ehlo.lines().find_map(|line| line.strip_prefix("250-AUTH "));
        auth.map(String::from)
    };
    assert_eq!(offered(Server::builder()), None);
    assert_eq!(offered(Server::builder().mechanisms(&ALL_MECHANISMS)), None);
    let passwords = Server::builder().account("u", "p");
    assert_eq!(offered(passwords).unwrap(), "PLAIN LOGIN");
    let tokens = Server::builder().token_account("u", "t");
    assert_eq!(offered(tokens).unwrap(), "XOAUTH2 OAUTHBEARER");
    let both = Server::builder().account("u", "p").token_account("u", "t");
    assert_eq!(offered(both).unwrap(), "PLAIN LOGIN XOAUTH2 OAUTHBEARER");
    let all = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER";
    assert_eq!(offered(mechanics()).unwrap(), all);
}

#[test]
fn wrong_credentials() {
    let server = mechanics().build();
    let digest = "0123456789abcdef0123456789abcdef";
    let cram = format!("user {digest}");
    for (command, messages) in [
        ("AUTH PLAIN ", &["\0user\0t0ken"][..]),
        ("AUTH PLAIN ", &["other\0user\0pencil"]),
        ("AUTH LOGIN", &["user", "t0ken"]),
        ("AUTH CRAM-MD5", &[&cram]),
        ("AUTH XOAUTH2 ", &["user=user|auth=Bearer pencil||", ""]),
        ("AUTH XOAUTH2 ", &["user=other|auth=Bearer t0ken||", ""]),
        ("AUTH OAUTHBEARER ", &["n,,|auth=Bearer t1ken||", "|"]),
        (
            "AUTH OAUTHBEARER ",
            &["n,a=us=2Cer,|auth=Bearer t0ken||", "|"],
        ),
    ] {
        let (violations, last) = login(&server, command, messages);
        assert!(last.starts_with("535 5.7.8 "), "{command}: {last}");
        assert_eq!(violations, [""; 0], "{command}");
    }
    let fresh = mechanics().build();
    let wrong = CLIENT_FINAL.replace("p=K", "p=L");
    let (violations, last) = login(&fresh, "AUTH SCRAM-SHA-256 ", &[CLIENT_FIRST, &wrong]);
    assert!(violations.is_empty() && last.starts_with("535 "), "{last}");
}

#[test]
fn oauth_errors_are_answered_with_a_dummy() {
    let server = mechanics().build();
    let (xoauth2, bearer) = ("user=user|auth=Bearer no||", "n,a=user,|auth=Bearer no||");
    let error = base64(r#"{"status":"401","schemes":"bearer","scope":"mail"}"#);
    for (command, claim, dummy, other) in [
        ("AUTH XOAUTH2 ", xoauth2, "", "|"),
        ("AUTH OAUTHBEARER ", bearer, "|", ""),
    ] {
        let (violations, last) = login(&server, command, &[claim]);
        assert_eq!((violations.len(), last), (0, format!("334 {error}\r\n")));
        let (violations, last) = login(&server, command, &[claim, dummy]);
        assert!(violations.is_empty() && last.starts_with("535 5.7.8 "));
        // RFC 4954 §4 and RFC 7628 §3.2.3 let it be cancelled too.
        let (violations, last) = login(&server, command, &[claim, "*"]);
        assert!(violations.is_empty() && last.starts_with("501 5.7.0 "));
        let (violations, last) = login(&server, command, &[claim, other]);
        let fault = "AUTH: malformed response: not the dummy that answers an OAuth error";
        assert_eq!(violations, [fault]);
        assert!(last.starts_with("501 5.5.2 "));
    }
}

#[test]
fn violations_of_mechanisms() {
    let begins = "AUTH: an initial response where the server begins";
    let malformed = "AUTH: malformed response: ";
    for (command, messages, violation) in [
        ("AUTH LOGIN ", &["user"][..], begins),
        ("AUTH CRAM-MD5 ", &["user 0"], begins),
        ("AUTH PLAIN ", &["user\0pencil"], malformed),
        ("AUTH PLAIN ", &["\0\0pencil"], malformed),
        (
            "AUTH CRAM-MD5",
            &["user 4021DDAE894E7F7E73F46A7E7DA91FDF"],
            malformed,
        ),
        (
            "AUTH XOAUTH2 ",
            &["user=user|auth=Bearer t0ken|"],
            malformed,
        ),
        (
            "AUTH OAUTHBEARER ",
            &["n,a=us,er,|auth=Bearer t0ken||"],
            malformed,
        ),
        ("AUTH OAUTHBEARER ", &["|"], malformed),
        ("AUTH SCRAM-SHA-256 ", &["n,,n=us=er,r=fyko"], malformed),
        ("AUTH SCRAM-SHA-256 ", &["n,,n=user,r="], malformed),
        ("AUTH SCRAM-SHA-256 ", &["n,,n=user,r=fy,ko"], malformed),
        ("AUTH SCRAM-SHA-256 ", &["n,,n=user,r=fy ko"], malformed),
        ("AUTH SCRAM-SHA-256", &[""], malformed),
        (
            "AUTH SCRAM-SHA-256 ",
            &["y,,n=user,r=fyko", CLIENT_FINAL],
            malformed,
        ),
        (
            "AUTH SCRAM-SHA-256 ",
            &[CLIENT_FIRST, CLIENT_FINAL, "x"],
            malformed,
        ),
        (
            "AUTH SCRAM-SHA-256 ",
            &[CLIENT_FIRST, "c=biws,r=fyko,p=AA=="],
            malformed,
        ),
    ] {
        let server = mechanics().build();
        let (violations, last) = login(&server, command, messages);
        assert_eq!(violations.len(), 1, "{command}{messages:?}: {violations:?}");
        assert!(violations[0].starts_with(violation), "{violations:?}");
        assert!(last.starts_with("501 5."), "{command}{messages:?}: {last}");
    }
    // Base64 that is not canonical, in the command, in a response, and in an empty initial one.
    let server = mechanics().build();
    for pieces in [
        &[&b"AUTH XOAUTH2 dXNlcj1=\r\n"[..]][..],
        &[b"AUTH CRAM-MD5\r\n", b"dXNlcg\r\n"],
        &[b"AUTH SCRAM-SHA-256\r\n", b"=\r\n"],
    ] {
        let (violations, last) = found(&server, pieces);
        assert_eq!(violations, ["AUTH: malformed response: not base64"]);
        assert!(last.starts_with("501 5.5.2 "));
    }
    let (violations, last) = found(&server, &[b"AUTH OAUTHBEARER =\r\n"]);
    assert_eq!(violations, ["AUTH: malformed response: no GS2 header"]);
    assert!(last.starts_with("501 "));
}

#[test]
fn tokens_of_any_length() {
    // A command of 511 octets with CRLF, and one group of base64 more.
    let token = |length: usize| format!("{}=", "t".repeat(length - 1));
    for (length, fits) in [(351, true), (352, false)] {
        let token = token(length);
        let server = mechanics().token_account("user", &token).build();
        let claim = format!("n,,|auth=Bearer {token}||");
        let (violations, last) = login(&server, "AUTH OAUTHBEARER ", &[&claim]);
        let limit = ["AUTH: command line of 515 octets, the limit is 512"];
        assert_eq!(violations, limit[usize::from(fits)..]);
        assert!(last.starts_with(if fits { "235 " } else { "500 " }));
        let (violations, last) = login(&server, "AUTH OAUTHBEARER", &[&claim]);
        assert!(violations.is_empty() && last.starts_with("235 "));
    }
    let token = token(4096);
    let server = mechanics().token_account("user", &token).build();
    let claim = format!("user=user|auth=Bearer {token}||");
    let (violations, last) = login(&server, "AUTH XOAUTH2", &[&claim]);
    assert!(violations.is_empty() && last.starts_with("235 "));
}

#[test]
fn scram_says_what_it_is_told_to() {
    let server_first = |builder: Builder, first: &str| {
        let (_, reply) = login(&builder.build(), "AUTH SCRAM-SHA-256 ", &[first]);
        reply
    };
    let challenge = |text: &str| format!("334 {}\r\n", base64(text));
    assert_eq!(
        server_first(mechanics(), CLIENT_FIRST),
        challenge(SERVER_FIRST)
    );
    let odd = mechanics().scram_iterations(0).scram_salt(b"salt");
    let expected = challenge("r=fyko%mock=1~,s=c2FsdA==,i=0");
    assert_eq!(server_first(odd, CLIENT_FIRST), expected);
    // The nonce of a server's second exchange is another one.
    let server = mechanics().build();
    login(&server, "AUTH CRAM-MD5", &["*"]);
    let (_, reply) = login(&server, "AUTH SCRAM-SHA-256 ", &[CLIENT_FIRST]);
    assert_eq!(reply, challenge(&SERVER_FIRST.replace("=1~", "=2~")));

    let last = "c=biws,r=fyko%mock=1~,p=fnhDDXEibDW6dXvAy1ii1MOPplxfNFnDPSgOScmnX14=";
    let server = mechanics()
        .scram_iterations(5000)
        .scram_salt(b"salt")
        .build();
    let (violations, reply) = login(&server, "AUTH SCRAM-SHA-256 ", &[CLIENT_FIRST, last, ""]);
    assert!(violations.is_empty() && reply.starts_with("235 "));
}

#[test]
fn scram_oddities() {
    let run = |oddity, messages: &[&str]| {
        let server = mechanics().scram_oddity(oddity).build();
        login(&server, "AUTH SCRAM-SHA-256 ", messages)
    };
    let none: [&str; 0] = [];
    let wrong = ["AUTH: a wrong signature of the server's was taken"];
    for (oddity, signature) in [
        (
            ScramOddity::WrongSignature,
            "f9ohXFxlRjwJSv3HMMOUqKa8TAZtH+mfEcUHJfRviXo=",
        ),
        (
            ScramOddity::ShortSignature,
            "f9ohXFxlRjwJSv3HMMOUqKa8TAZtH+mfEcUHJfRviQ==",
        ),
    ] {
        let (violations, reply) = run(oddity, &[CLIENT_FIRST, CLIENT_FINAL]);
        let expected = format!("334 {}\r\n", base64(&format!("v={signature}")));
        assert_eq!((violations.len(), reply), (0, expected));
        let (violations, reply) = run(oddity, &[CLIENT_FIRST, CLIENT_FINAL, "*"]);
        assert!(violations.is_empty() && reply.starts_with("501 5.7.0 "));
        let (violations, reply) = run(oddity, &[CLIENT_FIRST, CLIENT_FINAL, ""]);
        assert_eq!(violations, wrong);
        assert!(reply.starts_with("235 "));
    }
    let (violations, reply) = run(ScramOddity::NoSignature, &[CLIENT_FIRST, CLIENT_FINAL]);
    assert_eq!(violations, none);
    assert!(reply.starts_with("235 "));

    let last = "c=biws,r=%mock=1~fyko,p=X1FercW1eHwfWRgEdnnLykV6TW4rNGOY/CUrE3AouO8=";
    let (violations, reply) = run(ScramOddity::ForeignNonce, &[CLIENT_FIRST, last, ""]);
    let taken = ["AUTH: a nonce that does not begin with the client's was taken"];
    assert_eq!(violations, taken);
    assert!(reply.starts_with("235 "));

    let last = "c=biws,r=fyko%mock=1~,p=UdohKg4scxgLoleCBiO2b3f6iciGJBY37So768bH8kk=";
    let (violations, reply) = run(ScramOddity::Extensions, &[CLIENT_FIRST, last]);
    let signature = "v=rmx88vhVDm8Hv0248cOK7fdt3drvkapluYh5Azk58NU=,x=mock,y=1=2";
    assert_eq!(violations, none);
    assert_eq!(reply, format!("334 {}\r\n", base64(signature)));
    let (violations, reply) = run(ScramOddity::Extensions, &[CLIENT_FIRST, last, ""]);
    assert!(violations.is_empty() && reply.starts_with("235 "));
}

#[test]
fn any_challenge_can_be_scripted() {
    // A challenge where the mechanism has none, one that is not base64, and one too many.
    let error = format!("334 {}\r\n", base64("{}"));
    for (command, message, stage, reply) in [
        ("AUTH PLAIN ", "\0user\0pencil", Stage::Auth, "334 \r\n"),
        (
            "AUTH XOAUTH2 ",
            "user=user|auth=Bearer t0ken||",
            Stage::Auth,
            &error,
        ),
        ("AUTH CRAM-MD5", "", Stage::Auth, "334 <1@mock>\r\n"),
        (
            "AUTH SCRAM-SHA-256 ",
            CLIENT_FIRST,
            Stage::Auth,
            "334 cg\r\n",
        ),
    ] {
        let server = mechanics().script(stage, 1, Action::reply(reply)).build();
        let first = format!(
            "{command}{}\r\n",
            if message.is_empty() {
                String::new()
            } else {
                base64(&message.replace('|', "\u{1}"))
            }
        );
        let mut client = Client::greeted(&server);
        assert_eq!(client.say(first), reply);
        assert!(client.say("*\r\n").starts_with("501 5.7.0 "));
        assert_eq!(server.violations(), [""; 0]);
    }
    // The right token, and an error nevertheless: the client says the dummy, and stays outside.
    let server = mechanics()
        .script(Stage::Auth, 1, Action::reply(&error))
        .build();
    let claim = "n,,|auth=Bearer t0ken||";
    let (violations, last) = login(&server, "AUTH OAUTHBEARER ", &[claim, "|"]);
    assert!(violations.is_empty() && last.starts_with("535 "));
    // A signature that was computed for another exchange, and a third challenge.
    let signature = format!("334 {}\r\n", base64("v=AAAA"));
    let server = mechanics()
        .script(Stage::AuthResponse, 1, Action::reply(&signature))
        .script(Stage::AuthResponse, 2, Action::reply("334 \r\n"))
        .build();
    let messages = [CLIENT_FIRST, CLIENT_FINAL, "", ""];
    let (violations, last) = login(&server, "AUTH SCRAM-SHA-256 ", &messages);
    assert!(violations.is_empty() && last.starts_with("535 "));
}

#[test]
fn nothing_shows_what_proves_a_user() {
    let listener = mechanics()
        .script(Stage::Auth, 6, Action::reply("535 no\r\n"))
        .listen()
        .unwrap();
    let server = listener.server().clone();
    let mut client = Client::greeted(&server);
    let plain = base64("\0user\0pencil");
    let claim = base64("user=user\u{1}auth=Bearer t0ken\u{1}\u{1}");
    let (user, password) = (base64("user"), base64("pencil"));
    client.say(format!("AUTH XOAUTH2 {claim}x\r\n"));
    client.say(format!("AUTH CRAM-MD5 {password}\r\n"));
    for line in [&plain, &claim, &password] {
        client.say("AUTH PLAIN\r\n");
        client.say(format!("{line}x\r\n"));
    }
    // Sent without having waited, and taken for commands: they follow a refusal.
    client.say("AUTH LOGIN\r\n");
    client.say(format!("{user}\r\n{password}\r\n"));
    client.say(format!("{claim} \r\n"));
    let late = "unknown command \"a line behind AUTH\"";
    assert!(server.violations().iter().any(|one| one == late));
    client.say(format!("AUTH PLAIN {plain}\r\n"));
    client.say([MAIL, RCPT, "DATA\r\n"].concat());
    client.say(".\r\n");

    let shown = [
        format!("{server:?}{listener:?}{:?}", client.link),
        format!("{:?}", server.deliveries()),
        format!("{:?}", server.violations()),
        format!("{:?}", server.transcript()),
        format!("{:?}", server.transcript().with_credentials()),
        server.transcript().to_string(),
    ]
    .concat();
    for secret in ["pencil", "t0ken", &plain, &claim, &password] {
        let upper = secret.to_ascii_uppercase();
        assert!(
            !shown.contains(secret) && !shown.contains(&upper),
            "{shown}"
        );
    }
    assert!(shown.contains("C: AUTH PLAIN ****\nS: 235 "));
    let open = server.transcript().with_credentials().to_string();
    for secret in [&plain, &claim, &password] {
        assert!(open.contains(secret));
    }
}

#[test]
fn violations_of_limits() {
    let server = Server::builder()
        .limits("MAILMAX=2 RCPTMAX=2 RCPTDOMAINMAX=1")
        .build();
    let domains = [MAIL, "RCPT TO:<a@b>\r\nRCPT TO:<a@c>\r\n"].concat();
    let (violations, last) = found(&server, &[domains.as_bytes()]);
    assert_eq!(violations, ["RCPT: more than RCPTDOMAINMAX=1"]);
    assert!(last.ends_with("452 4.5.3 Error: too many recipient domains\r\n"));
    let three = [MAIL, RCPT, RCPT, RCPT].concat();
    let (violations, last) = found(&server, &[three.as_bytes()]);
    assert_eq!(violations, ["RCPT: more than RCPTMAX=2"]);
    assert!(last.ends_with("250 2.1.5 Ok\r\n452 4.5.3 Error: too many recipients\r\n"));
    let mails = [MAIL, "RSET\r\n", MAIL, "RSET\r\n", MAIL].concat();
    let (violations, last) = found(&server, &[mails.as_bytes()]);
    assert_eq!(violations, ["MAIL: more than MAILMAX=2"]);
    assert!(last.ends_with("452 4.5.3 Error: too many messages\r\n"));
}

#[test]
fn what_limits_count() {
    let builder = |limits: &str| {
        Server::builder()
            .refuse_sender("no@example.org", "550 no")
            .refuse_recipient("no@example.org", "550 no")
            .limits(limits)
    };
    let violations = |server: &Server, commands: &[&str]| {
        let flight = commands.concat();
        found(server, &[flight.as_bytes()]).0
    };
    let (bad_mail, bad_rcpt) = (
        "MAIL FROM:<no@example.org>\r\n",
        "RCPT TO:<no@example.org>\r\n",
    );
    let rset = "RSET\r\n";

    // Every MAIL on the connection counts, with whatever success, and EHLO does not begin anew.
    let mails = builder("MAILMAX=2").build();
    let beyond = ["MAIL: more than MAILMAX=2"];
    assert_eq!(violations(&mails, &[bad_mail, bad_mail, MAIL]), beyond);
    let mut client = Client::greeted(&mails);
    for _ in 0..2 {
        client.say([MAIL, RCPT, "DATA\r\n"].concat());
        assert!(client.say(".\r\n").starts_with("250 "));
        client.say("EHLO a\r\n");
    }
    assert!(client.say(MAIL).starts_with("452 4.5.3 "));
    assert!(violations(&mails, &[MAIL, rset, MAIL]).is_empty());

    // Every RCPT of a transaction counts, and each transaction on its own.
    let rcpts = builder("RCPTMAX=2").build();
    let beyond = ["RCPT: more than RCPTMAX=2"];
    assert_eq!(violations(&rcpts, &[MAIL, bad_rcpt, RCPT, RCPT]), beyond);
    let two = [MAIL, RCPT, RCPT, rset].concat();
    assert!(violations(&rcpts, &[&two, &two]).is_empty());

    // Every domain of the connection counts, once, without regard to case.
    let domains = builder("RCPTDOMAINMAX=2").build();
    let beyond = ["RCPT: more than RCPTDOMAINMAX=2"];
    let to = |address: &str| format!("RCPT TO:<{address}>\r\n");
    let one = [MAIL, &to("a@b"), &to("c@B"), &to("Postmaster"), rset].concat();
    let second = [MAIL, bad_rcpt, &to("x@EXAMPLE.org"), rset].concat();
    assert!(violations(&domains, &[&one, &second, &one]).is_empty());
    let third = [MAIL, &to("a@c")].concat();
    assert_eq!(violations(&domains, &[&one, &second, &third]), beyond);

    // What is unknown or no number limits nothing, nor does a line that the last EHLO had not.
    let odd = builder("FOO MAILMAX=x rcptmax=1 RCPTMAXX=0 RCPTDOMAINMAX").build();
    assert!(violations(&odd, &[MAIL, RCPT, rset, MAIL, rset, MAIL]).is_empty());
    let small = violations(&odd, &[MAIL, RCPT, RCPT]);
    assert_eq!(small, ["RCPT: more than RCPTMAX=1"]);
    let hidden = builder("RCPTMAX=1")
        .script(Stage::Ehlo, 1, Action::reply("250-a\r\n250 PIPELINING\r\n"))
        .build();
    assert!(violations(&hidden, &[MAIL, RCPT, RCPT]).is_empty());
}

// ---- any input ----

/// All that can be seen of a conversation.
#[derive(Debug, PartialEq)]
struct Seen {
    replies: String,
    violations: Vec<String>,
    commands: Vec<Vec<String>>,
    contents: Vec<Vec<u8>>,
    transcript: String,
}

/// Sends in pieces of the given length and reads only at the end.
fn run(input: &[u8], piece: usize) -> Seen {
    let server = Server::builder()
        .account("u", "p")
        .token_account("u", "t")
        .mechanisms(&ALL_MECHANISMS)
        .scram_iterations(2)
        .plaintext_auth(PlaintextAuth::Bait)
        .offer(Extension::StartTls)
        .offer(Extension::RequireTls)
        .limits("RCPTMAX=3 RCPTDOMAINMAX=2")
        .build();
    let mut client = Client::new(&server);
    for octets in input.chunks(piece) {
        client.write(octets);
    }
    Seen {
        replies: client.read(),
        violations: server.violations(),
        commands: server.commands(),
        contents: server
            .deliveries()
            .into_iter()
            .map(|mail| mail.content)
            .collect(),
        transcript: server
            .transcript()
            .with_content()
            .with_credentials()
            .to_string(),
    }
}

/// A piece of a dialogue. Most are whole transactions, so that content and chunks are reached; what
/// ends or mutes a conversation is rare.
fn piece_of_dialogue() -> impl Strategy<Value = Vec<u8>> {
    let usual: Vec<&[u8]> = vec![
        b"MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nDATA\r\n",
        b"MAIL FROM:<> SIZE=3\r\nRCPT TO:<@a,@b:c@[1.2.3.4]> NOTIFY=NEVER\r\nDATA\r\na\r\n.\r\n",
        b"MAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nBDAT 3\r\na\r\n",
        b"BDAT 0 LAST\r\n",
        b"BDAT 4 LAST\r\n\r\n.\r",
        b".\r\n",
        b"a\r\n",
        b"..\r\n",
        b".\r.\r\r\n",
        b"\n.\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"EHLO a\r\n",
        b"AUTH PLAIN\r\nAHUAcA==\r\n",
        b"AUTH LOGIN dQ==\r\n*\r\n",
        b"AUTH CRAM-MD5\r\n",
        b"AUTH SCRAM-SHA-256 biwsbj11LHI9YQ==\r\n",
        b"AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHgBAQ==\r\n",
        b"AUTH OAUTHBEARER biwsAWF1dGg9QmVhcmVyIHgBAQ==\r\n",
        b"AQ==\r\n",
        b"\r\n",
        b"MAIL FROM:<a@b> REQUIRETLS ENVID=a+20\r\nRCPT TO:<b@d> ORCPT=rfc822;b@d\r\n",
    ];
    let rare: Vec<&[u8]> = vec![
        b"STARTTLS\r\n",
        b"QUIT\r\n",
        b"HELO a\r\n",
        b"MAIL FROM:<\"a\\",
    ];
    let odd = b"\r\n. <>@:=\0\xc3\xbc".to_vec();
    prop_oneof![
        20 => proptest::sample::select(usual).prop_map(<[u8]>::to_vec),
        1 => proptest::sample::select(rare).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
        2 => proptest::collection::vec(proptest::sample::select(odd), 0..12),
    ]
}

/// A message of a mechanism: nearly right, or anything.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&[u8]> = vec![
        b"n,,",
        b"n,a=user,",
        b"n=",
        b"user",
        b"=2C",
        b"=",
        b",",
        b"r=",
        b"fyko",
        b"%mock=1~",
        b"c=biws",
        b",p=",
        b"AAAA",
        b"AA==",
        b"\x01",
        b"user=",
        b"auth=Bearer ",
        b"t0ken",
        b"\0",
        b" ",
        b"pencil",
        b"4021ddae894e7f7e73f46a7e7da91fdf",
        b"\xc3",
        b"\xbc",
    ];
    let right: Vec<&[u8]> = vec![
        b"",
        b"\x01",
        CLIENT_FIRST.as_bytes(),
        CLIENT_FINAL.as_bytes(),
        b"user=user\x01auth=Bearer no\x01\x01",
        b"n,,\x01auth=Bearer no\x01\x01",
    ];
    let parts = proptest::collection::vec(proptest::sample::select(parts), 0..8);
    prop_oneof![
        2 => proptest::sample::select(right).prop_map(<[u8]>::to_vec),
        2 => parts.prop_map(|parts| parts.concat()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn any_octets_are_taken(input in proptest::collection::vec(any::<u8>(), 0..400)) {
        run(&input, 400);
    }

    #[test]
    fn the_cut_of_the_input_does_not_matter(
        pieces in proptest::collection::vec(piece_of_dialogue(), 0..20),
        piece in 2_usize..20,
    ) {
        let input = [b"EHLO a\r\n".to_vec(), pieces.concat()].concat();
        let whole = run(&input, input.len());
        prop_assert_eq!(&whole, &run(&input, 1));
        prop_assert_eq!(&whole, &run(&input, piece));
    }

    #[test]
    fn any_messages_of_a_mechanism_are_taken(
        mechanism in proptest::sample::select(&ALL_MECHANISMS[..]),
        messages in proptest::collection::vec(message(), 1..5),
    ) {
        let server = mechanics().scram_iterations(2).build();
        let mut client = Client::greeted(&server);
        let mut reply = client.say(format!("AUTH {}\r\n", mechanism.name()));
        for octets in messages {
            if !reply.starts_with("334 ") {
                break;
            }
            use ::base64::Engine;
            let encoded = ::base64::engine::general_purpose::STANDARD.encode(octets);
            reply = client.say(encoded + "\r\n");
        }
        prop_assert!(["235", "334", "501", "535"].contains(&&reply[..3]), "{}", reply);
    }

    #[test]
    fn what_is_stuffed_is_unstuffed(lines in proptest::collection::vec("[.a ]{0,3}", 0..20)) {
        let server = Server::builder().build();
        let mut client = Client::greeted(&server);
        client.say([MAIL, RCPT, "DATA\r\n"].concat());
        let content: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let stuff = |line: &String| if line.starts_with('.') { "." } else { "" };
        let stuffed: String = lines.iter().map(|line| format!("{}{line}\r\n", stuff(line))).collect();
        client.say(stuffed + ".\r\n");
        prop_assert_eq!(&server.deliveries()[0].content, content.as_bytes());
        prop_assert_eq!(server.violations(), Vec::<String>::new());
    }
}
