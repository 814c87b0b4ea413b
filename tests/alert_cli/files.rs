//! The media types of files, and how files are encoded by them.

use mail_parser::{MessageParser, MimeHeaders};

use crate::command::{Folder, TO, alert};
use crate::input::{eml, json, refused};

/// The media type of the only attachment.
fn media_type(message: &[u8]) -> String {
    let mail = MessageParser::default().parse(message).unwrap();
    let mut files = mail.attachments();
    let file = files.next().unwrap();
    assert!(files.next().is_none());
    let kind = file.content_type().unwrap();
    format!("{}/{}", kind.ctype(), kind.subtype().unwrap())
}

/// The media type of an attachment by these options.
fn attached(attach: &str) -> String {
    media_type(eml(&["--attach", attach]).as_bytes())
}

/// The media type of an attachment with these fields in the JSON.
fn by_json(fields: &str) -> String {
    let text = format!(
        r#"{{"From":"a@example.org","To":"b@example.org","Attachments":[{{"ContentData":"x"{fields}}}]}}"#
    );
    let run = json(&text);
    assert_eq!((run.exit, &*run.stderr), (0, ""));
    media_type(&run.stdout)
}

const TYPES: [(&str, &str); 29] = [
    ("log.csv", "text/csv"),
    ("index.html", "text/html"),
    ("INDEX.HTM", "text/html"),
    ("notes.TXT", "text/plain"),
    ("boiler.log", "text/plain"),
    ("data.json", "application/json"),
    ("data.xml", "application/xml"),
    ("all.Zip", "application/zip"),
    ("all.tar.gz", "application/gzip"),
    ("all.tar", "application/x-tar"),
    ("all.7z", "application/x-7z-compressed"),
    ("visit.ics", "text/calendar"),
    ("a.webp", "image/webp"),
    ("a.SVG", "image/svg+xml"),
    ("a.bmp", "image/bmp"),
    ("a.png", "image/png"),
    ("a.jpg", "image/jpeg"),
    ("a.JPEG", "image/jpeg"),
    ("a.gif", "image/gif"),
    ("a.pdf", "application/pdf"),
    ("a.mp3", "audio/mpeg"),
    ("a.mp4", "video/mp4"),
    ("a.wav", "audio/wav"),
    ("a.xls", "application/vnd.ms-excel"),
    (
        "a.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "a.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        "a.PPTX",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("unknown.q", "application/octet-stream"),
    ("none", "application/octet-stream"),
];

#[test]
fn media_type_is_that_of_the_extension() {
    let folder = Folder::new("types");
    for (name, wanted) in TYPES {
        assert_eq!(attached(&folder.file(name, b"x")), wanted, "{name}");
        assert_eq!(by_json(&format!(r#","FileName":"{name}""#)), wanted);
    }
}

#[test]
fn media_type_is_that_of_the_given_name_and_not_of_the_path() {
    let folder = Folder::new("types-name");
    let file = folder.file("tmp.csv", b"x");
    for (name, wanted) in TYPES {
        assert_eq!(attached(&format!("{file},name={name}")), wanted, "{name}");
        assert_eq!(
            attached(&format!("{file},name={name},type=text/x-log")),
            "text/x-log"
        );
    }
    let more = format!("{file},name=report.html");
    let text = eml(&["--stream", "--attach", &more]);
    assert!(text.contains("Content-Type: text/html"), "{text}");
}

#[test]
fn media_type_of_json_is_the_given_one_before_that_of_the_name() {
    let named = r#","FileName":"log.csv""#;
    assert_eq!(
        by_json(&format!(r#"{named},"ContentType":null"#)),
        "text/csv"
    );
    assert_eq!(
        by_json(&format!(r#"{named},"ContentType":"text/x-log""#)),
        "text/x-log"
    );
    assert_eq!(by_json(""), "application/octet-stream");
    assert_eq!(by_json(r#","FileName":null"#), "application/octet-stream");
}

/// A message may not be sent in base64 (RFC 2046 §5.2.1).
#[test]
fn file_of_a_message_is_a_message_where_it_is_sent_as_it_is() {
    let folder = Folder::new("types-message");
    let file = folder.file("mail.EML", b"Subject: x\r\n\r\nx\r\n");
    assert_eq!(attached(&file), "application/octet-stream");
    let text = eml(&["--attach", &format!("{file},encoding=none")]);
    assert!(text.contains("Content-Type: message/rfc822"), "{text}");
    let json_of = |data: &str, encoding: &str| {
        let run = json(&format!(
            r#"{{"From":"a@example.org","To":"b@example.org","Attachments":[{{"FileName":"m.eml",
            "ContentData":"{data}","ContentTransferEncoding":"{encoding}"}}]}}"#
        ));
        assert_eq!((run.exit, &*run.stderr), (0, ""));
        String::from_utf8(run.stdout).unwrap()
    };
    for (data, encoding, wanted) in [
        (r"Subject: x\r\n\r\nx\r\n", "none", "message/rfc822"),
        ("U3ViamVjdDogaG90DQoNCmhvdA0K", "base64", "message/rfc822"),
        (r"Subject: x\n\nx\n", "none", "application/octet-stream"),
        ("/w==", "base64", "application/octet-stream"),
    ] {
        let text = json_of(data, encoding);
        assert!(text.contains(&format!("Content-Type: {wanted}")), "{text}");
    }
}

#[test]
fn advice_on_a_message_that_cannot_be_sent_as_it_is_works() {
    let folder = Folder::new("types-advice");
    for content in [&b"Subject: \xc3\xbc\r\n\r\n"[..], b"Subject: x\n\n"] {
        let file = folder.file("mail.eml", content);
        for options in [",type=message/rfc822", ",type=message/rfc822,encoding=none"] {
            let attach = format!("{file}{options}");
            for stream in [&[][..], &["--stream"]] {
                let all = [TO.as_slice(), &["--attach", &attach], stream].concat();
                let printed = alert(&[&["--eml"], all.as_slice()].concat());
                assert!(!printed.stdout.starts_with(b"Date"), "{attach}");
                let advice = "application/octet-stream";
                assert!(printed.stderr.contains(advice), "{}", printed.stderr);
            }
        }
        refused(
            &[
                TO.as_slice(),
                &["--attach", &format!("{file},encoding=none")],
            ]
            .concat(),
        );
        assert_eq!(
            attached(&format!("{file},type=application/octet-stream")),
            "application/octet-stream"
        );
    }
}

#[test]
fn mail_is_forwarded_whole_unless_it_has_the_same_seed() {
    let folder = Folder::new("forwarded");
    let sent = eml(&["--seed", "7", "--text", "hot", "--html", "<b>hot</b>"]);
    let file = folder.file("alert.eml", sent.as_bytes());
    let attach = format!("{file},encoding=none");
    for seed in [&["--seed", "8"][..], &[]] {
        let text = eml(&[&["--attach", &attach], seed].concat());
        assert!(text.contains("message/rfc822") && text.contains(&sent));
    }
    let same = ["--attach", &attach, "--seed", "7"];
    refused(&[TO.as_slice(), &same].concat());
    let run = alert(&[TO.as_slice(), &same, &["--eml"]].concat());
    assert!(run.stderr.contains("another --seed"), "{}", run.stderr);
}

#[test]
fn text_that_is_not_ascii_is_known_to_be_utf_8() {
    let content_type = |fields: &str| {
        let run = json(&format!(
            r#"{{"From":"a@example.org","To":"b@example.org","Attachments":[{{{fields}}}]}}"#
        ));
        assert_eq!((run.exit, &*run.stderr), (0, ""));
        let text = String::from_utf8(run.stdout).unwrap();
        let text = text.replace("\r\n ", " ");
        let mut lines = text.rsplit("\r\n");
        lines
            .find_map(|line| line.strip_prefix("Content-Type: "))
            .unwrap()
            .to_owned()
    };
    let csv = r#""FileName":"log.csv""#;
    let utf8 = r#""ContentTransferEncoding":"base64","ContentData":"w7w=""#;
    let latin1 = r#""ContentTransferEncoding":"base64","ContentData":"/A==""#;
    for (fields, wanted) in [
        (
            format!(r#"{csv},"ContentData":"über""#),
            "text/csv; charset=utf-8",
        ),
        (format!(r#"{csv},{utf8}"#), "text/csv; charset=utf-8"),
        (format!(r#"{csv},{latin1}"#), "text/csv"),
        (format!(r#"{csv},"ContentData":"uber""#), "text/csv"),
        (
            format!(r#"{csv},"ContentType":"text/csv; charset=x","ContentData":"ü""#),
            "text/csv; charset=x",
        ),
        (
            r#""FileName":"a.json","ContentData":"ü""#.into(),
            "application/json",
        ),
    ] {
        let found = content_type(&fields);
        let found = found.split("; name=").next().unwrap();
        assert_eq!(found, wanted, "{fields}");
    }
    let folder = Folder::new("charset");
    for (content, wanted) in [(&b"\xc3\xbc"[..], true), (b"\xfc", false), (b"u", false)] {
        let file = folder.file("held.txt", content);
        let text = eml(&["--subject", "x", "--html", "x", "--attach", &file]);
        let part = text.split_once("attachment").unwrap().0;
        let part = part.rsplit_once("--=_").unwrap().1;
        assert_eq!(part.contains("charset=utf-8"), wanted, "{part}");
    }
}
