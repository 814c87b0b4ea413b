//! What a caller's text can do to a message: nothing. Every hostile character through every setter,
//! and texts of every length.

#[path = "support/kept.rs"]
mod kept;

use embedded_smtp::message::{Attachment, Date, Head, Header, Importance, Message};
use embedded_smtp::{Field, Invalid, Mailbox, MailboxList, Reason, mailbox};
use kept::kept;

const FROM: Mailbox<'_> = mailbox!("a@b.c");

/// Line ends, what some readers take for line ends, what truncation makes line ends, and controls.
const HOSTILE: [char; 16] = [
    '\r', '\n', '\0', '\u{1}', '\u{b}', '\u{c}', '\u{1b}', '\u{7f}', '\u{80}', '\u{85}', '\u{9f}',
    '\u{2028}', '\u{2029}', '\u{feff}', '\u{560a}', '\u{560d}',
];

/// The whole message in a buffer of `size` octets.
fn read(message: &Message<'_>, size: usize) -> Vec<u8> {
    let mut reader = message.reader();
    let mut got = Vec::new();
    let mut out = vec![0; size];
    loop {
        match reader.read(&mut out).unwrap() {
            0 => return got,
            n => got.extend_from_slice(&out[..n]),
        }
    }
}

/// The names of all header fields, those of the parts too; on the way the lines are checked.
fn fields(message: &Message<'_>) -> Vec<String> {
    let text = String::from_utf8(read(message, 100_000)).unwrap();
    assert_eq!(Some(text.len() as u32), message.encoded_len());
    let mut names = Vec::new();
    for line in text.strip_suffix("\r\n").unwrap().split("\r\n") {
        assert!(line.len() <= 998, "{line:?}");
        let clean = |c: char| matches!(c, ' '..='~') || (message.needs_smtputf8() && c >= '\u{a0}');
        assert!(line.chars().all(clean), "{line:?}");
        if let Some((name, _)) = line.split_once(':')
            && !line.starts_with(' ')
        {
            names.push(name.to_owned());
        }
    }
    names
}

type Build = for<'a> fn(&'a str) -> Result<Message<'a>, Invalid>;

/// Every setter that takes text, the field it writes, and a text that it takes around a `*`.
const SETTERS: [(Build, &str, &str); 15] = [
    (
        |t| Ok(Message::new(kept(Head::new(Mailbox::parse(t)?)))),
        "From",
        "\"x*y\" <a@b.c>",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(Mailbox::parse(t)?)))),
        "From",
        "x*y@b.c",
    ),
    (
        |t| {
            Ok(Message::new(kept(
                Head::new(FROM).sender(Mailbox::parse(t)?),
            )))
        },
        "Sender",
        "x*y <d@b.c>",
    ),
    (
        |t| Ok(Message::new(kept(Head::by(MailboxList::parse(t)?, FROM)?))),
        "Sender",
        "x@b.c, x*y <d@b.c>",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).to(t)?))),
        "To",
        "x*y <d@b.c>; e@f.g",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).cc(t)?))),
        "Cc",
        "x@b*c.d",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).reply_to(t)?))),
        "Reply-To",
        "\"x*\"@b.c",
    ),
    (
        |t| Message::new(kept(Head::new(FROM))).subject(t),
        "Subject",
        "x*y",
    ),
    (
        |t| Message::new(kept(Head::new(FROM))).message_id(t),
        "Message-ID",
        "x*y@b",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).in_reply_to(t, "")?))),
        "In-Reply-To",
        "<x*y@b>",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).in_reply_to("1@x", t)?))),
        "References",
        "<x@b> <x*y@b>",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).read_receipt(t)?))),
        "Disposition-Notification-To",
        "x*y@b.c",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).delivery_receipt(t)?))),
        "Return-Receipt-To",
        "x*y@b.c",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).bcc(t)?))),
        "From",
        "x*y <d@b.c>",
    ),
    (
        |t| Ok(Message::new(kept(Head::new(FROM).reverse_path(t)?))),
        "From",
        "<x*y@b.c>",
    ),
];

#[test]
fn no_hostile_character_passes_any_setter() {
    for (build, name, text) in SETTERS {
        assert!(build(&text.replace('*', "")).is_ok(), "{name} {text}");
        let usual = fields(&build(&text.replace('*', "")).unwrap());
        assert!(usual.iter().any(|field| field == name), "{name}");
        for hostile in HOSTILE {
            for with in [
                format!("{hostile}"),
                format!("\r\nEvil: 1{hostile}\r\n\r\n"),
            ] {
                if let Ok(message) = build(&text.replace('*', &with)) {
                    assert!(hostile > '\u{7f}', "{name} {hostile:?}");
                    assert_eq!(fields(&message), usual, "{name} {hostile:?}");
                }
            }
        }
    }
}

#[test]
fn no_hostile_character_passes_into_an_attachment_or_a_custom_field() {
    for hostile in HOSTILE {
        let text = format!("x{hostile}y");
        let refused = |invalid: Invalid, field| assert_eq!(invalid.field, field, "{hostile:?}");
        refused(Header::new(&text, "v").unwrap_err(), Field::HeaderName);
        for name in ["References", "in-reply-to"] {
            refused(
                Header::new(name, &format!("<{text}@b>")).unwrap_err(),
                Field::HeaderValue,
            );
        }
        let part = Attachment::new("a", "a/b", b"").unwrap();
        refused(part.inline(&text).unwrap_err(), Field::ContentId);
        for kind in [
            format!("a/{text}"),
            format!("a{hostile}/b"),
            format!("a/b; c={text}"),
            format!("a/b; c=\"{text}\""),
            format!("a/b; c=\"\\{text}\""),
            format!("a/b;{hostile}c=d"),
        ] {
            refused(
                Attachment::new("a", &kind, b"").unwrap_err(),
                Field::MediaType,
            );
        }
        match Attachment::new(&text, "a/b", b"") {
            Err(invalid) => refused(invalid, Field::FileName),
            Ok(part) => {
                assert!(hostile > '\u{7f}');
                let parts = [part];
                let names = fields(&Message::new(kept(Head::new(FROM))).attachments(&parts));
                assert_eq!(names.len(), 7, "{names:?}");
            }
        }
        match Header::new("X-A", &text) {
            Err(invalid) => refused(invalid, Field::HeaderValue),
            Ok(header) => {
                assert!(hostile > '\u{7f}');
                let headers = [header];
                let message = Message::new(kept(Head::new(FROM).headers(&headers).unwrap()));
                assert_eq!(fields(&message).len(), 6);
            }
        }
    }
}

#[test]
fn every_name_that_the_library_or_a_server_writes_is_refused() {
    for name in [
        "Date",
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Bcc",
        "Message-ID",
        "Subject",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "Content-ID",
        "Content-Language",
        "Importance",
        "X-Priority",
        "Auto-Submitted",
        "Disposition-Notification-To",
        "Disposition-Notification-Options",
        "Return-Receipt-To",
        "Return-Path",
        "Received",
        "Resent-Date",
        "Resent-From",
        "Resent-Sender",
        "Resent-To",
        "Resent-Cc",
        "Resent-Bcc",
        "Resent-Message-ID",
    ] {
        for name in [name.to_owned(), name.to_uppercase(), name.to_lowercase()] {
            let invalid = Header::new(&name, "v").unwrap_err();
            assert_eq!(
                (invalid.field, invalid.reason),
                (Field::HeaderName, Reason::Reserved)
            );
        }
    }
}

/// A message with every field there is.
fn full(check: impl FnOnce(&Message<'_>)) -> Result<(), Invalid> {
    let references = "<r@x> ".repeat(40);
    let subject = "Überdruck in Kessel 3 ".repeat(500);
    let to: String = (0..60)
        .map(|i| {
            format!(
                "\"Dienst, Nr. {i}\" <duty{i}{}@example.org>; ",
                "d".repeat(i.min(58))
            )
        })
        .collect();
    let headers = [
        Header::new("References-Of-Old", &subject)?,
        Header::new("X-Empty", "")?,
    ];
    let message = Message::new(kept(
        Head::by(MailboxList::parse(&to)?, Mailbox::parse("\"Ü\" <ü@b.c>")?)?
            .to(to.as_str())?
            .cc(to.as_str())?
            .reply_to(to.as_str())?
            .in_reply_to("a@b", references.trim_end())?
            .read_receipt("a@b.c")?
            .delivery_receipt("a@b.c")?
            .auto_submitted()
            .headers(&headers)?,
    ))
    .subject(subject.as_str())?
    .importance(Importance::Low)
    .date(Date::from_unix(1_764_000_000, -1_439)?)
    .message_id("1@x")?
    .text("x");
    check(&message);
    Ok(())
}

#[test]
fn sixty_recipients_and_a_subject_of_ten_thousand_octets() -> Result<(), Invalid> {
    full(|message| {
        let whole = read(message, 100_000);
        let text = str::from_utf8(&whole).unwrap();
        let (header, _) = text.split_once("\r\n\r\n").unwrap();
        for line in header.split("\r\n") {
            assert!(line.len() <= 78 || !line[1..].contains(' '), "{line:?}");
            assert!(line.len() <= 76 || !line.contains("=?"), "{line:?}");
        }
        assert_eq!(fields(message).len(), 20);
        for size in [61, 76, 77, 78, 79, 512, 999] {
            assert!(read(message, size) == whole, "{size}");
        }
        assert_eq!(message.recipients().count(), 60);
    })
}

#[test]
fn values_of_every_length() -> Result<(), Invalid> {
    for octets in 1..240 {
        let a = "a".repeat(octets);
        let id = format!("{a}@x.org");
        let name = &a[..octets.min(77)];
        let labels = format!(
            "{}.{}.{}",
            &a[..octets.min(60)],
            &a[..octets.min(60)],
            "b".repeat(50)
        );
        let address = format!("{}@{labels}", &a[..octets.min(64)]);
        let mailbox = format!("{a} <{address}>");
        let accents = "ü".repeat(octets);
        let headers = [Header::new(name, &accents)?, Header::new(name, &a)?];
        let attachments = [Attachment::new(&a, "a/b", b"")?.inline(&id)?];
        let references = format!("<{id}> <{id}>");
        let message = Message::new(kept(
            Head::new(Mailbox::parse(&mailbox)?)
                .to(mailbox.as_str())?
                .cc(address.as_str())?
                .in_reply_to(id.as_str(), &references)?
                .headers(&headers)?
                .read_receipt(address.as_str())?,
        ))
        .subject(accents.as_str())?
        .message_id(id.as_str())?
        .attachments(&attachments);
        let text = String::from_utf8(read(&message, 10_000)).unwrap();
        for line in text.split("\r\n") {
            // The blank before a field's first word is no place for a fold.
            let (_, words) = line.split_once(": ").unwrap_or(("", line.trim()));
            assert!(line.len() <= 78 || !words.contains(' '), "{line:?}");
            assert!(line.len() <= 76 || !line.contains("=?"), "{line:?}");
        }
        assert_eq!(fields(&message).len(), 16, "{text}");
    }
    Ok(())
}

#[test]
fn offsets_of_a_minute_to_a_day() -> Result<(), Invalid> {
    for (zone, shown) in [
        (0, "+0000"),
        (-1, "-0001"),
        (-30, "-0030"),
        (-60, "-0100"),
        (765, "+1245"),
        (1_439, "+2359"),
        (-1_439, "-2359"),
    ] {
        let message =
            Message::new(kept(Head::new(FROM))).date(Date::from_unix(1_764_000_000, zone)?);
        let text = String::from_utf8(read(&message, 1_000)).unwrap();
        assert_eq!(&text[32..37], shown);
    }
    Ok(())
}
