//! What the server offers in its answer to EHLO (RFC 5321 §4.1.1.1), one line at a time.
//!
//! Keywords are case-insensitive exact tokens. What is unknown or garbled is ignored: a line that
//! is not understood offers nothing.

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
        match self {
            Self::Pipelining => "PIPELINING",
            Self::Size => "SIZE",
            Self::EightBitMime => "8BITMIME",
            Self::SmtpUtf8 => "SMTPUTF8",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::EnhancedStatusCodes => "ENHANCEDSTATUSCODES",
            Self::Chunking => "CHUNKING",
            Self::Dsn => "DSN",
            Self::Limits => "LIMITS",
            Self::RequireTls => "REQUIRETLS",
        }
    }

    const ALL: [Self; 11] = [
        Self::Pipelining,
        Self::Size,
        Self::EightBitMime,
        Self::SmtpUtf8,
        Self::StartTls,
        Self::Auth,
        Self::EnhancedStatusCodes,
        Self::Chunking,
        Self::Dsn,
        Self::Limits,
        Self::RequireTls,
    ];

    const fn bit(self) -> u16 {
        1_u16.wrapping_shl(self as u32)
    }
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Mechanism {
    /// PLAIN, RFC 4616.
    Plain,
    /// LOGIN, never standardised, still the only one of some servers.
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
    #[inline(never)] // One table of the names, not one in each caller.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::XOAuth2 => "XOAUTH2",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::CramMd5 => "CRAM-MD5",
            Self::ScramSha256 => "SCRAM-SHA-256",
        }
    }

    const ALL: [Self; 6] = [
        Self::Plain,
        Self::Login,
        Self::XOAuth2,
        Self::OAuthBearer,
        Self::CramMd5,
        Self::ScramSha256,
    ];

    const fn bit(self) -> u8 {
        1_u8.wrapping_shl(self as u32)
    }
}

/// What the server offered in its last answer to EHLO. Nothing before that, after HELO, and from
/// STARTTLS until the EHLO that follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Capabilities {
    extensions: u16,
    mechanisms: u8,
    /// 0: no limit known.
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
        self.extensions & extension.bit() != 0
    }

    /// Whether the SASL mechanism is offered.
    #[must_use]
    pub const fn offers_mechanism(&self, mechanism: Mechanism) -> bool {
        self.mechanisms & mechanism.bit() != 0
    }

    /// The largest message the server takes, in octets, if it gave a limit that a `u32` holds.
    #[must_use]
    pub const fn size_limit(&self) -> Option<u32> {
        positive(self.size_limit)
    }

    /// `MAILMAX`: how many MAIL commands the server takes on one connection (RFC 9422 §4.1).
    #[must_use]
    pub const fn mail_max(&self) -> Option<u32> {
        positive(self.limits.mail_max as u32)
    }

    /// `RCPTMAX`: how many RCPT commands it takes in one transaction (RFC 9422 §4.2).
    #[must_use]
    pub const fn rcpt_max(&self) -> Option<u32> {
        positive(self.limits.rcpt_max as u32)
    }

    /// `RCPTDOMAINMAX`: how many domains it takes among the recipients of all mails on one connection
    /// (RFC 9422 §4.3).
    #[must_use]
    pub const fn rcpt_domain_max(&self) -> Option<u32> {
        positive(self.limits.rcpt_domain_max as u32)
    }

    /// Whether the number of recipients of a transaction is limited.
    pub(crate) const fn limits_recipients(&self) -> bool {
        self.limits.rcpt_max != 0 || self.limits.rcpt_domain_max != 0
    }

    /// Reads a line of the answer behind its first. When `is_cut`, the end of the line is missing,
    /// and so the last word cannot be trusted.
    pub(crate) fn read_line(&mut self, line: &[u8], is_cut: bool) {
        let mut words = Words { rest: line, is_cut };
        let Some(mut keyword) = words.next() else {
            return;
        };
        // The form of drafts before RFC 4954, still sent for old clients: `AUTH=LOGIN PLAIN`.
        if let Some((auth, first)) = keyword.split_at_checked(4)
            && let [b'=', first @ ..] = first
            && is_same(auth, Extension::Auth.as_str())
        {
            self.read_argument(Extension::Auth, first);
            keyword = auth;
        }
        for &extension in &Extension::ALL {
            if is_same(keyword, extension.as_str()) {
                self.extensions |= extension.bit();
                for word in words {
                    self.read_argument(extension, word);
                }
                return;
            }
        }
    }

    #[inline(never)]
    fn read_argument(&mut self, extension: Extension, word: &[u8]) {
        match extension {
            Extension::Auth => {
                for &mechanism in &Mechanism::ALL {
                    if is_same(word, mechanism.as_str()) {
                        self.mechanisms |= mechanism.bit();
                    }
                }
            }
            // RFC 1870 §4: "0 … indicates that no fixed maximum message size is in force." The
            // smaller of two limits counts.
            Extension::Size => {
                let limit = decimal(word);
                if limit != 0 && (self.size_limit == 0 || limit < self.size_limit) {
                    self.size_limit = limit;
                }
            }
            Extension::Limits => self.limits.read(word),
            _ => {}
        }
    }
}

impl Limits {
    /// RFC 9422 §3: a limit that is not known or is malformed is ignored.
    fn read(&mut self, word: &[u8]) {
        let at = word.iter().take_while(|&&b| b != b'=').count();
        let Some((name, [_, value @ ..])) = word.split_at_checked(at) else {
            return;
        };
        let slot = if is_same(name, "MAILMAX") {
            &mut self.mail_max
        } else if is_same(name, "RCPTMAX") {
            &mut self.rcpt_max
        } else if is_same(name, "RCPTDOMAINMAX") {
            &mut self.rcpt_domain_max
        } else {
            return;
        };
        // More than a u16 holds is no limit for us; RFC 9422 §4 has at most six digits.
        if let Ok(limit @ 1..) = u16::try_from(decimal(value)) {
            *slot = limit;
        }
    }
}

/// The words of a line; the last one is left out when the line was cut.
struct Words<'a> {
    rest: &'a [u8],
    is_cut: bool,
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
        let is_whole = !(rest.is_empty() && self.is_cut);
        (!word.is_empty() && is_whole).then_some(word)
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const fn positive(number: u32) -> Option<u32> {
    if number == 0 { None } else { Some(number) }
}

/// Kept apart: the comparison is compiled once, not at each of its places.
#[inline(never)]
fn is_same(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

/// The number that these digits make; 0 where they make none that a `u32` holds.
#[inline(never)]
fn decimal(digits: &[u8]) -> u32 {
    let mut number = 0_u32;
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        let next = number
            .checked_mul(10)
            .and_then(|n| n.checked_add(u32::from(value)));
        match next {
            Some(next) if value < 10 => number = next,
            _ => return 0,
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Capabilities {
        let mut capabilities = Capabilities::default();
        for line in lines {
            capabilities.read_line(line.as_bytes(), false);
        }
        capabilities
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
        assert_eq!(
            read(&["SIZE 20", "SIZE 10", "SIZE", "SIZE 30"]).size_limit(),
            Some(10)
        );
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
    fn a_cut_line_loses_its_last_word() {
        let mut c = Capabilities::default();
        c.read_line(b"AUTH LOGIN PLAIN", true);
        assert!(c.offers_mechanism(Mechanism::Login));
        assert!(!c.offers_mechanism(Mechanism::Plain));
        c.read_line(b"STARTTLS", true);
        assert!(!c.offers(Extension::StartTls));
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
