//! Addresses, mailboxes and domains from arbitrary text: the whole input is the text.
//!
//! Checked: what [`Address`], [`Domain`] and [`ReversePath`] accept is what a grammar written here
//! from RFC 5321 §4.1.2 and RFC 6531 §3.3 accepts; what was accepted holds no control character, is
//! cut where its `@` is, and reads the same again; a mailbox is a name and an address that can be
//! given apart.

use std::net::Ipv6Addr;

use embedded_smtp::{Address, Domain, Mailbox, MailboxList, ReversePath};

/// The fuzz target.
pub fn address(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let domain = Domain::parse(text);
    assert_eq!(domain.is_ok(), is_clean(text) && is_domain(text));
    assert!(domain.is_err() || domain.unwrap().as_str() == text);

    let address = Address::parse(text);
    assert_eq!(address.is_ok(), is_clean(text) && is_address(text));
    if let Ok(address) = address {
        assert_eq!(address.as_str(), text);
        let (local_part, domain) = text.rsplit_once('@').unwrap();
        assert_eq!(address.local_part(), local_part);
        assert_eq!(Domain::parse(domain), Ok(address.domain()));
        assert_eq!(address.is_ascii(), text.is_ascii());
        let mailbox = Mailbox::parse(text).unwrap();
        assert!(mailbox.address() == address && mailbox.name().is_none());
        let upper = format!("{local_part}@{}", domain.to_ascii_uppercase());
        assert!(address.is_same(Address::parse(&upper).unwrap()));
    }

    let bare = text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'));
    let path = ReversePath::parse(text);
    match path {
        Ok(ReversePath::Null) => assert_eq!(text, "<>"),
        Ok(ReversePath::Address(address)) => assert_eq!(address.as_str(), bare.unwrap_or(text)),
        Err(_) => assert!(text != "<>" && Address::parse(bare.unwrap_or(text)).is_err()),
    }

    if let Ok(mailbox) = Mailbox::parse(text) {
        check_mailbox(text, mailbox);
    }
}

fn check_mailbox(text: &str, mailbox: Mailbox<'_>) {
    assert!(is_clean(text));
    let address = mailbox.address();
    assert_eq!(Address::parse(address.as_str()), Ok(address));
    let list = MailboxList::parse(text).unwrap();
    assert_eq!(list.iter().collect::<Vec<_>>(), [mailbox]);
    let Some(name) = mailbox.name() else {
        return;
    };
    let given: String = name.chars().collect();
    assert_eq!(Mailbox::new(&given, address), Ok(mailbox));
    // In quotes, any name can be written.
    let quoted = given.replace('\\', "\\\\").replace('"', "\\\"");
    let written = format!("\"{quoted}\" <{address}>");
    assert_eq!(Mailbox::parse(&written), Ok(mailbox), "{written}");
}

/// Nothing that a reader may take for a control character or a line end.
pub(crate) fn is_clean(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

fn is_address(text: &str) -> bool {
    // The last `@` is the one in front of the domain, which holds none.
    let Some((local_part, domain)) = text.rsplit_once('@') else {
        return false;
    };
    // RFC 5321 §4.5.3.1.1 and §4.5.3.1.3, the latter without the angle brackets.
    local_part.len() <= 64
        && text.len() <= 254
        && (is_dot_string(local_part) || is_quoted_string(local_part))
        && is_domain(domain)
}

/// `Dot-string = Atom *("."  Atom)`.
fn is_dot_string(text: &str) -> bool {
    let is_atext =
        |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// `Quoted-string = DQUOTE *QcontentSMTP DQUOTE`.
fn is_quoted_string(text: &str) -> bool {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return false;
    };
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return false,
            '\\' => match chars.next() {
                Some(' '..='~') => {}
                _ => return false,
            },
            _ => {}
        }
    }
    true
}

/// `Domain / address-literal`.
fn is_domain(text: &str) -> bool {
    // RFC 5321 §4.5.3.1.2.
    if text.len() > 255 {
        return false;
    }
    if let Some(literal) = text.strip_prefix('[') {
        return literal.strip_suffix(']').is_some_and(is_literal);
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || !c.is_ascii())
    };
    text.split('.').all(is_label)
}

/// `IPv4-address-literal / IPv6-address-literal`; no other tag is registered.
fn is_literal(text: &str) -> bool {
    let is_number = |n: &str| {
        (1..=3).contains(&n.len())
            && n.bytes().all(|b| b.is_ascii_digit())
            && n.parse::<u16>().unwrap() <= 255
    };
    let is_ipv4 = |text: &str| text.split('.').count() == 4 && text.split('.').all(is_number);
    match text.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => {
            // The standard library takes no leading zeros where RFC 5321 does.
            let (groups, numbers) = address.rsplit_once(':').unwrap_or(("", address));
            if numbers.contains('.') {
                is_ipv4(numbers) && format!("{groups}:1.2.3.4").parse::<Ipv6Addr>().is_ok()
            } else {
                address.parse::<Ipv6Addr>().is_ok()
            }
        }
        _ => is_ipv4(text),
    }
}
