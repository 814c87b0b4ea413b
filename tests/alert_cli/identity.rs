//! What makes a mail unique: Message-ID, date and boundaries, and what they are by default.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_smtp::mock::Server;

use crate::command::{TO, alert, send};
use crate::input::{eml, refused};

/// The Message-ID of a mail from here, without its angle brackets. It must be on its field's line.
fn message_id_from(from: &str, more: &[&str]) -> String {
    let arguments = [&["--eml", "--from", from, "--to", "b@example.org"], more].concat();
    let run = alert(&arguments);
    assert_eq!((run.exit, &*run.stderr), (0, ""));
    of(&run.stdout)
}

fn of(message: &[u8]) -> String {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let id = lines.find_map(|line| line.strip_prefix("Message-ID: <"));
    id.unwrap_or_else(|| panic!("{text}"))
        .strip_suffix('>')
        .unwrap()
        .to_owned()
}

#[test]
fn message_id_has_at_most_20_bytes_before_the_at() {
    let domain = "gateway-17.building-4.plant.example.org";
    for more in [
        &[][..],
        &["--seed", "7"],
        &["--date", "0"],
        &["--date", "4102444800"],
    ] {
        let id = message_id_from(&format!("boiler3@{domain}"), more);
        let (left, right) = id.split_once('@').unwrap();
        assert!(left.len() <= 20, "{id}");
        assert!(left.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
        assert_eq!(right, domain);
    }
    // The last date there is.
    let id = message_id_from("a@example.org", &["--date", "253402300799"]);
    assert!(id.split_once('@').unwrap().0.len() <= 21, "{id}");
}

#[test]
fn message_id_of_a_domain_that_it_cannot_hold_is_replaced() {
    let long = format!("a@{}", [(); 4].map(|()| "x".repeat(60)).join("."));
    for from in ["a@dörf.example", &long] {
        let id = message_id_from(from, &[]);
        assert!(id.ends_with("@alert.invalid"), "{id}");
    }
    let id = message_id_from("a@[192.0.2.1]", &[]);
    assert!(id.ends_with("@[192.0.2.1]"), "{id}");
}

#[test]
fn message_ids_differ_also_within_a_second() {
    let server = Server::builder().listen().unwrap();
    let more = ["--repeat", "50", "--date", "1764000000"];
    send(&server, &[TO.as_slice(), &more].concat()).is("sent", 0, 200, "content", "null");
    send(&server, &[TO.as_slice(), &more, &["--seed", "1"]].concat())
        .is("sent", 0, 200, "content", "null");
    let ids: BTreeSet<_> = server
        .deliveries()
        .iter()
        .map(|mail| of(&mail.content))
        .collect();
    assert_eq!(ids.len(), 100);
    // Neither does the ID alone tell apart what was sent at different times with the same seed.
    let seeded = |date| message_id_from("a@example.org", &["--seed", "1", "--date", date]);
    assert_ne!(seeded("1764000000"), seeded("1764000001"));
    assert_eq!(seeded("1764000000"), seeded("1764000000"));
}

#[test]
fn message_id_is_given_with_or_without_angle_brackets() {
    for id in ["1@example.org", "<1@example.org>"] {
        assert!(eml(&["--message-id", id]).contains("Message-ID: <1@example.org>\r\n"));
    }
    for id in [
        "",
        "<>",
        "no-at",
        "a b@c",
        "@c",
        "a@",
        "<a@b",
        "a@b>",
        "a@b\r\nBcc: e@x",
        "ü@b",
        "a..b@c.",
        ".a@b",
        "a@b..c",
    ] {
        refused(&[TO.as_slice(), &["--message-id", id]].concat());
    }
}

#[test]
fn date_is_now_by_default() {
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let before = now();
    let text = eml(&[]);
    let mail = mail_parser::MessageParser::default()
        .parse(text.as_bytes())
        .unwrap();
    let date = u64::try_from(mail.date().unwrap().to_timestamp()).unwrap();
    assert!((before..=now()).contains(&date), "{date}");
}

#[test]
fn boundaries_differ_by_default_and_from_mail_to_mail() {
    let boundary = |text: String| {
        let start = text.split_once("boundary=\"").unwrap().1;
        start.split_once('"').unwrap().0.to_owned()
    };
    let two = ["--html", "<b>hot</b>", "--text", "hot"];
    let printed: BTreeSet<_> = [(); 3].map(|()| boundary(eml(&two))).into();
    assert_eq!(printed.len(), 3);
    for seed in [&[][..], &["--seed", "9"]] {
        let server = Server::builder().listen().unwrap();
        let more = [
            TO.as_slice(),
            &["--html", "<b>hot</b>", "--repeat", "3"],
            seed,
        ]
        .concat();
        send(&server, &more).is("sent", 0, 200, "content", "null");
        let deliveries = server.deliveries();
        let sent: BTreeSet<_> = deliveries
            .iter()
            .map(|mail| boundary(String::from_utf8(mail.content.clone()).unwrap()))
            .collect();
        assert_eq!(sent.len(), 3);
    }
}
