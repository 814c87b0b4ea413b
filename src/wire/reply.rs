//! Replies: `CODE[-| ]text CRLF` (RFC 5321 §4.2) and enhanced status codes (RFC 2034, RFC 3463).
//!
//! This file reads one line at a time. It does not know which command a reply answers, or where one
//! reply ends and the next begins; `session/replies.rs` does.

use core::fmt;

/// The reply codes that RFC 5321 lets a server send.
const CODES: core::ops::RangeInclusive<u16> = 200..=599;

/// A reply as the server gave it.
///
/// The texts of several lines are joined by line feeds. Enhanced status codes are removed from the
/// texts. Text that did not fit the client's buffer is missing at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    pub(crate) head: ReplyHead,
    pub(crate) text: &'a [u8],
}

impl<'a> Reply<'a> {
    /// The reply code, 200 to 599.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.head.code
    }

    /// The enhanced status code, if the server sent one whose class agrees with the reply code.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedStatusCode> {
        self.head.enhanced()
    }

    /// The text, byte for byte as the server sent it. Every line may hold any byte but LF, so
    /// escape the text before it reaches a terminal ([`fmt::Display`] of this type does).
    #[must_use]
    pub const fn text(&self) -> &'a [u8] {
        self.text
    }
}

/// Code, enhanced code and text on one line, control characters escaped.
impl fmt::Display for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.head.code)?;
        if let Some(enhanced) = self.head.enhanced() {
            write!(f, " {enhanced}")?;
        }
        if !self.text.is_empty() {
            f.write_str(" ")?;
        }
        for chunk in self.text.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\n' => f.write_str(" ")?,
                    c if c.is_control() => write!(f, "{}", c.escape_default())?,
                    c => fmt::Write::write_char(f, c)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Code, enhanced code and text, all bytes but printable ASCII escaped.
#[cfg(feature = "defmt")]
impl defmt::Format for Reply<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (code, text) = (self.head.code, self.text);
        match self.head.enhanced() {
            Some(EnhancedStatusCode {
                class,
                subject,
                detail,
            }) => defmt::write!(
                f,
                "{=u16} {=u8}.{=u16}.{=u16} {=[u8]:a}",
                code,
                class,
                subject,
                detail,
                text
            ),
            None => defmt::write!(f, "{=u16} {=[u8]:a}", code, text),
        }
    }
}

/// A reply without its text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplyHead {
    pub(crate) code: u16,
    /// Of class 0 where the reply has none, which takes two bytes less than an `Option`.
    status: EnhancedStatusCode,
}

impl ReplyHead {
    pub(crate) const fn new(code: u16, enhanced: Option<EnhancedStatusCode>) -> Self {
        Self {
            code,
            status: match enhanced {
                Some(status) => status,
                None => EnhancedStatusCode::NONE,
            },
        }
    }

    /// The subject and the detail of the enhanced status code; 0 and 0 where there is none.
    pub(crate) const fn about(self) -> (u16, u16) {
        (self.status.subject, self.status.detail)
    }

    pub(crate) const fn enhanced(self) -> Option<EnhancedStatusCode> {
        if self.status.class == 0 {
            None
        } else {
            Some(self.status)
        }
    }
}

impl Default for ReplyHead {
    fn default() -> Self {
        Self::new(0, None)
    }
}

impl fmt::Debug for ReplyHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyHead")
            .field("code", &self.code)
            .field("enhanced", &self.enhanced())
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ReplyHead {
    fn format(&self, f: defmt::Formatter<'_>) {
        let enhanced = self.enhanced();
        defmt::write!(
            f,
            "ReplyHead {{ code: {}, enhanced: {} }}",
            self.code,
            enhanced
        );
    }
}

/// An enhanced status code, `class.subject.detail` (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EnhancedStatusCode {
    /// 2 success, 4 temporary, 5 permanent failure.
    pub class: u8,
    /// The subject: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7
    /// security or policy. Up to three digits.
    pub subject: u16,
    /// The detail within the subject. Up to three digits.
    pub detail: u16,
}

impl EnhancedStatusCode {
    /// No code.
    const NONE: Self = Self {
        class: 0,
        subject: 0,
        detail: 0,
    };
}

impl fmt::Display for EnhancedStatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// One line of a reply without its line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplyLine<'a> {
    pub(crate) head: ReplyHead,
    /// No further line belongs to this reply.
    pub(crate) is_last: bool,
    pub(crate) text: &'a [u8],
}

impl<'a> ReplyLine<'a> {
    /// Reads a line without its line end; `None` when it breaks the grammar.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let mut rest = line;
        // Three digits: fewer do not make such a number, and no more are read.
        let code = number(&mut rest).filter(|code| CODES.contains(code))?;
        // RFC 5321 §4.2: a client "SHOULD … be prepared for" a code with no text and no blank.
        let (is_last, text) = match rest {
            [] => (true, rest),
            [b' ', text @ ..] => (true, text),
            [b'-', text @ ..] => (false, text),
            _ => return None,
        };
        // RFC 2034 §4: the class must agree with the first digit of the reply code.
        let (enhanced, text) = match split_enhanced(text) {
            Some((enhanced, after)) if u16::from(enhanced.class) == code / 100 => {
                (Some(enhanced), after)
            }
            _ => (None, text),
        };
        Some(Self {
            head: ReplyHead::new(code, enhanced),
            is_last,
            text,
        })
    }
}

/// Takes one to three digits off a text, and returns their number.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "three digits make 999 at most"
)]
fn number(text: &mut &[u8]) -> Option<u16> {
    let mut number = None;
    for _ in 0..3 {
        let [digit @ b'0'..=b'9', rest @ ..] = *text else {
            break;
        };
        let value = u16::from(*digit - b'0');
        number = Some(number.unwrap_or(0_u16) * 10 + value);
        *text = rest;
    }
    number
}

/// Takes this byte off a text, and returns whether the text began with it.
#[inline(never)]
fn take(text: &mut &[u8], byte: u8) -> bool {
    match *text {
        [first, rest @ ..] if *first == byte => {
            *text = rest;
            true
        }
        _ => false,
    }
}

/// Takes `2.1.5` and the blank after it off a text. Some servers write `2.1.5:`, `#2.1.5` or
/// `(#2.1.5)`.
#[expect(clippy::arithmetic_side_effects, reason = "a digit is `0` at least")]
fn split_enhanced(text: &[u8]) -> Option<(EnhancedStatusCode, &[u8])> {
    let mut rest = text;
    let is_bracketed = take(&mut rest, b'(');
    if !take(&mut rest, b'#') && is_bracketed {
        return None;
    }
    let [class @ (b'2' | b'4' | b'5'), b'.', tail @ ..] = rest else {
        return None;
    };
    rest = tail;
    let subject = number(&mut rest)?;
    if !take(&mut rest, b'.') {
        return None;
    }
    let detail = number(&mut rest)?;
    if !take(&mut rest, if is_bracketed { b')' } else { b':' }) && is_bracketed {
        return None;
    }
    if !take(&mut rest, b' ') && !rest.is_empty() {
        return None;
    }
    let class = class - b'0';
    Some((
        EnhancedStatusCode {
            class,
            subject,
            detail,
        },
        rest,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_servers_write_them() {
        let line = ReplyLine::parse(b"250-2.1.5 Ok").unwrap();
        assert_eq!(line.head.code, 250);
        assert_eq!(
            line.head.enhanced(),
            Some(EnhancedStatusCode {
                class: 2,
                subject: 1,
                detail: 5
            })
        );
        assert!(!line.is_last);
        assert_eq!(line.text, b"Ok");
        assert_eq!(ReplyLine::parse(b"250").unwrap().text, b"");
        assert!(ReplyLine::parse(b"250").unwrap().is_last);
        assert_eq!(ReplyLine::parse(b"550 5.1.1").unwrap().text, b"");
        assert_eq!(
            ReplyLine::parse(b"354 \x00\xff\r").unwrap().text,
            b"\x00\xff\r"
        );
    }

    #[test]
    fn an_enhanced_code_must_be_well_formed_and_of_the_class_of_the_code() {
        for text in [
            "250 5.1.1 x",
            "250 2.1 x",
            "250 2.1.5x",
            "250 2..5 x",
            "250 2.1234.5 x",
            "250 2.1.5:x",
            "250 2.1.5:: x",
            "250 2.1.5) x",
            "250 #5.1.5 x",
            "250 ##2.1.5 x",
            "250 # 2.1.5 x",
            "250 #2.1.5) x",
            "250 (2.1.5) x",
            "250 (#2.1.5 x",
            "250 (#2.1.5: x",
            "250 (#2.1.5)x",
            "250 (#2.1.5): x",
            "250 (#5.1.5) x",
            "250 (#",
            "250 (",
            "250 #",
            "250 #2.1.5:x",
        ] {
            let line = ReplyLine::parse(text.as_bytes()).unwrap();
            assert_eq!(line.head.enhanced(), None, "{text}");
            assert_eq!(line.text, &text.as_bytes()[4..], "{text}");
        }
    }

    #[test]
    fn an_enhanced_code_is_also_read_with_a_colon_a_hash_or_in_brackets() {
        for form in ["5.7.1", "5.7.1:", "#5.7.1", "#5.7.1:", "(#5.7.1)"] {
            for (after, text) in [("", ""), (" ", ""), (" a b", "a b"), ("  a", " a")] {
                let line = std::format!("550 {form}{after}");
                let line = ReplyLine::parse(line.as_bytes()).unwrap();
                let enhanced = line.head.enhanced().unwrap();
                assert_eq!(std::format!("{enhanced}"), "5.7.1", "{form}");
                assert_eq!(line.text, text.as_bytes(), "{form}");
            }
        }
    }

    #[test]
    fn lines_that_break_the_grammar() {
        for line in [
            "",
            "2",
            "25",
            "25 ok",
            "250x",
            "199 a",
            "600 a",
            "2 50",
            " 250",
            "25\u{b2} x",
            "+20 x",
        ] {
            assert_eq!(ReplyLine::parse(line.as_bytes()), None, "{line}");
        }
    }
}
