//! The rules for octets that are sent as they are, one octet after the other: so a content can be
//! checked when it is given, and one from a source while it is sent.

use super::content::LINE;
use super::fault::ContentFaultKind;

/// Which octets a ready-made message holds, beside line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Octets {
    /// ASCII.
    SevenBit,
    /// Octets above 0x7F too, but not in the header: the server must offer 8BITMIME.
    EightBit,
    /// Octets above 0x7F in the header too, as UTF-8: the server must offer SMTPUTF8.
    Utf8,
}

/// Where in its lines a content stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lines {
    /// Octets in the line so far.
    pub(super) column: u16,
    /// The last octet was a CR.
    pub(super) is_after_cr: bool,
    /// The empty line behind the header was seen.
    is_in_body: bool,
}

impl Lines {
    /// What is wrong with the next octet.
    #[inline]
    pub(super) const fn check(&mut self, byte: u8, octets: Octets) -> Option<ContentFaultKind> {
        if self.is_after_cr {
            self.is_after_cr = false;
            if byte != b'\n' {
                return Some(ContentFaultKind::BareCr);
            }
            self.is_in_body |= self.column == 0;
            self.column = 0;
            return None;
        }
        match byte {
            b'\r' => {
                self.is_after_cr = true;
                return None;
            }
            b'\n' => return Some(ContentFaultKind::BareLf),
            0 => return Some(ContentFaultKind::Nul),
            0x80.. => match octets {
                Octets::Utf8 => {}
                Octets::EightBit if self.is_in_body => {}
                _ => return Some(ContentFaultKind::EightBit),
            },
            _ => {}
        }
        if self.column as usize >= LINE {
            return Some(ContentFaultKind::LineTooLong);
        }
        self.column = self.column.wrapping_add(1);
        None
    }

    /// What is wrong with an end here.
    pub(super) const fn end(self) -> Option<ContentFaultKind> {
        if self.is_after_cr {
            Some(ContentFaultKind::BareCr)
        } else {
            None
        }
    }
}

/// What is wrong with a whole content, if `octets` is what it may hold.
#[inline(never)] // One copy, in flash as in the source.
pub(super) const fn fault(content: &[u8], octets: Octets) -> Option<ContentFaultKind> {
    let mut lines = Lines {
        column: 0,
        is_after_cr: false,
        is_in_body: false,
    };
    let mut rest = content;
    while let [byte, tail @ ..] = rest {
        let fault = lines.check(*byte, octets);
        if fault.is_some() {
            return fault;
        }
        rest = tail;
    }
    lines.end()
}
