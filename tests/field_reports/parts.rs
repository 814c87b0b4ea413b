//! Texts, attachments and ready-made messages.

use crate::support::kept;
use embedded_smtp::message::{
    Attachment, ContentFault, ContentFaultKind, Date, Head, Label, Mail, MediaType, Message,
    Octets, Part, ReadyMade,
};
use embedded_smtp::{
    Error, Fault, Field, Invalid, Mailbox, MailboxList, Phase, Reason, ReversePath, label, mailbox,
};
use mail_parser::{MessageParser, MimeHeaders};

const FROM: Mailbox<'_> = mailbox!("Boiler 3 <boiler3@example.org>");

fn bytes(message: &dyn Mail<'_>) -> Vec<u8> {
    let mut reader = message.reader();
    let (mut got, mut out) = (Vec::new(), [0; 4_096]);
    loop {
        match reader.read(&mut out).unwrap() {
            0 => break,
            n => got.extend_from_slice(&out[..n]),
        }
    }
    assert_eq!(message.encoded_len(), Some(got.len() as u32));
    got
}

fn written(message: &Message<'_>) -> String {
    String::from_utf8(bytes(message)).unwrap()
}

/// The message with one source, which gives `content` in pieces of `piece` bytes.
fn streamed(message: &dyn Mail<'_>, content: &[u8], piece: usize) -> Result<Vec<u8>, ContentFault> {
    let mut reader = message.reader();
    let (mut got, mut out, mut rest) = (Vec::new(), [0; 512], content);
    loop {
        let n = reader.read_with(&mut out, |_, slot| {
            let n = rest.len().min(slot.len()).min(piece);
            slot[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            n
        })?;
        if n == 0 {
            return Ok(got);
        }
        got.extend_from_slice(&out[..n]);
    }
}

/// The header of the message's only attachment.
fn head(attachment: Attachment<'_>) -> String {
    let attachments = [attachment];
    let text = written(&Message::new(kept(Head::new(FROM))).attachments(&attachments));
    let (_, part) = text.split_once("\r\n--=_").unwrap();
    part.split_once("\r\n\r\n").unwrap().0.to_owned()
}

/// A field of a header, with its folds.
fn field<'t>(head: &'t str, name: &str) -> &'t str {
    let start = head.find(&format!("\r\n{name}: ")).unwrap() + name.len() + 4;
    let rest = &head[start..];
    let mut ends = rest.match_indices("\r\n").map(|(at, _)| at);
    let end = ends.find(|&at| !rest[at + 2..].starts_with([' ', '\t']));
    &rest[..end.unwrap_or(rest.len())]
}

// 2.2

/// Field report 2.2. RFC 6838 §4.2: "type names and subtype names … MUST NOT exceed 127 characters".
#[test]
fn each_half_of_a_media_type_may_have_127_characters() -> Result<(), Invalid> {
    let half = |len| "a".repeat(len);
    for media_type in [
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned(),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document".to_owned(),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation".to_owned(),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml".into(),
        format!("{}/{}", half(127), half(127)),
        format!("a/{}", half(127)),
        format!("{}/b", half(127)),
    ] {
        let head = head(Attachment::new("a", &media_type, b"x")?);
        assert_eq!(field(&head, "Content-Type"), media_type);
        let with = format!("{media_type}; charset=utf-8");
        let head = self::head(Attachment::as_is("a", &with, b"x")?);
        let expected = format!("{media_type};\r\n charset=utf-8");
        assert_eq!(field(&head, "Content-Type"), expected);
    }
    for media_type in [
        format!("{}/b", half(128)),
        format!("a/{}", half(128)),
        format!("a/{}; b=c", half(128)),
    ] {
        let refused = Err(Invalid::new(Field::MediaType, Reason::TooLong));
        assert_eq!(MediaType::new(&media_type), refused, "{media_type}");
    }
    Ok(())
}

/// Field reports 2.2, 2.3. Also of a literal, and of an attachment that is streamed or sent as it is.
#[test]
fn every_way_to_attach_takes_long_media_types_and_any_file_name() -> Result<(), Invalid> {
    const DOCUMENT: &str =
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const REPORT: Label<'static> = label!("Prüfbericht.docx", DOCUMENT);
    for label in [REPORT, Label::new("Prüfbericht.docx", DOCUMENT)?] {
        for attachment in [
            label.attach(b"x")?,
            label.attach_as_is(b"x\r\n")?,
            label.attach_streamed(Some(3))?,
            label.attach_streamed(None)?,
            label.attach_streamed_as_is(None)?,
            label.attach(b"x")?.inline("1@x")?,
        ] {
            let attachments = [attachment];
            let message = Message::new(kept(Head::new(FROM)))
                .html("h")
                .attachments(&attachments);
            let mail = streamed(&message, b"x\r\n", 3).unwrap();
            let mail = String::from_utf8(mail).unwrap();
            let name = "Content-Type: application/vnd.openxmlformats-officedocument\
                        .wordprocessingml.document;\r\n name=\"Pr_fbericht.docx\"\r\n";
            assert!(mail.contains(name), "{mail}");
            let file = ";\r\n filename*=utf-8''Pr%C3%BCfbericht.docx\r\n";
            assert!(mail.contains(file), "{mail}");
            assert!(!mail.contains("filename="), "{mail}");
        }
    }
    Ok(())
}

/// Field report 2.2. RFC 6838 §4.3: "It is an error for a specific parameter to be specified more
/// than once."
#[test]
fn a_parameter_of_a_media_type_is_sound_and_stands_once() {
    let reason = |text| MediaType::new(text).err().map(|invalid| invalid.reason);
    for text in [
        "a/b; c=d; c=e",
        "a/b;c=d;x=y;C=\"e\"",
        "text/csv; charset=utf-8; x=\";\"; Charset=us-ascii",
    ] {
        assert_eq!(reason(text), Some(Reason::Duplicate), "{text}");
    }
    for text in [
        "a/b; c=d; cc=e; ccc=f",
        "a/b; c=\"; c=e\"; d=\"c\"",
        "a/b; c=\"\\\"; c=\"",
        "a/b; name*0=x; name*1=y",
    ] {
        assert_eq!(reason(text), None, "{text}");
    }
    for text in [
        "a/b; c",
        "a/b; c=\"d",
        "a/b; c=d e",
        "a/b; c=d;",
        "a/b; c=ü",
    ] {
        assert_eq!(reason(text), Some(Reason::Syntax), "{text}");
    }
}

// 2.3

/// Field report 2.3. A name that a quoted string holds is written so, however long.
#[test]
fn an_ascii_file_name_stands_in_filename_alone() -> Result<(), Invalid> {
    let long = "log of boiler 3 ".repeat(15) + ".csv";
    for name in [
        "log.csv",
        "a b;c=d.csv",
        "100%'25''x%20y.csv",
        "*what?*.csv",
        "../a<b>(c)[d]@e,f:g.csv",
        " log.csv ",
        &"a".repeat(66),
        &"a".repeat(255),
        &long,
    ] {
        let head = head(Attachment::new(name, "text/csv", b"x")?);
        let expected = format!("attachment;\r\n filename=\"{name}\"");
        assert_eq!(field(&head, "Content-Disposition"), expected);
        assert_eq!(field(&head, "Content-Type"), "text/csv");
    }
    Ok(())
}

/// Field report 2.3. `filename*` and `filename` never stand in one field.
#[test]
fn any_other_file_name_stands_in_rfc_2231_alone_with_a_fallback_in_the_media_type()
-> Result<(), Invalid> {
    for (name, extended, fallback) in [
        ("Übersicht.csv", "%C3%9Cbersicht.csv", "_bersicht.csv"),
        (
            "Größe März.csv",
            "Gr%C3%B6%C3%9Fe%20M%C3%A4rz.csv",
            "Gr__e M_rz.csv",
        ),
        ("🔥.csv", "%F0%9F%94%A5.csv", "_.csv"),
        ("the \"log\".csv", "the%20%22log%22.csv", "the _log_.csv"),
        ("C:\\log.csv", "C%3A%5Clog.csv", "C:_log.csv"),
        (
            "=?utf-8?Q?x?=",
            "%3D%3Futf-8%3FQ%3Fx%3F%3D",
            "=_utf-8_Q_x_=",
        ),
    ] {
        let head = head(Attachment::new(name, "text/csv", b"x")?);
        let expected = format!("attachment;\r\n filename*=utf-8''{extended}");
        assert_eq!(field(&head, "Content-Disposition"), expected);
        let expected = format!("text/csv;\r\n name=\"{fallback}\"");
        assert_eq!(field(&head, "Content-Type"), expected);
    }
    Ok(())
}

/// Field report 2.3.
#[test]
fn file_names_of_every_length_are_read_back_from_lines_of_78() -> Result<(), Invalid> {
    for letters in 0..=255 {
        for special in ["ü", "圧", "🔥", "\"", "\\", "=?utf-8?Q?x?="] {
            for name in ["a".repeat(letters) + special, special.repeat(letters)] {
                if name.is_empty() || name.len() > 255 {
                    continue;
                }
                let part = Attachment::new(&name, "text/csv", b"x")?.inline("c")?;
                let head = head(part);
                let disposition = field(&head, "Content-Disposition");
                assert!(!disposition.contains("filename="), "{head}");
                assert!(!head.contains("\"=?"), "{head}");
                assert_eq!(head.matches(" name=").count(), 1, "{head}");
                assert!(
                    head.is_ascii() && head.lines().all(|l| l.len() <= 78),
                    "{head}"
                );
                let attachments = [part];
                let mail = bytes(&Message::new(kept(Head::new(FROM))).attachments(&attachments));
                let parsed = MessageParser::default().parse(&mail).unwrap();
                let read = parsed.attachment(0).unwrap().attachment_name();
                assert_eq!(read, Some(name.as_str()));
            }
        }
    }
    let refused = Attachment::new(&"ü".repeat(128), "text/csv", b"x").unwrap_err();
    assert_eq!(
        (refused.field, refused.reason),
        (Field::FileName, Reason::TooLong)
    );
    Ok(())
}

/// Field report 2.3. RFC 6838 §4.3 lets a parameter stand once.
#[test]
fn a_name_that_the_media_type_has_is_not_written_twice() -> Result<(), Invalid> {
    for media_type in [
        "text/csv;\r\n name=x.csv",
        "text/csv;\r\n Name=\"x.csv\"",
        "text/csv;\r\n name*=utf-8''x",
        "text/csv;\r\n name*0=x",
    ] {
        let given = media_type.replace("\r\n", "");
        let head = head(Attachment::new("ü.csv", &given, b"x")?);
        assert_eq!(field(&head, "Content-Type"), media_type);
    }
    let head = head(Attachment::new("ü.csv", "text/csv; names=x", b"x")?);
    let expected = "text/csv;\r\n names=x;\r\n name=\"_.csv\"";
    assert_eq!(field(&head, "Content-Type"), expected);
    Ok(())
}

// 2.4

/// Field report 2.4.
#[test]
fn a_text_attachment_of_utf8_says_so_unless_a_charset_was_given() -> Result<(), Invalid> {
    let type_of = |media_type, content: &[u8]| {
        let head = head(Attachment::new("a", media_type, content).unwrap());
        field(&head, "Content-Type").to_owned()
    };
    for content in ["ü", "time;°C\r\n", "圧力\n", "🔥", "a\u{feff}"] {
        let content = content.as_bytes();
        let utf8 = "text/csv;\r\n charset=utf-8";
        assert_eq!(type_of("text/csv", content), utf8);
        assert_eq!(
            type_of("Text/Plain; a=b", content),
            "Text/Plain;\r\n a=b;\r\n charset=utf-8"
        );
        // One was given.
        for given in [
            "text/csv; charset=utf-8",
            "text/csv; CHARSET=\"iso-8859-1\"",
        ] {
            assert_eq!(type_of(given, content), given.replace("; ", ";\r\n "));
        }
        // Not a text, or a type that says it itself.
        for given in ["application/json", "image/png", "textile/x"] {
            assert_eq!(type_of(given, content), given);
        }
    }
    // ASCII, and what is not UTF-8: Latin-1, cut, overlong, a surrogate, beyond Unicode.
    for content in [
        &b"time;bar\r\n"[..],
        b"",
        b"\xfc",
        b"gr\xfcn",
        b"\xc3",
        b"\xc3\xbc\xe5\x9c",
        b"\xf0\x9f\x94",
        b"\xc0\x80",
        b"\xe0\x9f\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xff\xfea\0",
        b"\x80",
    ] {
        assert_eq!(type_of("text/csv", content), "text/csv", "{content:?}");
    }
    // Also where the compiler wrote the type.
    const LOG: Label<'static> = label!("a", "text/csv");
    for (content, wanted) in [("ü", "text/csv;\r\n charset=utf-8"), ("u", "text/csv")] {
        let head = head(LOG.attach(content.as_bytes())?);
        assert_eq!(field(&head, "Content-Type"), wanted);
    }
    // Nothing is known of what comes from a source.
    let attachments = [Attachment::streamed("a", "text/csv", None)?];
    let message = Message::new(kept(Head::new(FROM))).attachments(&attachments);
    let mail = streamed(&message, "ü".as_bytes(), 9).unwrap();
    let mail = String::from_utf8(mail).unwrap();
    assert!(mail.contains("Content-Type: text/csv\r\n"), "{mail}");
    // With a name that needs a fallback.
    let head = head(Attachment::new("ü", "text/csv", "ü".as_bytes())?);
    let expected = "text/csv;\r\n name=\"_\";\r\n charset=utf-8";
    assert_eq!(field(&head, "Content-Type"), expected);
    Ok(())
}

// 2.9

/// Field report 2.9. Neither way to send a message/rfc822 is open to an 8-bit one.
#[test]
fn a_message_that_cannot_be_attached_as_one_is_to_go_as_application_octet_stream() {
    let octet_stream = "application/octet-stream";
    let advice = |invalid: Invalid| Error::<()>::Invalid(invalid).advice();
    let base64 = Attachment::new("m.eml", "message/rfc822", b"Subject: x\r\n\r\n").unwrap_err();
    assert!(advice(base64).contains(octet_stream), "{}", advice(base64));
    for media_type in [
        "Message/RFC822",
        "message/rfc822; x=y",
        "message/global",
        "message/delivery-status",
    ] {
        let base64 = Attachment::new("m.eml", media_type, b"Subject: x\r\n\r\n").unwrap_err();
        assert!(advice(base64).contains(octet_stream), "{media_type}");
    }
    for content in [
        "Subject: x\r\n\r\nü\r\n",
        "Subject: x\n\nx\n",
        "Subject: x\r\rx\r",
        "S: x\r\n\r\na\0\r\n",
        &format!("S: x\r\n\r\n{}\r\n", "l".repeat(999)),
    ] {
        let refused = Attachment::as_is("m.eml", "message/rfc822", content.as_bytes());
        let advice = advice(refused.unwrap_err());
        assert!(advice.contains(octet_stream), "{advice}");
        assert!(Attachment::new("m.eml", octet_stream, content.as_bytes()).is_ok());
    }
    for kind in [
        ContentFaultKind::EightBit,
        ContentFaultKind::BareCr,
        ContentFaultKind::BareLf,
        ContentFaultKind::Nul,
        ContentFaultKind::LineTooLong,
    ] {
        let (part, offset) = (Part::Attachment(0), 9);
        let fault = Fault::<()>::Content(ContentFault { part, kind, offset });
        let (phase, last) = (Phase::Content, None);
        let advice = Error::Failed { fault, phase, last }.advice();
        assert!(advice.contains(octet_stream), "{advice}");
    }
}

// 2.10

/// Field report 2.10.
#[test]
fn two_mails_of_one_device_differ_in_their_boundaries() -> Result<(), Invalid> {
    let log = [Attachment::new("log.csv", "text/csv", b"time;bar\r\n")?];
    let mail = |date, id: Option<&'static str>| {
        let mut mail = Message::new(kept(Head::new(FROM)))
            .text("Alert")
            .html("<p>Alert")
            .attachments(&log);
        if let Some(seconds) = date {
            mail = mail.date(Date::from_unix(seconds, 0).unwrap());
        }
        if let Some(id) = id {
            mail = mail.message_id(id).unwrap();
        }
        mail
    };
    let dates = [
        None,
        Some(1_764_000_000),
        Some(1_764_000_001),
        Some(1_764_086_400),
    ];
    let ids = [None, Some("1@x"), Some("2@x"), Some("12@x"), Some("21@x")];
    for first in dates.iter().flat_map(|date| ids.map(|id| mail(*date, id))) {
        let eml = bytes(&first);
        // The same mail has the same bytes.
        assert_eq!(bytes(&first), eml);
        for second in dates.iter().flat_map(|date| ids.map(|id| mail(*date, id))) {
            let forward = [Attachment::as_is("alert.eml", "message/rfc822", &eml)?];
            let forward = second.attachments(&forward);
            let is_same = bytes(&second) == eml;
            let mut out = vec![0; 9_000];
            match forward.reader().read(&mut out) {
                Ok(n) => {
                    assert!(!is_same);
                    let parsed = MessageParser::default().parse(&out[..n]).unwrap();
                    assert_eq!(parsed.attachment(0).unwrap().contents(), eml);
                }
                Err(fault) => {
                    assert!(is_same, "{fault}");
                    assert_eq!(fault.kind, ContentFaultKind::Boundary);
                    assert!(fault.to_string().contains("seed"), "{fault}");
                    assert!(forward.seed(1).reader().read(&mut out).is_ok());
                    // A seed that was given is the number in the boundaries.
                    let mail = written(&second.seed(0x1267));
                    assert!(mail.contains("\"=_0000000000001267m\""), "{mail}");
                }
            }
        }
    }
    Ok(())
}

/// Field report 2.10. A mail whose number was given to `unique`, forwarded by one with another number.
#[test]
fn two_mails_with_numbers_of_their_own_differ_in_their_boundaries() -> Result<(), Invalid> {
    let numbers = [1, 2, 3, 0x10, 0xff, 4711, 1 << 32, u64::MAX];
    let mail = |number| {
        Message::new(kept(Head::new(FROM)))
            .date(Date::from_unix(1_764_000_000, 0).unwrap())
            .unique(number)
            .text("Alert")
            .html("<p>Alert")
    };
    for first in numbers {
        let eml = bytes(&mail(first));
        for second in numbers.iter().filter(|second| **second != first) {
            let forward = [Attachment::as_is("alert.eml", "message/rfc822", &eml)?];
            let forwarded = bytes(&mail(*second).attachments(&forward));
            let parsed = MessageParser::default().parse(&forwarded).unwrap();
            assert_eq!(parsed.attachment(0).unwrap().contents(), eml);
            // And once more.
            let twice = [Attachment::as_is(
                "alert.eml",
                "message/rfc822",
                &forwarded,
            )?];
            let third = mail(7).attachments(&twice);
            let out = bytes(&third);
            let parsed = MessageParser::default().parse(&out).unwrap();
            assert_eq!(parsed.attachment(0).unwrap().contents(), forwarded);
        }
    }
    Ok(())
}

// 2.11

/// The encoding and the body of a text that is the whole mail.
fn alone(text: &str) -> (String, String) {
    let mail = written(&Message::new(kept(Head::new(FROM))).text(text));
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    (
        field(head, "Content-Transfer-Encoding").to_owned(),
        body.to_owned(),
    )
}

/// Field report 2.11. RFC 2046 §5.1.1: only a line that begins with a boundary is one.
#[test]
fn dashes_that_begin_no_boundary_leave_a_text_as_it_is() -> Result<(), Invalid> {
    let log = [Attachment::new("log.csv", "text/csv", b"")?];
    for text in [
        "-----",
        "--",
        "--=",
        "--x\n---\n--=x",
        "a\n-- b --\n",
        "x--=_y",
    ] {
        let expected = text.replace('\n', "\r\n");
        let (encoding, body) = alone(text);
        assert_eq!(encoding, "7bit", "{text}");
        assert_eq!(body.trim_end(), expected.trim_end());
        for message in [
            Message::new(kept(Head::new(FROM))).text(text).html(text),
            Message::new(kept(Head::new(FROM)))
                .text(text)
                .attachments(&log),
            Message::new(kept(Head::new(FROM)))
                .html(text)
                .attachments(&log),
        ] {
            let mail = written(&message);
            assert!(!mail.contains("quoted-printable"), "{mail}");
            assert!(mail.contains(&format!("7bit\r\n\r\n{expected}")), "{mail}");
        }
    }
    Ok(())
}

/// Field report 2.11.
#[test]
fn a_line_like_a_boundary_is_encoded_in_a_multipart_and_not_in_a_single_part() -> Result<(), Invalid>
{
    let log = [Attachment::new("log.csv", "text/csv", b"")?];
    for (text, encoded) in [
        ("--=_", "--=3D_\r\n"),
        (
            "--=_0000000000000000m\n--=_0000000000000000m--\n",
            "--=3D_0000000000000000m\r\n--=3D_",
        ),
        ("a\r\n--=_b", "a\r\n--=3D_b\r\n"),
        ("a\r--=_b\r\rc", "a\r\n--=3D_b\r\n\r\nc\r\n"),
        (".\n--=_b\n", "=2E\r\n--=3D_b\r\n"),
    ] {
        let (encoding, body) = alone(text);
        assert_eq!(encoding, "7bit", "{text}");
        let plain = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('\n', "\r\n");
        assert_eq!(body.trim_end(), plain.trim_end());
        // Nothing else makes it a multipart.
        let html = written(
            &Message::new(kept(Head::new(FROM)))
                .html(text)
                .attachments(&[]),
        );
        assert!(
            html.contains("7bit\r\n\r\n") && html.ends_with(&body),
            "{html}"
        );
        // In any order.
        for message in [
            Message::new(kept(Head::new(FROM))).text(text).html("h"),
            Message::new(kept(Head::new(FROM))).html("h").text(text),
            Message::new(kept(Head::new(FROM)))
                .attachments(&log)
                .text(text),
            Message::new(kept(Head::new(FROM)))
                .html(text)
                .attachments(&log),
            Message::new(kept(Head::new(FROM))).text("t").html(text),
        ] {
            let mail = written(&message);
            let expected = format!("quoted-printable\r\n\r\n{encoded}");
            assert!(mail.contains(&expected), "{mail}");
            let parsed = MessageParser::default().parse(&mail).unwrap();
            let texts: Vec<_> = parsed.text_bodies().chain(parsed.html_bodies()).collect();
            let found = texts.iter().any(|part| {
                part.text_contents()
                    .is_some_and(|got| got.trim_end() == plain.trim_end())
            });
            assert!(found, "{mail}");
        }
    }
    Ok(())
}

/// Field report 2.11. A pager shows the wire, or cuts at a number of bytes.
#[test]
fn a_text_stays_readable_unless_base64_is_clearly_shorter() {
    for (text, wire) in [
        ("95°C", "95=C2=B0C\r\n"),
        ("°", "=C2=B0\r\n"),
        ("−5°C", "=E2=88=925=C2=B0C\r\n"),
        ("≥95 °C", "=E2=89=A595 =C2=B0C\r\n"),
        ("Grüße", "Gr=C3=BC=C3=9Fe\r\n"),
        ("Boiler 3: 圧力 8.4", "Boiler 3: =E5=9C=A7=E5=8A=9B 8.4\r\n"),
        ("a ", "a=20\r\n"),
        ("", ""),
    ] {
        assert_eq!(alone(text).1, wire, "{text}");
    }
    for text in ["圧力が高すぎます", "Давление в котле", "🔥🔥🔥", "Πίεση"]
    {
        let (encoding, body) = alone(text);
        assert_eq!(encoding, "base64", "{text}");
        let quoted = text.bytes().map(|byte| if byte.is_ascii() { 1 } else { 3 });
        assert!(body.len() * 3 < (quoted.sum::<usize>() + 2) * 2, "{text}");
    }
}

// 2.12

fn ready(content: &[u8]) -> Result<ReadyMade<'_>, Invalid> {
    let to = MailboxList::parse("ops@example.org")?;
    ReadyMade::new(kept(Head::envelope(ReversePath::Null, to)), content)
}

/// Field report 2.12. RFC 6532 §3.1 lets UTF-8 into a header, and nothing else.
#[test]
fn a_header_that_is_not_utf8_is_refused() -> Result<(), Invalid> {
    for header in [
        &b"\xdcberdruck"[..],
        b"\xfc",
        b"a\xc3",
        b"\xc3(",
        b"\xc3\r\n x: \xbc",
        b"\xe5\x9c",
        b"\xf0\x9f\x94",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xff",
        b"\x80",
        b"\xc3\xbc\xbc",
    ] {
        for end in [&b""[..], b"\r\n", b"\r\n\r\nx\r\n", b"\r\n\r\n\xfc\r\n"] {
            let content = [b"Subject: ", header, end].concat();
            let refused = Invalid::new(Field::Message, Reason::NotUtf8);
            assert_eq!(ready(&content).err(), Some(refused), "{content:?}");
            let to = MailboxList::EMPTY;
            let message =
                ReadyMade::streamed(kept(Head::envelope(ReversePath::Null, to)), Octets::Utf8);
            for piece in [1, 2, 3, 500] {
                let fault = streamed(&message, &content, piece).unwrap_err();
                assert_eq!(fault.kind, ContentFaultKind::NotUtf8, "{content:?}");
                assert_eq!(fault.part, Part::Message);
            }
        }
    }
    Ok(())
}

/// Field report 2.12.
#[test]
fn a_header_in_utf8_needs_smtputf8_and_a_body_may_hold_any_bytes() -> Result<(), Invalid> {
    for text in [
        "ü",
        "\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}",
        "圧力",
        "🔥",
    ] {
        for body in [&b"x"[..], b"\xfc", "ü".as_bytes(), b"\xed\xa0\x80"] {
            let content = [b"Subject: ", text.as_bytes(), b"\r\n\r\n", body, b"\r\n"].concat();
            let message = ready(&content)?;
            assert!(message.needs_smtputf8() && message.needs_8bitmime());
            assert_eq!(bytes(&message), content);
            let to = MailboxList::EMPTY;
            let message =
                ReadyMade::streamed(kept(Head::envelope(ReversePath::Null, to)), Octets::Utf8);
            for piece in [1, 2, 3, 500] {
                assert_eq!(streamed(&message, &content, piece).unwrap(), content);
            }
        }
    }
    let message = ready(b"Subject: x\r\n\r\n\xfc\r\n")?;
    assert!(!message.needs_smtputf8() && message.needs_8bitmime());
    let message = ready(b"Subject: x\r\n\r\nx\r\n")?;
    assert!(!message.needs_smtputf8() && !message.needs_8bitmime());
    Ok(())
}

/// Field report 2.12.
#[test]
fn a_bcc_line_of_a_ready_made_message_is_sent_as_it_is() -> Result<(), Invalid> {
    let content = b"Bcc: hidden@example.org\r\nSubject: x\r\n\r\nx\r\n";
    assert_eq!(bytes(&ready(content)?), content);
    let source = include_str!("../../src/message/ready.rs");
    let docs = source.lines().filter(|line| line.trim().starts_with("///"));
    assert!(docs.filter(|line| line.contains("`Bcc:`")).count() >= 1);
    Ok(())
}

// 5.6

/// Field report 5.6. The longest length that can be announced is a byte below 4 GiB less one.
#[test]
fn a_length_that_cannot_be_kept_is_refused() {
    let refused = Some(Invalid::new(Field::Attachment, Reason::TooLong));
    let max = u32::MAX;
    assert_eq!(Attachment::streamed("a", "a/b", Some(max)).err(), refused);
    assert_eq!(
        Attachment::streamed_as_is("a", "a/b", Some(max)).err(),
        refused
    );
    let attachments = [Attachment::streamed("a", "a/b", Some(max - 1)).unwrap()];
    let message = Message::new(kept(Head::new(FROM))).attachments(&attachments);
    let fault = streamed(&message, b"abc", 3).unwrap_err();
    assert_eq!(fault.kind, ContentFaultKind::TooShort);
}

/// Field report 5.6. Whether it works, `cargo check` for such a target tells.
#[test]
fn a_target_with_addresses_of_16_bits_is_refused_in_words() {
    let source = include_str!("../../src/lib.rs");
    let (_, refusal) = source.split_once("target_pointer_width = \"16\"").unwrap();
    assert!(
        refusal
            .trim_start_matches([')', ']', '\n'])
            .starts_with("compile_error!(")
    );
}
