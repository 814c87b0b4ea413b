//! The rules for bytes that are sent as they are, one byte after the other: so a content can be
//! checked when it is given, and one from a source while it is sent.

use super::utf8::Next;
use crate::message::fault::ContentFaultKind;

/// Bytes in a line as it is: RFC 5322 §2.1.1.
pub(in crate::message) const LINE: usize = 998;

/// The bytes that a ready-made message holds, beside line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Octets {
    /// ASCII.
    SevenBit,
    /// Bytes above 0x7F too, but not in the header: the server must offer 8BITMIME.
    EightBit,
    /// Bytes above 0x7F in the header too, as UTF-8 (RFC 6532 §3.1): the server must offer SMTPUTF8
    /// and 8BITMIME.
    Utf8,
}

/// Where in its lines a content stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::message) struct Lines {
    /// Bytes in the line so far.
    pub(in crate::message) column: u16,
    /// The last byte was a CR.
    pub(in crate::message) is_after_cr: bool,
    /// The bytes that may come next: any after the empty line that ends the header.
    next: Next,
}

impl Lines {
    pub(in crate::message) const START: Self = Self {
        column: 0,
        is_after_cr: false,
        next: Next::Character,
    };

    /// What is wrong with the next byte.
    #[inline]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the column counts up to LINE"
    )]
    pub(in crate::message) const fn check(
        &mut self,
        byte: u8,
        octets: Octets,
    ) -> Option<ContentFaultKind> {
        if self.is_after_cr {
            self.is_after_cr = false;
            if byte != b'\n' {
                return Some(ContentFaultKind::BareCr);
            }
            if self.column == 0 {
                self.next = Next::Any;
            }
            self.column = 0;
            return None;
        }
        let is_allowed = match octets {
            Octets::SevenBit => false,
            Octets::EightBit => self.is_in_body(),
            Octets::Utf8 => true,
        };
        if !byte.is_ascii() && !is_allowed {
            return Some(ContentFaultKind::EightBit);
        }
        // RFC 6532 §3.1: what is not ASCII in a header is UTF-8.
        self.next = match self.next.after(byte) {
            Some(next) => next,
            None => return Some(ContentFaultKind::NotUtf8),
        };
        match byte {
            b'\r' => {
                self.is_after_cr = true;
                return None;
            }
            b'\n' => return Some(ContentFaultKind::BareLf),
            0 => return Some(ContentFaultKind::Nul),
            _ => {}
        }
        if self.column as usize >= LINE {
            return Some(ContentFaultKind::LineTooLong);
        }
        self.column += 1;
        None
    }

    /// What is wrong with an end here.
    pub(in crate::message) const fn end(self) -> Option<ContentFaultKind> {
        if self.is_after_cr {
            Some(ContentFaultKind::BareCr)
        } else if !self.next.may_end() {
            Some(ContentFaultKind::NotUtf8)
        } else {
            None
        }
    }

    /// Whether the empty line after the header was seen.
    const fn is_in_body(self) -> bool {
        matches!(self.next, Next::Any)
    }
}

/// The bytes that a whole content holds, or what is wrong with it if these are all that it may hold.
#[inline(never)] // One copy, in flash as in the source.
pub(in crate::message) const fn find(
    content: &[u8],
    allowed: Octets,
) -> Result<Octets, ContentFaultKind> {
    let mut lines = Lines::START;
    let mut found = Octets::SevenBit;
    let mut rest = content;
    while let [byte, tail @ ..] = rest {
        if !byte.is_ascii() && !matches!(found, Octets::Utf8) {
            found = if lines.is_in_body() {
                Octets::EightBit
            } else {
                Octets::Utf8
            };
        }
        if let Some(kind) = lines.check(*byte, allowed) {
            return Err(kind);
        }
        rest = tail;
    }
    match lines.end() {
        Some(kind) => Err(kind),
        None => Ok(found),
    }
}
