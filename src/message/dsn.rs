//! Reports on the delivery (RFC 3461): which are wanted, and what they say.
//!
//! This is for the envelope, and goes out only where the server offers DSN. It is linked only by
//! programs that ask for it: `Head` calls it through a pointer.

use super::Head;
use crate::invalid::{Field, Invalid, Reason};
use crate::wire::address::Address;
use crate::wire::writer::Writer;
use crate::wire::xtext;

/// When a report on a recipient is wanted.
///
/// ```
/// use embedded_smtp::message::Notify;
///
/// let unless_well = Notify::FAILURE.or(Notify::DELAY);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Notify(u8);

impl Notify {
    /// At no time: whatever comes of the message, nobody is told.
    pub const NEVER: Self = Self(0);
    /// When it was delivered.
    pub const SUCCESS: Self = Self(1);
    /// When it could not be delivered.
    pub const FAILURE: Self = Self(2);
    /// When its delivery takes long.
    pub const DELAY: Self = Self(4);
    /// Whatever comes of it.
    pub const ALWAYS: Self = Self::SUCCESS.or(Self::FAILURE).or(Self::DELAY);

    /// Then, and when `other` says. [`Self::NEVER`] adds nothing.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn write(self, w: &mut Writer<'_>) {
        const NAMES: [(Notify, &str); 3] = [
            (Notify::SUCCESS, "SUCCESS"),
            (Notify::FAILURE, "FAILURE"),
            (Notify::DELAY, "DELAY"),
        ];
        let mut before = " NOTIFY=";
        for (when, name) in NAMES {
            if self.0 & when.0 != 0 {
                w.str(before);
                w.str(name);
                before = ",";
            }
        }
        // RFC 3461 §4.1: NEVER "MUST appear by itself".
        if self == Self::NEVER {
            w.str(" NOTIFY=NEVER");
        }
    }
}

/// What a report on a failure holds of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Return {
    /// All of it.
    Full,
    /// Its header.
    Headers,
}

/// An identifier of the caller's own, which reports on the delivery give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EnvelopeId<'a>(&'a str);

impl<'a> EnvelopeId<'a> {
    /// Checks `id`: 1 to 100 characters of printable ASCII (RFC 3461 §4.4).
    ///
    /// # Errors
    ///
    /// `Empty`, `TooLong`, `NotAscii` or `ControlCharacter`.
    pub const fn new(id: &'a str) -> Result<Self, Invalid> {
        let reason = if id.is_empty() {
            Reason::Empty
        } else if id.len() > ENVELOPE_ID_MAX {
            Reason::TooLong
        } else if !id.is_ascii() {
            Reason::NotAscii
        } else if has_control_character(id) {
            Reason::ControlCharacter
        } else {
            return Ok(Self(id));
        };
        Err(Invalid::new(Field::EnvelopeId, reason))
    }

    /// The identifier.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> TryFrom<&'a str> for EnvelopeId<'a> {
    type Error = Invalid;

    fn try_from(id: &'a str) -> Result<Self, Invalid> {
        Self::new(id)
    }
}

/// RFC 3461 §4.4.
const ENVELOPE_ID_MAX: usize = 100;

const fn has_control_character(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        if matches!(*first, ..0x20 | 0x7F) {
            return true;
        }
        rest = others;
    }
    false
}

/// What a message asks of those who deliver it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wishes<'a> {
    pub(super) notify: Option<Notify>,
    pub(super) returns: Option<Return>,
    pub(super) envelope_id: Option<EnvelopeId<'a>>,
}

/// Writes the parameters of MAIL, or of RCPT for this recipient.
pub(crate) type DsnParameters = fn(&Head<'_>, Option<Address<'_>>, &mut Writer<'_>);

/// The most bytes that are written for a recipient, apart from three for each of its bytes.
#[cfg(test)]
const RCPT_MAX: usize = 49;

pub(super) fn parameters(head: &Head<'_>, to: Option<Address<'_>>, w: &mut Writer<'_>) {
    let Wishes {
        notify,
        returns,
        envelope_id,
    } = head.wishes;
    let Some(to) = to else {
        if let Some(returns) = returns {
            w.str(match returns {
                Return::Full => " RET=FULL",
                Return::Headers => " RET=HDRS",
            });
        }
        if let Some(id) = envelope_id {
            w.str(" ENVID=");
            xtext::write(w, id.as_str().as_bytes());
        }
        return;
    };
    if let Some(notify) = notify {
        notify.write(w);
        // §4.2: the recipient as it stands here, so that a report can name it. Other characters
        // would need the address type of RFC 6533.
        if to.is_ascii() {
            w.str(" ORCPT=rfc822;");
            xtext::write(w, to.as_str().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mailbox::Mailbox;
    use std::string::String;

    fn written(head: &Head<'_>, to: Option<&str>) -> String {
        let mut out = [0; 1024];
        let mut w = Writer::new(&mut out, 0);
        parameters(head, to.map(|to| Address::parse(to).unwrap()), &mut w);
        assert_eq!(w.end_atom(), None);
        let n = w.len();
        String::from_utf8(out[..n].to_vec()).unwrap()
    }

    fn head() -> Head<'static> {
        Head::new(Mailbox::parse("a@example.org").unwrap())
    }

    #[test]
    fn every_set_of_times() {
        for (notify, expected) in [
            (Notify::NEVER, "NEVER"),
            (Notify::NEVER.or(Notify::NEVER), "NEVER"),
            (Notify::NEVER.or(Notify::DELAY), "DELAY"),
            (Notify::FAILURE, "FAILURE"),
            (Notify::DELAY.or(Notify::SUCCESS), "SUCCESS,DELAY"),
            (Notify::ALWAYS, "SUCCESS,FAILURE,DELAY"),
        ] {
            let text = written(&head().notify(notify), Some("b+c@example.org"));
            let parameters = std::format!(" NOTIFY={expected} ORCPT=rfc822;b+2Bc@example.org");
            assert_eq!(text, parameters);
            assert!(text.len() <= RCPT_MAX + 3 * "b+c@example.org".len());
        }
        let text = written(&head().notify(Notify::FAILURE), Some("ü@example.org"));
        assert_eq!(text, " NOTIFY=FAILURE");
    }

    #[test]
    fn what_mail_says() {
        let one = head().dsn_return(Return::Headers);
        assert_eq!(written(&one, None), " RET=HDRS");
        assert_eq!(written(&one, Some("b@example.org")), "");
        let all = one
            .dsn_return(Return::Full)
            .envelope_id("a b+c=d~")
            .unwrap();
        assert_eq!(written(&all, None), " RET=FULL ENVID=a+20b+2Bc+3Dd~");
    }

    #[test]
    fn identifiers() {
        let why = |id: &str| EnvelopeId::new(id).err().map(|invalid| invalid.reason);
        assert_eq!(why(""), Some(Reason::Empty));
        assert_eq!(why(&"x".repeat(100)), None);
        assert_eq!(why(&"x".repeat(101)), Some(Reason::TooLong));
        assert_eq!(why("ü"), Some(Reason::NotAscii));
        for wrong in ["a\r\nb", "\0", "\x7f", "\t"] {
            assert_eq!(why(wrong), Some(Reason::ControlCharacter));
        }
    }
}
