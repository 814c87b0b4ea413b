//! Heads for messages that a test hands on.

use embedded_smtp::message::Head;

/// A head that stays for the rest of the test, so that a message can borrow it.
pub fn kept<'a>(head: Head<'a>) -> &'a Head<'a> {
    Box::leak(Box::new(head))
}
