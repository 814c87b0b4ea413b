//! Messages as octets: golden cases, and properties that hold for every message and buffer.

#[path = "support/kept.rs"]
mod kept;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use embedded_smtp::message::{
    Attachment, Calendar, CalendarMethod, ContentFault, ContentFaultKind, Date, Head, Header,
    HeaderText, Importance, Label, Mail, Message, MessageId, Octets, Part, ReadyMade,
};
use embedded_smtp::{
    Field, Invalid, Mailbox, MailboxList, Reason, ReversePath, head, header_text, label, mailbox,
};
use kept::kept;
use mail_parser::{MessageParser, MimeHeaders, PartType};
use proptest::prelude::*;

/// The whole message, read in pieces of the given sizes, the last of them again and again.
fn read(message: &dyn Mail<'_>, sizes: &[usize]) -> Vec<u8> {
    let mut reader = message.reader();
    let mut got = Vec::new();
    let mut out = vec![0; 70_000];
    let mut sizes = sizes.iter();
    let mut size = 0;
    loop {
        size = sizes.next().copied().unwrap_or(size);
        let n = reader.read(&mut out[..size]).unwrap();
        if n == 0 {
            return got;
        }
        got.extend_from_slice(&out[..n]);
    }
}

/// The whole message as text; its promises about lines are checked on the way.
fn written(message: &Message<'_>) -> String {
    let octets = read(message, &[70_000]);
    assert_eq!(Some(octets.len() as u32), message.encoded_len());
    let text = String::from_utf8(octets).unwrap();
    check_lines(&text);
    text
}

fn check_lines(text: &str) {
    assert!(text.ends_with("\r\n"));
    let mut in_header = true;
    let is_multipart = text.contains("Content-Type: multipart/");
    for line in text.strip_suffix("\r\n").unwrap().split("\r\n") {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        assert!(line.len() <= 998, "{line:?}");
        if is_multipart && line.starts_with("--=_") {
            in_header = true;
        } else if line.is_empty() {
            in_header = false;
        } else if in_header {
            assert!(!line.trim().is_empty(), "{line:?}");
            let foldable = has_good_fold(line) && !line.contains('"');
            assert!(line.len() <= 78 || !foldable, "{line:?}");
            assert!(line.len() <= 76 || !line.contains("=?utf-8?"), "{line:?}");
            for word in line.split(' ').filter(|word| word.starts_with("=?utf-8?")) {
                assert!(word.trim_end_matches(',').len() <= 75, "{word:?}");
            }
        }
    }
}

/// Whether a line has a blank that is alone between two words, before the first of which stands no
/// more than the field's name.
fn has_good_fold(line: &str) -> bool {
    let is_good = |w: &[u8]| w[0] > b' ' && w[1] == b' ' && w[2] > b' ';
    let text = match line.split_once(':') {
        Some((name, text)) if !name.contains(' ') => text,
        _ => line,
    };
    text.as_bytes().windows(3).any(is_good)
}

/// The value of a field, still folded.
fn field<'t>(text: &'t str, name: &str) -> &'t str {
    let start = text
        .find(&format!("{name}:"))
        .unwrap_or_else(|| panic!("{name} in {text}"));
    let rest = &text[start + name.len() + 1..];
    let mut end = 0;
    loop {
        end += rest[end..].find("\r\n").unwrap();
        if !rest[end + 2..].starts_with(' ') {
            return &rest[..end];
        }
        end += 2;
    }
}

/// What follows the header.
fn body(text: &str) -> &str {
    text.split_once("\r\n\r\n").unwrap().1
}

const FROM: Mailbox<'_> = mailbox!("Boiler 3 <boiler3@example.org>");

fn subject(subject: &str) -> String {
    let text = written(
        &Message::new(kept(Head::new(FROM)))
            .subject(subject)
            .unwrap(),
    );
    field(&text, "Subject").to_owned()
}

fn from(mailbox: &str) -> String {
    let text = written(&Message::new(kept(Head::new(
        Mailbox::parse(mailbox).unwrap(),
    ))));
    field(&text, "From").to_owned()
}

fn text(text: &str) -> (String, String) {
    let text = written(&Message::new(kept(Head::new(FROM))).text(text));
    (
        field(&text, "Content-Transfer-Encoding").trim().to_owned(),
        body(&text).to_owned(),
    )
}

#[test]
fn a_plain_alert() -> Result<(), Invalid> {
    let headers = [Header::new("X-Site", "Plant 7")?];
    let message = Message::new(kept(
        Head::new(FROM)
            .to("ops@example.org; \"Duty, night\" <duty@example.org>")?
            .cc("Jörg <joerg@example.org>")?
            .bcc("hidden@example.org")?
            .reply_to("desk@example.org")?
            .sender(Mailbox::parse("gateway@example.org")?)
            .headers(&headers)?
            .auto_submitted(),
    ))
    .subject("Überdruck")?
    .importance(Importance::High)
    .date(Date::from_unix(1_764_000_000, 60)?)
    .message_id("a.b@c")?
    .text("Overpressure\n.\nin boiler 3");
    assert_eq!(
        written(&message),
        "Date: Mon, 24 Nov 2025 17:00:00 +0100\r\n\
         From: Boiler 3 <boiler3@example.org>\r\n\
         Sender: <gateway@example.org>\r\n\
         Reply-To: <desk@example.org>\r\n\
         To: <ops@example.org>,\r\n \"Duty, night\" <duty@example.org>\r\n\
         Cc: =?utf-8?B?SsO2cmc=?= <joerg@example.org>\r\n\
         Subject: =?utf-8?Q?=C3=9Cberdruck?=\r\n\
         Message-ID: <a.b@c>\r\n\
         Importance: high\r\n\
         X-Priority: 1 (Highest)\r\n\
         Auto-Submitted: auto-generated\r\n\
         X-Site: Plant 7\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 7bit\r\n\
         \r\n\
         Overpressure\r\n.\r\nin boiler 3\r\n"
    );
    Ok(())
}

#[test]
fn every_level_of_mime() -> Result<(), Invalid> {
    let attachments = [
        Attachment::new("log.csv", "text/csv", b"time;bar\r\n")?,
        Attachment::new("p.png", "image/png", b"PNG")?.inline("<pic1>")?,
    ];
    let message = Message::new(kept(Head::new(FROM)))
        .importance(Importance::Low)
        .seed(0x0123_4567_89ab_cdef)
        .text("ü\n")
        .html("<img src=\"cid:pic1\">\n")
        .attachments(&attachments);
    assert_eq!(
        written(&message),
        "From: Boiler 3 <boiler3@example.org>\r\n\
         To: undisclosed-recipients:;\r\n\
         Importance: low\r\n\
         X-Priority: 5 (Lowest)\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed;\r\n boundary=\"=_0123456789ABCDEFm\"\r\n\
         \r\n\
         --=_0123456789ABCDEFm\r\n\
         Content-Type: multipart/alternative;\r\n boundary=\"=_0123456789ABCDEFa\"\r\n\
         \r\n\
         --=_0123456789ABCDEFa\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\
         \r\n\
         =C3=BC\r\n\
         \r\n\
         --=_0123456789ABCDEFa\r\n\
         Content-Type: multipart/related; type=\"text/html\";\r\n boundary=\"=_0123456789ABCDEFr\"\r\n\
         \r\n\
         --=_0123456789ABCDEFr\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: 7bit\r\n\
         \r\n\
         <img src=\"cid:pic1\">\r\n\
         \r\n\
         --=_0123456789ABCDEFr\r\n\
         Content-Type: image/png\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: inline;\r\n filename=\"p.png\"\r\n\
         Content-ID: <pic1>\r\n\
         \r\n\
         UE5H\r\n\
         --=_0123456789ABCDEFr--\r\n\
         \r\n\
         --=_0123456789ABCDEFa--\r\n\
         \r\n\
         --=_0123456789ABCDEFm\r\n\
         Content-Type: text/csv\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment;\r\n filename=\"log.csv\"\r\n\
         \r\n\
         dGltZTtiYXINCg==\r\n\
         --=_0123456789ABCDEFm--\r\n"
    );
    Ok(())
}

/// The media types of a message in order, `(` and `)` around what a multipart holds.
fn structure(message: &Message<'_>) -> String {
    let text = written(message);
    let parsed = MessageParser::default().parse(text.as_bytes()).unwrap();
    fn walk(parsed: &mail_parser::Message<'_>, id: u32, out: &mut String) {
        let part = &parsed.parts[id as usize];
        let kind = part.content_type().unwrap();
        out.push_str(kind.subtype().unwrap());
        if let PartType::Multipart(parts) = &part.body {
            out.push('(');
            for (i, part) in parts.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { " " });
                walk(parsed, *part, out);
            }
            out.push(')');
        }
    }
    let mut out = String::new();
    walk(&parsed, 0, &mut out);
    out
}

#[test]
fn no_more_levels_than_needed() -> Result<(), Invalid> {
    let log = Attachment::new("log.csv", "text/csv", b"x")?;
    let picture = Attachment::new("p.png", "image/png", b"x")?.inline("pic")?;
    let m = Message::new(kept(Head::new(FROM)));
    let (text, html, both) = (m.text("t"), m.html("h"), m.text("t").html("h"));
    for (message, attachments, expected) in [
        (m, &[][..], "plain"),
        (text, &[], "plain"),
        (html, &[], "html"),
        (both, &[], "alternative(plain html)"),
        (m, &[log], "mixed(csv)"),
        (m, &[log, log], "mixed(csv csv)"),
        (m, &[picture], "mixed(png)"),
        (text, &[log], "mixed(plain csv)"),
        (text, &[picture], "mixed(plain png)"),
        (html, &[log], "mixed(html csv)"),
        (html, &[picture, picture], "related(html png png)"),
        (html, &[log, picture], "mixed(related(html png) csv)"),
        (both, &[log], "mixed(alternative(plain html) csv)"),
        (both, &[picture], "alternative(plain related(html png))"),
        (
            both,
            &[picture, log],
            "mixed(alternative(plain related(html png)) csv)",
        ),
    ] {
        assert_eq!(structure(&message.attachments(attachments)), expected);
    }
    assert_eq!(structure(&m), "plain");
    Ok(())
}

#[test]
fn a_calendar_is_the_last_alternative() -> Result<(), Invalid> {
    const EVENT: &str = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Wartung für V12\r\n\
                         END:VCALENDAR\r\n";
    let calendar = Calendar::new(CalendarMethod::Request, EVENT);
    let log = Attachment::new("log.csv", "text/csv", b"x")?;
    let picture = Attachment::new("p.png", "image/png", b"x")?.inline("pic")?;
    let m = Message::new(kept(Head::new(FROM))).calendar(&calendar);
    let (text, html, both) = (m.text("t"), m.html("h"), m.text("t").html("h"));
    for (message, attachments, expected) in [
        (m, &[][..], "calendar"),
        (text, &[], "alternative(plain calendar)"),
        (html, &[], "alternative(html calendar)"),
        (both, &[], "alternative(plain html calendar)"),
        (m, &[log], "mixed(calendar csv)"),
        (text, &[log], "mixed(alternative(plain calendar) csv)"),
        (html, &[picture], "alternative(related(html png) calendar)"),
        (
            both,
            &[picture, log],
            "mixed(alternative(plain related(html png) calendar) csv)",
        ),
    ] {
        let message = message.attachments(attachments);
        assert_eq!(structure(&message), expected);
        let whole = written(&message);
        assert_eq!(read(&message, &[1]), whole.as_bytes());
        let head = "Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n";
        assert_eq!(whole.matches(head).count(), 1);
        let parsed = MessageParser::default().parse(&whole).unwrap();
        let part = parsed.parts.iter().find(|part| {
            let kind = part.content_type();
            kind.is_some_and(|kind| kind.subtype() == Some("calendar"))
        });
        let text = part.unwrap().text_contents().unwrap();
        assert_eq!(text.trim_end(), EVENT.trim_end());
    }
    // A text that could be taken for a boundary is encoded where there are boundaries.
    let dashed = Calendar::new(CalendarMethod::Cancel, "--=_0\r\n");
    let alone = Message::new(kept(Head::new(FROM))).calendar(&dashed);
    assert!(written(&alone).ends_with("7bit\r\n\r\n--=_0\r\n"));
    assert!(written(&alone.text("t")).contains("quoted-printable\r\n\r\n--=3D_0\r\n"));
    Ok(())
}

#[test]
fn subjects() {
    assert_eq!(subject("Overpressure"), " Overpressure");
    assert_eq!(subject(""), "");
    assert_eq!(subject("  "), " =?utf-8?Q?__?=");
    assert_eq!(subject("edge "), " =?utf-8?Q?edge_?=");
    assert_eq!(
        subject("=?utf-8?Q?x?="),
        " =?utf-8?B?PT91dGYtOD9RP3g/PQ==?="
    );
    assert_eq!(subject("a\tb c d e f"), " =?utf-8?Q?a=09b_c_d_e_f?=");
    assert_eq!(
        subject("Überdruck: 8.4 bar"),
        " =?utf-8?Q?=C3=9Cberdruck:_8.4_bar?="
    );
    assert_eq!(subject("圧力"), " =?utf-8?B?5Zyn5Yqb?=");
    let a = "a".repeat(40);
    assert_eq!(
        subject(&format!("{a} {a} {a}")),
        format!(" {a}\r\n {a}\r\n {a}")
    );
    // Readers disagree on a line broken within a run of blanks, or right behind the field's name.
    assert_eq!(
        subject(&format!("{a} {a}  {a}")),
        format!(" {a}\r\n {a}  {a}")
    );
    assert_eq!(subject("a  short  one"), " a  short  one");
    let word = "a".repeat(200);
    assert_eq!(subject(&word), format!(" {word}"));
    // Too long for any line: only encoded words can break it.
    assert!(subject(&"a".repeat(1_000)).starts_with(" =?utf-8?Q?aaaa"));
    assert!(subject(&format!("a{}a", " ".repeat(1_000))).starts_with(" =?utf-8?Q?a___"));
    // Some readers drop what follows a padded word of base64.
    let words = subject(&"圧力圧力é".repeat(12));
    let words: Vec<&str> = words.split_whitespace().collect();
    assert!(words.len() > 3);
    for word in &words[..words.len() - 1] {
        assert!(
            word.starts_with("=?utf-8?B?") && !word.ends_with("=?="),
            "{word}"
        );
    }
    // U+560A and U+560D, cut to eight bits, would be LF and CR.
    assert_eq!(subject("\u{560a}\u{560d}"), " =?utf-8?B?5ZiK5ZiN?=");
}

#[test]
fn a_subject_that_does_not_change_and_is_checked_by_the_compiler() {
    const SUBJECT: HeaderText<'_> = header_text!("Überdruck");
    let message = Message::new(kept(Head::new(FROM)))
        .subject(SUBJECT)
        .unwrap();
    assert_eq!(
        field(&written(&message), "Subject"),
        " =?utf-8?Q?=C3=9Cberdruck?="
    );
}

#[test]
fn names() {
    assert_eq!(from("a@b.c"), " <a@b.c>");
    assert_eq!(from("<a@b.c>"), " <a@b.c>");
    assert_eq!(from("Boiler 3 <a@b.c>"), " Boiler 3 <a@b.c>");
    assert_eq!(from("\"Boiler 3\" <a@b.c>"), " \"Boiler 3\" <a@b.c>");
    assert_eq!(from("J. Smith <a@b.c>"), " \"J. Smith\" <a@b.c>");
    assert_eq!(
        from("\"a \\\"b\\\\ c\" <a@b.c>"),
        " \"a \\\"b\\\\ c\" <a@b.c>"
    );
    assert_eq!(from("\" a  b \" <a@b.c>"), " \"a  b\" <a@b.c>");
    assert_eq!(from("\"=?x\" <a@b.c>"), " =?utf-8?B?PT94?= <a@b.c>");
    // Without the backslash it looks like an encoded word.
    assert_eq!(from("\"=\\?x\" <a@b.c>"), " =?utf-8?B?PT94?= <a@b.c>");
    assert_eq!(from("\"=\\x\" <a@b.c>"), " \"=x\" <a@b.c>");
    assert_eq!(
        from("\"Ü, \\\"x\\\"\" <a@b.c>"),
        " =?utf-8?B?w5wsICJ4Ig==?= <a@b.c>"
    );
    let name = "a".repeat(64);
    assert_eq!(
        from(&format!("{name} <a@b.c>")),
        format!(" {name}\r\n <a@b.c>")
    );
    let name = "a".repeat(63);
    assert_eq!(from(&format!("{name} <a@b.c>")), format!(" {name} <a@b.c>"));
    assert_eq!(
        from(&format!("{name} <aaa@b.c>")),
        format!(" {name}\r\n <aaa@b.c>")
    );
    assert_eq!(from("müller@exämple.org"), " <müller@exämple.org>");
}

#[test]
fn a_mail_that_names_nobody_says_so() {
    let message = Message::new(kept(
        Head::new(FROM).to(" ; ,").unwrap().bcc("x@y").unwrap(),
    ));
    let text = written(&message);
    assert_eq!(field(&text, "To"), " undisclosed-recipients:;");
    assert!(!text.contains("Cc:") && !text.contains("Bcc:"), "{text}");
}

#[test]
fn texts_as_they_are() {
    let as_is = |s| {
        let (encoding, body) = text(s);
        assert_eq!(encoding, "7bit", "{s:?}");
        body
    };
    assert_eq!(as_is(""), "");
    assert_eq!(as_is("a"), "a\r\n");
    assert_eq!(
        as_is("a\rb\nc\r\n\r\rd\n\re\r\n"),
        "a\r\nb\r\nc\r\n\r\n\r\nd\r\n\r\ne\r\n"
    );
    assert_eq!(as_is(".\n..\n\ta\tb"), ".\r\n..\r\n\ta\tb\r\n");
    assert_eq!(
        as_is(" From x\n-- y\n--=_\nFrom"),
        " From x\r\n-- y\r\n--=_\r\nFrom\r\n"
    );
    let long = "a".repeat(998);
    assert_eq!(as_is(&long), format!("{long}\r\n"));
}

#[test]
fn texts_that_need_an_encoding() {
    for s in [
        "From me",
        "x\nFrom me",
        "a \nb",
        "a\t",
        "a\0",
        "\u{7f}",
        "\u{1b}[0m",
    ] {
        let (encoding, _) = text(s);
        assert_ne!(encoding, "7bit", "{s:?}");
    }
    assert_ne!(text(&"a".repeat(999)).0, "7bit");
    let (encoding, body) = text("Überdruck in Kessel 3\rsofort prüfen");
    assert_eq!(encoding, "quoted-printable");
    assert_eq!(body, "=C3=9Cberdruck in Kessel 3\r\nsofort pr=C3=BCfen\r\n");
    let (encoding, body) = text("圧力が高すぎます\nボイラー\r\rx");
    assert_eq!(encoding, "base64");
    assert_eq!(
        body,
        BASE64_STANDARD.encode("圧力が高すぎます\r\nボイラー\r\n\r\nx") + "\r\n"
    );
}

#[test]
fn a_text_is_quoted_printable_unless_base64_is_shorter_by_a_third() {
    // One byte for every plain letter, three for every byte of one with dots, against 4 / 3.
    let mut seen = [0, 0];
    for dots in 0..100 {
        let s = "ü".repeat(dots) + &"a".repeat(100 - dots) + " ";
        let (encoding, body) = text(&s);
        let base64 = BASE64_STANDARD.encode(&s).len();
        let base64 = base64 + 2 * base64.div_ceil(76);
        if encoding == "base64" {
            seen[0] += 1;
            assert_eq!(body.len(), base64);
            assert!(base64 * 3 < (dots * 6 + 106) * 2, "{dots}");
        } else {
            seen[1] += 1;
            // Soft line breaks and all.
            assert!(base64 * 3 + 12 >= body.len() * 2, "{dots}");
        }
    }
    assert!(seen[0] > 20 && seen[1] > 20, "{seen:?}");
}

#[test]
fn the_envelope_has_each_address_once() -> Result<(), Invalid> {
    let message = Message::new(kept(
        Head::new(FROM)
            .to("a@x.org, A@x.org; B <b@x.org>")?
            .cc(";a@X.ORG, c@x.org")?
            .bcc("b@x.org; d@x.org; d@x.org")?,
    ));
    let got: Vec<_> = message
        .recipients()
        .map(|a| a.as_str().to_owned())
        .collect();
    assert_eq!(got, ["a@x.org", "A@x.org", "b@x.org", "c@x.org", "d@x.org"]);
    assert_eq!(Message::new(kept(Head::new(FROM))).recipients().count(), 0);
    Ok(())
}

#[test]
fn addresses_outside_ascii_need_smtputf8() -> Result<(), Invalid> {
    let head = Head::new(FROM).to("Jörg <a@b.c>")?;
    assert!(!Message::new(&head).needs_smtputf8());
    assert!(Message::new(&head.to("ö@b.c")?).needs_smtputf8());
    assert!(Message::new(&head.cc("a@b.c, a@ö.c")?).needs_smtputf8());
    assert!(Message::new(&head.bcc("ö@b.c")?).needs_smtputf8());
    assert!(Message::new(&head.reply_to("ö@b.c")?).needs_smtputf8());
    assert!(Message::new(&head.sender(Mailbox::parse("ö@b.c")?)).needs_smtputf8());
    assert!(Message::new(&head.reverse_path("ö@b.c")?).needs_smtputf8());
    assert!(Message::new(&head.read_receipt("ö@b.c")?).needs_smtputf8());
    assert!(Message::new(&head.delivery_receipt("ö@b.c")?).needs_smtputf8());
    let authors = MailboxList::parse("a@b.c, ö@b.c")?;
    assert!(Message::new(kept(Head::by(authors, FROM)?)).needs_smtputf8());
    assert!(Message::new(kept(Head::new(Mailbox::parse("ö@b.c")?))).needs_smtputf8());
    Ok(())
}

#[test]
fn a_refused_value_names_its_field() -> Result<(), Invalid> {
    fn refused<T>(result: Result<T, Invalid>) -> (Field, Reason) {
        let Err(invalid) = result else {
            panic!("it is taken");
        };
        (invalid.field, invalid.reason)
    }
    let head = Head::new(FROM);
    let m = Message::new(&head);
    assert_eq!(refused(head.to("a")), (Field::To, Reason::NoAt));
    assert_eq!(refused(head.cc("a")), (Field::Cc, Reason::NoAt));
    assert_eq!(refused(head.bcc("a")), (Field::Bcc, Reason::NoAt));
    assert_eq!(refused(head.reply_to("a")), (Field::ReplyTo, Reason::NoAt));
    assert_eq!(
        refused(head.reverse_path("a")),
        (Field::ReversePath, Reason::NoAt)
    );
    assert_eq!(refused(m.message_id("a")), (Field::MessageId, Reason::NoAt));
    for subject in [
        "a\r\nBcc: e@x",
        "a\n",
        "a\r",
        "a\0",
        "a\u{7f}",
        "a\u{85}",
        "a\u{2028}",
    ] {
        let expected = (Field::Subject, Reason::ControlCharacter);
        assert_eq!(refused(m.subject(subject)), expected, "{subject:?}");
    }
    let reply = Header::new("References", "<a@b>")?;
    assert_eq!(
        refused(head.headers(&[reply, reply])),
        (Field::HeaderName, Reason::Duplicate)
    );
    let message = Attachment::new("m.eml", "message/rfc822", b"").unwrap_err();
    assert_eq!(
        (message.field, message.reason),
        (Field::MediaType, Reason::AsIsOnly)
    );
    Ok(())
}

#[test]
fn a_long_identifier_stands_on_its_fields_line() -> Result<(), Invalid> {
    let id = format!("{}@x.org", "a".repeat(240));
    let attachments = [Attachment::new("a", "a/b", b"")?.inline(&id)?];
    let message = Message::new(kept(Head::new(FROM)))
        .message_id(id.as_str())?
        .attachments(&attachments);
    let text = written(&message);
    assert_eq!(field(&text, "Message-ID"), format!(" <{id}>"));
    assert_eq!(field(&text, "Content-ID"), format!(" <{id}>"));
    Ok(())
}

/// Pieces that make texts difficult.
fn piece() -> impl Strategy<Value = String> {
    let set = [
        "a",
        "boiler",
        " ",
        "  ",
        "\t",
        ".",
        "=",
        "=?",
        "?=",
        "_",
        "\"",
        "\\",
        ",",
        ";",
        "<",
        "@",
        "ü",
        "圧力",
        "🚨",
        "%",
        "'",
        "*",
        "-",
        "--",
        "From ",
        "\u{e9}\u{301}",
    ];
    prop_oneof![
        4 => prop::sample::select(set.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,30}",
    ]
}

fn line(pieces: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..pieces).prop_map(|pieces| pieces.concat())
}

fn long_text() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["", "\n", "\r", "\r\n", "\0", "\u{7f}"]);
    prop::collection::vec((line(12), end), 0..20)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
}

/// What readers get for a text: CRLF for every line end.
fn canonical(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\n', "\r\n")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What a message is made of, owned.
#[derive(Debug, Clone)]
struct Parts {
    subject: String,
    name: String,
    value: String,
    text: Option<String>,
    html: Option<String>,
    attachments: Vec<(String, Vec<u8>, bool)>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let attachment = (
        line(25).prop_filter_map("length", |name| {
            let name = name.replace('\t', "x");
            (!name.trim().is_empty() && name.len() <= 255).then_some(name)
        }),
        prop::collection::vec(any::<u8>(), 0..400),
        any::<bool>(),
    );
    (
        line(20),
        line(12).prop_map(|name| name.replace('\t', " ")),
        line(60),
        prop::option::of(long_text()),
        prop::option::of(long_text()),
        prop::collection::vec(attachment, 0..4),
    )
        .prop_map(|(subject, name, value, text, html, attachments)| Parts {
            subject,
            name,
            value,
            text,
            html,
            attachments,
        })
}

impl Parts {
    fn with(&self, check: impl FnOnce(Message<'_>)) {
        let from = format!("{} <boiler3@example.org>", quoted(&self.name));
        let attachments: Vec<_> = self
            .attachments
            .iter()
            .enumerate()
            .map(|(i, (name, content, inline))| {
                let part = Attachment::new(name, "application/x-data; a=b", content).unwrap();
                if *inline {
                    part.inline(["i0", "i1", "i2", "i3"][i]).unwrap()
                } else {
                    part
                }
            })
            .collect();
        let headers = [Header::new("X-Value", &self.value).unwrap()];
        let mut message = Message::new(kept(
            Head::new(Mailbox::parse(&from).unwrap())
                .to("a@b.c; \"x y\" <d@e.f>")
                .unwrap()
                .headers(&headers)
                .unwrap(),
        ))
        .subject(self.subject.as_str())
        .unwrap()
        .seed(7);
        if let Some(text) = &self.text {
            message = message.text(text);
        }
        if let Some(html) = &self.html {
            message = message.html(html);
        }
        if !attachments.is_empty() {
            message = message.attachments(&attachments);
        }
        check(message);
    }
}

/// A field's value without its folds, decoded.
fn decoded_field(text: &str, name: &str) -> String {
    let value = field(text, name).replace("\r\n", "");
    let value = value.strip_prefix(' ').unwrap_or(&value);
    if value.starts_with("=?utf-8?") {
        decode_words(value)
    } else {
        value.to_owned()
    }
}

/// A decoder of encoded words that accepts nothing but them and single blanks between.
fn decode_words(words: &str) -> String {
    let mut octets = Vec::new();
    for word in words.split(' ') {
        let text = word.strip_suffix("?=").unwrap();
        let mut one = Vec::new();
        if let Some(text) = text.strip_prefix("=?utf-8?B?") {
            one = BASE64_STANDARD.decode(text).unwrap();
        } else {
            let mut text = text.strip_prefix("=?utf-8?Q?").unwrap().bytes();
            while let Some(byte) = text.next() {
                one.push(match byte {
                    b'_' => b' ',
                    b'=' => {
                        let hex = [text.next().unwrap(), text.next().unwrap()];
                        u8::from_str_radix(str::from_utf8(&hex).unwrap(), 16).unwrap()
                    }
                    b'!'..=b'~' if byte != b'?' => byte,
                    _ => panic!("{word:?}"),
                });
            }
        }
        // No character is split between two words.
        assert!(str::from_utf8(&one).is_ok(), "{word:?}");
        octets.extend(one);
    }
    String::from_utf8(octets).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_octets_do_not_depend_on_the_buffer(
        parts in parts(),
        sizes in prop::collection::vec(1_usize..600, 1..40),
        size in 1_usize..=600,
    ) {
        parts.with(|message| {
            let whole = read(&message, &[70_000]);
            assert_eq!(read(&message, &[size]), whole, "{size}");
            assert_eq!(read(&message, &sizes), whole);
        });
    }

    #[test]
    fn the_length_is_known_and_lines_keep_their_limits(parts in parts()) {
        parts.with(|message| { written(&message); });
    }

    #[test]
    fn header_texts_survive(parts in parts()) {
        parts.with(|message| {
            let text = written(&message);
            assert_eq!(decoded_field(&text, "Subject"), parts.subject);
            assert_eq!(decoded_field(&text, "X-Value"), parts.value);
        });
    }

    #[test]
    fn another_parser_reads_the_same(parts in parts()) {
        parts.with(|message| {
            let text = written(&message);
            let parsed = MessageParser::default().parse(text.as_bytes()).unwrap();
            let from = parsed.from().unwrap().first().unwrap();
            assert_eq!(from.address.as_deref(), Some("boiler3@example.org"));
            let mut texts = Vec::new();
            let mut data = Vec::new();
            for part in &parsed.parts {
                match &part.body {
                    PartType::Text(text) => texts.push(text.to_string()),
                    PartType::Html(text) => texts.push(text.to_string()),
                    PartType::Binary(content) | PartType::InlineBinary(content) => {
                        let name = part.attachment_name().map(str::to_owned);
                        data.push((name, content.to_vec(), part.content_id().is_some()));
                    }
                    _ => {}
                }
            }
            let mut expected: Vec<_> =
                parts.text.iter().chain(&parts.html).map(|text| canonical(text)).collect();
            if expected.is_empty() && parts.attachments.is_empty() {
                expected.push(String::new());
            }
            let single = expected.len() == 1 && parts.attachments.is_empty();
            for (got, expected) in texts.iter().zip(&expected) {
                // A text that is the whole body gets the line end it lacks.
                let got = if single { got.trim_end_matches("\r\n") } else { got };
                let expected = if single { expected.trim_end_matches("\r\n") } else { expected };
                assert_eq!(got, expected);
            }
            assert_eq!(texts.len(), expected.len());
            assert_eq!(data.len(), parts.attachments.len());
            for (_, content, inline) in &parts.attachments {
                assert!(data.iter().any(|part| part.1 == *content && part.2 == *inline));
            }
        });
    }
}

#[test]
fn every_buffer_size() {
    let parts = Parts {
        subject: "Überdruck ".repeat(12),
        name: "Kessel, 3".into(),
        value: "boiler ".repeat(40) + "x",
        text: Some("ü.\r\n.\nFrom x".repeat(20)),
        html: Some("<p>.\n.\r.</p>\n".repeat(20)),
        attachments: vec![
            ("ü".repeat(100), (0..=255).collect(), true),
            ("a.csv".into(), vec![b'.'; 399], false),
        ],
    };
    parts.with(|message| {
        let whole = read(&message, &[70_000]);
        for size in 1..=600 {
            assert_eq!(read(&message, &[size]), whole, "{size}");
        }
    });
}

// Contents from a source, contents that travel as they are, and ready-made messages.

/// The whole message in buffers of `size`, its sources giving pieces of the sizes, again and again.
fn streamed(
    message: &dyn Mail<'_>,
    contents: &[(Part, &[u8])],
    size: usize,
    pieces: &[usize],
) -> Result<Vec<u8>, ContentFault> {
    let mut reader = message.reader();
    let mut rest: Vec<(Part, &[u8])> = contents.to_vec();
    let mut pieces = pieces.iter().cycle();
    let mut got = Vec::new();
    let mut out = vec![0; size];
    loop {
        let n = reader.read_with(&mut out, |part, slot| {
            let (_, rest) = rest.iter_mut().find(|(p, _)| *p == part).unwrap();
            assert!(!slot.is_empty());
            let n = rest.len().min(slot.len()).min(*pieces.next().unwrap());
            slot[..n].copy_from_slice(&rest[..n]);
            *rest = &rest[n..];
            n
        })?;
        if n == 0 {
            return Ok(got);
        }
        got.extend_from_slice(&out[..n]);
    }
}

const WHOLE: usize = usize::MAX;

fn in_one_piece(
    message: &dyn Mail<'_>,
    part: Part,
    content: &[u8],
) -> Result<String, ContentFault> {
    let octets = streamed(message, &[(part, content)], 70_000, &[WHOLE])?;
    Ok(String::from_utf8(octets).unwrap())
}

#[test]
fn a_streamed_attachment_is_the_same_as_one_from_a_slice() -> Result<(), Invalid> {
    let content: Vec<u8> = (0..1_000_u32).map(|i| (i * 7 + i / 256) as u8).collect();
    for len in [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 1_000] {
        let content = &content[..len];
        let slice = [Attachment::new("a", "a/b", content)?];
        let expected = read(
            &Message::new(kept(Head::new(FROM)))
                .text("x")
                .attachments(&slice),
            &[70_000],
        );
        for length in [None, Some(len as u32)] {
            let source = [Attachment::streamed("a", "a/b", length)?];
            let message = Message::new(kept(Head::new(FROM)))
                .text("x")
                .attachments(&source);
            let known = message.encoded_len();
            assert_eq!(known, length.map(|_| expected.len() as u32));
            for (size, piece) in [
                (16, 1),
                (16, WHOLE),
                (77, 57),
                (78, 58),
                (600, 1),
                (70_000, WHOLE),
            ] {
                let contents = [(Part::Attachment(0), content)];
                let got = streamed(&message, &contents, size, &[piece, 3]).unwrap();
                assert!(got == expected, "{len} {size} {piece}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_source_of_another_length_than_announced_is_no_message() -> Result<(), Invalid> {
    for attachment in [
        Attachment::streamed("a", "a/b", Some(10))?,
        Attachment::streamed_as_is("a", "a/b", Some(10))?,
    ] {
        let attachments = [attachment];
        let message = Message::new(kept(Head::new(FROM))).attachments(&attachments);
        let fault = in_one_piece(&message, Part::Attachment(0), b"too short").unwrap_err();
        assert_eq!(
            (fault.part, fault.kind),
            (Part::Attachment(0), ContentFaultKind::TooShort)
        );
        assert_eq!(
            fault.to_string(),
            "attachment 0 ended before its announced length, at octet 9"
        );
        let fault = in_one_piece(&message, Part::Attachment(0), b"goes on too long").unwrap_err();
        assert_eq!(
            (fault.part, fault.kind),
            (Part::Attachment(0), ContentFaultKind::TooLong)
        );
        let text = in_one_piece(&message, Part::Attachment(0), b"just right").unwrap();
        assert_eq!(Some(text.len() as u32), message.encoded_len());
    }
    Ok(())
}

#[test]
fn a_source_that_is_not_given_is_a_fault() -> Result<(), Invalid> {
    let attachments = [Attachment::streamed("a", "a/b", None)?];
    let message = Message::new(kept(Head::new(FROM))).attachments(&attachments);
    assert!(message.streamed_parts() == 1 && message.encoded_len().is_none());
    let fault = message.reader().read(&mut [0; 2_000]).unwrap_err();
    assert_eq!(fault.kind, ContentFaultKind::NoSource);
    Ok(())
}

/// Contents that may not travel as they are.
fn not_as_is() -> Vec<(Vec<u8>, ContentFaultKind, Reason)> {
    let long = "a".repeat(999);
    vec![
        (b"a\rb".to_vec(), ContentFaultKind::BareCr, Reason::LineEnd),
        (
            b"a\r\r\n".to_vec(),
            ContentFaultKind::BareCr,
            Reason::LineEnd,
        ),
        (b"a\r".to_vec(), ContentFaultKind::BareCr, Reason::LineEnd),
        (b"a\nb".to_vec(), ContentFaultKind::BareLf, Reason::LineEnd),
        (
            b"a\0".to_vec(),
            ContentFaultKind::Nul,
            Reason::ControlCharacter,
        ),
        ("ü".into(), ContentFaultKind::EightBit, Reason::NotAscii),
        (
            long.into(),
            ContentFaultKind::LineTooLong,
            Reason::LineTooLong,
        ),
    ]
}

#[test]
fn what_travels_as_it_is_is_checked() -> Result<(), Invalid> {
    for (content, kind, reason) in not_as_is() {
        let refused = Attachment::as_is("a", "text/csv", &content).unwrap_err();
        assert_eq!(refused, Invalid::new(Field::Attachment, reason), "{kind:?}");
        let source = [Attachment::streamed_as_is("a", "text/csv", None)?];
        let message = Message::new(kept(Head::new(FROM))).attachments(&source);
        for piece in [1, 2, WHOLE] {
            let contents = [(Part::Attachment(0), &content[..])];
            let fault = streamed(&message, &contents, 600, &[piece]).unwrap_err();
            assert_eq!(fault.kind, kind);
        }
    }
    Ok(())
}

#[test]
fn attachments_as_they_are() -> Result<(), Invalid> {
    let line = "a".repeat(998);
    for (content, end) in [
        ("", ""),
        ("time;bar", "\r\n"),
        ("From x\r\n.\r\n..\r\n", "\r\n"),
        ("\r\n\r\n", "\r\n"),
        (line.as_str(), "\r\n"),
        (
            "--=_0000000000000006m\r\n--\r\n a--=_0000000000000007m",
            "\r\n",
        ),
    ] {
        let attachments = [Attachment::as_is("a.csv", "text/csv", content.as_bytes())?];
        let message = Message::new(kept(Head::new(FROM)))
            .seed(7)
            .attachments(&attachments);
        let text = written(&message);
        assert!(
            text.contains("Content-Transfer-Encoding: 7bit\r\n"),
            "{text}"
        );
        assert!(
            text.ends_with(&format!(
                "\r\n\r\n{content}{end}--=_0000000000000007m--\r\n"
            )),
            "{text}"
        );
        for length in [None, Some(content.len() as u32)] {
            let source = [Attachment::streamed_as_is("a.csv", "text/csv", length)?];
            let message = Message::new(kept(Head::new(FROM)))
                .seed(7)
                .attachments(&source);
            for (size, piece) in [(16, 1), (16, WHOLE), (50, 7), (70_000, WHOLE)] {
                let contents = [(Part::Attachment(0), content.as_bytes())];
                let got = streamed(&message, &contents, size, &[piece]).unwrap();
                assert_eq!(String::from_utf8(got).unwrap(), text, "{size} {piece}");
            }
            if length.is_some() {
                assert_eq!(message.encoded_len(), Some(text.len() as u32));
            }
        }
    }
    Ok(())
}

#[test]
fn a_part_as_it_is_that_holds_the_boundary_is_no_message() -> Result<(), Invalid> {
    for content in [
        "--=_0000000000000007m",
        "x\r\n--=_0000000000000007a--\r\n",
        "\r\n--=_0000000000000007xyz",
    ] {
        let slice = [Attachment::as_is("a", "text/csv", content.as_bytes())?];
        let message = Message::new(kept(Head::new(FROM)))
            .seed(7)
            .attachments(&slice);
        let fault = message.reader().read(&mut [0; 2_000]).unwrap_err();
        assert_eq!(fault.kind, ContentFaultKind::Boundary, "{content}");
        assert_eq!(fault.part, Part::Attachment(0));
        assert!(message.seed(8).reader().read(&mut [0; 2_000]).is_ok());
        let source = [Attachment::streamed_as_is("a", "text/csv", None)?];
        let message = Message::new(kept(Head::new(FROM)))
            .seed(7)
            .attachments(&source);
        for piece in [1, WHOLE] {
            let contents = [(Part::Attachment(0), content.as_bytes())];
            let fault = streamed(&message, &contents, 600, &[piece]).unwrap_err();
            assert_eq!(fault.kind, ContentFaultKind::Boundary, "{content}");
        }
    }
    Ok(())
}

#[test]
fn message_types_travel_only_as_they_are_and_multipart_never() {
    let reason = |result: Result<Attachment<'_>, Invalid>| result.unwrap_err().reason;
    assert!(Attachment::as_is("m.eml", "message/rfc822", b"Subject: x\r\n\r\n").is_ok());
    assert!(Attachment::streamed_as_is("m.eml", "Message/rfc822", None).is_ok());
    assert_eq!(
        reason(Attachment::streamed("m.eml", "message/rfc822", None)),
        Reason::AsIsOnly
    );
    assert_eq!(
        reason(Attachment::as_is("m", "multipart/mixed", b"")),
        Reason::Reserved
    );
}

#[test]
fn texts_from_a_source_are_quoted_printable() -> Result<(), Invalid> {
    let message = Message::new(kept(Head::new(FROM))).streamed_text();
    let sent = |content: &str| {
        let text = in_one_piece(&message, Part::Text, content.as_bytes()).unwrap();
        check_lines(&text);
        assert!(text.contains("Content-Transfer-Encoding: quoted-printable\r\n"));
        body(&text).to_owned()
    };
    assert_eq!(message.encoded_len(), None);
    assert_eq!(sent(""), "");
    assert_eq!(sent("Überdruck"), "=C3=9Cberdruck\r\n");
    assert_eq!(sent("a\rb\nc\r\n\r\rd "), "a\r\nb\r\nc\r\n\r\n\r\nd=20\r\n");
    assert_eq!(sent(".\n..\nFrom x"), "=2E\r\n=2E.\r\n=46rom x\r\n");
    let both = Message::new(kept(Head::new(FROM)))
        .streamed_text()
        .streamed_html();
    let contents = [(Part::Text, &b"t\n"[..]), (Part::Html, b"h")];
    let got = streamed(&both, &contents, 600, &[1]).unwrap();
    let expected = Message::new(kept(Head::new(FROM))).text("t\n").html("h");
    let expected = written(&expected).replace("7bit", "quoted-printable");
    assert_eq!(String::from_utf8(got).unwrap(), expected);
    Ok(())
}

#[test]
fn a_reader_that_failed_gives_nothing_more() -> Result<(), Invalid> {
    let attachments = [
        Attachment::streamed("a", "a/b", None)?,
        Attachment::streamed_as_is("a", "a/b", None)?,
    ];
    let message = Message::new(kept(Head::new(FROM))).attachments(&attachments);
    let mut out = [0; 2_000];
    let mut reader = message.reader();
    for _ in 0..3 {
        let fault = reader.read(&mut out).unwrap_err();
        assert_eq!(fault.kind, ContentFaultKind::NoSource);
    }
    let mut reader = message.reader();
    let mut calls = 0;
    for _ in 0..3 {
        // The first part is empty, the second begins with a bare LF.
        let fault = reader.read_with(&mut out, |part, slot| {
            calls += 1;
            slot[0] = b'\n';
            usize::from(part == Part::Attachment(1))
        });
        let fault = fault.unwrap_err();
        assert_eq!(fault.part, Part::Attachment(1));
        assert_eq!(fault.kind, ContentFaultKind::BareLf);
    }
    assert_eq!(calls, 2);
    Ok(())
}

#[test]
fn a_buffer_too_small_for_a_source_is_not_the_end() -> Result<(), Invalid> {
    let base64 = [Attachment::streamed("a", "a/b", None)?];
    let as_is = [Attachment::streamed_as_is("a", "a/b", None)?];
    let m = Message::new(kept(Head::new(FROM)));
    let ready = ReadyMade::streamed(
        kept(Head::envelope(ReversePath::Null, MailboxList::EMPTY)),
        Octets::SevenBit,
    );
    for (message, part) in [
        (&m.streamed_text() as &dyn Mail<'_>, Part::Text),
        (&m.streamed_html(), Part::Html),
        (&m.attachments(&base64), Part::Attachment(0)),
        (&m.attachments(&as_is), Part::Attachment(0)),
        (&ready, Part::Message),
    ] {
        let contents = [(part, &b"some octets"[..])];
        let whole = streamed(message, &contents, 70_000, &[WHOLE]).unwrap();
        for size in 1..20 {
            match streamed(message, &contents, size, &[WHOLE]) {
                Ok(got) => assert_eq!(got, whole),
                Err(fault) => {
                    assert!(size < 16);
                    assert_eq!(fault.part, part);
                    assert_eq!(fault.kind, ContentFaultKind::SmallBuffer);
                }
            }
        }
        assert_eq!(message.reader().read(&mut []), Ok(0));
    }
    Ok(())
}

fn ready(octets: &[u8]) -> Result<ReadyMade<'_>, Invalid> {
    let path = ReversePath::parse("r@x.org")?;
    ReadyMade::new(
        kept(Head::envelope(
            path,
            MailboxList::parse("a@x.org, b@x.org")?,
        )),
        octets,
    )
}

#[test]
fn a_ready_made_message_is_sent_as_it_is() -> Result<(), Invalid> {
    for (octets, end) in [
        ("Subject: x\r\n\r\n.\r\ntext\r\n", ""),
        ("Subject: x\r\n\r\ntext", "\r\n"),
        ("", ""),
        ("\r\n", ""),
    ] {
        let message = ready(octets.as_bytes())?;
        assert_eq!(
            read(&message, &[70_000]),
            format!("{octets}{end}").as_bytes()
        );
        assert_eq!(
            message.encoded_len(),
            Some((octets.len() + end.len()) as u32)
        );
        assert_eq!(read(&message, &[1]), format!("{octets}{end}").as_bytes());
        assert_eq!(message.recipients().count(), 2);
        assert!(!message.needs_8bitmime() && !message.needs_smtputf8());
        let path = ReversePath::Null;
        let source = ReadyMade::streamed(
            kept(Head::envelope(path, MailboxList::EMPTY)),
            Octets::SevenBit,
        );
        for piece in [1, 5, WHOLE] {
            let got = streamed(&source, &[(Part::Message, octets.as_bytes())], 64, &[piece]);
            assert_eq!(got.unwrap(), format!("{octets}{end}").as_bytes());
        }
    }
    Ok(())
}

#[test]
fn a_ready_made_message_asks_for_the_extension_it_needs() -> Result<(), Invalid> {
    let needs = |octets: &str| {
        let message = ready(octets.as_bytes()).unwrap();
        (message.needs_8bitmime(), message.needs_smtputf8())
    };
    assert_eq!(needs("Subject: x\r\n\r\nu"), (false, false));
    assert_eq!(needs("Subject: x\r\n\r\nü"), (true, false));
    assert_eq!(needs("Subject: ü\r\n\r\nu"), (true, true));
    let path = ReversePath::Null;
    for (octets, content, fault) in [
        (
            Octets::SevenBit,
            "S: x\r\n\r\nü",
            Some(ContentFaultKind::EightBit),
        ),
        (Octets::EightBit, "S: x\r\n\r\nü", None),
        (
            Octets::EightBit,
            "S: ü\r\n\r\nu",
            Some(ContentFaultKind::EightBit),
        ),
        (Octets::Utf8, "S: ü\r\n\r\nü", None),
    ] {
        let message = ReadyMade::streamed(kept(Head::envelope(path, MailboxList::EMPTY)), octets);
        assert_eq!(message.needs_8bitmime(), octets != Octets::SevenBit);
        assert_eq!(message.needs_smtputf8(), octets == Octets::Utf8);
        let got = in_one_piece(&message, Part::Message, content.as_bytes());
        assert_eq!(got.err().map(|fault| fault.kind), fault, "{content}");
    }
    for (content, kind, reason) in not_as_is() {
        if kind != ContentFaultKind::EightBit {
            let refused = ready(&content).unwrap_err();
            assert_eq!(refused, Invalid::new(Field::Message, reason), "{kind:?}");
        }
    }
    Ok(())
}

#[test]
fn receipts() -> Result<(), Invalid> {
    let message = Message::new(kept(
        Head::new(FROM)
            .read_receipt("ops@example.org")?
            .delivery_receipt("log@example.org")?,
    ));
    let text = written(&message);
    assert_eq!(
        field(&text, "Disposition-Notification-To"),
        " ops@example.org"
    );
    assert_eq!(field(&text, "Return-Receipt-To"), " log@example.org");
    let refused = Head::new(FROM).read_receipt("a\r\n@b").unwrap_err();
    assert_eq!(refused.field, Field::ReadReceipt);
    let refused = Head::new(FROM).delivery_receipt("a").unwrap_err();
    assert_eq!(refused.field, Field::DeliveryReceipt);
    Ok(())
}

#[test]
fn several_authors_have_a_sender() -> Result<(), Invalid> {
    let authors = MailboxList::parse("A <a@x.org>; Ü <b@x.org>")?;
    let message = Message::new(kept(Head::by(authors, Mailbox::parse("a@x.org")?)?));
    let text = written(&message);
    assert_eq!(
        field(&text, "From"),
        " A <a@x.org>,\r\n =?utf-8?B?w5w=?= <b@x.org>"
    );
    assert_eq!(field(&text, "Sender"), " <a@x.org>");
    let empty = Head::by(MailboxList::EMPTY, FROM).unwrap_err();
    assert_eq!((empty.field, empty.reason), (Field::From, Reason::Empty));
    // A sender who is the author is not written.
    let text = written(&Message::new(kept(Head::new(FROM).sender(FROM))));
    assert!(!text.contains("Sender:"), "{text}");
    let author = MailboxList::parse(";Ü <a@x.org>;")?;
    let text = written(&Message::new(kept(Head::by(
        author,
        Mailbox::parse("a@X.org")?,
    )?)));
    assert_eq!(field(&text, "From"), " =?utf-8?B?w5w=?= <a@x.org>");
    assert!(!text.contains("Sender:"), "{text}");
    let message = Message::new(kept(Head::by(author, Mailbox::parse("s@x.org")?)?));
    assert_eq!(field(&written(&message), "Sender"), " <s@x.org>");
    Ok(())
}

#[test]
fn answers_name_what_they_answer() -> Result<(), Invalid> {
    let text = written(&Message::new(kept(Head::new(FROM).in_reply_to("1@x", "")?)));
    assert_eq!(field(&text, "In-Reply-To"), " <1@x>");
    assert_eq!(field(&text, "References"), " <1@x>");
    let text = written(&Message::new(kept(
        Head::new(FROM).in_reply_to("<3@x>", "<1@x> <2@x>")?,
    )));
    assert_eq!(field(&text, "References"), " <1@x> <2@x> <3@x>");
    let refused = Head::new(FROM).in_reply_to("3@x", "<1@x>\r\n").unwrap_err();
    assert_eq!(refused.field, Field::References);
    let refused = Head::new(FROM).in_reply_to("3", "").unwrap_err();
    assert_eq!(
        (refused.field, refused.reason),
        (Field::InReplyTo, Reason::NoAt)
    );
    let headers = [Header::new("References", "<1@x>")?];
    let head = Head::new(FROM).headers(&headers)?;
    let refused = head.in_reply_to("3@x", "").unwrap_err();
    assert_eq!(refused.reason, Reason::Duplicate);
    let head = Head::new(FROM).in_reply_to("3@x", "")?;
    assert_eq!(
        head.headers(&headers).unwrap_err().reason,
        Reason::Duplicate
    );
    Ok(())
}

#[test]
fn a_long_identifier_that_is_answered_to_does_not_end_the_header() -> Result<(), Invalid> {
    for octets in [1, 71, 72, 73, 74, 75, 246] {
        let id = format!("{}@x.y", "a".repeat(octets));
        let message = Message::new(kept(Head::new(FROM).in_reply_to(id.as_str(), "<1@x>")?));
        let text = written(&message.subject("S")?);
        let fold = if octets <= 54 { "" } else { "\r\n" };
        assert_eq!(field(&text, "References"), format!(" <1@x>{fold} <{id}>"));
        assert_eq!(body(&text), "", "{octets}");
    }
    Ok(())
}

#[test]
fn an_identifier_is_never_an_encoded_word() -> Result<(), Invalid> {
    let ids = "<=?utf-8?Q?x?=@x> <a=?b@x>";
    let headers = [
        Header::new("References", ids)?,
        Header::new("In-Reply-To", ids)?,
    ];
    let text = written(&Message::new(kept(Head::new(FROM).headers(&headers)?)));
    assert_eq!(field(&text, "References"), format!(" {ids}"));
    assert_eq!(field(&text, "In-Reply-To"), format!(" {ids}"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn pieces_of_a_text_do_not_show(
        text in long_text(),
        size in 16_usize..300,
        pieces in prop::collection::vec(1_usize..90, 1..20),
        is_html in any::<bool>(),
    ) {
        let message = Message::new(kept(Head::new(FROM)));
        let (message, part) = if is_html {
            (message.text("x").streamed_html(), Part::Html)
        } else {
            (message.streamed_text(), Part::Text)
        };
        let whole = in_one_piece(&message, part, text.as_bytes()).unwrap();
        check_lines(&whole);
        let got = streamed(&message, &[(part, text.as_bytes())], size, &pieces).unwrap();
        prop_assert_eq!(String::from_utf8(got).unwrap(), whole.as_str());
        // The same as from a slice, where that is quoted-printable too.
        let slice = Message::new(kept(Head::new(FROM)));
        let slice = if is_html { slice.text("x").html(&text) } else { slice.text(&text) };
        let slice = written(&slice);
        let encoding = |text: &str| text.rmatches("Content-Transfer-Encoding: quoted").count();
        if encoding(&slice) == 1 {
            prop_assert_eq!(whole, slice);
        }
    }

    #[test]
    fn pieces_of_attachments_do_not_show(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 1..4),
        is_known in any::<bool>(),
        size in 16_usize..400,
        pieces in prop::collection::vec(1_usize..200, 1..20),
    ) {
        let length = |content: &[u8]| is_known.then_some(content.len() as u32);
        let slices: Vec<_> =
            contents.iter().map(|c| Attachment::new("a", "a/b", c).unwrap()).collect();
        let sources: Vec<_> =
            contents.iter().map(|c| Attachment::streamed("a", "a/b", length(c)).unwrap()).collect();
        let parts: Vec<_> = contents
            .iter()
            .enumerate()
            .map(|(i, c)| (Part::Attachment(i as u16), &c[..]))
            .collect();
        let expected = read(&Message::new(kept(Head::new(FROM))).attachments(&slices), &[70_000]);
        let message = Message::new(kept(Head::new(FROM))).attachments(&sources);
        let got = streamed(&message, &parts, size, &pieces).unwrap();
        prop_assert!(got == expected);
        if is_known {
            prop_assert_eq!(message.encoded_len(), Some(expected.len() as u32));
        }
    }
}

#[test]
fn one_number_makes_message_id_and_boundary() -> Result<(), Invalid> {
    for (from, id) in [
        (
            "Boiler 3 <boiler3@example.org>",
            "<0000000000001267.boiler3@example.org>",
        ),
        ("\"a b\"@example.org", "<0000000000001267@example.org>"),
        ("a@[192.0.2.1]", "<0000000000001267.a@[192.0.2.1]>"),
    ] {
        let head = Head::new(Mailbox::parse(from)?).to("b@example.org")?;
        let attachments = [Attachment::new("a.bin", "a/b", b"x")?];
        let message = Message::new(&head).unique(4711).attachments(&attachments);
        let text = written(&message);
        assert_eq!(field(&text, "Message-ID"), format!(" {id}"));
        assert!(text.contains("boundary=\"=_0000000000001267m\""), "{text}");
        assert!(MessageId::new(id).is_ok(), "{id}");
        // A seed is for the boundaries alone, before or after.
        let seeded = written(&message.seed(1));
        assert_eq!(field(&seeded, "Message-ID"), format!(" {id}"));
        assert!(
            seeded.contains("boundary=\"=_0000000000000001m\""),
            "{seeded}"
        );
        // The last one counts.
        let given = message.message_id("1@x")?;
        assert_eq!(field(&written(&given), "Message-ID"), " <1@x>");
    }
    Ok(())
}

/// What the compiler writes is what is written while a message is sent.
#[test]
fn a_head_of_literals_reads_like_one_made_at_run_time() -> Result<(), Invalid> {
    macro_rules! check {
        ($($field:ident: $value:literal),* $(,)?) => {{
            static HEAD: Head = head! { from: "\"Kessel 3, \u{fc}n\" <boiler3@example.org>", $($field: $value),* };
            let head = Head::new(Mailbox::parse("\"Kessel 3, \u{fc}n\" <boiler3@example.org>")?);
            $(let head = check!(@set head, $field, $value);)*
            let (literal, composed) = (Message::new(&HEAD), Message::new(&head));
            assert_eq!(written(&literal), written(&composed));
            assert_eq!(literal.encoded_len(), composed.encoded_len());
            assert_eq!(literal.needs_smtputf8(), composed.needs_smtputf8());
            let all: Vec<_> = composed.recipients().collect();
            assert_eq!(literal.recipients().collect::<Vec<_>>(), all);
            // A field that is set at run time replaces the literal.
            let changed = HEAD.cc("x@example.org")?;
            assert_eq!(
                written(&Message::new(&changed)),
                written(&Message::new(&head.cc("x@example.org")?))
            );
        }};
        (@set $head:ident, sender, $value:literal) => { $head.sender(Mailbox::parse($value)?) };
        (@set $head:ident, $field:ident, $value:literal) => { $head.$field($value)? };
    }
    check! {};
    check! { subject: "" };
    check! { to: "ops@example.org", subject: "Overpressure in boiler 3" };
    check! { to: "ops@example.org; OPS@EXAMPLE.ORG, ops@EXAMPLE.org;;", bcc: "ops@example.org; x@y" };
    check! { cc: "\"Hall B, night\" <b@example.org>; \u{fc}ber alles <c@example.org>", reply_to: "r@example.org" };
    check! { sender: "S <s@example.org>", bcc: "only@example.org" };
    check! { to: "j\u{fc}rgen@example.org", cc: "ops@m\u{fc}ller.example" };
    check! { subject: "\u{dc}berdruck in Kessel 3, Halle B, Werk S\u{fc}d: 8,4 bar, Grenze 6,0 bar, Ventil V12 zu" };
    check! { subject: "\u{538b}\u{529b}\u{8fc7}\u{9ad8} \u{538b}\u{529b}\u{8fc7}\u{9ad8} \u{538b}\u{529b}\u{8fc7}\u{9ad8} \u{538b}\u{529b}\u{8fc7}\u{9ad8} \u{538b}\u{529b}\u{8fc7}\u{9ad8}" };
    check! { subject: "a subject that is a good deal longer than one line of a header field should be, so it is folded" };
    check! { subject: " blanks at the edges =?utf-8?Q?and?= more " };
    check! { to: "a-list-with-long-names-and-more <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org>; \"quoted \\\" name\" <q@example.org>" };
    Ok(())
}

/// Literals may stand in constants of any name, and a list may be long.
#[test]
fn a_head_takes_constants_and_long_lists() {
    const VALUE: &str = "ops@example.org";
    const HEAD: &str = "Boiler <boiler3@example.org>";
    static LONG: Head = head! { from: HEAD, to: MANY, cc: VALUE, subject: VALUE };
    assert_eq!(Message::new(&LONG).recipients().count(), 201);
    let composed = Head::new(Mailbox::parse(HEAD).unwrap()).to(MANY).unwrap();
    let composed = composed.cc(VALUE).unwrap().subject(VALUE).unwrap();
    assert_eq!(
        written(&Message::new(&LONG)),
        written(&Message::new(&composed))
    );
}

/// 200 mailboxes, and each twice.
const MANY: &str = match std::str::from_utf8(&MANY_BYTES) {
    Ok(list) => list,
    Err(_) => panic!(),
};
const MANY_BYTES: [u8; 400 * 18] = {
    let mut list = [b';'; 400 * 18];
    let mut n = 0;
    while n < 400 {
        let address = *b"r000@x.example.or;";
        let mut i = 0;
        while i < 18 {
            list[n * 18 + i] = address[i];
            i += 1;
        }
        let number = n % 200;
        list[n * 18 + 1] = b'0' + (number / 100) as u8;
        list[n * 18 + 2] = b'0' + (number / 10 % 10) as u8;
        list[n * 18 + 3] = b'0' + (number % 10) as u8;
        n += 1;
    }
    list
};

#[test]
fn a_label_is_the_same_whoever_wrote_it() -> Result<(), Invalid> {
    fn mail(attachment: Attachment<'_>) -> String {
        let attachments = [attachment];
        let message =
            Message::new(kept(Head::new(mailbox!("a@b.example")))).attachments(&attachments);
        written(&message)
    }
    macro_rules! labels {
        ($($name:expr, $media_type:expr;)*) => {
            [$((label!($name, $media_type), $name, $media_type)),*]
        };
    }
    const LONG: &str =
        "Überwachungskamera an der Nordseite des Kesselhauses 3, Aufnahme von 8:04.jpeg";
    const DOTS: &str =
        "a.b.üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü.x";
    for (written, name, media_type) in labels![
        "log.csv", "text/csv";
        "a \"b\".txt", "text/plain; charset=\"utf-8\" ; format=flowed";
        "=?utf-8?Q?a?=", "application/octet-stream";
        "圧力.png", "image/png; name=p.png";
        LONG, "image/jpeg";
        DOTS, "application/x-y";
    ] {
        let composed = Label::new(name, media_type)?;
        for content in [&b"a"[..], "ü".as_bytes()] {
            let mail_of = |label: Label<'_>| -> Result<_, Invalid> {
                Ok(mail(label.attach(content)?.inline("c")?))
            };
            assert_eq!(mail_of(written)?, mail_of(composed)?, "{name}");
        }
        assert_eq!(written.file_name(), name);
        assert_eq!(written.media_type(), media_type);
    }
    let forwarded = label!("mail.eml", "message/rfc822");
    let refused = forwarded.attach(b"").unwrap_err();
    assert_eq!(refused.reason, Reason::AsIsOnly);
    assert!(forwarded.attach_as_is(b"Subject: x\r\n\r\n").is_ok());
    Ok(())
}
