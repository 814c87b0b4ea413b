//! Addresses, mailboxes, domains and lists from arbitrary text.
//!
//! Checked: what is accepted holds no control character, reads the same again, and a list is
//! walked to its end.
#![no_main]

use embedded_smtp::{Address, Domain, Mailbox, MailboxList, ReversePath};
use libfuzzer_sys::fuzz_target;

fn is_clean(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

fuzz_target!(|text: &str| {
    if let Ok(domain) = Domain::parse(text) {
        assert!(is_clean(domain.as_str()) && !domain.as_str().contains([' ', '<', '>', '@']));
    }
    if let Ok(address) = Address::parse(text) {
        assert_eq!(address.as_str(), text);
        assert!(is_clean(text) && text.len() <= 254);
        let again = format!("{}@{}", address.local_part(), address.domain().as_str());
        assert_eq!(again, text);
        assert_eq!(Mailbox::parse(text).map(|m| m.address()), Ok(address));
    }
    if let Ok(ReversePath::Address(address)) = ReversePath::parse(text) {
        assert!(Address::parse(address.as_str()).is_ok());
    }
    if let Ok(mailbox) = Mailbox::parse(text) {
        assert!(Address::parse(mailbox.address().as_str()).is_ok());
        if let Some(name) = mailbox.name() {
            let name: String = name.chars().collect();
            assert!(is_clean(&name));
            assert!(Mailbox::new(&name, mailbox.address()).is_ok());
        }
        let list: Vec<_> = MailboxList::parse(text).unwrap().iter().collect();
        assert_eq!(list, [mailbox]);
    }
    if let Ok(list) = MailboxList::parse(text) {
        let mut count = 0;
        for mailbox in list.iter() {
            count += 1;
            assert!(Address::parse(mailbox.address().as_str()).is_ok());
        }
        assert!(count <= text.len());
        assert_eq!(list.is_empty(), count == 0);
    }
});
