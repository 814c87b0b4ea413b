//! What the message is made of: options, files and JSON.

use embedded_smtp::mock::Server;
use mail_parser::{MessageParser, MimeHeaders};

use crate::command::{Folder, Run, TO, alert, alert_with_stdin, send};

/// The message of these arguments.
#[track_caller]
pub fn eml(more: &[&str]) -> String {
    let run = alert(
        &[
            &["--eml", "--from", "a@example.org", "--to", "b@example.org"],
            more,
        ]
        .concat(),
    );
    assert_eq!((run.exit, &*run.stderr), (0, ""));
    String::from_utf8(run.stdout).unwrap()
}

/// Asserts that a message is refused, both when it is printed and when it is sent.
#[track_caller]
pub fn refused(arguments: &[&str]) {
    let printed = alert(&[&["--eml"], arguments].concat());
    assert_eq!(
        (printed.exit, printed.stdout.len()),
        (65, 0),
        "{arguments:?} {}",
        printed.stderr
    );
    assert_eq!(printed.stderr.lines().count(), 1, "{}", printed.stderr);
    let server = Server::builder().listen().unwrap();
    send(&server, arguments).is("invalid", 65, 400, "null", "never");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_message_is_printed() {
    let text = eml(&[
        "--cc",
        "c@example.org; d@example.org",
        "--bcc",
        "e@example.org",
        "--reply-to",
        "Ops <ops@example.org>",
        "--subject",
        "Größe",
        "--text",
        ".\nzwei\n",
        "--header",
        "X-Site: Plant 7",
        "--date",
        "1764000000",
        "--message-id",
        "<1@example.org>",
        "--importance",
        "low",
    ]);
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
    for line in [
        "Date: Mon, 24 Nov 2025 16:00:00 +0000",
        "Reply-To: Ops <ops@example.org>",
        "Importance: low",
        "X-Site: Plant 7",
        "Message-ID: <1@example.org>",
        "Auto-Submitted: auto-generated",
        ".",
    ] {
        assert!(text.split("\r\n").any(|one| one == line), "{line}: {text}");
    }
    assert!(!text.contains("e@example.org"));
    assert!(!eml(&["--no-auto-submitted"]).contains("Auto-Submitted"));
    assert!(!eml(&["--importance", "normal"]).contains("mportance"));
}

#[test]
fn texts_from_files() {
    let folder = Folder::new("texts");
    let body = folder.file("body.txt", b"from a file\n");
    assert!(eml(&["--text", &format!("@{body}")]).contains("from a file"));
    assert!(eml(&["--text", "@@home"]).contains("\r\n\r\n@home"));
    assert!(eml(&["--subject", "@@@"]).contains("Subject: @@\r\n"));
    let both = eml(&["--text", "", "--html", "<b>hot</b>"]);
    assert!(!both.contains("text/plain") && both.contains("text/html"));
    let missing = format!("@{body}.missing");
    refused(&[TO.as_slice(), &["--subject", &missing]].concat());
    let latin1 = folder.file("latin1.txt", b"\xfc");
    refused(&[
        "--from",
        "a@b",
        "--to",
        "b@c",
        "--text",
        &format!("@{latin1}"),
    ]);
    // A file's content is taken as it is, its line end too.
    refused(&[TO.as_slice(), &["--subject", &format!("@{body}")]].concat());
}

#[test]
fn attachments() {
    let folder = Folder::new("attachments");
    let comma = folder.file("a,b.csv", b"time;bar\r\n");
    let picture = folder.file("p.bin", b"\x89PNG\0\xff");
    let server = Server::builder().listen().unwrap();
    let named = format!("{comma},name=Größe, log.csv,type=text/x-log");
    let named = named.replace(", log", " log");
    let inline = format!("{picture},cid=p1,type=image/png,encoding=base64");
    let more = [
        "--html",
        "<img src='cid:p1'>",
        "--attach",
        &comma,
        "--attach",
        &named,
        "--attach",
        &inline,
    ];
    send(&server, &[TO.as_slice(), &more].concat()).is("sent", 0, 200, "content", "null");
    assert_eq!(server.violations(), [""; 0]);
    let content = server.deliveries()[0].content.clone();
    let mail = MessageParser::default().parse(&content).unwrap();
    let found: Vec<_> = mail
        .attachments()
        .map(|one| {
            let kind = one.content_type().unwrap();
            let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap());
            (
                one.attachment_name().unwrap().to_owned(),
                kind,
                one.contents().to_vec(),
            )
        })
        .collect();
    let wanted =
        |name: &str, kind: &str, content: &[u8]| (name.into(), kind.into(), content.to_vec());
    assert!(
        found.contains(&wanted("a,b.csv", "text/csv", b"time;bar\r\n")),
        "{found:?}"
    );
    assert!(
        found.contains(&wanted("Größe log.csv", "text/x-log", b"time;bar\r\n")),
        "{found:?}"
    );
    assert!(
        found.contains(&wanted("p.bin", "image/png", b"\x89PNG\0\xff")),
        "{found:?}"
    );
    refused(&[TO.as_slice(), &["--attach", "/no/such/file"]].concat());
    refused(
        &[
            TO.as_slice(),
            &["--attach", &format!("{picture},type=nonsense")],
        ]
        .concat(),
    );
}

#[test]
fn reverse_path_is_a_mailbox_or_none() {
    let server = Server::builder().listen().unwrap();
    for (given, sent) in [
        ("<>", ""),
        ("bounce@example.org", "bounce@example.org"),
        ("<bounce@example.org>", "bounce@example.org"),
        ("Desk <bounce@example.org>", "bounce@example.org"),
    ] {
        let more = ["--envelope-from", given];
        send(&server, &[TO.as_slice(), &more].concat()).is("sent", 0, 200, "content", "null");
        assert_eq!(server.deliveries().last().unwrap().reverse_path, sent);
    }
    for wrong in [
        "",
        "< >",
        "Desk <>",
        "a",
        "a@b, c@d",
        "a@b>\r\nRCPT TO:<e@x>",
    ] {
        refused(&[TO.as_slice(), &["--envelope-from", wrong]].concat());
    }
}

#[test]
fn what_is_missing_or_wrong() {
    refused(&["--from", "a@example.org"]);
    refused(&["--from", "a@example.org", "--to", " ;,"]);
    refused(&["--from", "a@example.org", "--to", "b@"]);
    refused(&["--from", "a", "--to", "b@example.org"]);
    refused(&[TO.as_slice(), &["--message-id", "no-at"]].concat());
    refused(&[TO.as_slice(), &["--date", "999999999999999"]].concat());
    refused(&[TO.as_slice(), &["--header", "no colon"]].concat());
    refused(&[TO.as_slice(), &["--header", "Subject: twice"]].concat());
    let server = Server::builder().listen().unwrap();
    for helo in ["not a domain", "", "dörf.example"] {
        send(&server, &[TO.as_slice(), &["--helo", helo]].concat())
            .is("invalid", 65, 400, "null", "never");
        let printed = alert(&[TO.as_slice(), &["--eml", "--helo", helo]].concat());
        assert_eq!((printed.exit, printed.stdout.len()), (65, 0));
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn recipients_are_listed_though_the_message_is_refused() {
    let server = Server::builder().listen().unwrap();
    let result = send(&server, &[TO.as_slice(), &["--message-id", "x"]].concat()).result();
    assert_eq!(result["recipients"][1]["address"], "duty@example.org");
}

/// Prints the message of a JSON.
pub fn json(text: &str) -> Run {
    alert_with_stdin(
        &["--json", "-", "--eml", "--date", "0", "--message-id", "a@b"],
        text.as_bytes(),
    )
}

#[test]
fn json_as_the_connector_has_it() {
    let server = Server::builder().listen().unwrap();
    let folder = Folder::new("json");
    let path = folder.file(
        "mail.json",
        br#"{
        "to": "a@example.org; b@example.org", "CC": "c@example.org", "bCc": "d@example.org",
        "Subject": "\u00dcberdruck \ud83d\udd25", "Body": "<b>hot</b>", "From": "e@example.org",
        "IsHtml": true, "Importance": "HIGH", "Unknown": {"x": [1, -1, 1.5, null, {}]},
        "ReadReceipt": null, "DeliveryReceipt": "",
        "Attachments": [
            {"ContentData": "dGltZTtiYXIN\n Cg==", "ContentType": "text/csv",
             "ContentTransferEncoding": "base64", "FileName": "log.csv", "ContentId": "c1"},
            {"ContentData": "dGltZQ==", "FileName": "text.txt"}
        ]}"#,
    );
    let address = server.addr().to_string();
    let run = alert(&[
        "--server",
        &address,
        "--security",
        "plain",
        "--json",
        &path,
        "--envelope-from",
        "bounce@example.org",
        "--seed",
        "1",
    ]);
    let result = run.is("sent", 0, 200, "content", "null");
    assert_eq!(result["recipients"].as_array().unwrap().len(), 4);
    let delivery = &server.deliveries()[0];
    assert_eq!(delivery.reverse_path, "bounce@example.org");
    let mail = MessageParser::default().parse(&delivery.content).unwrap();
    assert_eq!(mail.subject(), Some("Überdruck 🔥"));
    assert_eq!(mail.body_html(0).unwrap(), "<b>hot</b>");
    let files: Vec<_> = mail
        .attachments()
        .map(|one| one.contents().to_vec())
        .collect();
    assert!(files.contains(&b"time;bar\r\n".to_vec()), "{files:?}");
    assert!(files.contains(&b"dGltZQ==".to_vec()), "{files:?}");
    let content = String::from_utf8_lossy(&delivery.content).into_owned();
    assert!(content.contains("Importance: high\r\n") && !content.contains("d@example.org"));
}

#[test]
fn json_that_is_refused() {
    let whole =
        |fields: &str| format!(r#"{{"From":"a@example.org","To":"b@example.org",{fields}}}"#);
    let none = whole(r#""Subject":null,"Attachments":null,"IsHtml":null,"Importance":null"#);
    assert_eq!(json(&none).exit, 0);
    for text in [
        "",
        "[]",
        "{",
        "null",
        r#"{"To":"b@example.org"}"#,
        r#"{"From":null,"To":"b@example.org"}"#,
        r#"{"From":"a@example.org"}"#,
        &(whole(r#""Body":"x""#) + " trailing"),
        &whole(r#""To":"c@example.org""#),
        &whole(r#""tO":"c@example.org""#),
        &whole(r#""Body":"x","body":null"#),
        &whole(r#""X":1,"x":2"#),
        &whole(r#""Subject":"\ud800""#),
        &whole(r#""Unknown":"\udc00 x""#),
        &whole(r#""Subject":"a\r\nBcc: e@x""#),
        &whole(r#""Subject":5"#),
        &whole(r#""IsHtml":"true""#),
        &whole(r#""Importance":"urgent""#),
        &whole(r#""Attachments":{}"#),
        &whole(r#""Attachments":["x"]"#),
        &whole(r#""Attachments":[{"FileName":"a","filename":"b"}]"#),
        &whole(r#""Attachments":[{"ContentTransferEncoding":"base64","ContentData":"dGltZQ"}]"#),
        &whole(r#""Attachments":[{"ContentTransferEncoding":"base64","ContentData":"d!GltZQ=="}]"#),
        &"[".repeat(100_000),
    ] {
        let run = json(text);
        assert_eq!(
            (run.exit, run.stdout.len()),
            (65, 0),
            "{text:.80}: {}",
            run.stderr
        );
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    assert_eq!(alert(&["--json", "/no/such/file", "--eml"]).exit, 65);
}

#[test]
fn json_texts_arrive_unchanged() {
    // As it is where that is possible, else in base64.
    let texts = [
        (r"time;bar\r\n12:00;8.4\r\n", true),
        (r"no line end", true),
        (r".\r\n..\r\n", true),
        ("", true),
        (r"time;bar\n12:00;8.4\n", false),
        (r"8.4 bar, \u00fcber", false),
        (r"a\u0000b\r", false),
        (r"--=_0000000000000007m\r\n", false),
    ];
    for encoding in [
        "",
        r#","ContentTransferEncoding":null"#,
        r#","ContentTransferEncoding":"none""#,
        r#","ContentTransferEncoding":"None""#,
    ] {
        for (text, as_is) in texts {
            let letter = format!(
                r#"{{"From":"a@example.org","To":"b@example.org","Body":"x",
                "Attachments":[{{"FileName":"t.txt","ContentData":"{text}"{encoding}}}]}}"#
            );
            let run = json(&letter);
            assert_eq!((run.exit, &*run.stderr), (0, ""), "{text}");
            let mail = MessageParser::default().parse(&run.stdout).unwrap();
            let file = mail.attachments().next().unwrap();
            let wanted: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(file.contents(), wanted.as_bytes(), "{text}");
            let found = file.content_transfer_encoding().unwrap();
            assert_eq!(found, if as_is { "7bit" } else { "base64" }, "{text}");
        }
    }
    // A message does not travel in base64, but from it.
    let letter = |data: &str| {
        let head = r#"{"From":"a@example.org","To":"b@example.org","Attachments":[{"ContentType":"Message/RFC822","ContentTransferEncoding":"Base64","ContentData":""#;
        json(&format!(r#"{head}{data}"}}]}}"#))
    };
    let run = letter("U3ViamVjdDogaG90DQoNCmhvdA0K");
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(text.contains("\r\nSubject: hot\r\n\r\nhot\r\n"), "{text}");
    assert_eq!(letter("/w==").exit, 65);
}

#[test]
fn json_content_is_never_lost_in_silence() {
    let attachment = |fields: &str| {
        json(&format!(
            r#"{{"From":"a@example.org","To":"b@example.org","Attachments":[{{{fields}}}]}}"#
        ))
    };
    for encoding in ["base64", "Base64", "BASE64"] {
        let run = attachment(&format!(
            r#""ContentData":"dGltZQ==","ContentTransferEncoding":"{encoding}""#
        ));
        let mail = MessageParser::default().parse(&run.stdout).unwrap();
        assert_eq!(mail.attachments().next().unwrap().contents(), b"time");
    }
    for encoding in [
        "Base-64",
        "base64 ",
        " base64",
        "base 64",
        "base-64",
        "base64url",
        "b64",
        "8bit",
        "7bit",
        "binary",
        "quoted-printable",
        "gzip",
        "",
        " ",
        "null",
        "none ",
        "base64\\n",
        "base64\\u0000",
    ] {
        let run = attachment(&format!(
            r#""ContentData":"dGltZQ==","ContentTransferEncoding":"{encoding}""#
        ));
        assert_eq!((run.exit, run.stdout.len()), (65, 0), "{encoding:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        for expected in ["ContentTransferEncoding", "base64", "none", "leave it out"] {
            assert!(run.stderr.contains(expected), "{}", run.stderr);
        }
    }
    for encoding in ["5", "true", "[]", r#"["base64"]"#, "{}"] {
        let run = attachment(&format!(
            r#""ContentData":"dGltZQ==","ContentTransferEncoding":{encoding}"#
        ));
        assert_eq!((run.exit, run.stdout.len()), (65, 0), "{encoding}");
    }
    for fields in [
        "",
        r#""FileName":"a.txt""#,
        r#""ContentData":null"#,
        r#""ContentTransferEncoding":"base64""#,
        r#""ContentTransferEncoding":"none","Data":"x","Content":"x""#,
        r#""ContentBytes":"dGltZQ==","Name":"a.txt""#,
    ] {
        let run = attachment(fields);
        assert_eq!((run.exit, run.stdout.len()), (65, 0), "{fields}");
        assert!(run.stderr.contains("ContentData"), "{}", run.stderr);
    }
    // An empty file is one.
    for encoding in ["base64", "none"] {
        let run = attachment(&format!(
            r#""contentdata":"","CONTENTTRANSFERENCODING":"{encoding}""#
        ));
        assert_eq!((run.exit, &*run.stderr), (0, ""));
    }
}

#[test]
fn json_receipts() {
    let text = r#"{"From":"a@example.org","To":"b@example.org",
        "readreceipt":"r@example.org","DeliveryReceipt":"d@example.org"}"#;
    let text = String::from_utf8(json(text).stdout).unwrap();
    assert!(
        text.contains("Disposition-Notification-To: r@example.org\r\n"),
        "{text}"
    );
    assert!(
        text.contains("Return-Receipt-To: d@example.org\r\n"),
        "{text}"
    );
    for right in [
        r#""ReadReceipt":"Desk <r@b>""#,
        r#""DeliveryReceipt":"Desk <r@b>""#,
    ] {
        let text = format!(r#"{{"From":"a@example.org","To":"b@example.org",{right}}}"#);
        assert_eq!(json(&text).exit, 0, "{right}");
    }
    for wrong in [
        r#""ReadReceipt":"r@""#,
        r#""DeliveryReceipt":"a b""#,
        r#""ReadReceipt":1"#,
    ] {
        let text = format!(r#"{{"From":"a@example.org","To":"b@example.org",{wrong}}}"#);
        assert_eq!(json(&text).exit, 65, "{wrong}");
    }
}

#[test]
fn receipts() {
    let text = eml(&[
        "--read-receipt",
        "r@example.org",
        "--delivery-receipt",
        "d@example.org",
    ]);
    assert!(
        text.contains("Disposition-Notification-To: r@example.org\r\n"),
        "{text}"
    );
    assert!(
        text.contains("Return-Receipt-To: d@example.org\r\n"),
        "{text}"
    );
    for (option, field) in [
        ("--read-receipt", "Disposition-Notification-To"),
        ("--delivery-receipt", "Return-Receipt-To"),
    ] {
        for mailbox in [
            "Desk <desk@example.org>",
            "\"Desk, first\" <desk@example.org>",
            "Tür <desk@example.org>",
            "<desk@example.org>",
            "desk@example.org",
        ] {
            let text = eml(&[option, mailbox]);
            let line = text.split("\r\n").find(|line| line.starts_with(field));
            assert!(line.unwrap().contains("desk@example.org"), "{text}");
        }
        for wrong in [
            "",
            "Desk",
            "Desk <desk@>",
            "a@b, c@d",
            "Desk <a@b> <c@d>",
            "<>",
        ] {
            refused(&[TO.as_slice(), &[option, wrong]].concat());
        }
    }
    refused(&[TO.as_slice(), &["--read-receipt", "r@"]].concat());
    refused(
        &[
            TO.as_slice(),
            &["--delivery-receipt", "d@example.org>\r\nBcc: e@x"],
        ]
        .concat(),
    );
    // The server is asked for reports on every recipient.
    let server = Server::builder().listen().unwrap();
    let more = ["--delivery-receipt", "d@example.org"];
    send(&server, &[TO.as_slice(), &more].concat()).is("sent", 0, 200, "content", "null");
    let commands = &server.commands()[0];
    let notified = |line: &&String| line.contains("NOTIFY=SUCCESS,FAILURE,DELAY");
    assert_eq!(commands.iter().filter(notified).count(), 2, "{commands:?}");
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn attachments_as_they_are() {
    let folder = Folder::new("as-is");
    let csv = folder.file("log.csv", b"time;bar\r\n.\r\n12:00;8.4");
    let server = Server::builder().listen().unwrap();
    let attach = format!("{csv},encoding=none");
    for stream in [&[][..], &["--stream"]] {
        let more = [&["--attach", &attach], stream].concat();
        send(&server, &[TO.as_slice(), &more].concat()).is("sent", 0, 200, "content", "null");
        let content = server.deliveries().last().unwrap().content.clone();
        let text = String::from_utf8(content).unwrap();
        assert!(text.contains("Content-Transfer-Encoding: 7bit"), "{text}");
        assert!(
            text.contains("\r\n\r\ntime;bar\r\n.\r\n12:00;8.4\r\n--=_"),
            "{text}"
        );
    }
    assert_eq!(server.violations(), [""; 0]);
    let boundary = b"--=_0000000000000007m\r\n";
    let long = [b'x'; 999];
    for wrong in [&b"a\nb"[..], b"a\rb", b"\xff", b"\0", boundary, &long] {
        let path = folder.file("wrong.txt", wrong);
        let attach = format!("{path},encoding=none");
        let more = ["--seed", "7", "--attach", &attach];
        refused(&[TO.as_slice(), &more].concat());
    }
    let message = folder.file("mail.eml", b"Subject: x\r\n\r\nx\r\n");
    let attach = format!("{message},type=message/rfc822");
    refused(&[TO.as_slice(), &["--attach", &attach]].concat());
    assert!(eml(&["--attach", &format!("{attach},encoding=none")]).contains("Subject: x\r\n"));
}

#[test]
fn one_message_is_printed_whatever_the_connection() {
    let connection = [
        "--repeat",
        "3",
        "--server",
        "host.invalid:465",
        "--user",
        "u",
        "--password",
        "p",
    ];
    let text = eml(&connection);
    assert_eq!(text.matches("Message-ID:").count(), 1);
}
