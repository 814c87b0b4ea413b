//! A mailbox: an address, with or without the name that a mail program shows.
//!
//! - The name is kept as it was written. A quoted name is unquoted while it is read, character by
//!   character, so it takes no memory.
//! - An unquoted name with a special character is refused, not guessed at: `Smith, John` might be
//!   two mailboxes, and `a@b <c@d>` is how mail is forged.
//!
//! This file does not know how a name is written in a header field.

use super::address::{self, Address};
use super::fold;
use super::scan::{self, Item};
use crate::{Field, Invalid, Reason};

/// An address with or without a display name.
///
/// # Examples
///
/// ```
/// use embedded_smtp::{Address, Mailbox, mailbox};
///
/// const BOILER: Mailbox = mailbox!("\"Boiler 3, Hall B\" <boiler3@example.org>");
/// assert_eq!(BOILER.address().as_str(), "boiler3@example.org");
///
/// // A name from elsewhere needs no quotes when it is given separately.
/// let address = Address::parse("boiler3@example.org")?;
/// assert_eq!(Mailbox::new("Boiler 3, Hall B", address)?, BOILER);
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mailbox<'a> {
    name: Option<DisplayName<'a>>,
    address: Address<'a>,
}

impl<'a> Mailbox<'a> {
    /// A placeholder that is never looked at.
    pub(crate) const NOBODY: Self = Self {
        name: None,
        address: Address::checked(""),
    };

    /// Reads `address`, `<address>`, `Name <address>` or `"Name" <address>`. Blanks around the
    /// whole and around the name are ignored.
    ///
    /// # Errors
    ///
    /// Those of [`Address::parse`], [`Reason::QuoteName`] when an unquoted name holds one of
    /// `()<>[]:;@\,"`, [`Reason::AngleBracket`], [`Reason::Trailing`] when something follows the
    /// mailbox, such as a second one, or [`Reason::Group`].
    pub const fn parse(text: &'a str) -> Result<Self, Invalid> {
        let item = scan::first_item(text.as_bytes());
        let fault = if scan::has_control(text.as_bytes()) {
            Some(Reason::ControlCharacter)
        } else {
            match fault(text, item) {
                None if item.end < text.len() => Some(Reason::Trailing),
                fault => fault,
            }
        };
        match fault {
            Some(reason) => Err(Invalid::new(Field::Mailbox, reason)),
            None => Ok(Self::cut(text, item, has_plain_name(text, item))),
        }
    }

    /// Makes a mailbox of a name and an address. The name may hold any characters but control
    /// characters, and needs no quotes; an empty one is no name. Blanks at its edges are left out,
    /// as most readers leave them out.
    ///
    /// # Errors
    ///
    /// [`Reason::ControlCharacter`] in the name.
    pub const fn new(name: &'a str, address: Address<'a>) -> Result<Self, Invalid> {
        if scan::has_control(name.as_bytes()) {
            return Err(Invalid::new(Field::Mailbox, Reason::ControlCharacter));
        }
        let name = name.trim_ascii();
        let name = if name.is_empty() {
            None
        } else {
            Some(DisplayName {
                text: name,
                quoted: false,
                plain: is_phrase(name.as_bytes()),
            })
        };
        Ok(Self { name, address })
    }

    /// The mailbox at the start of a text that was checked before. An empty item makes an empty
    /// address. `plain` is the result of [`has_plain_name`].
    pub(crate) const fn cut(text: &'a str, item: Item, plain: bool) -> Self {
        let name = match item.open {
            Some(open) => DisplayName::cut(scan::trimmed(text, 0, open), plain),
            None => None,
        };
        Self {
            name,
            address: Address::checked(address_of(text, item)),
        }
    }

    /// The display name; `None` where there is none or it is empty.
    #[must_use]
    pub const fn name(self) -> Option<DisplayName<'a>> {
        self.name
    }

    /// Whether its name, if it has one, can be put into a header field as it was written.
    pub(crate) const fn has_plain_name(self) -> bool {
        match self.name {
            Some(name) => name.plain,
            None => true,
        }
    }

    /// The address.
    #[must_use]
    pub const fn address(self) -> Address<'a> {
        self.address
    }
}

impl<'a> TryFrom<&'a str> for Mailbox<'a> {
    type Error = Invalid;

    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl<'a> From<Address<'a>> for Mailbox<'a> {
    fn from(address: Address<'a>) -> Self {
        Self {
            name: None,
            address,
        }
    }
}

/// The name before an address, without control characters. Two names are equal when their
/// characters are, however they were written.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DisplayName<'a> {
    /// Without the quotes.
    text: &'a str,
    /// The text has backslashes that quote the next character.
    quoted: bool,
    /// It can be put into a header field as it was written.
    plain: bool,
}

impl<'a> DisplayName<'a> {
    /// A name that was checked before, with its quotes.
    const fn cut(text: &'a str, plain: bool) -> Option<Self> {
        let (text, quoted) = match text.as_bytes() {
            [b'"', .., b'"'] => (without_edges(scan::inside(text)), true),
            _ => (text, false),
        };
        if text.is_empty() {
            None
        } else {
            Some(Self {
                text,
                quoted,
                plain,
            })
        }
    }

    /// The characters of the name, without quotes and with backslashes resolved.
    #[must_use]
    pub fn chars(self) -> NameChars<'a> {
        NameChars {
            chars: self.text.chars(),
            quoted: self.quoted,
        }
    }

    /// The name as it was written, backslashes included, but without its quotes.
    #[must_use]
    pub const fn as_written(self) -> &'a str {
        self.text
    }

    /// Whether the name was written in quotes, so that a backslash quotes the next character.
    #[must_use]
    pub const fn is_quoted(self) -> bool {
        self.quoted
    }

    /// Whether it can be put into a header field as it was written, in quotes if it had them.
    pub(crate) const fn is_plain(self) -> bool {
        // A list knows it only of all names together.
        self.plain
            || if self.quoted {
                is_readable(self.text.as_bytes())
            } else {
                is_phrase(self.text.as_bytes())
            }
    }
}

/// The inside of a quoted string without the blanks at its edges, with or without a backslash before
/// them.
const fn without_edges(text: &str) -> &str {
    let (mut start, mut end) = (None, 0);
    let mut rest = text.as_bytes();
    while let [b'\\', byte, tail @ ..] | [byte, tail @ ..] = rest {
        if *byte != b' ' {
            if start.is_none() {
                start = Some(scan::start_of(rest, text.as_bytes()));
            }
            end = scan::start_of(tail, text.as_bytes());
        }
        rest = tail;
    }
    match start {
        Some(start) => scan::part(text, start, end),
        None => "",
    }
}

impl PartialEq for DisplayName<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.chars().eq(other.chars())
    }
}

impl Eq for DisplayName<'_> {}

/// The characters of a [`DisplayName`].
#[derive(Debug, Clone)]
pub struct NameChars<'a> {
    chars: core::str::Chars<'a>,
    quoted: bool,
}

impl Iterator for NameChars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.chars.next() {
            Some('\\') if self.quoted => self.chars.next(),
            next => next,
        }
    }
}

/// The fault of the first item of a text that holds no control character.
pub(crate) const fn fault(text: &str, item: Item) -> Option<Reason> {
    if item.open_quote {
        return Some(Reason::OpenQuote);
    }
    let bracketed = match (item.open, item.close) {
        (None, None) => false,
        (Some(open), Some(close)) if open < close => {
            if !scan::trimmed(text, scan::after(close), item.end).is_empty() {
                return Some(Reason::Trailing);
            }
            if !is_name(scan::trimmed(text, 0, open).as_bytes()) {
                return Some(Reason::QuoteName);
            }
            true
        }
        _ => return Some(Reason::AngleBracket),
    };
    let address = address_of(text, item).as_bytes();
    match address::fault(address) {
        // `name: a@b;` and `name:;`, RFC 5322 §3.4.
        Some(Reason::NoAt | Reason::LocalPart)
            if !bracketed && scan::find(address, b':').is_some() =>
        {
            Some(Reason::Group)
        }
        // `Smith, John <j@x>`: the first half looks like an item without an address.
        Some(Reason::NoAt) if !bracketed && opens_bracket(text, item.end) => {
            Some(Reason::QuoteName)
        }
        // `<a@b, <c@d>`
        Some(Reason::DomainPart) if scan::find(address, b'<').is_some() => {
            Some(Reason::AngleBracket)
        }
        fault => fault,
    }
}

/// Whether the name of the first item of a text that was checked can be put into a header field as
/// it was written. `true` where there is no name.
pub(crate) const fn has_plain_name(text: &str, item: Item) -> bool {
    match item.open {
        Some(open) => match scan::trimmed(text, 0, open).as_bytes() {
            [] => true,
            [b'"', inner @ .., b'"'] => is_readable(inner),
            name => is_phrase(name),
        },
        None => true,
    }
}

/// Whether a text in quotes needs no encoded word.
const fn is_readable(mut rest: &[u8]) -> bool {
    if !fold::fits(rest, true) {
        return false;
    }
    while let [byte, tail @ ..] = rest {
        // RFC 2047 §7: a text that looks like an encoded word would be decoded, by some readers
        // after they have removed the backslashes.
        if !matches!(*byte, b' '..=b'~') || matches!(rest, [b'=', b'?', ..] | [b'=', b'\\', ..]) {
            return false;
        }
        rest = tail;
    }
    true
}

/// Whether a text is a phrase without quotes: atoms with single blanks between them (RFC 5322
/// §3.2.3).
const fn is_phrase(mut rest: &[u8]) -> bool {
    let is_readable = is_readable(rest);
    let mut previous = b' ';
    while let [byte, tail @ ..] = rest {
        match *byte {
            b' ' if previous == b' ' => return false,
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b' '
            | b'!'
            | b'#'..=b'\''
            | b'*'
            | b'+'
            | b'-'
            | b'/'
            | b'='
            | b'?'
            | b'^'..=b'`'
            | b'{'..=b'~' => {}
            _ => return false,
        }
        previous = *byte;
        rest = tail;
    }
    is_readable && previous != b' '
}

/// The address of the first item of a text, not yet checked.
pub(crate) const fn address_of(text: &str, item: Item) -> &str {
    match (item.open, item.close) {
        (Some(open), Some(close)) => scan::part(text, scan::after(open), close),
        _ => scan::trimmed(text, 0, item.end),
    }
}

/// Whether the text is empty, one quoted string, or without a special character. A dot is allowed,
/// although RFC 5322 has it in names only as obs-phrase: `J. Smith` is common.
const fn is_name(text: &[u8]) -> bool {
    if let [b'"', tail @ ..] = text
        && let Some([]) = scan::after_quoted(tail)
    {
        return true;
    }
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        if matches!(
            byte,
            b'(' | b')' | b'<' | b'>' | b'[' | b']' | b':' | b';' | b'@' | b'\\' | b',' | b'"'
        ) {
            return false;
        }
        rest = tail;
    }
    true
}

/// Whether the item after the separator at `end` has an angle bracket.
const fn opens_bracket(text: &str, end: usize) -> bool {
    let next = scan::part(text, scan::after(end), text.len());
    scan::first_item(next.as_bytes()).open.is_some()
}
