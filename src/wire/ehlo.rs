//! The extensions that a server offers in its answer to EHLO (RFC 5321 §4.1.1.1).
//!
//! The answer is read word by word, so a line may be longer than any buffer. Keywords are exact
//! tokens in any case. Unknown and garbled words are ignored.

use super::scan;

/// A service extension, for asking [`Capabilities::offers`] and in errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Extension {
    /// PIPELINING, RFC 2920.
    Pipelining,
    /// SIZE, RFC 1870.
    Size,
    /// 8BITMIME, RFC 6152.
    EightBitMime,
    /// SMTPUTF8, RFC 6531.
    SmtpUtf8,
    /// STARTTLS, RFC 3207.
    StartTls,
    /// AUTH, RFC 4954.
    Auth,
    /// ENHANCEDSTATUSCODES, RFC 2034.
    EnhancedStatusCodes,
    /// CHUNKING, RFC 3030.
    Chunking,
    /// DSN, RFC 3461.
    Dsn,
    /// LIMITS, RFC 9422.
    Limits,
    /// REQUIRETLS, RFC 8689.
    RequireTls,
}

impl Extension {
    /// The EHLO keyword.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        word(KEYWORDS, self as u8)
    }

    /// The extension as a bit, so that several make a sum.
    pub(crate) const fn bit(self) -> u16 {
        // Eleven extensions have a bit in a u16.
        1 << self as u32
    }
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Mechanism {
    /// PLAIN, RFC 4616.
    Plain,
    /// LOGIN, never standardised, and still the only mechanism of some servers.
    Login,
    /// XOAUTH2, of Google and Microsoft: an OAuth 2.0 token.
    XOAuth2,
    /// OAUTHBEARER, RFC 7628: an OAuth 2.0 token.
    OAuthBearer,
    /// CRAM-MD5, RFC 2195.
    CramMd5,
    /// SCRAM-SHA-256, RFC 7677.
    ScramSha256,
}

impl Mechanism {
    /// The SASL mechanism name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        word(MECHANISMS, self as u8)
    }

    const fn bit(self) -> u8 {
        // Six mechanisms have a bit in a u8.
        1 << self as u32
    }
}

/// The extensions that the server offered in its last answer to EHLO. None before that, after HELO,
/// and from STARTTLS until the EHLO that follows it.
///
/// Two are equal when they offer the same.
#[derive(Clone, Copy, Default)]
pub struct Capabilities {
    offered: Offered,
    /// Reads a word of LIMITS; `None` where LIMITS is not heeded.
    read_limit: Option<fn(&mut Limits, &[u8])>,
}

impl PartialEq for Capabilities {
    fn eq(&self, other: &Self) -> bool {
        self.offered == other.offered
    }
}

impl Eq for Capabilities {}

impl core::fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Capabilities").field(&self.offered).finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Capabilities {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Capabilities({})", self.offered);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Offered {
    extensions: u16,
    mechanisms: u8,
    /// A number was given with SIZE.
    has_size: bool,
    /// The limit, 0 where none is known.
    size_limit: u32,
    limits: Limits,
}

/// The limits of RFC 9422; 0 where none is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Limits {
    mail_max: u16,
    rcpt_max: u16,
    rcpt_domain_max: u16,
}

impl Capabilities {
    /// Whether the extension is offered.
    #[must_use]
    pub const fn offers(&self, extension: Extension) -> bool {
        self.of(extension.bit()) != 0
    }

    /// Whether the SASL mechanism is offered.
    #[must_use]
    pub const fn offers_mechanism(&self, mechanism: Mechanism) -> bool {
        self.offered.mechanisms & mechanism.bit() != 0
    }

    /// The largest message the server takes, in bytes. `None` if it gave no limit, one that a `u32`
    /// does not hold, or two that differ.
    #[must_use]
    pub const fn size_limit(&self) -> Option<u32> {
        positive(self.offered.size_limit)
    }

    /// `MAILMAX`: the most MAIL commands on one connection (RFC 9422 §4.1). `None` also where the
    /// client does not heed LIMITS.
    #[must_use]
    pub const fn mail_max(&self) -> Option<u32> {
        positive(self.offered.limits.mail_max as u32)
    }

    /// `RCPTMAX`: the most RCPT commands in one transaction (RFC 9422 §4.2). `None` also where the
    /// client does not heed LIMITS.
    #[must_use]
    pub const fn rcpt_max(&self) -> Option<u32> {
        positive(self.offered.limits.rcpt_max as u32)
    }

    /// `RCPTDOMAINMAX`: the most domains among the recipients of all mails on one connection (RFC
    /// 9422 §4.3). `None` also where the client does not heed LIMITS.
    #[must_use]
    pub const fn rcpt_domain_max(&self) -> Option<u32> {
        positive(self.offered.limits.rcpt_domain_max as u32)
    }

    /// Whether the number of recipients of a transaction is limited.
    pub(crate) const fn limits_recipients(&self) -> bool {
        self.offered.limits.rcpt_max != 0 || self.offered.limits.rcpt_domain_max != 0
    }

    /// Those of these extensions that are offered; both are sums of [`Extension::bit`].
    pub(crate) const fn of(&self, extensions: u16) -> u16 {
        self.offered.extensions & extensions
    }

    /// Makes the values of LIMITS be read from now on. Linked on use: a program that does not call
    /// this does not contain the code for it.
    pub(crate) const fn heed_limits(&mut self) {
        self.read_limit = Some(Limits::read);
    }

    /// Forgets everything that was offered, but not whether limits are heeded.
    pub(crate) fn forget(&mut self) {
        self.offered = Offered::default();
    }

    /// Reads a line of the answer, but not its first, or a piece of such a line. A piece is made of
    /// [`whole_words`]. `keyword` is the default at the beginning of each line, and is kept from
    /// one piece of the line to the next.
    pub(crate) fn read_words(&mut self, keyword: &mut Keyword, words: &[u8]) {
        for word in (Words { rest: words }) {
            match *keyword {
                Keyword::Ahead => *keyword = self.read_keyword(word),
                Keyword::Known(number) => self.read_argument(number, word),
                Keyword::Unknown => return,
            }
        }
    }

    fn read_keyword(&mut self, mut word: &[u8]) -> Keyword {
        // The form of drafts before RFC 4954, still sent to old clients: `AUTH=LOGIN PLAIN`.
        if let Some((auth, [b'=', first @ ..])) = word.split_at_checked(4)
            && is_same(auth, b"AUTH")
        {
            self.read_argument(AUTH, first);
            word = auth;
        }
        let Some(number) = number_of(word, KEYWORDS) else {
            return Keyword::Unknown;
        };
        // Eleven keywords have a bit in a u16.
        self.offered.extensions |= 1 << number;
        Keyword::Known(number)
    }

    #[inline(never)]
    fn read_argument(&mut self, keyword: u8, word: &[u8]) {
        let offered = &mut self.offered;
        match keyword {
            AUTH => {
                if let Some(number) = number_of(word, MECHANISMS) {
                    // Six mechanisms have a bit in a u8.
                    offered.mechanisms |= 1 << number;
                }
            }
            // RFC 1870 §4: "0 … indicates that no fixed maximum message size is in force." Of two
            // numbers that differ, neither is relied on.
            SIZE => {
                if let Some(limit) = decimal(word) {
                    let differs = offered.has_size && limit != offered.size_limit;
                    offered.size_limit = if differs { 0 } else { limit };
                    offered.has_size = true;
                }
            }
            LIMITS => {
                if let Some(read) = self.read_limit {
                    read(&mut offered.limits, word);
                }
            }
            _ => {}
        }
    }
}

/// The keyword of the line being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Keyword {
    /// The next word is the keyword.
    #[default]
    Ahead,
    /// The keyword with this number in [`KEYWORDS`].
    Known(u8),
    /// The keyword is unknown, so the rest of the line is ignored.
    Unknown,
}

/// The length of the whole words that a piece of a line begins with: up to its last blank.
pub(crate) fn whole_words(piece: &[u8]) -> usize {
    let mut rest = piece;
    while let [front @ .., last] = rest {
        if is_blank(*last) {
            break;
        }
        rest = front;
    }
    rest.len()
}

/// The keywords, in the order of [`Extension`].
const KEYWORDS: &str = "PIPELINING SIZE 8BITMIME SMTPUTF8 STARTTLS AUTH ENHANCEDSTATUSCODES \
    CHUNKING DSN LIMITS REQUIRETLS";

const SIZE: u8 = Extension::Size as u8;
const AUTH: u8 = Extension::Auth as u8;
const LIMITS: u8 = Extension::Limits as u8;

/// The names of mechanisms, in the order of [`Mechanism`].
const MECHANISMS: &str = "PLAIN LOGIN XOAUTH2 OAUTHBEARER CRAM-MD5 SCRAM-SHA-256";

/// The known word with this number.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "1 is subtracted from numbers above 0"
)]
const fn word(known: &'static str, mut number: u8) -> &'static str {
    let mut rest = known;
    loop {
        let end = match scan::find(rest.as_bytes(), b' ') {
            Some(end) => end,
            None => rest.len(),
        };
        if number == 0 {
            return scan::part(rest, 0, end);
        }
        rest = scan::part(rest, scan::after(end), rest.len());
        number -= 1;
    }
}

/// The number of a word among those that are known.
#[inline(never)]
fn number_of(word: &[u8], known: &'static str) -> Option<u8> {
    let rest = known.as_bytes();
    let number = (Words { rest }).position(|other| is_same(other, word))?;
    Some(number as u8)
}

impl Limits {
    /// Reads `NAME=NUMBER`. RFC 9422 §3: a limit that is unknown or malformed is ignored.
    fn read(&mut self, word: &[u8]) {
        let at = word.iter().take_while(|&&b| b != b'=').count();
        let Some((name, [_, value @ ..])) = word.split_at_checked(at) else {
            return;
        };
        let slot = if is_same(name, b"MAILMAX") {
            &mut self.mail_max
        } else if is_same(name, b"RCPTMAX") {
            &mut self.rcpt_max
        } else if is_same(name, b"RCPTDOMAINMAX") {
            &mut self.rcpt_domain_max
        } else {
            return;
        };
        // A number that a u16 does not hold limits nothing here; RFC 9422 §4 has at most six
        // digits.
        if let Some(limit) = decimal(value)
            && let Ok(limit @ 1..) = u16::try_from(limit)
        {
            *slot = limit;
        }
    }
}

/// The words of a line.
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        let length = self.rest.iter().take_while(|&&b| !is_blank(b)).count();
        let (word, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const fn positive(number: u32) -> Option<u32> {
    if number == 0 { None } else { Some(number) }
}

/// Not inlined: the comparison is compiled once, not at each of its places.
#[inline(never)]
fn is_same(word: &[u8], name: &[u8]) -> bool {
    word.eq_ignore_ascii_case(name)
}

/// The number that these digits make; `None` if it is not a number or a `u32` does not hold it.
fn decimal(digits: &[u8]) -> Option<u32> {
    let mut number = 0_u32;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        let value = u32::from(digit & 0x0F);
        number = number.checked_mul(10)?.checked_add(value)?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENSIONS: [(Extension, &str); 11] = [
        (Extension::Pipelining, "PIPELINING"),
        (Extension::Size, "SIZE"),
        (Extension::EightBitMime, "8BITMIME"),
        (Extension::SmtpUtf8, "SMTPUTF8"),
        (Extension::StartTls, "STARTTLS"),
        (Extension::Auth, "AUTH"),
        (Extension::EnhancedStatusCodes, "ENHANCEDSTATUSCODES"),
        (Extension::Chunking, "CHUNKING"),
        (Extension::Dsn, "DSN"),
        (Extension::Limits, "LIMITS"),
        (Extension::RequireTls, "REQUIRETLS"),
    ];

    const ALL_MECHANISMS: [(Mechanism, &str); 6] = [
        (Mechanism::Plain, "PLAIN"),
        (Mechanism::Login, "LOGIN"),
        (Mechanism::XOAuth2, "XOAUTH2"),
        (Mechanism::OAuthBearer, "OAUTHBEARER"),
        (Mechanism::CramMd5, "CRAM-MD5"),
        (Mechanism::ScramSha256, "SCRAM-SHA-256"),
    ];

    fn heeding() -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.heed_limits();
        capabilities
    }

    fn read(lines: &[&str]) -> Capabilities {
        let mut capabilities = heeding();
        for line in lines {
            capabilities.read_words(&mut Keyword::default(), line.as_bytes());
        }
        capabilities
    }

    #[test]
    fn every_extension_and_mechanism_has_its_own_word_and_bit() {
        assert_eq!(KEYWORDS.split(' ').count(), EXTENSIONS.len());
        for (extension, name) in EXTENSIONS {
            assert_eq!(extension.as_str(), name);
            let c = read(&[name]);
            assert_eq!(c.of(u16::MAX), extension.bit());
            assert_eq!(c.of(!extension.bit()), 0);
            for (other, _) in EXTENSIONS {
                assert_eq!(c.offers(other), other == extension);
            }
        }
        assert_eq!(MECHANISMS.split(' ').count(), ALL_MECHANISMS.len());
        for (mechanism, name) in ALL_MECHANISMS {
            assert_eq!(mechanism.as_str(), name);
            let c = read(&[&std::format!("AUTH {name}")]);
            for (other, _) in ALL_MECHANISMS {
                assert_eq!(c.offers_mechanism(other), other == mechanism);
            }
        }
        assert_eq!(word(KEYWORDS, 255), "");
    }

    #[test]
    fn keywords_are_exact_tokens_in_any_case() {
        let c = read(&[
            "pipelining",
            "STARTTLSX",
            "X8BITMIME",
            "Size 1000",
            "SMTPUTF8\t ",
        ]);
        assert!(c.offers(Extension::Pipelining));
        assert!(!c.offers(Extension::StartTls));
        assert!(!c.offers(Extension::EightBitMime));
        assert!(c.offers(Extension::SmtpUtf8));
        assert_eq!(c.size_limit(), Some(1000));
    }

    #[test]
    fn size_may_be_missing_zero_garbled_or_too_large() {
        for line in [
            "SIZE",
            "SIZE 0",
            "SIZE x",
            "SIZE 99999999999999999999",
            "SIZE=100",
        ] {
            assert_eq!(read(&[line]).size_limit(), None, "{line}");
        }
    }

    #[test]
    fn two_sizes_that_differ_are_no_limit() {
        for (lines, limit) in [
            (&["SIZE 20", "SIZE 20"][..], Some(20)),
            (&["SIZE 20", "SIZE", "SIZE x", "SIZE 4294967296"], Some(20)),
            (&["SIZE", "SIZE 20"], Some(20)),
            (&["SIZE 20", "SIZE 10"], None),
            (&["SIZE 20", "SIZE 10", "SIZE 20"], None),
            (&["SIZE 20", "SIZE 10", "SIZE 10"], None),
            (&["SIZE 0", "SIZE 20"], None),
            (&["SIZE 20", "SIZE 0"], None),
            (&["SIZE 0", "SIZE 0"], None),
            (&["SIZE 20 10"], None),
        ] {
            let c = read(lines);
            assert!(c.offers(Extension::Size));
            assert_eq!(c.size_limit(), limit, "{lines:?}");
        }
    }

    #[test]
    fn auth_in_both_forms() {
        for line in [
            "AUTH LOGIN PLAIN",
            "AUTH=LOGIN PLAIN",
            "auth  plain\tlogin ",
        ] {
            let c = read(&[line]);
            assert!(c.offers(Extension::Auth), "{line}");
            assert!(c.offers_mechanism(Mechanism::Plain), "{line}");
            assert!(c.offers_mechanism(Mechanism::Login), "{line}");
        }
        assert!(!read(&["AUTH PLAINX XLOGIN"]).offers_mechanism(Mechanism::Plain));
        assert!(!read(&["AUTHX PLAIN"]).offers(Extension::Auth));
    }

    #[test]
    fn whole_words_end_at_the_last_blank() {
        for (piece, whole) in [
            ("", ""),
            ("AUTH", ""),
            ("AUTH ", "AUTH "),
            ("AUTH LOGIN\tPLAIN", "AUTH LOGIN\t"),
            (" ", " "),
            ("AUTH  LOGIN  ", "AUTH  LOGIN  "),
        ] {
            assert_eq!(whole_words(piece.as_bytes()), whole.len(), "{piece}");
        }
    }

    #[test]
    fn a_line_says_the_same_in_pieces() {
        let mut auth = std::string::String::from("AUTH");
        while auth.len() < 400 {
            auth += " X-PROPRIETARY-TOKEN KERBEROS_V5\tNTLM ";
        }
        auth += " PLAIN SCRAM-SHA-256";
        while auth.len() < 462 {
            auth += if auth.len() < 455 { " GSSAPI" } else { "X" };
        }
        assert_eq!(auth.len(), 462);
        for line in [
            "PIPELINING",
            "SIZE 35882577",
            "8BITMIME",
            "SMTPUTF8 ",
            "STARTTLS",
            "AUTH=LOGIN PLAIN  XOAUTH2",
            &auth,
            "ENHANCEDSTATUSCODES",
            "CHUNKING",
            "DSN",
            "LIMITS MAILMAX=1000 RCPTMAX=100 RCPTDOMAINMAX=5",
            "XCLIENT AUTH LOGIN SIZE 5",
            "HELP",
            "",
        ] {
            let line = line.as_bytes();
            let whole = {
                let mut c = heeding();
                c.read_words(&mut Keyword::default(), line);
                c
            };
            let cuts: std::vec::Vec<_> = (0..=line.len())
                .filter(|&at| at == line.len() || whole_words(&line[..at]) == at)
                .collect();
            let check = |pieces: &[&[u8]]| {
                assert_eq!(pieces.concat(), line);
                let (mut c, mut keyword) = (heeding(), Keyword::default());
                for piece in pieces {
                    c.read_words(&mut keyword, piece);
                }
                assert_eq!(c, whole, "{pieces:?}");
            };
            for (n, &a) in cuts.iter().enumerate() {
                for &b in &cuts[n..] {
                    check(&[&line[..a], &line[a..b], &line[b..]]);
                }
            }
            // The pieces that a buffer of this size makes.
            for size in 48..=line.len() {
                let (mut pieces, mut rest) = (std::vec::Vec::new(), line);
                while rest.len() > size {
                    let (piece, others) = rest.split_at(whole_words(&rest[..size]));
                    assert!(!piece.is_empty());
                    pieces.push(piece);
                    rest = others;
                }
                pieces.push(rest);
                check(&pieces);
            }
            let words: std::vec::Vec<_> = line.split_inclusive(|&b| is_blank(b)).collect();
            check(&words);
        }
    }

    #[test]
    fn limits_are_read_only_where_they_are_heeded() {
        let line = b"LIMITS RCPTMAX=20";
        let mut c = Capabilities::default();
        c.read_words(&mut Keyword::default(), line);
        assert!(c.offers(Extension::Limits));
        assert_eq!(c.rcpt_max(), None);
        assert!(!c.limits_recipients());
        c.heed_limits();
        c.read_words(&mut Keyword::default(), line);
        assert_eq!(c.rcpt_max(), Some(20));
        c.forget();
        assert_eq!(c, Capabilities::default());
        c.read_words(&mut Keyword::default(), line);
        assert_eq!(c.rcpt_max(), Some(20));
        assert!(!std::format!("{c:?}").contains("read_limit"));
    }

    #[test]
    fn limits_that_are_known_and_well_formed() {
        let c = read(&[
            "LIMITS MAILMAX=5 rcptmax=20 RCPTDOMAINMAX=x FOO=1 RCPTMAXX=9 BAR RCPTMAX=x MAILMAX=0",
        ]);
        assert_eq!(c.mail_max(), Some(5));
        assert_eq!(c.rcpt_max(), Some(20));
        assert_eq!(c.rcpt_domain_max(), None);
    }
}
