//! The server's reason is shown, whatever followed it.

use std::time::{Duration, Instant};

use embedded_smtp::mock::{Action, Builder, PlaintextAuth, Server, Stage};
use serde_json::Value;

use crate::command::{AFTER, AHEAD, Run, SECOND, TO, alert, binary, reply, send, send_to};

/// Asserts that the line for a person holds all of these.
#[track_caller]
fn says(result: &Value, words: &[&str]) {
    let error = result["error"].as_str().unwrap();
    for word in words {
        assert!(error.contains(word), "no {word}: {error}");
    }
}

fn at(stage: Stage, action: Action, more: &[&str]) -> Run {
    send_to(Server::builder().script(stage, 1, action), more)
}

#[test]
fn a_refused_ehlo_is_shown_though_the_server_closed_before_helo() {
    let lines = "501-5.5.4 EHLO argument \"[127.0.0.1]\" invalid,\r\n501 5.5.4 closing connection.";
    let run = at(Stage::Ehlo, reply(lines).then_close(), &[]);
    let result = run.is("refused", 69, 403, "ehlo", "never");
    assert_eq!(result["code"], 501);
    let text = "EHLO argument \"[127.0.0.1]\" invalid, closing connection.";
    assert_eq!(result["text"], text);
    says(&result, &["501 5.5.4", text]);
}

#[test]
fn a_refused_ehlo_is_shown_though_helo_was_refused_too() {
    for helo in ["503 no EHLO", "501 5.5.2 nor HELO"] {
        let server = Server::builder()
            .script(Stage::Ehlo, 1, reply("501 5.5.4 bad name"))
            .script(Stage::Helo, 1, reply(helo));
        let result = send_to(server, &[]).is("refused", 69, 403, "ehlo", "never");
        assert_eq!(
            (&result["code"], &result["text"]),
            (&501.into(), &"bad name".into())
        );
    }
}

#[test]
fn helo_is_said_only_where_neither_starttls_nor_a_login_follows() {
    let server = Server::builder()
        .account("boiler3", "secret")
        .plaintext_auth(PlaintextAuth::Allowed)
        .helo_only(502)
        .listen()
        .unwrap();
    let login = [
        "--user",
        "boiler3",
        "--password",
        "secret",
        "--danger-plaintext-auth",
    ];
    let result = send(&server, &[TO.as_slice(), &login].concat());
    result.is("refused", 69, 403, "ehlo", "never");
    assert!(
        !server.commands()[0]
            .iter()
            .any(|line| line.starts_with("HELO"))
    );
}

#[test]
fn a_refused_recipient_is_quoted_though_the_server_closed() {
    let closing = reply("550 5.7.1 Client host blocked").then_close();
    let server = Server::builder().script(Stage::Rcpt, 2, closing.clone());
    let result = send_to(server, &[]).result();
    assert_eq!(result["outcome"], "failed");
    says(&result, &["550 5.7.1 Client host blocked"]);
    // Every recipient that was answered was refused.
    for more in [&[][..], &["--no-pipelining"], AFTER] {
        let run = at(Stage::Rcpt, closing.clone(), more);
        let result = run.is("refused", 69, 403, "rcpt", "never");
        assert_eq!(result["text"], "Client host blocked");
    }
    // Content that was sent ahead may have reached the one who was not answered.
    let run = at(Stage::Rcpt, closing, AHEAD);
    let result = run.is("unknown", 75, 500, "content", "reconnect");
    says(&result, &["550 5.7.1 Client host blocked"]);
}

#[test]
fn the_last_line_of_a_greeting_decides_if_it_refuses() {
    let greeting = |text| at(Stage::Greeting, reply(text), &[]);
    let run = greeting("220-mail.example.org ESMTP\r\n521 5.7.1 blocked");
    let result = run.is("refused", 69, 403, "greeting", "never");
    assert_eq!(result["code"], 521);
    says(&result, &["521 5.7.1", "blocked"]);
    let result = greeting("220-wait\r\n450 4.3.2 busy").is("refused", 75, 500, "greeting", "later");
    says(&result, &["450 4.3.2", "busy"]);
    greeting("220-wait\r\n250 go").is("failed", 76, 500, "greeting", "reconnect");
}

#[test]
fn words_without_a_line_end_are_quoted_and_decide_nothing() {
    for (stage, phase) in [(Stage::Greeting, "greeting"), (Stage::Mail, "mail")] {
        let words = Action::reply("550 your IP is \x1b[2Jdisabled").then_close();
        let run = at(stage, words, &["--transcript"]);
        let result = run.is("failed", 74, 500, phase, "reconnect");
        assert!(result["code"].is_null());
        let quoted = r"550 your IP is \u{1b}[2Jdisabled";
        says(&result, &[&format!("\"{quoted}\"")]);
        assert!(
            run.stderr.contains(&format!("S: {quoted}\n")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_line_that_is_no_reply_is_quoted() {
    let run = at(Stage::Mail, reply("hello\x07 there"), &["--transcript"]);
    let result = run.is("failed", 76, 500, "mail", "reconnect");
    says(&result, &[r#""hello\u{7} there""#]);
    assert!(
        run.stderr.contains("S: hello\\u{7} there\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_goodbye_before_a_command_is_temporary_and_shown() {
    for text in [
        "451 4.4.2 Timeout waiting for data",
        "421 4.4.2 Timeout waiting for data",
    ] {
        let said = format!("{text}\r\n");
        for more in [&[][..], &["--no-pipelining"], AHEAD, AFTER] {
            for goodbye in [
                Action::normal().then_say(&said).then_close(),
                Action::normal().then_say_late(&said).then_close_late(),
            ] {
                let run = at(Stage::Ehlo, goodbye, more);
                let result = run.is("refused", 75, 500, "mail", "reconnect");
                assert_eq!(result["text"], "Timeout waiting for data");
                says(&result, &[text, "connect"]);
            }
        }
    }
}

#[test]
fn a_goodbye_between_two_mails_leaves_the_first_one_sent() {
    let said = "451 4.4.2 Timeout waiting for data\r\n";
    for more in [&[][..], &["--no-pipelining"]] {
        let goodbye = Action::normal().then_say(said).then_close();
        let server = Server::builder().script(Stage::Content, 1, goodbye);
        let more = [&["--repeat", "2"], more].concat();
        let result = send_to(server, &more).is("refused", 75, 500, "mail", "reconnect");
        assert_eq!(result["messages"], 1);
        says(&result, &["Timeout waiting for data"]);
    }
}

#[test]
fn any_other_reply_that_nothing_asked_for_breaks_the_protocol() {
    for text in ["250 Ok\r\n", "354 go\r\n", "550 5.7.1 no\r\n", "451 4.4."] {
        let action = Action::normal().then_say(text);
        at(Stage::Ehlo, action, &[]).is("failed", 76, 500, "mail", "reconnect");
    }
}

#[test]
fn fewer_replies_than_commands_are_a_fault_that_quotes_the_refusal() {
    let server = Server::builder()
        .script(Stage::Mail, 1, reply("503 5.5.1 Need MAIL"))
        .script_every(Stage::Rcpt, reply("503 5.5.1 Need MAIL"))
        .script(Stage::Data, 1, Action::reply(""));
    let server = server.listen().unwrap();
    let address = server.addr().to_string();
    let more = [
        "--server",
        &address,
        "--security",
        "plain",
        "--timeout",
        "2",
    ];
    let run = alert(&[TO.as_slice(), &more].concat());
    let result = run.result();
    assert_eq!(result["outcome"], "failed");
    assert!([74, 76].contains(&run.exit), "{result}");
    assert_eq!(result["retry"], "reconnect");
    says(&result, &["503 5.5.1 Need MAIL", "--no-pipelining"]);
}

#[test]
fn policy_at_rcpt_is_no_missing_mailbox_however_the_code_is_written() {
    for text in [
        "550 5.7.1 relaying denied",
        "550 5.7.1: relaying denied",
        "550 #5.7.1 relaying denied",
        "550 (#5.7.1) relaying denied",
        "553 5.7.1 sender not owned by user",
    ] {
        let server = Server::builder().refuse_recipients(move |_| Some(text.into()));
        let result = send_to(server, &[]).is("refused", 69, 403, "rcpt", "never");
        assert_eq!(result["enhanced"], "5.7.1", "{text}");
    }
}

#[test]
fn a_refused_recipient_without_an_enhanced_code_may_have_two_causes() {
    for code in ["550", "551", "553"] {
        let text = format!("{code} no");
        let server = Server::builder().refuse_recipients(move |_| Some(text.clone()));
        let result = send_to(server, &[]).is("refused", 68, 404, "rcpt", "never");
        says(&result, &["recipient's address", "log in", "relay"]);
    }
}

#[test]
fn the_advice_says_whether_tls_or_a_login_is_missing() {
    let said = |text: &str, more: &[&str]| {
        let server = Server::builder()
            .account("boiler3", "secret")
            .plaintext_auth(PlaintextAuth::Allowed)
            .script(Stage::Mail, 1, reply(text));
        send_to(server, more)
    };
    let login = [
        "--user",
        "boiler3",
        "--password",
        "secret",
        "--danger-plaintext-auth",
    ];
    let starttls = "530 5.7.0 Must issue a STARTTLS command first";
    let result = said(starttls, &login).is("refused", 77, 401, "mail", "never");
    says(&result, &["Must issue a STARTTLS", "--security starttls"]);
    let result = said(starttls, &[]).is("refused", 77, 401, "mail", "never");
    says(&result, &["--security starttls", "--user"]);
    let result = said("503 5.5.1 AUTH first", &[]).is("refused", 69, 400, "mail", "never");
    says(&result, &["AUTH first", "--user"]);
}

#[test]
fn the_advice_knows_what_large_providers_mean() {
    let said = |stage, text: &str| {
        let server = Server::builder()
            .account("boiler3", "secret")
            .plaintext_auth(PlaintextAuth::Allowed)
            .script(stage, 1, reply(text));
        let login = [
            "--user",
            "boiler3",
            "--password",
            "secret",
            "--danger-plaintext-auth",
        ];
        send_to(server, &login).result()
    };
    let disabled = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled";
    says(
        &said(Stage::Auth, disabled),
        &[disabled, "enable SMTP AUTH"],
    );
    let app = "534 5.7.9 Application-specific password required";
    says(&said(Stage::Auth, app), &[app, "app password instead"]);
    let quota = "550 5.4.5 Daily user sending limit exceeded";
    says(&said(Stage::Mail, quota), &[quota, "tomorrow"]);
}

/// The mail is out: nobody waits minutes for a farewell.
#[test]
fn a_server_that_does_not_answer_quit_holds_nobody_for_long() {
    binary();
    let timed = |builder: Builder, more: &[&str]| {
        let server = builder
            .script(Stage::Quit, 1, Action::silence())
            .listen()
            .unwrap();
        let address = server.addr().to_string();
        let connection = ["--server", &address, "--security", "plain"];
        let start = Instant::now();
        let run = alert(&[TO.as_slice(), &connection, more].concat());
        let time = start.elapsed();
        assert!(time < 13 * SECOND, "{more:?}: {time:?}");
        run
    };
    let timed = &timed;
    std::thread::scope(|scope| {
        for more in [
            &[][..],
            &["--timeout", "100"],
            &["--no-pipelining"],
            &["--repeat", "2"],
            AFTER,
        ] {
            scope.spawn(move || {
                let run = timed(Server::builder(), more);
                run.is("sent", 0, 200, "content", "null");
            });
        }
        scope.spawn(move || {
            let refused = Server::builder().script(Stage::Mail, 1, reply("554 5.7.1 no"));
            timed(refused, &[]).is("refused", 69, 403, "mail", "never");
        });
    });
}

#[test]
fn recipients_beyond_what_the_server_takes_at_once_are_for_later() {
    for more in [&[][..], &["--no-pipelining"], AHEAD, AFTER] {
        let result = send_to(Server::builder().max_recipients(1), more)
            .is("partial", 1, 202, "content", "later");
        assert_eq!(result["recipients"][0]["code"], 250);
        assert_eq!(result["recipients"][1]["code"], 452);
        says(&result, &["1 of 2 recipients", "later"]);
    }
}

#[test]
fn recipients_beyond_a_limit_that_was_announced_are_for_later() {
    let server = Server::builder().limits("RCPTMAX=1").listen().unwrap();
    let result = send(&server, &TO).is("partial", 1, 202, "content", "later");
    assert_eq!(result["recipients"][0]["code"], 250);
    assert!(result["recipients"][1]["code"].is_null());
    let rcpt = |line: &&String| line.starts_with("RCPT");
    assert_eq!(server.commands()[0].iter().filter(rcpt).count(), 1);
}

#[test]
fn sizes_that_differ_are_no_limit() {
    let server = Server::builder().ehlo_line("SIZE 200").script(
        Stage::Content,
        1,
        reply("552 5.3.4 too big").after(Duration::ZERO),
    );
    let result = send_to(server, &[]).is("refused", 69, 400, "content", "never");
    says(&result, &["552 5.3.4 too big", "smaller message"]);
}
