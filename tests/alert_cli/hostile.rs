//! Input that tries to smuggle a command or a header field: it is refused before anything is sent,
//! or goes out encoded. The commands the server got are the whole proof.

use embedded_smtp::mock::Server;

use crate::command::{Run, alert, send};

/// Line ends and what becomes one when it is cut to 8 bits or normalized. NUL cannot stand in an
/// argument; the JSON input can hold it.
const ENDS: [&str; 10] = [
    "\r\n",
    "\r",
    "\n",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{560a}",
    "\u{560d}\u{560a}",
    "\u{7f}",
    "\u{b}",
];

const SMUGGLED: &str = "RCPT TO:<evil@example.net>";

/// Sends with these arguments and looks at all that arrived.
fn is_harmless(arguments: &[&str]) -> Run {
    let server = Server::builder().listen().unwrap();
    let run = send(&server, arguments);
    assert!(
        matches!(run.exit, 0 | 65 | 69),
        "{arguments:?}: {} {}",
        run.exit,
        run.stderr
    );
    for line in server.commands().iter().flatten() {
        let verb = line.split([' ', ':']).next().unwrap();
        let known = ["EHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT"].contains(&verb);
        assert!(
            known && !line.contains(char::is_control),
            "{arguments:?}: {line:?}"
        );
        // Where the words come through at all, they are within an argument.
        assert!(
            !line.starts_with("RCPT TO:<evil"),
            "{arguments:?}: {line:?}"
        );
        assert!(!line.contains("NOTIFY"), "{arguments:?}: {line:?}");
    }
    for delivery in server.deliveries() {
        let text = String::from_utf8(delivery.content).unwrap();
        assert!(
            !text.replace("\r\n", "").contains(['\r', '\n', '\0']),
            "{arguments:?}"
        );
        let head = text.split("\r\n\r\n").next().unwrap();
        let parts = text
            .split("\r\n--=_")
            .skip(1)
            .flat_map(|part| part.split("\r\n\r\n").next());
        for line in [head]
            .into_iter()
            .chain(parts)
            .flat_map(|head| head.split("\r\n"))
        {
            let smuggled = ["bcc:", "rcpt", "x-evil"].iter().any(|name| {
                line.get(..name.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(name))
            });
            assert!(!smuggled, "{arguments:?}: {line:?}");
        }
    }
    assert_eq!(server.violations(), [""; 0], "{arguments:?}");
    run
}

fn is_refused(arguments: &[&str]) {
    let run = is_harmless(arguments);
    assert_eq!(run.exit, 65, "{arguments:?}");
    let shown = run.stderr + &String::from_utf8(run.stdout).unwrap();
    assert!(
        shown.chars().all(|c| c == '\n' || !c.is_control()),
        "{shown:?}"
    );
}

#[test]
fn addresses() {
    for end in ENDS {
        let text = format!("a@example.org>{end}{SMUGGLED}");
        let bare = format!("a@example.org{end}{SMUGGLED}");
        let named = format!("A{end}Bcc: e@example.net <a@example.org>");
        let local = format!("a{end}b@example.org");
        for value in [&text, &bare, &local] {
            let harmless = |arguments: &[&str]| {
                let run = is_harmless(arguments);
                // Letters of other scripts may stand in an address that asks for SMTPUTF8.
                assert!(
                    run.exit == 65 || end.starts_with('\u{560a}') || end.starts_with('\u{560d}')
                );
            };
            harmless(&["--from", "x@example.org", "--to", value]);
            harmless(&["--from", value, "--to", "x@example.org"]);
            harmless(&[
                "--from",
                "x@example.org",
                "--to",
                "x@example.org",
                "--envelope-from",
                value,
            ]);
            harmless(&["--from", "x@example.org", "--bcc", value]);
        }
        is_harmless(&["--from", &named, "--to", "x@example.org"]);
        is_harmless(&["--from", "x@example.org", "--to", &named]);
        is_harmless(&[
            "--from",
            "x@example.org",
            "--to",
            "x@example.org",
            "--reply-to",
            &named,
        ]);
    }
    for value in [
        "a@b> NOTIFY=NEVER",
        "a@b> NOTIFY=NEVER <x@y",
        "<a@b> NOTIFY=NEVER",
        "a b@c",
        "a<b@c",
        "a>b@c",
        "a@b c",
        "@a,@b:c@d",
        "x:a@b;",
    ] {
        is_refused(&["--from", "x@example.org", "--to", value]);
        is_refused(&["--from", value, "--to", "x@example.org"]);
    }
}

#[test]
fn a_quoted_local_part_goes_out_exactly_so() {
    let server = Server::builder().listen().unwrap();
    let address = r#""x@y z"@example.org"#;
    send(&server, &["--from", "x@example.org", "--to", address])
        .is("sent", 0, 200, "content", "null");
    assert!(server.commands()[0].contains(&format!("RCPT TO:<{address}>")));
}

#[test]
fn the_ehlo_name() {
    for end in ENDS {
        let name = format!("legit{end}MAIL FROM:<e@x>");
        is_refused(&[
            "--from",
            "x@example.org",
            "--to",
            "x@example.org",
            "--helo",
            &name,
        ]);
    }
    is_refused(&[
        "--from",
        "x@example.org",
        "--to",
        "x@example.org",
        "--helo",
        "legit MAIL",
    ]);
}

#[test]
fn header_fields() {
    let usual = ["--from", "x@example.org", "--to", "y@example.org"];
    for end in ENDS {
        let text = format!(
            "hot{end}Bcc: e@example.net{end}X-Evil: 1{end}{end}{SMUGGLED}{end}.{end}{SMUGGLED}"
        );
        let name = format!("X{end}X-Evil: 1");
        let id = format!("1@example.org>{end}X-Evil: 1");
        for option in ["--subject", "--text", "--html"] {
            is_harmless(&[usual.as_slice(), &[option, &text]].concat());
        }
        is_harmless(&[usual.as_slice(), &["--header", &format!("X-Site: {text}")]].concat());
        is_refused(&[usual.as_slice(), &["--header", &name]].concat());
        is_refused(&[usual.as_slice(), &["--message-id", &id]].concat());
        // A line end is refused, and other words between identifiers are left out.
        let references = format!("References: <1@example.org>{end}X-Evil: 1");
        let with_references = [usual.as_slice(), &["--header", &references]].concat();
        if end.is_ascii() {
            is_refused(&with_references);
        } else {
            is_harmless(&with_references);
        }
    }
    for header in [
        "Bcc: e@example.net",
        "bCC: e@example.net",
        "To: e@example.net",
        "X Evil: 1",
        ": x",
        ".: x",
    ] {
        is_refused(&[usual.as_slice(), &["--header", header]].concat());
    }
}

#[test]
fn attachments() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let usual = [
        "--from",
        "x@example.org",
        "--to",
        "y@example.org",
        "--html",
        "<b>",
    ];
    for end in ENDS {
        let evil = format!("a\"{end}X-Evil: 1{end}{end}{SMUGGLED}");
        for key in ["name", "cid", "type"] {
            let value = if key == "type" {
                format!("text/plain{evil}")
            } else {
                evil.clone()
            };
            let attach = format!("{path},{key}={value}");
            is_harmless(&[usual.as_slice(), &["--attach", &attach]].concat());
        }
    }
}

#[test]
fn a_body_of_dots() {
    let server = Server::builder().listen().unwrap();
    let text = ".\r\n..\r\n.\r\nRCPT TO:<evil@example.net>\r\n.";
    send(
        &server,
        &[
            "--from",
            "x@example.org",
            "--to",
            "y@example.org",
            "--text",
            text,
        ],
    )
    .is("sent", 0, 200, "content", "null");
    let content = String::from_utf8(server.deliveries()[0].content.clone()).unwrap();
    assert!(
        content.ends_with(&format!("\r\n\r\n{text}\r\n")),
        "{content:?}"
    );
    assert_eq!(server.deliveries().len(), 1);
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn json() {
    let text = r#"{"From":"a@example.org","To":"b@example.org","Subject":"a\u0000b"}"#;
    let run = crate::command::alert_with_stdin(&["--json", "-", "--eml"], text.as_bytes());
    assert_eq!((run.exit, run.stdout.len()), (65, 0));
    let text = r#"{"From":"a@example.org","To":"b@example.org\u0000","Body":"a"}"#;
    let run = crate::command::alert_with_stdin(&["--json", "-", "--eml"], text.as_bytes());
    assert_eq!((run.exit, run.stdout.len()), (65, 0));
    let file = r#"{"From":"a@example.org","To":"b@example.org","Attachments":[{"FileName":"a\r\nX-Evil: 1"}]}"#;
    assert_eq!(alert_with(file), 65);
}

fn alert_with(json: &str) -> i32 {
    let run = crate::command::alert_with_stdin(&["--json", "-", "--eml"], json.as_bytes());
    assert_eq!(alert(&["--json", "/dev/null", "--eml"]).exit, 65);
    run.exit
}
