//! Logging in by every mechanism, and what is shown of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use embedded_smtp::mock::{Action, Builder, Mechanism, PlaintextAuth, ScramOddity, Server, Stage};

use crate::command::{Run, TO, reply, send};

const MECHANISMS: [(&str, Mechanism); 6] = [
    ("plain", Mechanism::Plain),
    ("login", Mechanism::Login),
    ("cram-md5", Mechanism::CramMd5),
    ("scram-sha-256", Mechanism::ScramSha256),
    ("xoauth2", Mechanism::XOAuth2),
    ("oauthbearer", Mechanism::OAuthBearer),
];

const PASSWORD: &str = "correct-horse-battery";

fn server(mechanisms: &[Mechanism]) -> Builder {
    Server::builder()
        .account("boiler3", PASSWORD)
        .token_account("boiler3", &token())
        .mechanisms(mechanisms)
        .plaintext_auth(PlaintextAuth::Allowed)
}

/// 4,096 octets.
fn token() -> String {
    "ya29.0123456789-abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRST~"
        .repeat(64)
        .chars()
        .take(4_096)
        .collect()
}

/// Sends with this login, and sees to it that no secret is shown.
fn log_in(builder: Builder, secret: [&str; 2], more: &[&str]) -> Run {
    let server = builder.listen().unwrap();
    let login = [
        "--user",
        "boiler3",
        "--danger-plaintext-auth",
        "--transcript",
    ];
    let run = send(&server, &[&TO, &login[..], &secret, more].concat());
    let shown = String::from_utf8_lossy(&run.stdout).into_owned() + &run.stderr;
    for secret in secrets(secret[1]) {
        assert!(!shown.contains(&secret), "{secret} is shown:\n{shown}");
    }
    run
}

/// A secret in all the forms that go over the wire, and parts of them.
fn secrets(secret: &str) -> Vec<String> {
    let mut all = vec![secret.to_owned()];
    let messages = [
        secret.to_owned(),
        format!("\0boiler3\0{secret}"),
        format!("user=boiler3\u{1}auth=Bearer {secret}\u{1}\u{1}"),
        format!("n,a=boiler3,\u{1}auth=Bearer {secret}\u{1}\u{1}"),
    ];
    for message in messages {
        let text = STANDARD.encode(message);
        // Whatever of it a line or a buffer would cut off.
        let middle = text.get(40..72).unwrap_or(&text);
        all.push(middle.to_owned());
        all.push(text.trim_end_matches('=').to_owned());
    }
    let middle = secret.get(100..140).map(str::to_owned);
    all.extend(middle);
    all
}

#[test]
fn every_mechanism() {
    let token = token();
    for (name, mechanism) in MECHANISMS {
        let secret = match mechanism {
            Mechanism::XOAuth2 | Mechanism::OAuthBearer => ["--token", &token],
            _ => ["--password", PASSWORD],
        };
        for buffer in ["256", "512", "1024"] {
            let more = ["--auth", name, "--buffer", buffer];
            let server = server(&[mechanism]).listen().unwrap();
            let login = ["--user", "boiler3", "--danger-plaintext-auth"];
            let run = send(&server, &[&TO, &login[..], &secret, &more].concat());
            run.is("sent", 0, 200, "content", "null");
            assert_eq!(server.violations(), [""; 0], "{name}");
            let delivery = &server.deliveries()[0];
            assert_eq!(delivery.authenticated_as.as_deref(), Some("boiler3"));
            let run = log_in(self::server(&[mechanism]), secret, &more);
            run.is("sent", 0, 200, "content", "null");
            assert!(run.stderr.contains("***"), "{}", run.stderr);
        }
        // It is not offered.
        let others: Vec<Mechanism> = MECHANISMS
            .iter()
            .map(|(_, other)| *other)
            .filter(|other| *other != mechanism)
            .collect();
        let server = server(&others).listen().unwrap();
        let login = [
            "--user",
            "boiler3",
            "--danger-plaintext-auth",
            "--auth",
            name,
        ];
        let run = send(&server, &[&TO, &login[..], &secret].concat());
        run.is("failed", 77, 401, "auth", "never");
        let commands = server.commands();
        assert!(!commands[0].iter().any(|line| line.starts_with("AUTH")));
    }
}

#[test]
fn the_best_mechanism_on_offer() {
    let token = token();
    let all: Vec<Mechanism> = MECHANISMS.iter().map(|(_, mechanism)| *mechanism).collect();
    let without = |left_out: &[Mechanism]| -> Vec<Mechanism> {
        all.iter()
            .copied()
            .filter(|mechanism| !left_out.contains(mechanism))
            .collect()
    };
    let scram = Mechanism::ScramSha256;
    for (offered, secret, expected) in [
        (without(&[]), ["--password", PASSWORD], "AUTH SCRAM-SHA-256"),
        (without(&[scram]), ["--password", PASSWORD], "AUTH PLAIN"),
        (
            without(&[scram, Mechanism::Plain]),
            ["--password", PASSWORD],
            "AUTH LOGIN",
        ),
        (without(&[]), ["--token", &token], "AUTH OAUTHBEARER"),
        (
            without(&[Mechanism::OAuthBearer]),
            ["--token", &token],
            "AUTH XOAUTH2",
        ),
    ] {
        let server = server(&offered).listen().unwrap();
        let login = ["--user", "boiler3", "--danger-plaintext-auth"];
        let run = send(&server, &[&TO, &login[..], &secret].concat());
        run.is("sent", 0, 200, "content", "null");
        let commands = server.commands();
        let auth = commands[0].iter().find(|line| line.starts_with("AUTH"));
        assert!(auth.unwrap().starts_with(expected), "{auth:?}");
    }
    // CRAM-MD5 only when it is asked for; and a token is nothing for the others.
    for secret in [["--password", PASSWORD], ["--token", &token]] {
        let builder = server(&[Mechanism::CramMd5]);
        let server = builder.listen().unwrap();
        let login = ["--user", "boiler3", "--danger-plaintext-auth"];
        let run = send(&server, &[&TO, &login[..], &secret].concat());
        run.is("failed", 77, 401, "auth", "never");
    }
}

#[test]
fn wrong_secrets() {
    let wrong_token = token().replace("ya29", "ya30");
    for (name, mechanism) in MECHANISMS {
        let is_token = matches!(mechanism, Mechanism::XOAuth2 | Mechanism::OAuthBearer);
        let secret = match is_token {
            true => ["--token", &*wrong_token],
            false => ["--password", "incorrect-horse-battery"],
        };
        let run = log_in(
            server(&[mechanism]),
            secret,
            &["--auth", name, "--buffer", "512"],
        );
        let result = run.is("refused", 77, 401, "auth", "never");
        assert_eq!(result["code"], 535);
        if is_token {
            let error = result["error"].as_str().unwrap();
            let reason = r#"{"status":"401","schemes":"bearer","scope":"mail"}"#;
            assert!(error.contains(reason), "{error}");
        }
        let later = reply("454 4.7.0 later");
        let busy = server(&[mechanism]).script(Stage::Auth, 1, later);
        let run = log_in(busy, secret, &["--auth", name]);
        run.is("refused", 75, 500, "auth", "later");
    }
}

#[test]
fn a_reason_reaches_no_terminal_as_it_is() {
    let reason = STANDARD.encode("\u{1b}[2J{\"status\":\r\n\u{7}}");
    let builder =
        server(&[Mechanism::XOAuth2]).script(Stage::Auth, 1, reply(&format!("334 {reason}")));
    let run = log_in(builder, ["--token", "wrong"], &["--auth", "xoauth2"]);
    let result = run.result();
    let error = result["error"].as_str().unwrap();
    assert!(
        error.contains("status") && !error.contains(char::is_control),
        "{error}"
    );
    assert!(!run.stderr.contains(['\u{1b}', '\u{7}']), "{}", run.stderr);
}

#[test]
fn a_server_that_does_not_know_the_password() {
    let scram = |oddity| server(&[Mechanism::ScramSha256]).scram_oddity(oddity);
    for oddity in [
        ScramOddity::WrongSignature,
        ScramOddity::ShortSignature,
        ScramOddity::NoSignature,
    ] {
        let run = log_in(scram(oddity), ["--password", PASSWORD], &[]);
        run.is("failed", 77, 401, "auth", "never");
    }
    let run = log_in(
        scram(ScramOddity::ForeignNonce),
        ["--password", PASSWORD],
        &[],
    );
    run.is("failed", 76, 500, "auth", "reconnect");
    let run = log_in(
        scram(ScramOddity::Extensions),
        ["--password", PASSWORD],
        &[],
    );
    run.is("sent", 0, 200, "content", "null");
    for rounds in [1, 4_095, 100_001, u32::MAX] {
        let builder = server(&[Mechanism::ScramSha256]).scram_iterations(rounds);
        let run = log_in(builder, ["--password", PASSWORD], &[]);
        run.is("failed", 76, 500, "auth", "reconnect");
    }
    let builder = server(&[Mechanism::ScramSha256]).scram_iterations(100_000);
    log_in(builder, ["--password", PASSWORD], &[]).is("sent", 0, 200, "content", "null");
    // It says yes at once.
    let builder =
        server(&[Mechanism::ScramSha256]).script(Stage::Auth, 1, reply("235 2.7.0 welcome"));
    log_in(builder, ["--password", PASSWORD], &[]).is("failed", 77, 401, "auth", "never");
}

#[test]
fn challenges_that_are_none() {
    for (name, stage) in [
        ("cram-md5", Stage::Auth),
        ("scram-sha-256", Stage::Auth),
        ("scram-sha-256", Stage::AuthResponse),
    ] {
        let (_, mechanism) = MECHANISMS.into_iter().find(|(n, _)| *n == name).unwrap();
        let builder = server(&[mechanism]).script(stage, 1, reply("334 <no base64>"));
        let server = builder.listen().unwrap();
        let login = [
            "--user",
            "boiler3",
            "--danger-plaintext-auth",
            "--auth",
            name,
        ];
        let run = send(
            &server,
            &[&TO, &login[..], &["--password", PASSWORD]].concat(),
        );
        run.is("failed", 76, 500, "auth", "reconnect");
        assert_eq!(server.deliveries().len(), 0);
        let transcript = server.transcript().with_credentials().to_string();
        assert!(transcript.contains("C: *\n"), "{transcript}");
        assert!(!transcript.contains("QUIT"), "{transcript}");
    }
    let more = Action::reply("334 \r\n");
    let builder = server(&[Mechanism::Plain]).script(Stage::Auth, 1, more);
    log_in(builder, ["--password", PASSWORD], &[]).is("failed", 76, 500, "auth", "reconnect");
}

#[test]
fn secrets_that_cannot_be_sent() {
    let scram = server(&[Mechanism::ScramSha256, Mechanism::Plain]);
    let server = scram.listen().unwrap();
    let login = ["--user", "boiler3", "--danger-plaintext-auth"];
    let with = |more: &[&str]| send(&server, &[&TO, &login[..], more].concat());
    let forced = ["--password", "Paßwort", "--auth", "scram-sha-256"];
    with(&forced).is("invalid", 65, 400, "null", "never");
    with(&["--token", "a b"]).is("invalid", 65, 400, "null", "never");
    with(&["--token", &"t".repeat(8_193)]).is("invalid", 65, 400, "null", "never");
    assert_eq!(server.connections(), 0);
    // What SCRAM cannot take, PLAIN can.
    let result = with(&["--password", "Paßwort"]).is("refused", 77, 401, "auth", "never");
    assert_eq!(result["code"], 535);
}
