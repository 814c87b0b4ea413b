//! Header fields, addresses and identifiers.

use crate::support::kept;
use embedded_smtp::message::{Attachment, ContentId, Head, Header, HeaderText, MessageId};
use embedded_smtp::{Address, Error, Field, Invalid, Mailbox, Message, Reason, head, header_text};
use mail_parser::MessageParser;

fn from() -> Mailbox<'static> {
    Mailbox::parse("boiler3@example.org").unwrap()
}

/// The message as text, the same for every buffer.
fn written(message: &Message<'_>) -> String {
    let read = |size: usize| {
        let mut reader = message.reader();
        let mut buffer = vec![0; size];
        let mut bytes = Vec::new();
        loop {
            match reader.read(&mut buffer).unwrap() {
                0 => return bytes,
                n => bytes.extend_from_slice(&buffer[..n]),
            }
        }
    };
    let bytes = read(100_000);
    assert_eq!(message.encoded_len(), Some(bytes.len() as u32));
    // A field is written anew for each buffer: a small one takes long for a long field.
    let sizes: &[usize] = if bytes.len() < 500 { &[1, 77] } else { &[600] };
    for &size in sizes {
        assert!(read(size) == bytes, "{size}");
    }
    String::from_utf8(bytes).unwrap()
}

/// The lines of a field, the first with its name.
fn lines(text: &str, name: &str) -> Vec<String> {
    let header = text.split_once("\r\n\r\n").unwrap().0;
    let mut found: Vec<String> = Vec::new();
    for line in header.split("\r\n") {
        if line.starts_with(' ') {
            if let Some(last) = found.last_mut() {
                last.push_str("\r\n");
                last.push_str(line);
            }
        } else {
            found.push(line.to_owned());
        }
    }
    let mut fields = found
        .into_iter()
        .filter(|field| field.starts_with(&format!("{name}:")));
    let field = fields
        .next()
        .unwrap_or_else(|| panic!("{name} in\n{header}"));
    assert_eq!(fields.next(), None, "{name} stands once");
    let lines: Vec<String> = field.split("\r\n").map(str::to_owned).collect();
    for line in &lines {
        assert!(
            line.len() <= 998 && !line.trim().is_empty(),
            "{name}: {line:?}"
        );
        assert!(!line.contains(['\r', '\n']), "{name}: {line:?}");
    }
    lines
}

/// What a reader has of a field: its lines joined (RFC 5322 §2.2.3), after the colon's blank.
fn unfolded(text: &str, name: &str) -> String {
    let field = lines(text, name).concat();
    let value = &field[name.len() + 1..];
    value.strip_prefix(' ').unwrap_or(value).to_owned()
}

/// A field is folded as far as it should be, and no further: a line over `limit` has no single
/// blank between words after its first word, and no line is broken without need.
fn check_folds(lines: &[String], limit: usize) {
    for (i, line) in lines.iter().enumerate() {
        let text = if i == 0 {
            line.split_once(':').unwrap().1
        } else {
            line
        };
        let words = &text[text.len().min(1)..];
        assert!(
            line.len() <= limit || good_fold(words).is_none(),
            "{line:?}"
        );
        if let Some(next) = lines.get(i + 1) {
            let word = good_fold(&next[1..]).unwrap_or(next.len() - 1);
            assert!(
                line.len() + 1 + word > limit || text.is_empty(),
                "{line:?}\n{next:?}"
            );
        }
    }
}

/// Where the first blank stands that is alone between two words.
fn good_fold(text: &str) -> Option<usize> {
    let is_good = |w: &[u8]| w[0] > b' ' && w[1] == b' ' && w[2] > b' ';
    text.as_bytes()
        .windows(3)
        .position(is_good)
        .map(|at| at + 1)
}

fn custom(name: &str, value: &str) -> Vec<String> {
    let headers = [Header::new(name, value).unwrap_or_else(|e| panic!("{e}: {value:?}"))];
    let text = written(&Message::new(kept(
        Head::new(from()).headers(&headers).unwrap(),
    )));
    assert_eq!(unfolded(&text, name), value);
    lines(&text, name)
}

/// Printable ASCII of this length, with blanks of every kind.
fn printable(len: usize, seed: usize) -> String {
    let mut state = seed;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) % (1 << 31);
            match (state >> 16) % 160 {
                n @ 0..95 => char::from(32 + n as u8),
                95..125 => ' ',
                _ => 'a',
            }
        })
        .collect()
}

/// Field report 2.1.
#[test]
fn ascii_in_a_custom_field_is_never_encoded() {
    let url = |len: usize| format!("<https://example.org/{}>", "u".repeat(len - 22));
    for len in [30, 60, 61, 62, 78, 100, 300, 900, 979] {
        // One word: on the field's line, whatever its length.
        let value = url(len);
        assert_eq!(
            custom("List-Unsubscribe", &value),
            [format!("List-Unsubscribe: {value}")]
        );
        let two = format!("{value}, <mailto:off@example.org?subject=off>");
        let lines = custom("List-Unsubscribe", &two);
        check_folds(&lines, 78);
        let fits = "List-Unsubscribe: ".len() + two.len() <= 78;
        assert_eq!(lines.len(), if fits { 1 } else { 2 });
        assert!(lines[0].starts_with(&format!("List-Unsubscribe: {value},")));
    }
    for (name, value) in [
        (
            "X-SMTPAPI",
            r#"{"category": ["alerts", "boiler"], "unique_args": {"site":"Plant 7",  "boiler": "3"}, "send_at":1764000000}"#,
        ),
        (
            "Feedback-ID",
            "campaign-of-the-boilers:customer-4711-of-plant-7:transactional-mail:sender-of-alerts",
        ),
        (
            "Archived-At",
            "<https://lists.example.org/archives/list/boilers@example.org/message/ABCDEFGHIJKLMNOPQRST/?a=?b&c=d>",
        ),
        ("X-Words", "=?utf-8?Q?=C3=BC?= =?utf-8?Q?=C3=BC?="),
        ("X-Edges", "  blanks at its edges  "),
        ("X-Edges-And-Length", &format!(" {} ", "word ".repeat(30))),
        ("X-Backslash", &format!("{} C:\\ d", "a".repeat(64))),
        ("X-Empty", ""),
        ("X-Blanks", "   "),
    ] {
        let lines = custom(name, value);
        check_folds(&lines, 78);
        assert!(value.contains("=?") || !lines.concat().contains("=?"));
    }
    // Printable ASCII of every kind and length.
    for seed in 0..300 {
        let value = printable(seed * 7 % 2_000, seed);
        let lines = custom("X-Any", &value);
        check_folds(&lines, 78);
        assert!(!lines.concat().contains("=?utf-8?"), "{value:?}");
    }
}

/// Field report 2.1.
#[test]
fn a_custom_field_that_no_line_holds_is_refused() {
    for len in 900..1_100 {
        let value = "u".repeat(len);
        for (name, value) in [
            ("X-A", value.clone()),
            ("X-A", format!("a {value} b")),
            ("X-A", format!("{}  {}", &value[2..400], &value[400..])),
            ("X-Quite-Long-A-Name-For-A-Field", value.clone()),
        ] {
            // A line holds a word of 997 bytes after its first blank.
            match Header::new(name, &value) {
                Ok(_) => {
                    assert!(len <= 997, "{len}");
                    let lines = custom(name, &value);
                    check_folds(&lines, 78);
                    if lines[0].len() == name.len() + 1 {
                        assert!(name.len() + 2 + len > 998, "broken without need");
                    }
                }
                Err(invalid) => {
                    assert!(len > 997, "{len}");
                    let expected = Invalid::new(Field::HeaderValue, Reason::TooLong);
                    assert_eq!(invalid, expected);
                }
            }
        }
    }
    // Blanks alone are never a line.
    for len in 880..1_000 {
        let name = "X".repeat(77);
        match Header::new(&name, &" ".repeat(len)) {
            Ok(_) => assert_eq!(custom(&name, &" ".repeat(len)).len(), 1, "{len}"),
            Err(invalid) => {
                assert!(len > 900);
                assert_eq!(invalid, Invalid::new(Field::HeaderValue, Reason::TooLong));
            }
        }
    }
    // What is not ASCII is encoded, so any length will do.
    let value = "ü".repeat(2_000);
    let headers = [Header::new("X-A", &value).unwrap()];
    let text = written(&Message::new(kept(
        Head::new(from()).headers(&headers).unwrap(),
    )));
    assert!(lines(&text, "X-A").len() > 50);
}

/// Field report 2.6.
#[test]
fn every_address_stands_in_angle_brackets() {
    let (to, cc) = ("ops@example.org; A <a@x.org>", "<c@example.org>, d@x.org");
    let message = Message::new(kept(
        Head::new(from())
            .to(to)
            .unwrap()
            .cc(cc)
            .unwrap()
            .reply_to("\"x y\"@[192.0.2.1]")
            .unwrap(),
    ));
    let text = written(&message);
    assert_eq!(unfolded(&text, "From"), "<boiler3@example.org>");
    assert_eq!(unfolded(&text, "To"), "<ops@example.org>, A <a@x.org>");
    assert_eq!(unfolded(&text, "Cc"), "<c@example.org>, <d@x.org>");
    assert_eq!(unfolded(&text, "Reply-To"), "<\"x y\"@[192.0.2.1]>");
    // The longest address, and a list whose names need encoded words.
    let label = "b".repeat(60);
    let long = format!("{}@{label}.{label}.{label}", "a".repeat(64));
    let list = format!("{long}, Jörg <j@x.org>; k@x.org");
    let text = written(&Message::new(kept(
        Head::new(from()).to(list.as_str()).unwrap(),
    )));
    let to = lines(&text, "To");
    assert_eq!(to[0], format!("To: <{long}>,"));
    assert_eq!(to[2], " <k@x.org>");
    let authors = "a@x.org; b@x.org".try_into().unwrap();
    let text = written(&Message::new(kept(Head::by(authors, from()).unwrap())));
    assert_eq!(unfolded(&text, "From"), "<a@x.org>, <b@x.org>");
}

/// Field report 2.6. Also where the compiler writes the fields.
#[test]
fn every_address_of_a_literal_head_stands_in_angle_brackets() {
    static HEAD: Head<'static> = head! {
        from: "boiler3@example.org",
        sender: "gateway@example.org",
        reply_to: "desk@example.org",
        to: "ops@example.org; A <a@x.org>",
        cc: "c@x.org, d@x.org",
    };
    for head in [HEAD, HEAD.cc("c@x.org, d@x.org").unwrap()] {
        let text = written(&Message::new(&head));
        for (name, value) in [
            ("From", "<boiler3@example.org>"),
            ("Sender", "<gateway@example.org>"),
            ("Reply-To", "<desk@example.org>"),
            ("To", "<ops@example.org>, A <a@x.org>"),
            ("Cc", "<c@x.org>, <d@x.org>"),
        ] {
            assert_eq!(unfolded(&text, name), value);
        }
    }
    static BLIND: Head<'static> = head! { from: "boiler3@example.org", bcc: "b@x.org" };
    let text = written(&Message::new(&BLIND));
    assert_eq!(lines(&text, "To"), ["To: undisclosed-recipients:;"]);
    assert!(!text.contains("b@x.org"));
}

/// Field report 2.6.
#[test]
fn a_mail_without_to_and_cc_names_undisclosed_recipients() {
    let none = Head::new(from());
    for head in [
        none,
        none.bcc("b@x.org").unwrap(),
        none.to(" ; ,").unwrap().cc("").unwrap(),
        none.reply_to("r@x.org").unwrap(),
    ] {
        let text = written(&Message::new(&head));
        assert_eq!(lines(&text, "To"), ["To: undisclosed-recipients:;"]);
        assert!(!text.contains("\r\nCc:") && !text.contains("\r\nBcc:"));
    }
    for head in [
        none.to("a@x.org").unwrap(),
        none.cc("c@x.org").unwrap().bcc("b@x.org").unwrap(),
        none.to("a@x.org").unwrap().cc("c@x.org").unwrap(),
    ] {
        assert!(!written(&Message::new(&head)).contains("undisclosed"));
    }
}

fn subject(subject: &str) -> Vec<String> {
    let text = written(
        &Message::new(kept(Head::new(from())))
            .subject(subject)
            .unwrap(),
    );
    assert_eq!(unfolded(&text, "Subject"), subject);
    let lines = lines(&text, "Subject");
    check_folds(&lines, 78);
    lines
}

/// Field report 2.7.
#[test]
fn an_ascii_subject_is_not_encoded_for_its_length() {
    for len in 1..=989 {
        let word = "w".repeat(len);
        assert_eq!(subject(&word), [format!("Subject: {word}")]);
    }
    // Beyond a line of 998 with the field's name it has a line of its own.
    assert_eq!(subject(&"w".repeat(997))[0], "Subject:");
    for text in [
        format!("{}  {}", "a".repeat(40), "b".repeat(40)),
        "two  blanks  after  each  word  ".repeat(8) + "end",
        "one blank, and  two, and   three; ".repeat(8) + "end",
        format!("one {} three", "a".repeat(200)),
        format!("{} two three", "a".repeat(200)),
        format!("a{}b", " ".repeat(300)),
        // 69 characters fill the line, 70 do not.
        format!("{} b", "a".repeat(67)),
        format!("{} b", "a".repeat(68)),
        format!("{} C:\\ d", "a".repeat(66)),
    ] {
        subject(&text);
    }
    assert_eq!(subject(&format!("{} b", "a".repeat(67))).len(), 1);
    assert_eq!(subject(&format!("{} b", "a".repeat(68))).len(), 2);
    for seed in 0..300 {
        let text = printable(seed * 7 % 2_000, seed);
        let text = text.trim().replace("=?", "==");
        subject(&text);
    }
}

/// Field report 2.7. Also where the compiler writes the fields.
#[test]
fn an_ascii_literal_is_not_encoded_for_its_length() {
    const LONG: &str =
        "https://example.org/boilers/3/pressure?from=2026-12-01T00:00:00Z&to=2026-12-01T12:00:00Z";
    const DOUBLE: &str =
        "Boiler 3:  8.4 bar  (limit 6.0 bar),  valve V12 closed,  pump P2 running  at 80 %";
    static HEAD: Head<'static> = head! {
        from: "A-Boiler-With-A-Name-Of-One-Word-That-Is-Longer-Than-A-Line-Of-A-Header-Should-Be <n@x.org>",
        to: "\"Boiler  3  of  Hall B, Plant 7, the one with the new valve and two pumps\" <n@x.org>",
        subject: LONG,
    };
    let text = written(&Message::new(&HEAD));
    assert!(!text.contains("=?"), "{text}");
    assert_eq!(unfolded(&text, "Subject"), LONG);
    static SUBJECT: HeaderText<'static> = header_text!(DOUBLE);
    let message = Message::new(&HEAD).subject(SUBJECT).unwrap();
    let text = written(&message);
    assert!(!text.contains("=?"), "{text}");
    assert_eq!(unfolded(&text, "Subject"), DOUBLE);
}

/// Field report 2.7.
#[test]
fn a_subject_is_encoded_where_that_is_needed() {
    for text in [
        "ü",
        "a\tb",
        " edge",
        "edge ",
        "  ",
        "=?utf-8?Q?x?=",
        &"w".repeat(998),
        &format!("a{}b", " ".repeat(1_200)),
        &format!("one {} three", "w".repeat(1_000)),
    ] {
        let mail = written(&Message::new(kept(Head::new(from()))).subject(text).unwrap());
        assert!(lines(&mail, "Subject").iter().all(|line| line.len() <= 76));
        let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
        assert_eq!(parsed.subject(), Some(text));
    }
}

/// Field report 2.7.
#[test]
fn an_ascii_name_is_not_encoded_for_its_length() {
    let quoted = |name: &str| {
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\" <n@x.org>")
    };
    let word = |len: usize| "w".repeat(len);
    let mut names: Vec<String> = (60..130).map(word).collect();
    names.extend((960..=994).map(word));
    names.extend([
        "Boiler 3 of Hall B at Plant 7 ".repeat(20) + "end",
        "Boiler 3, Hall B (Plant 7) ".repeat(20) + "end",
        "J. Smith ".repeat(20) + "end",
        " two  blanks  and edges, ".repeat(20),
        "a \\ \"quoted\" \\\\ backslash, ".repeat(20),
        format!("{}\\ b", "a".repeat(70)),
        "\"".repeat(400),
    ]);
    for name in &names {
        let address = Address::parse("n@x.org").unwrap();
        let parts = Mailbox::new(name, address).unwrap();
        let text = quoted(name);
        let whole = Mailbox::parse(&text).unwrap();
        for mailbox in [parts, whole] {
            for needs_more in [false, true] {
                let mut head = Head::new(mailbox);
                if needs_more {
                    // Links what writes encoded words.
                    head = head.cc("Jörg <j@x.org>").unwrap();
                }
                let mail = written(&Message::new(&head));
                let lines = lines(&mail, "From");
                assert!(!lines.concat().contains("=?"), "{lines:?}");
                assert!(lines.iter().all(|line| {
                    let text = line.split_once(':').map_or(line.as_str(), |(_, text)| text);
                    let text = text.trim().replace(" <n@x.org>", "");
                    line.len() <= 78
                        || !text.contains(' ')
                        || text.contains(['"', '\\'])
                        || text.contains("  ")
                }));
                let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
                let author = parsed.from().and_then(|list| list.first()).unwrap();
                assert_eq!(author.address.as_deref(), Some("n@x.org"));
                if !name.contains(['"', '\\']) && name.trim() == name && !name.contains("  ") {
                    assert_eq!(author.name.as_deref(), Some(name.as_str()));
                }
            }
        }
    }
    // Where no line holds a word of it, a name needs encoded words.
    for name in ["w".repeat(1_000), "\"".repeat(500)] {
        let address = Address::parse("n@x.org").unwrap();
        let mailbox = Mailbox::new(&name, address).unwrap();
        let mail = written(&Message::new(kept(Head::new(mailbox))));
        assert!(lines(&mail, "From").iter().all(|line| line.len() <= 76));
        let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
        let author = parsed.from().and_then(|list| list.first()).unwrap();
        assert_eq!(author.name.as_deref(), Some(name.as_str()));
    }
}

/// Field report 2.7.
#[test]
fn the_line_of_a_name_counts_the_field_it_stands_in() {
    for len in 30..80 {
        let text = format!("{} <n@x.org>", "w".repeat(len));
        let mailbox = Mailbox::parse(&text).unwrap();
        let head = Head::new(mailbox).to(text.as_str()).unwrap();
        let head = head.reply_to(text.as_str()).unwrap();
        let mail = written(&Message::new(&head));
        for name in ["From", "To", "Reply-To"] {
            // A comma has room too.
            let fits = name.len() + 2 + text.len() < 78;
            let lines = lines(&mail, name);
            assert_eq!(lines.len(), if fits { 1 } else { 2 }, "{lines:?}");
        }
    }
}

/// Field report 2.8.
#[test]
fn an_identifier_stands_on_its_fields_line() {
    for len in 1..=246 {
        let id = format!("{}@x.y", "i".repeat(len));
        let attachments = [Attachment::new("a", "a/b", b"")
            .unwrap()
            .inline(&id)
            .unwrap()];
        let message = Message::new(kept(
            Head::new(from()).in_reply_to(id.as_str(), "").unwrap(),
        ))
        .message_id(id.as_str())
        .unwrap()
        .html("h")
        .attachments(&attachments);
        let text = written(&message);
        for name in ["Message-ID", "In-Reply-To", "References"] {
            assert_eq!(lines(&text, name), [format!("{name}: <{id}>")]);
        }
        assert!(text.contains(&format!("\r\nContent-ID: <{id}>\r\n")));
        let value = format!("<{id}>");
        for name in ["In-Reply-To", "References"] {
            assert_eq!(custom(name, &value), [format!("{name}: {value}")]);
        }
    }
}

/// Field report 2.8. Also one that the library makes, whatever the domain of From.
#[test]
fn an_identifier_that_was_made_stands_on_its_fields_line() {
    for len in 1..=62 {
        let domain = [(); 4].map(|()| "d".repeat(len)).join(".");
        let address = format!("boiler3@{domain}");
        let Ok(from) = Mailbox::parse(&address) else {
            // An address has at most 254 bytes.
            assert!(address.len() > 254);
            continue;
        };
        let text = written(&Message::new(kept(Head::new(from))).unique(4711));
        assert_eq!(
            lines(&text, "Message-ID"),
            [format!("Message-ID: <0000000000001267.{address}>")]
        );
    }
}

/// Field report 2.8.
#[test]
fn an_identifier_that_passes_998_has_a_line_of_its_own() {
    for len in 900..=993 {
        let id = format!("<{}@x>", "i".repeat(len - 2));
        let text = written(&Message::new(kept(
            Head::new(from()).in_reply_to(id.as_str(), "").unwrap(),
        )));
        for name in ["In-Reply-To", "References"] {
            let found = lines(&text, name);
            assert_eq!(found.concat(), format!("{name}: {id}"));
            let fits = name.len() + 2 + id.len() <= 998;
            assert_eq!(found.len(), if fits { 1 } else { 2 }, "{len}");
        }
    }
}

/// Field report 2.13.
#[test]
fn references_are_read_as_they_come() {
    let long = format!("<{}@x>", "l".repeat(600));
    for (given, read) in [
        ("", ""),
        ("   ", ""),
        ("<1@x>", "<1@x>"),
        (" <1@x> ", "<1@x>"),
        ("<1@x>\r\n <2@x>", "<1@x> <2@x>"),
        ("<1@x>\r\n\t<2@x>\r\n   <4@x>", "<1@x> <2@x> <4@x>"),
        ("\r\n <1@x>\n\t<2@x>", "<1@x> <2@x>"),
        ("<1@x>\t<2@x>  <4@x>   ", "<1@x> <2@x> <4@x>"),
        ("<1@x><2@x>", "<1@x> <2@x>"),
        ("<1@x>, <2@x>,<4@x>;", "<1@x> <2@x> <4@x>"),
        // Malformed, and real.
        ("<0000000004E@> <1@x>", "<0000000004E@> <1@x>"),
        (
            "<no-at> <a@b@c> <a..b@c.> <@>",
            "<no-at> <a@b@c> <a..b@c.> <@>",
        ),
        (
            "<\"a,b\"@x> <1@[192.0.2.1]> <a:b;(c)@x>",
            "<\"a,b\"@x> <1@[192.0.2.1]> <a:b;(c)@x>",
        ),
        (&long, &long),
        // Left out: what is no identifier, and what cannot be sent.
        ("Your message of \"Tue, 1 Dec\" <1@x> (and others)", "<1@x>"),
        ("1@x <2@x> 4@x", "<2@x>"),
        ("<> <ü@x> <a b@x> <a\tb@x> <1@x>", "<1@x>"),
        ("<broken <1@x> > <2@x", "<1@x>"),
        ("<a\r\n b@x> <1@x>", "<1@x>"),
        (&format!("<{}@x> <1@x>", "l".repeat(998)), "<1@x>"),
    ] {
        let head = Head::new(from()).in_reply_to("3@x", given);
        let head = head.unwrap_or_else(|e| panic!("{e}: {given:?}"));
        let text = written(&Message::new(&head));
        let all = format!("{read} <3@x>");
        assert_eq!(unfolded(&text, "References"), all.trim_start(), "{given:?}");
        check_folds(&lines(&text, "References"), 78);
        assert_eq!(unfolded(&text, "In-Reply-To"), "<3@x>");
        // The same in a field of the caller's own, which needs an identifier.
        for name in ["References", "in-reply-to"] {
            match Header::new(name, given) {
                Ok(header) => {
                    let headers = [header];
                    let text = written(&Message::new(kept(
                        Head::new(from()).headers(&headers).unwrap(),
                    )));
                    assert_eq!(unfolded(&text, name), read, "{given:?}");
                }
                Err(invalid) => {
                    assert_eq!(invalid.field, Field::HeaderValue);
                    // One's own field is refused where it is not ASCII.
                    let is_ascii = invalid.reason != Reason::NotAscii;
                    assert_eq!(given.is_ascii(), is_ascii, "{given:?}");
                    assert!(read.is_empty() || !is_ascii, "{given:?}");
                }
            }
        }
    }
    let forty: String = (0..40)
        .map(|i| format!("<{i}@boiler.example>\r\n\t"))
        .collect();
    let text = written(&Message::new(kept(
        Head::new(from()).in_reply_to("3@x", &forty).unwrap(),
    )));
    let found = lines(&text, "References");
    check_folds(&found, 78);
    assert_eq!(found.concat().matches('<').count(), 41);
}

/// Field report 2.13.
#[test]
fn a_line_end_in_references_that_is_no_fold_is_refused() {
    for end in [
        "\r\n",
        "\n",
        "\r",
        "\r ",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\r\n\r\n ",
    ] {
        for text in [
            format!("<1@x>{end}Bcc: e@x.org"),
            format!("<1@x>{end}"),
            format!("<1@x>\r\n <2@x>{end}<4@x>"),
        ] {
            let refused = Head::new(from()).in_reply_to("3@x", &text).unwrap_err();
            let expected = Invalid::new(Field::References, Reason::ControlCharacter);
            assert_eq!(refused, expected, "{text:?}");
            let refused = Head::new(from()).in_reply_to(text.as_str(), "");
            let expected = Invalid::new(Field::InReplyTo, Reason::ControlCharacter);
            assert_eq!(refused.unwrap_err(), expected, "{text:?}");
            let refused = Header::new("References", &text).unwrap_err();
            let expected = Invalid::new(Field::HeaderValue, Reason::ControlCharacter);
            assert_eq!(refused, expected, "{text:?}");
        }
    }
    // After a fold nothing but identifiers is taken.
    let text = "<1@x>\r\n Bcc: e@x.org\r\n <2@x>";
    let text = written(&Message::new(kept(
        Head::new(from()).in_reply_to("3@x", text).unwrap(),
    )));
    assert_eq!(unfolded(&text, "References"), "<1@x> <2@x> <3@x>");
}

/// Field report 2.13.
#[test]
fn the_identifier_that_is_answered_is_read_as_it_comes() {
    for (given, id) in [
        ("<0000000004E@>", "<0000000004E@>"),
        ("0000000004E@", "<0000000004E@>"),
        ("<no-at>", "<no-at>"),
        ("<a..b@c.>", "<a..b@c.>"),
        ("<a@b@c>", "<a@b@c>"),
        ("<\"quoted\"@x>", "<\"quoted\"@x>"),
        (" <1@x> ", "<1@x>"),
        ("\r\n <1@x>", "<1@x>"),
        (" 1@x\t", "<1@x>"),
    ] {
        let head = Head::new(from()).in_reply_to(given, "<0@x>");
        let head = head.unwrap_or_else(|e| panic!("{e}: {given:?}"));
        let text = written(&Message::new(&head));
        assert_eq!(unfolded(&text, "In-Reply-To"), id);
        assert_eq!(unfolded(&text, "References"), format!("<0@x> {id}"));
    }
    for (given, reason) in [
        ("", Reason::Empty),
        ("  ", Reason::Empty),
        ("3", Reason::NoAt),
        ("<ü@x>", Reason::NoIdentifier),
        ("ü@x", Reason::NoIdentifier),
        ("<a b@x>", Reason::NoIdentifier),
        ("a b@x", Reason::NoIdentifier),
        ("<>", Reason::NoIdentifier),
        ("<1@x", Reason::NoIdentifier),
        ("1@x>", Reason::NoIdentifier),
    ] {
        let refused = Head::new(from()).in_reply_to(given, "").unwrap_err();
        assert_eq!(refused, Invalid::new(Field::InReplyTo, reason), "{given:?}");
    }
    assert!(Reason::NoIdentifier.as_str().contains("angle brackets"));
    // One that was checked before is taken too.
    let id = MessageId::new("1@x").unwrap();
    assert!(Head::new(from()).in_reply_to(id, "").is_ok());
}

/// Field report 2.14.
#[test]
fn an_identifier_of_ones_own_has_its_dots_in_place() {
    for id in [
        "a..b@c.", "a..b@c", "a@c.", ".a@c", "a.@c", "a@.c", "a@c..d", "a@.", ".@c", "<a..b@c>",
    ] {
        let expected = Invalid::new(Field::MessageId, Reason::Syntax);
        assert_eq!(MessageId::new(id), Err(expected), "{id}");
        let expected = Invalid::new(Field::ContentId, Reason::Syntax);
        assert_eq!(ContentId::new(id), Err(expected), "{id}");
    }
    for id in [
        "a.b@c.d",
        "a@c",
        "1.2.3-x_y=z/4@host-1",
        "a@[192.0.2.1]",
        "a@[IPv6:::1]",
        "a@[1..2.]",
        "!#$%&'*+-/=?^_`{|}~@x",
    ] {
        assert!(MessageId::new(id).is_ok(), "{id}");
    }
}

fn advice(invalid: Invalid) -> &'static str {
    Error::<core::convert::Infallible>::Invalid(invalid).advice()
}

/// Field report 2.14.
#[test]
fn a_local_part_that_needs_quotes_is_told_so() {
    for address in [
        "a..b@example.org",
        ".a@example.org",
        "a.@example.org",
        "a b@example.org",
    ] {
        let refused = Address::parse(address).unwrap_err();
        assert_eq!(refused.reason, Reason::LocalPart);
        assert!(advice(refused).contains("quote"), "{refused}");
        let (local, domain) = address.split_once('@').unwrap();
        let quoted = format!("\"{local}\"@{domain}");
        assert!(Address::parse(&quoted).is_ok(), "{quoted}");
        let listed = Head::new(from()).to(address).map(|_| ()).unwrap_err();
        assert!(advice(listed).contains("quote"), "{listed}");
    }
}
