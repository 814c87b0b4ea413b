//! Mails that are accepted, by all or by some.

use embedded_smtp::mock::{Extension, Mechanism, PlaintextAuth, Server, Stage};
use serde_json::json;

use crate::command::{SECOND, TO, alert, reply, send, send_to, send_to_scripted};

#[test]
fn the_demonstration() {
    let run = alert(&[]);
    let result = run.is("sent", 0, 200, "content", "null");
    assert_eq!(result["recipients"].as_array().unwrap().len(), 2);
    let stdout = String::from_utf8(run.stdout).unwrap();
    for part in [
        "C: RCPT TO:<ops@example.org>",
        "Subject: Überdruck",
        "log.csv",
        "gauge.png",
    ] {
        assert!(stdout.contains(part), "{part}");
    }
}

#[test]
fn the_result_has_its_fields_in_order() {
    let run = send_to_scripted(Stage::Content, reply("250 2.0.0 Ok: queued as 4F2"));
    let stdout = String::from_utf8(run.stdout).unwrap();
    let recipients = r#"[{"address":"ops@example.org","code":250,"enhanced":"2.1.5"},{"address":"duty@example.org","code":250,"enhanced":"2.1.5"}]"#;
    let wanted = format!(
        r#"{{"outcome":"sent","status":200,"code":250,"enhanced":"2.0.0","text":"Ok: queued as 4F2","phase":"content","retry":null,"tls":null,"messages":1,"recipients":{recipients},"error":null}}"#
    );
    assert_eq!(stdout, format!("{wanted}\n"));
}

#[test]
fn the_servers_text_is_escaped() {
    let text = b"250 2.0.0 a\x1b[2J\x00\x07\xff \xc2\x9b31m \xe2\x80\xae\r\n";
    let action = embedded_smtp::mock::Action::reply(text);
    let run = send_to(
        Server::builder().script(Stage::Content, 1, action),
        &["--transcript"],
    );
    let result = run.is("sent", 0, 200, "content", "null");
    assert_eq!(
        result["text"],
        r"a\u{1b}[2J\u{0}\u{7}\xff \u{9b}31m \u{202e}"
    );
    let shown = run.stderr + &String::from_utf8(run.stdout).unwrap();
    assert!(
        shown
            .chars()
            .all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'),
        "{shown:?}"
    );
}

#[test]
fn a_reply_of_several_lines_and_what_follows_it() {
    let run = send_to_scripted(
        Stage::Content,
        reply("250-2.0.0 one\r\n250 2.0.0 two\r\nrubbish"),
    );
    assert_eq!(run.is("sent", 0, 200, "content", "null")["text"], "one two");
    let closing = reply("250 2.0.0 Ok").then_close();
    send_to_scripted(Stage::Content, closing).is("sent", 0, 200, "content", "null");
    send_to_scripted(Stage::Quit, reply("554 no")).is("sent", 0, 200, "content", "null");
}

#[test]
fn some_recipients() {
    let permanent = Server::builder().refuse_recipient("duty@example.org", "550 5.1.1 unknown");
    let result = send_to(permanent, &[]).is("partial", 1, 202, "content", "never");
    assert_eq!(
        result["recipients"][1],
        json!({"address": "duty@example.org", "code": 550, "enhanced": "5.1.1"})
    );
    assert_eq!(result["code"], 250);
    assert_eq!(result["messages"], 1);
    let temporary = Server::builder().refuse_recipient("ops@example.org", "450 4.2.1 busy");
    send_to(temporary, &[]).is("partial", 1, 202, "content", "later");
}

#[test]
fn the_whole_envelope_in_order() {
    let server = Server::builder().listen().unwrap();
    let arguments = [
        "--from",
        "a@example.org",
        "--envelope-from",
        "<>",
        "--to",
        "Bö <t@example.org>;",
    ];
    let more = [
        "--cc",
        "c@example.org",
        "--bcc",
        "blind@example.org, T@example.org, t@EXAMPLE.org",
    ];
    let result = send(&server, &[arguments.as_slice(), &more].concat()).result();
    let addresses: Vec<_> = result["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["address"])
        .collect();
    assert_eq!(
        addresses,
        [
            "t@example.org",
            "c@example.org",
            "blind@example.org",
            "T@example.org"
        ]
    );
    assert_eq!(server.deliveries()[0].reverse_path, "");
    let content = String::from_utf8(server.deliveries()[0].content.clone()).unwrap();
    assert!(!content.contains("blind@example.org"), "{content}");
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn bcc_alone() {
    let server = Server::builder().listen().unwrap();
    let run = send(
        &server,
        &["--from", "a@example.org", "--bcc", "b@example.org"],
    );
    run.is("sent", 0, 200, "content", "null");
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn without_any_extension() {
    let server = Server::builder().plain().helo_only(502).listen().unwrap();
    send(&server, &TO).is("sent", 0, 200, "content", "null");
    assert_eq!(server.commands()[0][1], "HELO [127.0.0.1]");
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn without_pipelining() {
    let server = Server::builder()
        .withhold(Extension::Pipelining)
        .listen()
        .unwrap();
    send(&server, &TO).is("sent", 0, 200, "content", "null");
    let offered = Server::builder().listen().unwrap();
    let more = [TO.as_slice(), &["--no-pipelining", "--repeat", "2"]].concat();
    send(&offered, &more).is("sent", 0, 200, "content", "null");
    assert_eq!(
        [server.violations(), offered.violations()].concat(),
        [""; 0]
    );
}

#[test]
fn logged_in() {
    for (auth, command) in [
        ("auto", "AUTH PLAIN"),
        ("plain", "AUTH PLAIN"),
        ("login", "AUTH LOGIN"),
    ] {
        let server = Server::builder()
            .account("boiler3", "secret")
            .plaintext_auth(PlaintextAuth::Allowed)
            .require_auth()
            .listen()
            .unwrap();
        let login = [
            "--user",
            "boiler3",
            "--password-env",
            "ALERT_TEST_PASSWORD",
            "--auth",
            auth,
        ];
        let more = ["--danger-plaintext-auth", "--transcript"];
        let run = send(&server, &[TO.as_slice(), &login, &more].concat());
        run.is("sent", 0, 200, "content", "null");
        assert!(server.commands()[0][1].starts_with(command));
        assert_eq!(
            server.deliveries()[0].authenticated_as.as_deref(),
            Some("boiler3")
        );
        assert!(run.stderr.contains("C: AUTH "), "{}", run.stderr);
        assert!(run.stderr.contains(" octets of content>"), "{}", run.stderr);
        for secret in ["secret", "AGJvaWxlcjMAc2VjcmV0", "c2VjcmV0", "Ym9pbGVyMw"] {
            assert!(!run.stderr.contains(secret), "{}", run.stderr);
        }
        assert_eq!(server.violations(), [""; 0]);
    }
    let only_login = Server::builder()
        .account("boiler3", "secret")
        .mechanisms(&[Mechanism::Login])
        .plaintext_auth(PlaintextAuth::Allowed);
    let login = [
        "--user",
        "boiler3",
        "--password",
        "secret",
        "--danger-plaintext-auth",
    ];
    send_to(only_login, &login).is("sent", 0, 200, "content", "null");
}

#[test]
fn several_mails_over_one_connection() {
    let server = Server::builder().listen().unwrap();
    let result = send(&server, &[TO.as_slice(), &["--repeat", "3"]].concat())
        .is("sent", 0, 200, "content", "null");
    assert_eq!(result["messages"], 3);
    assert!(server.wait_for_end(1, 5 * SECOND));
    assert_eq!(server.connections(), 1);
    assert_eq!(server.commands()[0].last().unwrap(), "QUIT");
    let ids: Vec<String> = server
        .deliveries()
        .iter()
        .map(|mail| message_id(&mail.content))
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(
        ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2],
        "{ids:?}"
    );
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn several_mails_end_at_the_first_that_nobody_got() {
    let server = Server::builder().script(Stage::Content, 2, reply("554 5.7.1 spam"));
    let server = server.listen().unwrap();
    let result = send(&server, &[TO.as_slice(), &["--repeat", "4"]].concat())
        .is("refused", 69, 403, "content", "never");
    assert_eq!(result["messages"], 1);
    assert_eq!(result["text"], "spam");
    assert_eq!(result["recipients"][0]["code"], 250);
    assert_eq!(server.deliveries().len(), 1);

    let server = Server::builder()
        .script(Stage::Rcpt, 5, reply("550 5.1.1 gone"))
        .script(Stage::Rcpt, 6, reply("550 5.1.1 gone too"));
    let result = send_to(server, &["--repeat", "4"]).is("refused", 68, 404, "rcpt", "never");
    assert_eq!(result["messages"], 2);
    assert_eq!(result["text"], "gone");
    assert_eq!(result["recipients"][1]["code"], 550);

    let server = Server::builder().script(Stage::Content, 3, embedded_smtp::mock::Action::close());
    let result = send_to(server, &["--repeat", "4"]).is("unknown", 75, 500, "content", "reconnect");
    assert_eq!(result["messages"], 2);
}

#[test]
fn several_mails_go_on_after_a_partial_one() {
    let server = Server::builder().script(Stage::Rcpt, 2, reply("450 4.2.1 busy"));
    let result = send_to(server, &["--repeat", "3"]).is("partial", 1, 202, "content", "later");
    assert_eq!(result["messages"], 3);
    assert_eq!(result["recipients"][1]["code"], 450);
}

#[test]
fn several_partial_mails() {
    // One recipient that may fare better later makes the whole worth another try.
    let server = || {
        Server::builder()
            .script(Stage::Rcpt, 2, reply("450 4.2.1 busy"))
            .script(Stage::Rcpt, 4, reply("550 5.1.1 gone"))
    };
    let result = send_to(server(), &["--repeat", "3"]).is("partial", 1, 202, "content", "later");
    assert_eq!(result["messages"], 3);
    assert_eq!(result["recipients"][1]["code"], 550);
    // The mail that nobody got is the outcome.
    let ended = server().script(Stage::Mail, 3, reply("554 5.7.1 enough"));
    let result = send_to(ended, &["--repeat", "4"]).is("refused", 69, 403, "mail", "never");
    assert_eq!(result["messages"], 2);
    assert_eq!(result["text"], "enough");
    // They rode behind the refused MAIL.
    assert_eq!(result["recipients"][1]["code"], 503);
}

#[test]
fn the_driver_can_be_named() {
    if crate::DRIVER.is_empty() {
        let server = Server::builder().listen().unwrap();
        send(
            &server,
            &[TO.as_slice(), &["--driver", "blocking"]].concat(),
        )
        .is("sent", 0, 200, "content", "null");
    }
}

#[test]
fn the_same_seed_and_date_give_the_same_octets() {
    let fixed = [
        "--eml",
        "--seed",
        "7",
        "--date",
        "1764000000",
        "--html",
        "<b>hot</b>",
    ];
    let [one, other] = [(); 2].map(|()| alert(&[TO.as_slice(), &fixed].concat()).stdout);
    assert_eq!(one, other);
    let random = [(); 2].map(|()| message_id(&alert(&[TO.as_slice(), &["--eml"]].concat()).stdout));
    assert_ne!(random[0], random[1]);
}

fn message_id(content: &[u8]) -> String {
    let text = String::from_utf8(content.to_vec()).unwrap();
    let id = text
        .split("\r\n")
        .find(|line| line.starts_with("Message-ID:"))
        .unwrap();
    assert!(id.ends_with("@example.org>"), "{id}");
    id.to_owned()
}
