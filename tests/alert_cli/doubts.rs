//! Servers that answer once too often. Nothing marks the reply to BDAT as its own, so a refused mail
//! must not pass for a sent one; DATA has its 354 to keep step.

use embedded_smtp::mock::{Action, Builder, PlaintextAuth, Server, Stage};

use crate::command::{AFTER, AHEAD, TO, alert, reply, send};

const STAGES: [Stage; 4] = [Stage::Ehlo, Stage::Auth, Stage::Mail, Stage::Rcpt];

const SURPLUS: [&str; 3] = ["250 2.0.0 Ok\r\n", "250 2.1.5 Ok\r\n", "250 Ok\r\n"];

const LOGIN: [&str; 5] = [
    "--user",
    "boiler3",
    "--password",
    "secret",
    "--danger-plaintext-auth",
];

fn server() -> Builder {
    Server::builder()
        .account("boiler3", "secret")
        .plaintext_auth(PlaintextAuth::Allowed)
}

fn surplus(text: &str) -> [Action; 2] {
    [
        Action::normal().then_say(text),
        Action::normal().then_say_late(text),
    ]
}

/// Asserts that a refused mail does not count as sent, whatever the way.
fn is_never_sent(builder: impl Fn() -> Builder, more: &[&str]) {
    for by in [AHEAD, AFTER, &[]] {
        for pipelining in [&[][..], &["--no-pipelining"]] {
            let server = builder().listen().unwrap();
            let arguments = [TO.as_slice(), &LOGIN, by, pipelining, more].concat();
            let run = send(&server, &arguments);
            let result = run.result();
            let outcome = result["outcome"].as_str().unwrap();
            assert!(
                ["refused", "failed", "unknown"].contains(&outcome),
                "{by:?} {pipelining:?}: {result}\n{}",
                run.stderr
            );
            assert_ne!(run.exit, 0);
        }
    }
}

#[test]
fn a_refused_mail_is_never_sent_where_a_reply_came_twice() {
    for stage in STAGES {
        for text in SURPLUS {
            for action in surplus(text) {
                let builder = || {
                    server()
                        .script(stage, 1, action.clone())
                        .script_every(Stage::Content, reply("554 5.7.1 refused"))
                };
                is_never_sent(builder, &["--transcript"]);
            }
        }
    }
}

#[test]
fn a_large_mail_that_is_refused_is_never_sent_where_a_reply_came_twice() {
    let text = "hot ".repeat(10_000);
    for action in surplus("250 Ok\r\n") {
        let builder = || {
            server()
                .script(Stage::Rcpt, 1, action.clone())
                .script_every(Stage::Content, reply("554 5.7.1 refused"))
        };
        is_never_sent(builder, &["--subject", "x", "--html", &text]);
    }
}

#[test]
fn a_refused_mail_is_never_sent_where_the_reply_to_the_one_before_came_twice() {
    for text in SURPLUS {
        for action in surplus(text) {
            let builder = || {
                server().script(Stage::Content, 1, action.clone()).script(
                    Stage::Content,
                    2,
                    reply("554 5.7.1 refused"),
                )
            };
            is_never_sent(builder, &["--repeat", "2"]);
        }
    }
}

/// A server that keeps step is believed, by BDAT too.
#[test]
fn a_mail_by_bdat_is_sent_where_the_replies_fit() {
    for by in [AHEAD, AFTER] {
        for more in [&[][..], &["--no-pipelining"], &["--repeat", "3"]] {
            let server = server().listen().unwrap();
            let run = send(&server, &[TO.as_slice(), by, more].concat());
            run.is("sent", 0, 200, "content", "null");
            let bdat = |line: &String| line.starts_with("BDAT ");
            assert!(server.commands()[0].iter().any(bdat));
            assert_eq!(server.violations(), [""; 0]);
        }
    }
}

#[test]
fn content_goes_by_data_unless_bdat_is_asked_for() {
    for by in [&[][..], &["--no-chunking"], &["--chunking", "off"]] {
        let server = server().listen().unwrap();
        let run = send(&server, &[TO.as_slice(), by].concat());
        run.is("sent", 0, 200, "content", "null");
        assert!(server.commands()[0].contains(&"DATA".into()));
    }
}

/// The recipient is refused, and the server does not skip the chunk that it refuses.
#[test]
fn content_is_read_as_commands_only_where_it_went_ahead() {
    for (by, is_misread) in [(&[][..], false), (AFTER, false), (AHEAD, true)] {
        let server = Server::builder()
            .misread_refused_chunks()
            .refuse_recipients(|_| Some("550 5.1.1 unknown".into()));
        let server = server.listen().unwrap();
        let run = send(&server, &[TO.as_slice(), by].concat());
        assert_eq!(run.result()["messages"], 0);
        let lines = server.misread().concat();
        assert_eq!(!lines.is_empty(), is_misread, "{by:?}: {lines:?}");
    }
}

#[test]
fn the_way_that_content_goes_is_one_of_three() {
    let with = |more: &[&str]| {
        let server = ["--server", "127.0.0.1:1", "--security", "plain"];
        alert(&[TO.as_slice(), &server, more].concat())
    };
    with(&["--chunking", "always"]).is_usage("--chunking");
    with(&["--chunking"]).is_usage("--chunking");
    with(&["--chunking", "ahead", "--no-chunking"]).is_usage("--no-chunking");
}
