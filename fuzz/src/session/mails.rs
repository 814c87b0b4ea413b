//! The mails of the caller.

use embedded_io::{ErrorKind, ErrorType, Read};
use embedded_smtp::message::{Head, Notify, ReadyMade, Return};
use embedded_smtp::{Address, Mailbox, MailboxList, Message, ReversePath};

use super::mail::Mail;
use crate::form::Form;

/// The mail with this number in a series, to be sent with this reverse-path. The first is the
/// form's, the second another to the same recipients, and so on in turn.
///
/// The text of the form's comes from a source if `is_streamed`.
pub fn message<'m>(
    form: &'m Form<'_>,
    number: usize,
    head: &'m Head<'m>,
    is_streamed: bool,
) -> Box<dyn embedded_smtp::message::Mail<'m> + 'm> {
    let text = |key, default| form.text(key).unwrap_or(default);
    if is_other(number) {
        return Box::new(Message::new(head).text(".\nThe other\n..\n"));
    }
    if let Some(octets) = ready_made(form) {
        return Box::new(ReadyMade::new(head, octets).unwrap());
    }
    let message = Message::new(head).text(text("text", "Hello\n"));
    let message = message.subject(text("subject", "Hi")).unwrap_or(message);
    Box::new(match is_streamed {
        true => message.streamed_text(),
        false => message,
    })
}

/// Its head.
pub fn head<'m>(form: &'m Form<'_>, number: usize, path: &'m str) -> Head<'m> {
    let text = |key, default| form.text(key).unwrap_or(default);
    let path = ReversePath::parse(path).unwrap();
    if !is_other(number) && ready_made(form).is_some() {
        let to = MailboxList::parse(text("to", "b@example.org")).unwrap();
        return with_wishes(form, Head::envelope(path, to));
    }
    let nobody = Mailbox::parse("a@example.org").unwrap();
    let from = Mailbox::parse(text("from", "a@example.org")).unwrap_or(nobody);
    let mut head = Head::new(from).reverse_path(path).unwrap();
    head = head.to(text("to", "b@example.org")).unwrap_or(head);
    head = head.cc(text("cc", "")).unwrap_or(head);
    if is_other(number) {
        return head;
    }
    head = head.delivery_receipt(text("receipt", "")).unwrap_or(head);
    with_wishes(form, head)
}

fn with_wishes<'m>(form: &'m Form<'_>, mut head: Head<'m>) -> Head<'m> {
    if let Some(times) = form.text("notify") {
        head = head.notify(times.split(',').fold(Notify::NEVER, |all, time| {
            all.or(match time {
                "SUCCESS" => Notify::SUCCESS,
                "FAILURE" => Notify::FAILURE,
                "DELAY" => Notify::DELAY,
                _ => Notify::NEVER,
            })
        }));
    }
    head = match form.text("return") {
        Some("FULL") => head.dsn_return(Return::Full),
        Some("HDRS") => head.dsn_return(Return::Headers),
        _ => head,
    };
    match form.text("envid") {
        Some(id) => head.envelope_id(id).unwrap_or(head),
        None => head,
    }
}

fn is_other(number: usize) -> bool {
    number % 2 == 1
}

/// The bytes of a ready-made message, if the form has one that can be sent.
pub fn ready_made<'m>(form: &'m Form<'_>) -> Option<&'m [u8]> {
    let (_, octets) = form.fields().find(|(key, _)| *key == b"message")?;
    let to = MailboxList::parse(form.text("to").unwrap_or("b@example.org")).ok()?;
    ReadyMade::new(&Head::envelope(ReversePath::Null, to), octets).ok()?;
    Some(octets)
}

/// When the message with this number in a series asks for reports on its delivery.
fn notify(form: &Form<'_>, number: usize) -> Option<String> {
    if is_other(number) {
        return None;
    }
    if let Some(times) = form.text("notify") {
        let mut all = ["SUCCESS", "FAILURE", "DELAY"].to_vec();
        all.retain(|time| times.split(',').any(|given| given == *time));
        return Some(match all.is_empty() {
            true => "NEVER".into(),
            false => all.join(","),
        });
    }
    let receipt = form.text("receipt").unwrap_or_default();
    let asked = ready_made(form).is_none() && Address::parse(receipt).is_ok();
    asked.then(|| "SUCCESS,FAILURE,DELAY".into())
}

/// RFC 3461 §4.4: printable ASCII, up to 100 characters.
fn is_envelope_id(id: &str) -> bool {
    (1..=100).contains(&id.len()) && id.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// The recipients who are left out of a mail that goes on, by their places among all of it.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// They have it.
    pub sent: Vec<usize>,
    /// They were refused for good.
    pub refused: Vec<usize>,
}

impl Settled {
    pub fn contains(&self, place: usize) -> bool {
        self.sent.contains(&place) || self.refused.contains(&place)
    }
}

/// What the client has to say of this message to those who are not settled; `None` where its content cannot be sent.
pub fn expected(
    form: &Form<'_>,
    number: usize,
    message: &dyn embedded_smtp::message::Mail<'_>,
    path: &str,
    source: Option<Source<'_>>,
    settled: &Settled,
) -> Option<Mail> {
    let is_complete = source.as_ref().is_none_or(|source| !source.will_fail());
    let mut source = source.map(|source| Source {
        fails: None,
        ..source
    });
    let mut content = Vec::new();
    let mut piece = [0; 300];
    let mut reader = message.reader();
    loop {
        let read = reader.read_with(&mut piece, |_, out| {
            source
                .as_mut()
                .map_or(0, |source| source.read(out).unwrap())
        });
        match read.ok()? {
            0 => break,
            n => content.extend_from_slice(&piece[..n]),
        }
    }
    let field = |key| form.text(key).filter(|_| !is_other(number));
    let all = message.recipients().map(|to| to.as_str()).enumerate();
    let (places, recipients) = all
        .filter(|(place, _)| !settled.contains(*place))
        .map(|(place, to)| (place, to.into()))
        .unzip();
    Some(Mail {
        reverse_path: path.into(),
        recipients,
        places,
        content,
        is_complete,
        size: message.encoded_len(),
        needs_smtputf8: message.needs_smtputf8(),
        needs_8bitmime: message.needs_8bitmime(),
        notify: notify(form, number),
        returns: field("return")
            .filter(|returns| ["FULL", "HDRS"].contains(returns))
            .map(String::from),
        envelope_id: field("envid")
            .filter(|id| is_envelope_id(id))
            .map(String::from),
        requires_tls: false,
        is_in_row: false,
    })
}

/// Where the octets of a streamed part come from.
#[derive(Clone)]
pub struct Source<'s> {
    octets: &'s [u8],
    at: usize,
    /// Octets after which it fails.
    fails: Option<usize>,
    /// Octets of each read, over and over.
    reads: &'s [usize],
    count: usize,
}

impl<'s> Source<'s> {
    pub fn new(octets: &'s [u8], fails: Option<usize>, reads: &'s [usize]) -> Self {
        Self {
            octets,
            at: 0,
            fails,
            reads,
            count: 0,
        }
    }

    fn will_fail(&self) -> bool {
        self.fails.is_some_and(|at| at <= self.octets.len())
    }
}

impl ErrorType for Source<'_> {
    type Error = ErrorKind;
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, ErrorKind> {
        let end = match self.fails {
            Some(at) if self.at >= at => return Err(ErrorKind::Other),
            Some(at) => at.min(self.octets.len()),
            None => self.octets.len(),
        };
        let most = match self.reads.len() {
            0 => usize::MAX,
            n => self.reads[self.count % n].max(1),
        };
        self.count += 1;
        let n = out.len().min(most).min(end - self.at);
        out[..n].copy_from_slice(&self.octets[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
