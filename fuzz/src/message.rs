//! A message of arbitrary parts: what its setters accept is safe to send.
//!
//! ```text
//! from: Boiler 3 <a@example.org>     also sender, to, cc, bcc, reply-to, subject, id, read-receipt,
//! name: Boiler 3                     delivery-receipt, text, html; a name apart from the address
//! answers: <1@x> <0@x>               In-Reply-To, References
//! header: X-Site: Plant 7
//! date: 1764000000 60                seconds, minutes east of UTC
//! seed: 4711
//! attach: log.csv; text/csv; 1;2     name, media type, octets; also as-is
//! inline: pic1                       the Content-ID of the attachment before it
//! with: high, low, auto-submitted    the octets of attachments come from a source: streamed
//! with: buffer 36                    one octet more than this
//! message: Subject: x\r\n\r\nx\r\n   ready-made
//! ```
//!
//! Checked: no bare CR or LF, no line over 998 octets, a line end at the end; the octets that may
//! stand in a header, and in a body; the length that was announced; the same octets for two sizes of
//! buffer, and from sources; every field of the header is one that the library writes or one that was
//! given, and stands once.

use embedded_smtp::message::{
    Attachment, Date, Head, Header, Importance, Mail, Message, Part, ReadyMade,
};
use embedded_smtp::{Mailbox, MailboxList, ReversePath};

use crate::form::Form;

/// The fuzz target.
pub fn message(input: &[u8]) {
    let form = Form::read(input);
    let headers = headers(&form);
    let buffer = form.number("buffer").unwrap_or(99) % 5_000;
    let parts = parts(&form);
    let attachments: Vec<Attachment<'_>> =
        parts.iter().filter_map(|p| p.attachment(false)).collect();
    let head = head(&form, &headers);
    if let Some(octets) = ready_made(&form) {
        check(&ReadyMade::new(&head, octets).unwrap(), buffer);
        return;
    }
    let message = build(&form, &head, &attachments);
    let Some(octets) = check(&message, buffer) else {
        return;
    };
    check_octets(&octets, &message, &headers);
    check_fields(&octets, &headers);
    // Of a text that is held it is known, and said, that it is UTF-8; of one from a source it is not.
    let is_said = parts.iter().any(Piece::is_text_beyond_ascii);
    if form.has("streamed") && !is_said {
        let sources: Vec<&[u8]> = parts
            .iter()
            .filter(|part| part.attachment(true).is_some())
            .map(|part| part.octets)
            .collect();
        let attachments: Vec<_> = parts.iter().filter_map(|p| p.attachment(true)).collect();
        let streamed = build(&form, &head, &attachments);
        assert_eq!(streamed.encoded_len(), Some(octets.len() as u32));
        for size in [4_096, 16 + buffer] {
            assert_eq!(read(&streamed, size, &sources).as_ref(), Some(&octets));
        }
    }
}

/// What holds for every mail. Its octets, if it can be completed.
fn check(mail: &dyn Mail<'_>, buffer: usize) -> Option<Vec<u8>> {
    let octets = read(mail, 4_096, &[])?;
    assert_eq!(read(mail, 1 + buffer, &[]).as_ref(), Some(&octets));
    assert_eq!(mail.encoded_len(), Some(octets.len() as u32));
    check_lines(&octets);
    Some(octets)
}

fn headers<'f>(form: &'f Form<'_>) -> Vec<Header<'f>> {
    let pairs = form
        .texts("header")
        .filter_map(|field| field.split_once(": "));
    pairs
        .filter_map(|(name, value)| Header::new(name, value).ok())
        .collect()
}

/// The bytes of a ready-made message, if there is one in the form.
fn ready_made<'f>(form: &'f Form<'_>) -> Option<&'f [u8]> {
    let (_, octets) = form.fields().find(|(key, _)| *key == b"message")?;
    ReadyMade::new(
        &Head::envelope(ReversePath::Null, MailboxList::EMPTY),
        octets,
    )
    .ok()?;
    Some(octets)
}

fn head<'f>(form: &'f Form<'_>, headers: &'f [Header<'f>]) -> Head<'f> {
    let text = |key| form.text(key).unwrap_or_default();
    if ready_made(form).is_some() {
        let to = MailboxList::parse(text("to")).unwrap_or_default();
        return Head::envelope(ReversePath::Null, to);
    }
    let nobody = Mailbox::parse("a@example.org").unwrap();
    let mut from = Mailbox::parse(text("from")).unwrap_or(nobody);
    if let Some(name) = form.text("name") {
        from = Mailbox::new(name, from.address()).unwrap_or(from);
    }
    let mut head = Head::new(from);
    if let Ok(sender) = Mailbox::parse(text("sender")) {
        head = head.sender(sender);
    }
    head = head.to(text("to")).unwrap_or(head);
    head = head.cc(text("cc")).unwrap_or(head);
    head = head.bcc(text("bcc")).unwrap_or(head);
    head = head.reply_to(text("reply-to")).unwrap_or(head);
    head = head.subject(text("subject")).unwrap_or(head);
    head = head.read_receipt(text("read-receipt")).unwrap_or(head);
    head = head
        .delivery_receipt(text("delivery-receipt"))
        .unwrap_or(head);
    head = head.headers(headers).unwrap_or(head);
    if let Some(answers) = form.text("answers") {
        let (id, references) = answers.split_once(' ').unwrap_or((answers, ""));
        head = head.in_reply_to(id, references).unwrap_or(head);
    }
    if form.has("auto-submitted") {
        head = head.auto_submitted();
    }
    head
}

fn build<'f>(
    form: &'f Form<'_>,
    head: &'f Head<'f>,
    attachments: &'f [Attachment<'f>],
) -> Message<'f> {
    let text = |key| form.text(key).unwrap_or_default();
    let mut message = Message::new(head);
    message = message.message_id(text("id")).unwrap_or(message);
    if form.has("high") {
        message = message.importance(Importance::High);
    } else if form.has("low") {
        message = message.importance(Importance::Low);
    }
    let numbers: Vec<&str> = text("date").split(' ').collect();
    if let [seconds, zone] = numbers[..]
        && let (Ok(seconds), Ok(zone)) = (seconds.parse(), zone.parse())
        && let Ok(date) = Date::from_unix(seconds, zone)
    {
        message = message.date(date);
    }
    if let Some(text) = form.text("text") {
        message = message.text(text);
    }
    if let Some(html) = form.text("html") {
        message = message.html(html);
    }
    if !attachments.is_empty() {
        message = message.attachments(attachments);
    }
    message.seed(text("seed").parse().unwrap_or_default())
}

/// An attachment of the form.
struct Piece<'f> {
    as_is: bool,
    name: &'f str,
    media_type: &'f str,
    octets: &'f [u8],
    id: Option<&'f str>,
}

impl<'f> Piece<'f> {
    fn is_text_beyond_ascii(&self) -> bool {
        let is_text = self.media_type.to_ascii_lowercase().starts_with("text/");
        is_text && !self.as_is && !self.octets.is_ascii()
    }

    fn attachment(&self, is_streamed: bool) -> Option<Attachment<'f>> {
        let Piece {
            name,
            media_type,
            octets,
            ..
        } = *self;
        let length = Some(octets.len() as u32);
        let made = match (self.as_is, is_streamed) {
            (true, false) => Attachment::as_is(name, media_type, octets),
            // Octets that cannot travel as they are make a mail that cannot be sent.
            (true, true) => Attachment::as_is(name, media_type, octets)
                .and_then(|_| Attachment::streamed_as_is(name, media_type, length)),
            (false, false) => Attachment::new(name, media_type, octets),
            (false, true) => Attachment::streamed(name, media_type, length),
        };
        let made = made.ok()?;
        Some(match self.id.map(|id| made.inline(id)) {
            Some(Ok(inline)) => inline,
            _ => made,
        })
    }
}

fn parts<'f>(form: &'f Form<'_>) -> Vec<Piece<'f>> {
    let mut parts: Vec<Piece<'f>> = Vec::new();
    for (key, value) in form.fields() {
        if key == b"inline"
            && let Some(last) = parts.last_mut()
        {
            last.id = std::str::from_utf8(value).ok();
        }
        let as_is = key == b"as-is";
        if !as_is && key != b"attach" {
            continue;
        }
        let mut pieces = value.splitn(3, |&b| b == b';');
        let mut piece = || {
            pieces
                .next()
                .map(|piece| piece.strip_prefix(b" ").unwrap_or(piece))
        };
        if let (Some(name), Some(media_type), Some(octets)) = (piece(), piece(), piece())
            && let (Ok(name), Ok(media_type)) =
                (std::str::from_utf8(name), std::str::from_utf8(media_type))
        {
            parts.push(Piece {
                as_is,
                name,
                media_type,
                octets,
                id: None,
            });
        }
    }
    parts
}

/// The message through a buffer of this size; `None` when it cannot be completed.
fn read(message: &dyn Mail<'_>, size: usize, sources: &[&[u8]]) -> Option<Vec<u8>> {
    let mut sources = sources.to_vec();
    let mut octets = Vec::new();
    let mut reader = message.reader();
    let mut buffer = vec![0; size];
    loop {
        let read = reader.read_with(&mut buffer, |part, out| {
            let Part::Attachment(index) = part else {
                panic!("{part:?} has no source");
            };
            let source = &mut sources[usize::from(index)];
            let n = out.len().min(source.len());
            out[..n].copy_from_slice(&source[..n]);
            *source = &source[n..];
            n
        });
        match read {
            Ok(0) => return Some(octets),
            Ok(n) => octets.extend_from_slice(&buffer[..n]),
            Err(_) => return None,
        }
    }
}

fn check_lines(octets: &[u8]) {
    // A ready-made message may be empty.
    assert!(octets.is_empty() || octets.ends_with(b"\r\n"));
    for line in octets.split_inclusive(|&b| b == b'\n') {
        assert!(line.ends_with(b"\r\n") && line.len() <= 1_000);
        let text = &line[..line.len() - 2];
        assert!(!text.contains(&b'\r') && !text.contains(&0));
    }
}

/// Where the header ends: behind its last line end.
fn header_end(octets: &[u8]) -> usize {
    octets.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 2
}

fn check_octets(octets: &[u8], message: &Message<'_>, headers: &[Header<'_>]) {
    if !message.needs_smtputf8() {
        assert!(octets.is_ascii());
    }
    let header = std::str::from_utf8(&octets[..header_end(octets)]).unwrap();
    for line in header.split_terminator("\r\n") {
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.trim().is_empty(), "a line of blanks");
        // RFC 2047 §2, of a line that holds an encoded word. An identifier is none, and what looks like
        // one in a field of the caller's own is not the library's.
        let mut values = headers.iter().map(|header| header.value());
        if !values.any(|value| value.contains("=?utf-8?")) {
            let is_encoded = line.split(' ').any(|word| word.starts_with("=?utf-8?"));
            assert!(!is_encoded || line.len() <= 76, "{line:?}");
        }
    }
}

/// Fields that the library writes.
const FIELDS: [&str; 20] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Importance",
    "X-Priority",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Disposition-Notification-To",
    "Return-Receipt-To",
];

fn check_fields(octets: &[u8], headers: &[Header<'_>]) {
    let header = std::str::from_utf8(&octets[..header_end(octets)]).unwrap();
    let mut names = Vec::new();
    for line in header.split_terminator("\r\n") {
        if !line.starts_with(' ') {
            names.push(line.split_once(':').unwrap().0);
        }
    }
    for name in &names {
        let given = headers
            .iter()
            .filter(|header| header.name() == *name)
            .count();
        let found = names.iter().filter(|other| *other == name).count();
        if FIELDS.contains(name) {
            assert_eq!(found, 1, "{name}");
        } else {
            assert!((1..=given).contains(&found), "{name}");
        }
    }
}
