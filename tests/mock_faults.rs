//! The faults that the mock server can be told to have, seen through raw bytes.

use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use embedded_io::ErrorKind;
use embedded_smtp::mock::{
    Action, Builder, Duplex, Extension, PlaintextAuth, Server, Stage, Writes,
};

const OK: &str = "250 2.0.0 Ok\r\n";
const SURPLUS: &str = "299 nobody asked\r\n";
const GOODBYE: &str = "451 4.4.2 Timeout waiting for data\r\n";
const MAIL: &str = "MAIL FROM:<a@example.org>\r\n";
const RCPT: &str = "RCPT TO:<b@example.org>\r\n";

/// A session with a mail by DATA and one by BDAT: the stage, the command and how its reply begins.
const SESSION: [(Stage, &str, &str); 14] = [
    (Stage::Ehlo, "EHLO a\r\n", "250-"),
    (Stage::Auth, "AUTH PLAIN\r\n", "334 "),
    (Stage::AuthResponse, "AHUAcA==\r\n", "235 "),
    (Stage::Mail, MAIL, "250 "),
    (Stage::Rcpt, RCPT, "250 "),
    (Stage::Data, "DATA\r\n", "354 "),
    (Stage::Content, "A: b\r\n\r\n.\r\n", "250 "),
    (Stage::Noop, "NOOP\r\n", "250 "),
    (Stage::Mail, MAIL, "250 "),
    (Stage::Rcpt, RCPT, "250 "),
    (Stage::Bdat, "BDAT 6\r\nA: b\r\n", "250 "),
    (Stage::Content, "BDAT 2 LAST\r\n\r\n", "250 "),
    (Stage::Rset, "RSET\r\n", "250 "),
    (Stage::Quit, "QUIT\r\n", "221 "),
];

fn builder() -> Builder {
    Server::builder()
        .account("u", "p")
        .plaintext_auth(PlaintextAuth::Allowed)
}

/// A server that does this at the stage's first occurrence.
fn faulty(stage: Stage, action: Action) -> Server {
    builder().script(stage, 1, action).build()
}

fn write(link: &mut Duplex, bytes: &str) {
    embedded_io::Write::write_all(link, bytes.as_bytes()).unwrap();
    embedded_io::Write::flush(link).unwrap();
}

fn read_once(link: &mut Duplex) -> Result<String, ErrorKind> {
    let mut buffer = [0; 4096];
    let count = embedded_io::Read::read(link, &mut buffer)?;
    Ok(String::from_utf8(buffer[..count].to_vec()).unwrap())
}

/// All there is to read, and whether the connection is closed after it.
fn read(link: &mut Duplex) -> (String, bool) {
    let mut all = String::new();
    loop {
        match read_once(link) {
            Ok(piece) if piece.is_empty() => return (all, true),
            Ok(piece) => all += &piece,
            Err(error) => {
                assert_eq!(error, ErrorKind::TimedOut);
                return (all, false);
            }
        }
    }
}

fn say(link: &mut Duplex, bytes: &str) -> String {
    write(link, bytes);
    read(link).0
}

/// A connection that has read the greeting.
fn connect(server: &Server) -> Duplex {
    let mut link = server.duplex();
    assert!(read(&mut link).0.starts_with("220 "));
    link
}

/// A connection that has said EHLO too.
fn greeted(server: &Server) -> Duplex {
    let mut link = connect(server);
    assert!(say(&mut link, "EHLO a\r\n").starts_with("250"));
    link
}

/// The replies of a whole session, the greeting first.
fn session(server: &Server) -> Vec<String> {
    let mut link = server.duplex();
    let mut replies = vec![read(&mut link).0];
    replies.extend(SESSION.map(|(_, bytes, _)| say(&mut link, bytes)));
    replies
}

/// Each stage, and the index of its first reply in [`session`].
fn stages() -> Vec<(Stage, usize)> {
    let mut stages = vec![(Stage::Greeting, 0)];
    for (index, (stage, _, _)) in SESSION.iter().enumerate() {
        if !stages.iter().any(|(one, _)| one == stage) {
            stages.push((*stage, index + 1));
        }
    }
    stages
}

fn usual() -> Vec<String> {
    let server = builder().build();
    let replies = session(&server);
    for ((_, _, code), reply) in SESSION.iter().zip(&replies[1..]) {
        assert!(reply.starts_with(code), "{reply}");
    }
    assert_eq!(server.deliveries().len(), 2);
    replies
}

// ---- surplus replies ----

#[test]
fn surplus_reply_follows_any_reply_at_once() {
    let usual = usual();
    for (stage, at) in stages() {
        let server = faulty(stage, Action::normal().then_say(SURPLUS));
        let mut wanted = usual.clone();
        wanted[at] += SURPLUS;
        assert_eq!(session(&server), wanted, "{stage:?}");
        assert_eq!(server.deliveries().len(), 2, "{stage:?}");
    }
}

#[test]
fn late_surplus_reply_comes_before_the_next_reply() {
    let usual = usual();
    for (stage, at) in stages() {
        let server = faulty(stage, Action::normal().then_say_late(SURPLUS));
        let mut wanted = usual.clone();
        if let Some(reply) = wanted.get_mut(at + 1) {
            reply.insert_str(0, SURPLUS);
        }
        assert_eq!(session(&server), wanted, "{stage:?}");
        assert_eq!(server.deliveries().len(), 2, "{stage:?}");
    }
}

#[test]
fn surplus_reply_shares_the_write_of_its_reply() {
    let server = faulty(Stage::Noop, Action::normal().then_say(SURPLUS));
    let mut link = greeted(&server);
    write(&mut link, "NOOP\r\n");
    assert_eq!(read_once(&mut link), Ok(format!("{OK}{SURPLUS}")));
}

#[test]
fn surplus_reply_keeps_its_place_in_a_flight() {
    let server = builder()
        .script(Stage::Rcpt, 2, Action::normal().then_say(SURPLUS))
        .build();
    let mut link = greeted(&server);
    let flight = say(&mut link, &format!("{MAIL}{RCPT}{RCPT}{RCPT}DATA\r\n"));
    let codes: Vec<&str> = flight.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "250", "299", "250", "354"]);
}

#[test]
fn surplus_reply_is_not_believed() {
    // A recipient that is refused stays refused, whatever is said after it.
    let server = faulty(Stage::Rcpt, Action::reply("550 no\r\n").then_say(OK));
    let mut link = greeted(&server);
    say(&mut link, MAIL);
    assert_eq!(say(&mut link, RCPT), format!("550 no\r\n{OK}"));
    assert!(say(&mut link, "DATA\r\n").starts_with("554 "));
}

#[test]
fn client_misled_by_a_surplus_reply_violates_nothing() {
    for action in [
        Action::normal().then_say(OK),
        Action::normal().then_say_late(OK),
    ] {
        let server = builder()
            .writes(Writes::PerReply)
            .script(Stage::Noop, 1, action)
            .build();
        let mut link = greeted(&server);
        // One reply a command, as a client has it that knows nothing of the surplus.
        for bytes in ["NOOP\r\n", "NOOP\r\n", MAIL, RCPT, "DATA\r\n"] {
            write(&mut link, bytes);
            assert!(read_once(&mut link).unwrap().starts_with("250 "));
        }
        assert_eq!(read(&mut link).0, "354 End data with <CR><LF>.<CR><LF>\r\n");
        assert_eq!(server.violations(), [""; 0]);
        // Two replies ahead is pipelining, and NOOP ends a group.
        write(&mut link, "A: b\r\n\r\n.\r\n");
        read(&mut link);
        write(&mut link, "NOOP\r\nNOOP\r\nNOOP\r\n");
        assert_ne!(server.violations(), [""; 0]);
    }
}

#[test]
fn surplus_reply_to_starttls_is_plain_text() {
    let server = builder()
        .offer(Extension::StartTls)
        .script(Stage::StartTls, 1, Action::normal().then_say(SURPLUS))
        .build();
    let mut link = greeted(&server);
    assert_eq!(
        say(&mut link, "STARTTLS\r\n"),
        format!("220 2.0.0 Ready to start TLS\r\n{SURPLUS}")
    );
}

// ---- missing replies ----

#[test]
fn missing_reply_leaves_the_rest_of_the_session_alone() {
    let usual = usual();
    for (stage, at) in stages() {
        let server = faulty(stage, Action::unanswered());
        let mut wanted = usual.clone();
        wanted[at].clear();
        assert_eq!(session(&server), wanted, "{stage:?}");
        assert_eq!(server.deliveries().len(), 2, "{stage:?}");
        assert_eq!(server.violations(), [""; 0], "{stage:?}");
        assert!(
            server
                .transcript()
                .lines()
                .contains(&"-- the reply is not sent".into())
        );
    }
}

#[test]
fn missing_reply_leaves_the_connection_open() {
    for (stage, at) in stages() {
        let server = faulty(stage, Action::unanswered());
        let mut link = server.duplex();
        for (_, bytes, _) in &SESSION[..at] {
            read(&mut link);
            write(&mut link, bytes);
        }
        // QUIT took effect too.
        let closed = stage == Stage::Quit;
        assert_eq!(read(&mut link), (String::new(), closed), "{stage:?}");
    }
}

#[test]
fn missing_reply_shifts_those_of_a_flight() {
    let server = builder()
        .refuse_recipient("b@example.org", "550 no")
        .script(Stage::Rcpt, 2, Action::unanswered())
        .build();
    let mut link = greeted(&server);
    let flight = format!("{MAIL}RCPT TO:<x@example.org>\r\nRCPT TO:<y@example.org>\r\n{RCPT}");
    let replies = say(&mut link, &flight);
    let codes: Vec<&str> = replies.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "550"]);
    say(&mut link, "DATA\r\n");
    say(&mut link, "A: b\r\n\r\n.\r\n");
    // The recipient without a reply gets the mail.
    assert_eq!(server.deliveries()[0].recipients.len(), 2);
}

// ---- goodbyes ----

#[test]
fn goodbye_shares_the_write_of_the_reply_and_closes() {
    let goodbye = || Action::normal().then_say(GOODBYE).then_close();
    for (stage, at) in stages() {
        let server = faulty(stage, goodbye());
        let mut link = server.duplex();
        for (_, bytes, _) in &SESSION[..at] {
            read(&mut link);
            write(&mut link, bytes);
        }
        let last = read_once(&mut link).unwrap();
        assert_eq!(last, format!("{}{GOODBYE}", usual()[at]), "{stage:?}");
        assert_eq!(read(&mut link), (String::new(), true), "{stage:?}");
    }
}

#[test]
fn late_goodbye_waits_for_the_next_command_and_does_not_read_it() {
    for (stage, at) in stages() {
        if stage == Stage::Quit {
            continue;
        }
        let server = faulty(
            stage,
            Action::normal().then_say_late(GOODBYE).then_close_late(),
        );
        let mut link = server.duplex();
        for (_, bytes, _) in &SESSION[..at] {
            read(&mut link);
            write(&mut link, bytes);
        }
        assert_eq!(read(&mut link), (usual()[at].clone(), false), "{stage:?}");
        let (commands, mails) = (server.commands(), server.deliveries().len());
        write(&mut link, SESSION[at].1);
        assert_eq!(read(&mut link), (GOODBYE.into(), true), "{stage:?}");
        assert_eq!(server.commands(), commands, "{stage:?}");
        assert_eq!(server.deliveries().len(), mails, "{stage:?}");
        assert_eq!(
            embedded_io::Write::write(&mut link, b"x"),
            Err(ErrorKind::BrokenPipe)
        );
    }
}

#[test]
fn late_goodbye_after_the_final_reply_keeps_the_mail() {
    let server = faulty(
        Stage::Content,
        Action::normal().then_say_late(GOODBYE).then_close_late(),
    );
    let mut link = greeted(&server);
    say(&mut link, &format!("{MAIL}{RCPT}DATA\r\n"));
    // QUIT in the same flight crosses the goodbye.
    let last = say(&mut link, "A: b\r\n\r\n.\r\nQUIT\r\n");
    assert_eq!(
        last,
        format!("250 2.0.0 Ok: queued as 04F200001\r\n{GOODBYE}")
    );
    assert_eq!(server.deliveries().len(), 1);
    assert!(!server.commands()[0].contains(&"QUIT".into()));
}

#[test]
fn late_close_may_say_nothing() {
    let server = faulty(Stage::Noop, Action::normal().then_close_late());
    let mut link = greeted(&server);
    assert_eq!(say(&mut link, "NOOP\r\n"), OK);
    write(&mut link, "NOOP\r\n");
    assert_eq!(read(&mut link), (String::new(), true));
}

#[test]
fn goodbyes_over_tcp() {
    for late in [false, true] {
        let action = if late {
            Action::normal().then_say_late(GOODBYE).then_close_late()
        } else {
            Action::normal().then_say(GOODBYE).then_close()
        };
        let listener = builder().script(Stage::Noop, 1, action).listen().unwrap();
        let mut stream = TcpStream::connect(listener.addr()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut buffer = [0; 512];
        assert!(stream.read(&mut buffer).unwrap() > 0);
        stream.write_all(b"NOOP\r\n").unwrap();
        let mut all = String::new();
        if late {
            stream.read_exact(&mut buffer[..OK.len()]).unwrap();
            all += OK;
            stream.write_all(MAIL.as_bytes()).unwrap();
        }
        stream.read_to_string(&mut all).unwrap();
        assert_eq!(all, format!("{OK}{GOODBYE}"));
        assert_eq!(listener.commands(), [["NOOP"]]);
    }
}

#[test]
fn goodbyes_under_tls() {
    let identity = rcgen::generate_simple_self_signed([String::from("mail.example.org")]).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(identity.cert.der().clone()).unwrap();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = std::sync::Arc::new(config);
    for late in [false, true] {
        let action = if late {
            Action::normal().then_say_late(GOODBYE).then_close_late()
        } else {
            Action::normal().then_say(GOODBYE).then_close()
        };
        let listener = builder()
            .certificate([identity.cert.der()], &identity.signing_key.serialize_der())
            .implicit_tls()
            .script(Stage::Noop, 1, action)
            .listen()
            .unwrap();
        let stream = TcpStream::connect(listener.addr()).unwrap();
        let timeout = Some(Duration::from_secs(10));
        stream.set_read_timeout(timeout).unwrap();
        let name = "mail.example.org".try_into().unwrap();
        let tls = rustls::ClientConnection::new(config.clone(), name).unwrap();
        let mut stream = rustls::StreamOwned::new(tls, stream);
        assert!(stream.read(&mut [0; 512]).unwrap() > 0);
        stream.write_all(b"NOOP\r\n").unwrap();
        let mut all = vec![0; OK.len()];
        stream.read_exact(&mut all).unwrap();
        if late {
            stream.write_all(MAIL.as_bytes()).unwrap();
        }
        // A close without close_notify is an error here.
        stream.read_to_end(&mut all).unwrap();
        assert_eq!(all, format!("{OK}{GOODBYE}").as_bytes());
        assert_eq!(listener.commands(), [["NOOP"]]);
    }
}

// ---- QUIT ----

#[test]
fn quit_is_never_answered_and_the_connection_stays_open() {
    let server = faulty(Stage::Quit, Action::silence());
    let mut link = greeted(&server);
    for bytes in ["QUIT\r\n", "NOOP\r\n"] {
        write(&mut link, bytes);
        assert_eq!(read(&mut link), (String::new(), false));
    }
}

#[test]
fn quit_is_ignored_and_later_commands_are_answered() {
    let server = faulty(Stage::Quit, Action::reply(""));
    let mut link = greeted(&server);
    write(&mut link, "QUIT\r\n");
    assert_eq!(read(&mut link), (String::new(), false));
    assert_eq!(say(&mut link, "NOOP\r\n"), OK);
}

#[test]
fn quit_closes_without_an_answer() {
    for action in [Action::close(), Action::unanswered()] {
        let server = faulty(Stage::Quit, action);
        let mut link = greeted(&server);
        write(&mut link, "QUIT\r\n");
        assert_eq!(read(&mut link), (String::new(), true));
    }
}

// ---- words without a line end ----

#[test]
fn words_without_a_line_end_come_before_the_close() {
    const WORDS: &str = "550 your IP is disabled";
    let server = faulty(Stage::Greeting, Action::reply(WORDS).then_close());
    assert_eq!(read(&mut server.duplex()), (WORDS.into(), true));

    let server = faulty(Stage::Mail, Action::reply(WORDS).then_close());
    let mut link = greeted(&server);
    write(&mut link, MAIL);
    assert_eq!(read(&mut link), (WORDS.into(), true));

    let server = faulty(Stage::Mail, Action::normal().then_say(WORDS).then_close());
    let mut link = greeted(&server);
    write(&mut link, MAIL);
    assert_eq!(read(&mut link), (format!("250 2.1.0 Ok\r\n{WORDS}"), true));
}

// ---- refusals ----

#[test]
fn refused_rset_leaves_the_transaction_open() {
    for code in ["454", "500", "421"] {
        let refusal = format!("{code} 4.3.0 later\r\n");
        let server = faulty(Stage::Rset, Action::reply(&refusal));
        let mut link = greeted(&server);
        say(&mut link, MAIL);
        assert_eq!(say(&mut link, "RSET\r\n"), refusal);
        assert!(say(&mut link, MAIL).starts_with("503 "));
        assert_eq!(say(&mut link, "RSET\r\n"), OK);
        assert!(say(&mut link, MAIL).starts_with("250 "));
    }
}

#[test]
fn lines_of_a_greeting_may_differ() {
    const LINES: &str = "220-teaser\r\n521 5.7.1 blocked\r\n";
    let server = builder().greeting(LINES).build();
    assert_eq!(read(&mut server.duplex()), (LINES.into(), false));
    let server = faulty(Stage::Greeting, Action::reply(LINES).then_close());
    assert_eq!(read(&mut server.duplex()), (LINES.into(), true));
}

const CHUNK: &str = "To: x\r\n\r\nQUIT \r\nMAIL FROM:<evil@example.org>\r\n";

fn misreading() -> Builder {
    Server::builder()
        .refuse_recipient("b@example.org", "550 no")
        .misread_refused_chunks()
}

#[test]
fn chunk_without_a_recipient_is_read_as_commands() {
    let server = misreading().build();
    let mut link = greeted(&server);
    let flight = format!("{MAIL}{RCPT}BDAT {} LAST\r\n{CHUNK}NOOP\r\n", CHUNK.len());
    let replies = say(&mut link, &flight);
    let codes: Vec<&str> = replies.lines().map(|line| &line[..3]).collect();
    assert_eq!(
        codes,
        ["250", "550", "503", "500", "500", "501", "503", "250"]
    );
    let misread = ["To: x", "", "QUIT ", "MAIL FROM:<evil@example.org>"];
    assert_eq!(server.misread(), [misread]);
    assert_eq!(server.commands()[0].len(), 4 + misread.len() + 1);
    // Pipelining BDAT is allowed, so the server alone is wrong.
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn misread_chunk_can_be_cut_anywhere() {
    let server = misreading().build();
    let mut link = greeted(&server);
    say(&mut link, &format!("{MAIL}{RCPT}"));
    for byte in format!("BDAT {}\r\n{CHUNK}", CHUNK.len()).chars() {
        write(&mut link, &byte.to_string());
    }
    read(&mut link);
    assert_eq!(server.misread()[0].len(), 4);
    assert_eq!(say(&mut link, "RSET\r\n"), OK);
    assert_eq!(server.misread()[0].len(), 4);
}

#[test]
fn command_after_a_misread_chunk_joins_its_last_line() {
    let server = misreading().build();
    let mut link = greeted(&server);
    say(
        &mut link,
        &format!("{MAIL}{RCPT}BDAT 5 LAST\r\nHelloQUIT\r\n"),
    );
    assert_eq!(server.misread(), [["HelloQUIT"]]);
    assert_eq!(say(&mut link, "QUIT\r\n"), "221 2.0.0 Bye\r\n");
}

#[test]
fn misread_quit_closes() {
    let server = misreading().build();
    let mut link = greeted(&server);
    write(
        &mut link,
        &format!("{MAIL}{RCPT}BDAT 9 LAST\r\nQUIT\r\n.\r\n"),
    );
    assert!(read(&mut link).1);
    assert_eq!(server.misread(), [["QUIT"]]);
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn oversize_chunk_and_those_after_it_are_read_as_commands() {
    let server = misreading().max_message_size(10).build();
    let mut link = greeted(&server);
    say(&mut link, &format!("{MAIL}RCPT TO:<c@example.org>\r\n"));
    assert!(say(&mut link, "BDAT 6\r\nA: b\r\n").starts_with("250 "));
    let replies = say(&mut link, "BDAT 6\r\nNOOP\r\nBDAT 6 LAST\r\nNOOP\r\n");
    let codes: Vec<&str> = replies.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["552", "250", "503", "250"]);
    assert_eq!(server.misread(), [["NOOP", "NOOP"]]);
    assert_eq!(server.deliveries(), []);
}

#[test]
fn nothing_is_misread_where_chunks_are_accepted_or_skipped() {
    let accepting = Server::builder().misread_refused_chunks().build();
    let skipping = Server::builder()
        .refuse_recipient("b@example.org", "550 no")
        .build();
    for server in [accepting, skipping] {
        let mut link = greeted(&server);
        let flight = format!("{MAIL}{RCPT}BDAT {} LAST\r\n{CHUNK}", CHUNK.len());
        say(&mut link, &flight);
        assert_eq!(server.misread(), [[""; 0]]);
        assert_eq!(server.commands()[0].len(), 4);
    }
}

// ---- EHLO ----

#[test]
fn any_lines_of_ehlo_are_announced_verbatim() {
    let long = format!("AUTH {}PLAIN", "X-MECHANISM ".repeat(1_000));
    let server = Server::builder()
        .plain()
        .ehlo_line("SIZE 1000")
        .ehlo_line("SIZE 2000")
        .ehlo_line("size")
        .ehlo_line(&long)
        .ehlo_line("AUTH=LOGIN")
        .ehlo_line(" odd  blanks ")
        .build();
    let mut link = connect(&server);
    assert_eq!(
        say(&mut link, "EHLO a\r\n"),
        format!(
            "250-mock.example\r\n250-SIZE 1000\r\n250-SIZE 2000\r\n250-size\r\n250-{long}\r\n\
             250-AUTH=LOGIN\r\n250  odd  blanks \r\n"
        )
    );
}

// ---- async ----

/// The output of a future that must be ready at its first poll.
fn ready<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a future of the mock's waits"),
    }
}

/// Polls until the future is ready; `Waker::noop` wakes nothing, so each poll must get on.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(future);
    for _ in 0..1_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("the future never ends");
}

#[test]
fn duplex_is_async_and_always_ready() {
    use embedded_io_async::{Read, Write};

    let server = faulty(Stage::Mail, Action::normal().after(Duration::from_secs(9)));
    let mut link = server.duplex();
    let mut buffer = [0; 512];
    let greeting = ready(Read::read(&mut link, &mut buffer)).unwrap();
    assert!(buffer[..greeting].starts_with(b"220 "));
    assert_eq!(ready(Write::write(&mut link, b"EHLO a\r\n")), Ok(8));
    assert_eq!(ready(Write::flush(&mut link)), Ok(()));
    ready(Read::read(&mut link, &mut buffer)).unwrap();
    // The server has nothing to say.
    assert_eq!(
        ready(Read::read(&mut link, &mut buffer)),
        Err(ErrorKind::TimedOut)
    );

    let mail = async {
        link.write_all(format!("{MAIL}{RCPT}DATA\r\n").as_bytes())
            .await?;
        link.flush().await?;
        let mut replies = Vec::new();
        while !replies.ends_with(b".<CR><LF>\r\n") {
            let count = link.read(&mut buffer).await?;
            replies.extend_from_slice(&buffer[..count]);
        }
        link.write_all(b"A: b\r\n\r\n.\r\nQUIT\r\n").await?;
        link.flush().await?;
        while link.read(&mut buffer).await? > 0 {}
        Ok::<_, ErrorKind>(replies)
    };
    let replies = block_on(mail).unwrap();
    assert!(replies.starts_with(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 "));
    assert_eq!(link.elapsed(), Duration::from_secs(9));
    assert_eq!(server.deliveries()[0].content, b"A: b\r\n\r\n");
    assert_eq!(server.violations(), [""; 0]);
    assert_eq!(link.traffic().flushes, 3);
    assert_eq!(
        ready(Write::write(&mut link, b"x")),
        Err(ErrorKind::BrokenPipe)
    );
}
