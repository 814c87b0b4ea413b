//! Arguments that cannot be used: exit code 64, a message on stderr, nothing on stdout.

use crate::command::{TO, alert};

const PLAIN: [&str; 4] = ["--server", "127.0.0.1:1", "--security", "plain"];

fn with(more: &[&str]) -> crate::command::Run {
    alert(&[TO.as_slice(), &PLAIN, more].concat())
}

#[test]
fn help() {
    for word in ["--help", "--version"] {
        let run = alert(&[word]);
        assert_eq!((run.exit, &*run.stderr), (0, ""));
        assert!(!run.stdout.is_empty());
    }
}

#[test]
fn options_that_do_not_exist_or_hold_no_value() {
    with(&["--no-such-option"]).is_usage("--no-such-option");
    with(&["--security", "ssl"]).is_usage("--security");
    with(&["--timeout", "0"]).is_usage("--timeout");
    with(&["--timeout", "soon"]).is_usage("--timeout");
    with(&["--buffer", "255"]).is_usage("--buffer");
    with(&["--buffer", "99999999999999999999"]).is_usage("--buffer");
    with(&["--repeat", "0"]).is_usage("--repeat");
    with(&["--date", "soon"]).is_usage("--date");
    with(&["--policy", "some"]).is_usage("--policy");
    with(&["--importance", "urgent"]).is_usage("--importance");
    with(&["--driver"]).is_usage("--driver");
    with(&["--text", "twice"]).is_usage("--text");
    let run = with(&["--date", "\u{1b}[2J\u{9b}\r"]);
    run.is_usage("--date");
    assert!(!run.stderr.replace('\n', "").contains(char::is_control));
    for server in [
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        ":25",
        "::1:25",
        "[::1:25",
    ] {
        let run = alert(&[TO.as_slice(), &["--server", server, "--security", "plain"]].concat());
        run.is_usage("--server");
    }
}

#[test]
fn options_that_lack_another() {
    alert(&TO).is_usage("--server");
    alert(&["--transcript"]).is_usage("--server");
    alert(&[PLAIN.as_slice(), &["--to", "b@example.org"]].concat()).is_usage("--from");
    with(&["--user", "u"]).is_usage("--user");
    with(&["--password", "p"]).is_usage("--user");
    with(&["--password-env", "ALERT_TEST_PASSWORD"]).is_usage("--user");
    with(&["--token", "t"]).is_usage("--user");
    with(&["--auth", "plain"]).is_usage("--auth");
    with(&["--user", "u", "--password", "p"]).is_usage("--danger-plaintext-auth");
    let unset = [
        "--user",
        "u",
        "--password-env",
        "ALERT_TEST_NOT_SET",
        "--danger-plaintext-auth",
    ];
    with(&unset).is_usage("ALERT_TEST_NOT_SET");
}

#[test]
fn options_that_do_not_go_together() {
    with(&["--repeat", "2", "--message-id", "a@b"]).is_usage("--message-id");
    with(&["--user", "u", "--password", "p", "--token", "t"]).is_usage("--token");
    with(&["--user", "u", "--password", "p", "--password-env", "E"]).is_usage("--password");
    with(&["--json", "-"]).is_usage("--json");
    for (option, value) in [
        ("--from", "a@b"),
        ("--reply-to", "a@b"),
        ("--to", "a@b"),
        ("--cc", "a@b"),
        ("--bcc", "a@b"),
        ("--subject", "s"),
        ("--text", "t"),
        ("--html", "h"),
        ("--importance", "high"),
        ("--attach", "f"),
        ("--header", "A: b"),
        ("--read-receipt", "a@b"),
        ("--delivery-receipt", "a@b"),
        ("--notify", "never"),
        ("--return", "full"),
        ("--envid", "x"),
    ] {
        alert(&[PLAIN.as_slice(), &["--json", "-", option, value]].concat()).is_usage(option);
    }
    alert(&[PLAIN.as_slice(), &["--json", "-", "--no-auto-submitted"]].concat()).is_usage("--json");
    with(&["--attach", "f,type=a/b,type=c/d"]).is_usage("type=");
    with(&["--attach", "f,encoding=uuencode"]).is_usage("encoding");
    // Arguments count before what they refer to.
    alert(&[
        "--eml",
        "--from",
        "a@b",
        "--text",
        "@/no/such/file",
        "--attach",
        "f,encoding=x",
    ])
    .is_usage("encoding");
}

/// What is said about TLS is never passed over.
#[test]
fn options_about_tls() {
    let pin = "0f".repeat(32);
    for option in [
        &["--tls-stack", "rustls"][..],
        &["--ca", "roots.pem"],
        &["--pin", &pin],
        &["--danger-no-verify"],
        &["--server-name", "mail.example.org"],
        &["--require-tls"],
    ] {
        with(option).is_usage(option[0]);
    }
    let tls = |more: &[&str]| {
        let server = ["--server", "127.0.0.1:1", "--security", "tls"];
        alert(&[TO.as_slice(), &server, more].concat())
    };
    tls(&["--danger-no-verify", "--pin", &pin]).is_usage("--danger-no-verify");
    tls(&["--danger-no-verify", "--ca", "roots.pem"]).is_usage("--danger-no-verify");
    tls(&["--tls-stack", "openssl"]).is_usage("--tls-stack");
    for pin in ["", "00", &pin[1..], &format!("{pin}0"), &"0g".repeat(32)] {
        tls(&["--pin", pin]).is_usage("--pin");
    }
    for name in ["", "a b", "-a", "mäil.example", "1.2.3.4.5"] {
        tls(&["--server-name", name]).is_usage("--server-name");
    }
    let server = ["--server", "mäil.example:465"];
    alert(&[TO.as_slice(), &server].concat()).is_usage("--server-name");
}

#[test]
fn a_secret_that_a_mechanism_has_no_use_for() {
    let login = ["--user", "u", "--danger-plaintext-auth"];
    for auth in ["xoauth2", "oauthbearer"] {
        let more = ["--password", "p", "--auth", auth];
        with(&[login.as_slice(), &more].concat()).is_usage("--token");
    }
    for auth in ["plain", "login", "cram-md5", "scram-sha-256"] {
        let more = ["--token", "t", "--auth", auth];
        with(&[login.as_slice(), &more].concat()).is_usage("--token");
    }
    with(&["--user", "u", "--token", "t"]).is_usage("--danger-plaintext-auth");
    with(&["--notify", "never,delay"]).is_usage("never");
    with(&["--notify", "sometimes"]).is_usage("--notify");
}
