//! UTF-8 (RFC 3629 §4), one byte after the other: so a text can be checked when it is given, and one
//! from a source while it is sent.

use crate::wire::scan::skip_printable;

/// The bytes that may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Next {
    /// The first byte of a character.
    #[default]
    Character,
    /// One more byte of a character, or two or three.
    One,
    Two,
    Three,
    /// The second byte after a first one that allows no overlong form, surrogate, or number beyond
    /// U+10FFFF.
    AfterE0,
    AfterEd,
    AfterF0,
    AfterF4,
    /// Any: this is not looked at.
    Any,
}

impl Next {
    /// What may come after `byte`; `None` if that may not come.
    pub(super) const fn after(self, byte: u8) -> Option<Self> {
        let (low, high, next) = match self {
            Self::Any => return Some(self),
            Self::Character => {
                return Some(match byte {
                    0..=0x7f => self,
                    0xc2..=0xdf => Self::One,
                    0xe0 => Self::AfterE0,
                    0xed => Self::AfterEd,
                    0xe1..=0xef => Self::Two,
                    0xf0 => Self::AfterF0,
                    0xf1..=0xf3 => Self::Three,
                    0xf4 => Self::AfterF4,
                    _ => return None,
                });
            }
            Self::One => (0x80, 0xbf, Self::Character),
            Self::Two => (0x80, 0xbf, Self::One),
            Self::Three => (0x80, 0xbf, Self::Two),
            Self::AfterE0 => (0xa0, 0xbf, Self::One),
            Self::AfterEd => (0x80, 0x9f, Self::One),
            Self::AfterF0 => (0x90, 0xbf, Self::Two),
            Self::AfterF4 => (0x80, 0x8f, Self::Two),
        };
        if low <= byte && byte <= high {
            Some(next)
        } else {
            None
        }
    }

    /// Whether a text may end here.
    pub(super) const fn may_end(self) -> bool {
        matches!(self, Self::Character | Self::Any)
    }
}

/// Whether `text` holds a character outside ASCII, and is UTF-8.
#[inline(never)] // One copy, in flash as in the source.
pub(in crate::message) const fn is_beyond_ascii(text: &[u8]) -> bool {
    let mut next = Next::Character;
    let mut is_ascii = true;
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if byte.is_ascii() && matches!(next, Next::Character) {
            rest = skip_printable(rest);
            continue;
        }
        is_ascii = false;
        next = match next.after(*byte) {
            Some(next) => next,
            None => return false,
        };
    }
    next.may_end() && !is_ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_library_agrees() {
        let edges = [
            0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
            0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
        ];
        let mut text = [0; 4];
        for a in edges {
            for b in edges {
                for c in edges {
                    for d in edges {
                        text = [a, b, c, d];
                        for len in 0..=4 {
                            let text = &text[..len];
                            let expected = str::from_utf8(text).is_ok_and(|text| !text.is_ascii());
                            assert_eq!(is_beyond_ascii(text), expected, "{text:x?}");
                        }
                    }
                }
            }
        }
        assert_eq!(text, [0xff; 4]);
    }
}
