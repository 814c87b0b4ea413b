//! The server says no.

use embedded_smtp::mock::{Action, PlaintextAuth, Server, Stage};

use crate::command::{AHEAD, Run, TO, reply, send, send_by_bdat, send_to, send_to_scripted};

#[test]
fn greeting_and_ehlo() {
    for (stage, phase) in [(Stage::Greeting, "greeting"), (Stage::Ehlo, "ehlo")] {
        let result = send_to_scripted(stage, reply("554 5.3.2 No SMTP service here"))
            .is("refused", 69, 403, phase, "never");
        assert_eq!(result["code"], 554);
        assert_eq!(result["enhanced"], "5.3.2");
        assert_eq!(result["text"], "No SMTP service here");
        assert_eq!(result["recipients"][1]["address"], "duty@example.org");
        assert!(result["recipients"][1]["code"].is_null());
        send_to_scripted(stage, reply("450 busy")).is("refused", 75, 500, phase, "later");
    }
}

#[test]
fn closing_at_any_command() {
    let stages = [
        (Stage::Greeting, "greeting"),
        (Stage::Ehlo, "ehlo"),
        (Stage::Mail, "mail"),
        (Stage::Rcpt, "rcpt"),
        (Stage::Data, "data"),
        (Stage::Content, "content"),
    ];
    for (stage, phase) in stages {
        let by_bdat: &[&[&str]] = match stage {
            Stage::Data => &[],
            _ => &[AHEAD, &["--chunking", "ahead", "--no-pipelining"]],
        };
        let by_data: &[&[&str]] = &[&[], &["--no-pipelining"]];
        for more in by_data.iter().chain(by_bdat) {
            let closing = reply("421 4.3.2 shutting down").then_close();
            let run = send_to(Server::builder().script(stage, 1, closing), more);
            let result = run.is("refused", 75, 500, phase, "reconnect");
            assert_eq!(result["code"], 421);
            assert_eq!(result["text"], "shutting down");
            assert_eq!(result["messages"], 0);
        }
    }
    for auth in ["plain", "login"] {
        for stage in [Stage::Auth, Stage::AuthResponse] {
            if (auth, stage) == ("plain", Stage::AuthResponse) {
                // Its response rides on the command.
                continue;
            }
            let closing = reply("421 bye").then_close();
            let run = login(Server::builder().script(stage, 1, closing), auth);
            run.is("refused", 75, 500, "auth", "reconnect");
        }
    }
}

#[test]
fn credentials() {
    let result = send_to(
        Server::builder(),
        &["--user", "u", "--password", "p", "--danger-plaintext-auth"],
    )
    .is("failed", 77, 401, "auth", "never");
    assert!(result["code"].is_null());
    let plain_only = Server::builder()
        .account("boiler3", "secret")
        .mechanisms(&[embedded_smtp::mock::Mechanism::Plain])
        .plaintext_auth(PlaintextAuth::Allowed);
    let forced = [
        "--user",
        "u",
        "--password",
        "p",
        "--danger-plaintext-auth",
        "--auth",
        "login",
    ];
    send_to(plain_only, &forced).is("failed", 77, 401, "auth", "never");

    let scripted = |text| {
        login(
            Server::builder().script(Stage::Auth, 1, reply(text)),
            "plain",
        )
    };
    scripted("535 5.7.8 wrong").is("refused", 77, 401, "auth", "never");
    scripted("504 no").is("refused", 77, 401, "auth", "never");
    scripted("454 4.7.0 later").is("refused", 75, 500, "auth", "later");

    // The password really is wrong.
    for auth in ["plain", "login"] {
        let account = Server::builder()
            .account("boiler3", "other")
            .plaintext_auth(PlaintextAuth::Allowed);
        let more = [LOGIN.as_slice(), &["--auth", auth]].concat();
        let result = send_to(account, &more).is("refused", 77, 401, "auth", "never");
        assert_eq!(result["code"], 535);
    }
    // It is asked for, and not given.
    let required = Server::builder()
        .account("boiler3", "secret")
        .plaintext_auth(PlaintextAuth::Allowed)
        .require_auth();
    assert_eq!(
        send_to(required, &[]).is("refused", 77, 401, "mail", "never")["code"],
        530
    );
}

#[test]
fn a_login_is_asked_for_at_any_command() {
    let stages = [
        (Stage::Greeting, "greeting"),
        (Stage::Ehlo, "ehlo"),
        (Stage::Mail, "mail"),
        (Stage::Data, "data"),
        (Stage::Content, "content"),
    ];
    for (stage, phase) in stages {
        for text in ["530 5.7.0 log in", "554 5.7.8 no", "550 5.7.9 no"] {
            for run in both_ways(stage, text) {
                let result = run.is("refused", 77, 401, phase, "never");
                assert_eq!(result["code"].to_string(), text[..3]);
            }
        }
    }
    let everyone =
        |text: &'static str| Server::builder().refuse_recipients(move |_| Some(text.into()));
    for text in ["530 5.7.0 log in", "554 5.7.8 no", "550 5.7.9 no"] {
        send_to(everyone(text), &[]).is("refused", 77, 401, "rcpt", "never");
    }
    // 421 counts before them.
    let closing = reply("421 5.7.8 bye").then_close();
    send_to(Server::builder().script(Stage::Mail, 1, closing), &[]).is(
        "refused",
        75,
        500,
        "mail",
        "reconnect",
    );
}

const LOGIN: [&str; 5] = [
    "--user",
    "boiler3",
    "--password",
    "secret",
    "--danger-plaintext-auth",
];

fn login(builder: embedded_smtp::mock::Builder, auth: &str) -> crate::command::Run {
    let server = builder
        .account("boiler3", "secret")
        .plaintext_auth(PlaintextAuth::Allowed);
    send_to(server, &[LOGIN.as_slice(), &["--auth", auth]].concat())
}

#[test]
fn every_recipient() {
    let both = |one: &str, other: &str| {
        Server::builder()
            .refuse_recipient("ops@example.org", one)
            .refuse_recipient("duty@example.org", other)
    };
    let result = send_to(both("550 5.1.1 no such user", "553 nor this"), &[])
        .is("refused", 68, 404, "rcpt", "never");
    assert_eq!(
        (&result["code"], &result["text"]),
        (&550.into(), &"no such user".into())
    );
    assert_eq!(result["recipients"][1]["code"], 553);
    send_to(both("550 5.1.1 no", "450 4.2.1 busy"), &[]).is("refused", 75, 500, "rcpt", "later");
    send_to(both("450 4.2.1 busy", "550 5.1.1 no"), &[]).is("refused", 75, 500, "rcpt", "later");
    send_to(both("452 4.5.3 too many", "552 too many"), &[])
        .is("refused", 75, 500, "rcpt", "later");
    send_to(both("550 5.1.1 no", "550 5.7.1 relaying denied"), &[])
        .is("refused", 69, 403, "rcpt", "never");
    send_to(both("552 5.2.2 full", "552 5.2.2 full"), &[]).is("refused", 69, 403, "rcpt", "never");
    send_to(both("550 5.1.1 no", "530 5.7.0 log in"), &[]).is("refused", 77, 401, "rcpt", "never");
    send_to(both("450 4.2.1 busy", "530 5.7.0 log in"), &[])
        .is("refused", 77, 401, "rcpt", "never");
    send_to(both("530 5.7.0 log in", "550 5.1.1 no"), &[]).is("refused", 77, 401, "rcpt", "never");
    for order in [&[][..], &["--no-pipelining"]] {
        let server = both("550 5.1.1 no", "550 5.1.1 no").listen().unwrap();
        send(&server, &[TO.as_slice(), order].concat()).is("refused", 68, 404, "rcpt", "never");
        assert_eq!(server.deliveries().len(), 0);
        assert_eq!(server.commands()[0].last().unwrap(), "QUIT");
    }
}

#[test]
fn all_or_none() {
    let server = Server::builder()
        .refuse_recipient("duty@example.org", "550 5.1.1 no such user")
        .listen()
        .unwrap();
    let arguments = [TO.as_slice(), &["--policy", "all"]].concat();
    let result = send(&server, &arguments).is("refused", 68, 404, "rcpt", "never");
    assert_eq!(result["recipients"][0]["code"], 250);
    assert_eq!(result["text"], "no such user");
    assert_eq!(server.deliveries().len(), 0);
    assert!(server.commands()[0].contains(&"RSET".into()));
    assert!(!server.commands()[0].contains(&"DATA".into()));
    let busy = Server::builder().refuse_recipient("ops@example.org", "450 4.2.1 busy");
    send_to(busy, &["--policy", "all"]).is("refused", 75, 500, "rcpt", "later");
    send_to(Server::builder(), &["--policy", "all"]).is("sent", 0, 200, "content", "null");
}

#[test]
fn the_request() {
    let stages = [
        (Stage::Mail, "mail"),
        (Stage::Data, "data"),
        (Stage::Content, "content"),
    ];
    for (stage, phase) in stages {
        for text in [
            "501 no",
            "503 no",
            "504 no",
            "552 5.3.4 too big",
            "555 no",
            "554 5.5.0 no",
            "550 5.6.7 no",
        ] {
            for run in both_ways(stage, text) {
                run.is("refused", 69, 400, phase, "never");
            }
        }
        for text in ["550 5.7.1 policy", "554 no"] {
            for run in both_ways(stage, text) {
                run.is("refused", 69, 403, phase, "never");
            }
        }
        // About an address: after a chunk it would be another command's.
        let sender = || reply("550 5.1.8 bad sender");
        send_to_scripted(stage, sender()).is("refused", 69, 403, phase, "never");
        for text in ["451 4.3.0 later", "452 4.3.1 full"] {
            for run in both_ways(stage, text) {
                run.is("refused", 75, 500, phase, "later");
            }
        }
        for text in ["530 5.7.0 log in", "554 5.7.8 no", "550 5.7.9 no"] {
            for run in both_ways(stage, text) {
                run.is("refused", 77, 401, phase, "never");
            }
        }
    }
}

#[test]
fn larger_than_the_server_takes() {
    let server = Server::builder().size(Some(200)).listen().unwrap();
    let result = send(&server, &TO).is("invalid", 65, 400, "mail", "never");
    assert_eq!(result["messages"], 0);
    assert!(
        !server.commands()[0]
            .iter()
            .any(|line| line.starts_with("MAIL"))
    );
    let later = Server::builder().max_message_size(200);
    send_to(later, &[]).is("refused", 69, 400, "mail", "never");
    let unnamed = Server::builder().size(None).max_message_size(200);
    send_to(unnamed, &[]).is("refused", 69, 400, "content", "never");
}

#[test]
fn no_smtputf8() {
    let server = Server::builder().withhold(embedded_smtp::mock::Extension::SmtpUtf8);
    let arguments = ["--from", "a@example.org", "--to", "dörte@example.org"];
    let listener = server.listen().unwrap();
    send(&listener, &arguments).is("invalid", 65, 400, "mail", "never");
    assert_eq!(listener.deliveries().len(), 0);
    send(&Server::builder().listen().unwrap(), &arguments).is("sent", 0, 200, "content", "null");
}

#[test]
fn a_refusal_in_pieces() {
    let action = Action::normal().drip(std::time::Duration::from_millis(2));
    let server = Server::builder()
        .script_every(Stage::Rcpt, action)
        .refuse_recipients(|_| Some("550 5.1.1 unknown".into()));
    send_to(server, &[]).is("refused", 68, 404, "rcpt", "never");
}

/// By DATA, and by BDAT where there is such a stage.
fn both_ways(stage: Stage, text: &str) -> Vec<Run> {
    let mut runs = vec![send_to_scripted(stage, reply(text))];
    if stage != Stage::Data {
        runs.push(send_by_bdat(stage, reply(text)));
    }
    runs
}
