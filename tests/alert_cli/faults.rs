//! The link breaks, the server is slow, or it breaks the protocol.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use embedded_smtp::mock::{Action, PlaintextAuth, Server, Stage};

use crate::command::{
    AHEAD, Run, SECOND, TO, alert, binary, reply, send_by_bdat, send_to, send_to_scripted,
};

/// The stages whose reply comes before the content went out.
const BEFORE: [(Stage, &str); 5] = [
    (Stage::Greeting, "greeting"),
    (Stage::Ehlo, "ehlo"),
    (Stage::Mail, "mail"),
    (Stage::Rcpt, "rcpt"),
    (Stage::Data, "data"),
];

fn log_in(builder: embedded_smtp::mock::Builder) -> Run {
    let server = builder
        .account("boiler3", "secret")
        .plaintext_auth(PlaintextAuth::Allowed);
    send_to(
        server,
        &[
            "--user",
            "boiler3",
            "--password",
            "secret",
            "--danger-plaintext-auth",
        ],
    )
}

#[test]
fn no_server() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("127.0.0.1:{port}");
    let run = alert(
        &[
            TO.as_slice(),
            &["--server", &address, "--security", "plain"],
        ]
        .concat(),
    );
    let result = run.is("failed", 74, 500, "connect", "reconnect");
    assert_eq!(result["recipients"][0]["address"], "ops@example.org");
    let nowhere = [
        "--server",
        "host.invalid:25",
        "--security",
        "plain",
        "--timeout",
        "5",
    ];
    alert(&[TO.as_slice(), &nowhere].concat()).is("failed", 74, 500, "connect", "reconnect");
}

#[test]
fn closed() {
    for (stage, phase) in BEFORE {
        for action in [Action::close(), Action::reply("25").then_close()] {
            for more in [&[][..], &["--no-pipelining"]] {
                let run = send_to(Server::builder().script(stage, 1, action.clone()), more);
                run.is("failed", 74, 500, phase, "reconnect");
            }
        }
    }
    log_in(Server::builder().script(Stage::Auth, 1, Action::close())).is(
        "failed",
        74,
        500,
        "auth",
        "reconnect",
    );
    for action in [
        Action::close(),
        Action::reply("250-2.0.0 Ok\r\n250").then_close(),
    ] {
        let result =
            send_to_scripted(Stage::Content, action).is("unknown", 75, 500, "content", "reconnect");
        assert_eq!(result["messages"], 0);
        assert_eq!(result["recipients"][0]["code"], 250);
    }
}

#[test]
fn recipients_whose_reply_was_not_read() {
    for (more, ending) in [
        (&[][..], ("failed", 74, 500, "rcpt", "reconnect")),
        (AHEAD, ("unknown", 75, 500, "content", "reconnect")),
    ] {
        let server = Server::builder().script(Stage::Rcpt, 2, Action::close());
        let (outcome, exit, status, phase, retry) = ending;
        let result = send_to(server, more).is(outcome, exit, status, phase, retry);
        assert_eq!(result["recipients"][0]["code"], 250);
        assert!(result["recipients"][1]["code"].is_null());
    }
}

/// The whole mail went out before the reply to MAIL was read.
#[test]
fn by_bdat_the_delivery_is_unknown_from_mail_on() {
    let actions = || [Action::close(), reply("hello"), reply("354 go")];
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Content] {
        for action in actions() {
            send_by_bdat(stage, action).is("unknown", 75, 500, "content", "reconnect");
        }
    }
    // In lock-step it goes out behind the replies to RCPT.
    for (stage, phase) in [(Stage::Mail, "mail"), (Stage::Rcpt, "rcpt")] {
        for (action, exit) in actions().into_iter().zip([74, 76, 76]) {
            let server = Server::builder().script(stage, 1, action);
            let run = send_to(server, &["--no-pipelining", "--chunking", "ahead"]);
            run.is("failed", exit, 500, phase, "reconnect");
        }
    }
    // What was said of the mail counts, whatever comes behind it.
    let server = || Server::builder().refuse_recipients(|_| Some("550 5.1.1 who?".into()));
    for action in actions() {
        let run = send_to(server().script(Stage::Bdat, 1, action), AHEAD);
        run.is("refused", 68, 404, "rcpt", "never");
    }
}

#[test]
fn broken_replies() {
    let rubbish = [
        "hello",
        "25 ok",
        "250x",
        "2500 ok",
        "100 ok",
        "600 ok",
        "250-a\r\n251 b",
        "\0\0\0\0",
        "",
    ];
    for text in rubbish {
        for (stage, phase) in BEFORE {
            send_to_scripted(stage, reply(text)).is("failed", 76, 500, phase, "reconnect");
        }
        send_to_scripted(Stage::Content, reply(text)).is(
            "unknown",
            75,
            500,
            "content",
            "reconnect",
        );
    }
    log_in(Server::builder().script(Stage::Auth, 1, reply("hello"))).is(
        "failed",
        76,
        500,
        "auth",
        "reconnect",
    );
}

#[test]
fn codes_out_of_place() {
    let out_of_place = [
        (Stage::Greeting, "250 ok", "greeting"),
        (Stage::Greeting, "354 go", "greeting"),
        (Stage::Ehlo, "354 go", "ehlo"),
        (Stage::Mail, "354 go", "mail"),
        (Stage::Rcpt, "334 go", "rcpt"),
        (Stage::Data, "250 ok", "data"),
    ];
    for (stage, text, phase) in out_of_place {
        let result = send_to_scripted(stage, reply(text)).is("failed", 76, 500, phase, "reconnect");
        assert_eq!(result["code"].to_string(), text[..3]);
    }
    let result = send_to_scripted(Stage::Content, reply("354 again")).is(
        "unknown",
        75,
        500,
        "content",
        "reconnect",
    );
    assert_eq!(
        (&result["code"], &result["text"]),
        (&354.into(), &"again".into())
    );
    log_in(Server::builder().script(Stage::Auth, 1, reply("250 ok"))).is(
        "failed",
        76,
        500,
        "auth",
        "reconnect",
    );
    // A challenge after PLAIN's initial response.
    log_in(Server::builder().script(Stage::Auth, 1, reply("334 "))).is(
        "failed",
        76,
        500,
        "auth",
        "reconnect",
    );
}

#[test]
fn an_endless_reply() {
    for octets in ["250-more\r\n", "2", "250-"] {
        let action = || Action::endless(octets);
        let run = send_to_scripted(Stage::Ehlo, action());
        run.is("failed", 76, 500, "ehlo", "reconnect");
        let run = send_to_scripted(Stage::Content, action());
        run.is("unknown", 75, 500, "content", "reconnect");
    }
}

#[test]
fn a_slow_server() {
    let silent = |stage, action| {
        let server = Server::builder().script(stage, 1, action).listen().unwrap();
        let address = server.addr().to_string();
        let connection = [
            "--server",
            &address,
            "--security",
            "plain",
            "--timeout",
            "3",
        ];
        binary();
        let start = Instant::now();
        let run = alert(&[TO.as_slice(), &connection].concat());
        let time = start.elapsed();
        assert!((2 * SECOND..5 * SECOND).contains(&time), "{time:?}");
        run
    };
    // Octets keep coming, and the reply would take half a minute.
    let dripping = || Action::normal().drip(SECOND);
    let lines = || Action::endless("250-more\r\n").drip(Duration::from_millis(300));
    type Row = (&'static str, i32, u16, &'static str, &'static str);
    let lost = |phase| ("failed", 74, 500, phase, "reconnect");
    let cases: [(Stage, Action, Row); 5] = [
        (Stage::Greeting, Action::silence(), lost("greeting")),
        (Stage::Mail, dripping(), lost("mail")),
        (
            Stage::Content,
            dripping(),
            ("unknown", 75, 500, "content", "reconnect"),
        ),
        (Stage::Ehlo, lines(), lost("ehlo")),
        // What comes of QUIT changes nothing.
        (
            Stage::Quit,
            Action::silence(),
            ("sent", 0, 200, "content", "null"),
        ),
    ];
    std::thread::scope(|scope| {
        for (stage, action, (outcome, exit, status, phase, retry)) in cases {
            scope.spawn(move || {
                silent(stage, action).is(outcome, exit, status, phase, retry);
            });
        }
    });
}

/// A server that answers as one should up to the 354, and then does this with the link.
fn after_354(then: impl FnOnce(&mut dyn Read) + Send + 'static) -> String {
    after_354_with(|_, lines| then(lines))
}

fn after_354_with(then: impl FnOnce(&mut dyn Write, &mut dyn Read) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut link, _) = listener.accept().unwrap();
        link.write_all(b"220 hello\r\n").unwrap();
        let mut lines = BufReader::new(link.try_clone().unwrap());
        let mut line = String::new();
        while !line.starts_with("DATA") {
            line.clear();
            lines.read_line(&mut line).unwrap();
            let reply: &[u8] = if line.starts_with("DATA") {
                b"354 go\r\n"
            } else {
                b"250 ok\r\n"
            };
            link.write_all(reply).unwrap();
        }
        then(&mut link, &mut lines);
    });
    address
}

/// A text of several megabytes, more than the system's buffers hold.
fn long_text() -> tempfile::Text {
    tempfile::Text::new(&"hot hot hot hot hot\n".repeat(500_000))
}

/// A server that says why, and closes, while content is still coming.
#[test]
fn refused_in_the_middle_of_the_content() {
    let text = long_text();
    let cases = [
        ("421 4.3.2 shutting down", 75, 500, "reconnect"),
        ("552 5.3.4 too big", 69, 400, "never"),
        ("451 4.3.0 later", 75, 500, "later"),
    ];
    for (said, exit, status, retry) in cases {
        let address = answering_within_the_content(said);
        let arguments = ["--from", "a@example.org", "--to", "b@example.org"];
        let body = ["--text", &text.option];
        let connection = [
            "--server",
            &address,
            "--security",
            "plain",
            "--timeout",
            "5",
        ];
        let run = alert(&[&arguments[..], &body, &connection].concat());
        let result = run.is("refused", exit, status, "content", retry);
        assert_eq!(result["code"].to_string(), said[..3]);
        assert_eq!(result["text"], said[10..]);
        assert_eq!(result["messages"], 0);
    }
}

fn answering_within_the_content(said: &'static str) -> String {
    after_354_with(move |link, lines| {
        let mut some = [0; 4096];
        lines.read_exact(&mut some).unwrap();
        link.write_all(format!("{said}\r\n").as_bytes()).unwrap();
        // The reply arrives before the connection is reset.
        std::thread::sleep(SECOND / 5);
    })
}

#[test]
fn lost_before_the_terminator() {
    let text = long_text();
    let address = after_354(|link| {
        let mut some = [0; 4096];
        link.read_exact(&mut some).unwrap();
    });
    let arguments = [
        "--from",
        "a@example.org",
        "--to",
        "b@example.org",
        "--text",
        &text.option,
    ];
    let connection = [
        "--server",
        &address,
        "--security",
        "plain",
        "--timeout",
        "5",
    ];
    alert(&[arguments, connection].concat()).is("failed", 74, 500, "content", "reconnect");
}

#[test]
fn writes_without_and_with_progress() {
    let text = long_text();
    let run = |address: &str| {
        let arguments = [
            "--from",
            "a@example.org",
            "--to",
            "b@example.org",
            "--text",
            &text.option,
        ];
        let connection = ["--server", address, "--security", "plain", "--timeout", "2"];
        binary();
        let start = Instant::now();
        let run = alert(&[arguments, connection].concat());
        (run, start.elapsed())
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Nothing is read any more.
            let address = after_354(|_| std::thread::sleep(20 * SECOND));
            let (stuck, time) = run(&address);
            stuck.is("failed", 74, 500, "content", "reconnect");
            assert!(time < 6 * SECOND, "{time:?}");
        });
        // A megabyte every half second: in all longer than the time, but never without progress.
        let address = after_354(|link| {
            let mut some = vec![0; 1 << 20];
            loop {
                std::thread::sleep(SECOND / 2);
                if link.read_exact(&mut some).is_err() {
                    return;
                }
            }
        });
        let (slow, time) = run(&address);
        // It was all taken, and then there was no final reply.
        slow.is("unknown", 75, 500, "content", "reconnect");
        assert!(time > 3 * SECOND, "{time:?}");
    });
}

/// A file that is removed at the end of a test.
mod tempfile {
    use std::path::PathBuf;

    pub struct Text {
        path: PathBuf,
        /// `@` and the path.
        pub option: String,
    }

    impl Text {
        pub fn new(text: &str) -> Self {
            let name = format!(
                "alert-{}-{:?}",
                std::process::id(),
                std::thread::current().id()
            );
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, text).unwrap();
            let option = format!("@{}", path.display());
            Self { path, option }
        }
    }

    impl Drop for Text {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
