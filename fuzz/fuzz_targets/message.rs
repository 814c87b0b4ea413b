//! A message of arbitrary parts: what its constructors accept is safe to send.
//!
//! Checked: no bare CR or LF, no line over 998 octets, a line end at the end; the length that was
//! announced; the same octets for two sizes of buffer; every header line is one that the writer
//! knows or one that was given.
#![no_main]

use arbitrary::Arbitrary;
use embedded_smtp::Mailbox;
use embedded_smtp::message::{Attachment, Date, Header, Importance, Message};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Part<'a> {
    name: &'a str,
    kind: &'a str,
    octets: &'a [u8],
    id: Option<&'a str>,
    as_is: bool,
}

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    from: &'a str,
    name: Option<&'a str>,
    to: &'a str,
    cc: &'a str,
    reply_to: &'a str,
    subject: &'a str,
    id: &'a str,
    read_receipt: Option<&'a str>,
    delivery_receipt: Option<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    importance: u8,
    date: Option<(u64, i16)>,
    seed: u64,
    text: Option<&'a str>,
    html: Option<&'a str>,
    parts: Vec<Part<'a>>,
    buffer: u8,
}

fn read(message: &Message<'_>, size: usize) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut reader = message.reader();
    let mut piece = vec![0; size];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Some(octets),
            Ok(n) => octets.extend_from_slice(&piece[..n]),
            Err(_) => return None,
        }
    }
}

fuzz_target!(|input: Input<'_>| {
    let from = Mailbox::parse(input.from).unwrap_or(Mailbox::parse("a@example.org").unwrap());
    let from = match input.name.map(|name| Mailbox::new(name, from.address())) {
        Some(Ok(named)) => named,
        _ => from,
    };
    let headers: Vec<Header<'_>> = input
        .headers
        .iter()
        .filter_map(|(n, v)| Header::new(n, *v).ok())
        .collect();
    let attachments: Vec<Attachment<'_>> = input
        .parts
        .iter()
        .filter_map(|part| {
            let made = match part.as_is {
                true => Attachment::as_is(part.name, part.kind, part.octets),
                false => Attachment::new(part.name, part.kind, part.octets),
            };
            let made = made
                .or_else(|_| Attachment::new("a", "a/b", part.octets))
                .ok()?;
            match part.id.map(|id| made.inline(id)) {
                Some(Ok(inline)) => Some(inline),
                _ => Some(made),
            }
        })
        .collect();
    let mut message = Message::new(from)
        .seed(input.seed)
        .attachments(&attachments);
    message = message.to(input.to).unwrap_or(message);
    message = message.cc(input.cc).unwrap_or(message);
    message = message.reply_to(input.reply_to).unwrap_or(message);
    message = message.subject(input.subject).unwrap_or(message);
    message = message.message_id(input.id).unwrap_or(message);
    message = message.headers(&headers).unwrap_or(message);
    if let Some(to) = input.read_receipt {
        message = message.read_receipt(to).unwrap_or(message);
    }
    if let Some(to) = input.delivery_receipt {
        message = message.delivery_receipt(to).unwrap_or(message);
    }
    message = message.importance(match input.importance % 3 {
        0 => Importance::Normal,
        1 => Importance::High,
        _ => Importance::Low,
    });
    if let Some((seconds, zone)) = input.date
        && let Ok(date) = Date::from_unix(seconds, zone)
    {
        message = message.date(date);
    }
    if let Some(text) = input.text {
        message = message.text(text);
    }
    if let Some(html) = input.html {
        message = message.html(html);
    }
    let Some(octets) = read(&message, 4096) else {
        return;
    };
    assert_eq!(
        read(&message, 1 + usize::from(input.buffer)).as_ref(),
        Some(&octets)
    );
    assert_eq!(message.encoded_len(), Some(octets.len() as u32));
    assert!(octets.ends_with(b"\r\n"));
    for line in octets.split_inclusive(|&b| b == b'\n') {
        assert!(line.ends_with(b"\r\n") && line.len() <= 1000);
        let text = &line[..line.len() - 2];
        assert!(!text.contains(&b'\r') && !text.contains(&0));
    }
    let end = octets.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let known = [
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "Importance",
        "X-Priority",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "Content-ID",
        "Disposition-Notification-To",
        "Return-Receipt-To",
    ];
    for line in octets[..end].split(|&b| b == b'\n') {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let name = line.split(|&b| b == b':').next().unwrap();
        let name = std::str::from_utf8(name).unwrap();
        let given = input.headers.iter().any(|(given, _)| *given == name);
        assert!(known.contains(&name) || given, "{name}");
    }
});
