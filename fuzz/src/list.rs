//! Lists of mailboxes from arbitrary text: the whole input is the text.
//!
//! Checked against a splitter written here: a list is accepted when each of its items is, and the
//! walk gives just these mailboxes; it is the same list with other separators, empty items and blanks
//! between; what is said of the whole is true of the items; a message sends to each address once.

use embedded_smtp::message::Head;
use embedded_smtp::{Address, Mailbox, MailboxList};

use crate::address::is_clean;

/// The fuzz target.
pub fn list(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let items = items(text);
    let mailboxes: Option<Vec<_>> = items.iter().map(|item| Mailbox::parse(item).ok()).collect();
    let list = MailboxList::parse(text);
    let Some(mailboxes) = mailboxes.filter(|_| is_clean(text)) else {
        return assert!(list.is_err(), "accepted, though one of {items:?} is not");
    };
    let list = list.unwrap();
    assert_eq!(list.iter().collect::<Vec<_>>(), mailboxes);
    assert_eq!(list.as_str(), text);
    assert_eq!(list.is_empty(), mailboxes.is_empty());
    let is_ascii = mailboxes.iter().all(|mailbox| mailbox.address().is_ascii());
    assert_eq!(list.is_ascii(), is_ascii);

    let joined = format!(" ;, {} ,", items.join(" ;;  , "));
    let again = MailboxList::parse(&joined).unwrap();
    assert_eq!(again.iter().collect::<Vec<_>>(), mailboxes);

    let head = Head::new(Mailbox::parse("a@example.org").unwrap());
    let head = head.to(list).unwrap().bcc(again).unwrap();
    let found: Vec<_> = head.recipients().map(Address::as_str).collect();
    let mut once: Vec<&str> = Vec::new();
    for mailbox in &mailboxes {
        let address = mailbox.address().as_str();
        if !once.iter().any(|other| is_same(other, address)) {
            once.push(address);
        }
    }
    assert_eq!(found, once);
}

/// What stands between separators outside quotes and angle brackets, and is more than blanks.
fn items(text: &str) -> Vec<&str> {
    let (mut in_quotes, mut in_brackets, mut is_escaped) = (false, false, false);
    let is_separator = |c: char| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match c {
            '\\' if in_quotes => is_escaped = true,
            '"' => in_quotes = !in_quotes,
            '<' if !in_quotes => in_brackets = true,
            '>' if !in_quotes => in_brackets = false,
            _ => {}
        }
        matches!(c, ';' | ',') && !in_quotes && !in_brackets
    };
    let items = text.split(is_separator);
    items.filter(|item| !item.trim_ascii().is_empty()).collect()
}

/// RFC 5321 §2.4: local parts as they are, domains without regard to case.
fn is_same(one: &str, other: &str) -> bool {
    let (local_part, domain) = one.rsplit_once('@').unwrap();
    let (other_part, other_domain) = other.rsplit_once('@').unwrap();
    local_part == other_part && domain.eq_ignore_ascii_case(other_domain)
}
