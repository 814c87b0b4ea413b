//! Folding: where a line of a header breaks (RFC 5322 §2.2.3). The rule of every field:
//!
//! - A line breaks at a blank that stands alone between two words. Many readers drop all but one blank
//!   of a run that a line breaks at.
//! - It breaks where the next word would pass 78 characters, or 76 after an encoded word.
//! - Before a field's first word it breaks only where that word would pass 998: some readers lose an
//!   identifier, or the value, after a line that holds nothing but the field's name.
//! - A word is never divided. So a line of one word may pass 78, and [`fits`] says whether 998 holds.
//!
//! What decides is pure and `const`; only the methods with a [`Writer`] write.
//!
//! This file does not know any field.

use super::scan;
use super::writer::Writer;

/// The characters of a header line where it can be folded. RFC 5322 §2.1.1: "Each line of characters
/// MUST be no more than 998 characters, and SHOULD be no more than 78 characters, excluding the CRLF."
pub(crate) const LINE: usize = 78;

/// The characters of a line that holds an encoded word. RFC 2047 §2: "each line of a header field
/// that contains one or more 'encoded-word's is limited to 76 characters."
pub(crate) const ENCODED_LINE: usize = 76;

/// The bytes of every line (RFC 5322 §2.1.1).
const LINE_MAX: usize = 998;

/// The bytes of a word that a line holds after its first blank.
pub(crate) const WORD_MAX: usize = LINE_MAX - 1;

/// The bytes of a word in quotes, or in angle brackets.
pub(crate) const QUOTED_MAX: usize = WORD_MAX - 2;

/// The line of a header that is being written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// The bytes in it.
    column: usize,
    /// The bytes that it has at most if it can be broken before the next word.
    limit: usize,
}

impl Line {
    /// A line of `column` bytes before the field's first word: the field's name and its colon, or
    /// none where the field goes on.
    pub(crate) const fn new(column: usize) -> Self {
        Self {
            column,
            limit: LINE_MAX,
        }
    }

    /// A line of `column` bytes, the last of them an encoded word.
    pub(crate) const fn encoded(column: usize) -> Self {
        Self {
            column,
            limit: ENCODED_LINE,
        }
    }

    /// Whether it breaks before a word of `width` bytes.
    pub(crate) const fn breaks(self, width: usize) -> bool {
        match self.limit.checked_sub(self.column) {
            Some(room) => room <= width,
            None => true,
        }
    }

    /// Whether it breaks before a word of `width` bytes, and the line that ends with the word, after a
    /// blank.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the words of a line are parts of one text, whose bytes a usize counts twice"
    )]
    pub(crate) const fn with(self, width: usize) -> (bool, Self) {
        let breaks = self.breaks(width);
        let before = if breaks { 0 } else { self.column };
        let line = Self {
            column: before + 1 + width,
            limit: LINE,
        };
        (breaks, line)
    }

    /// Writes the blank before a word of `width` bytes, in a new line where it breaks.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))] // One copy in flash.
    pub(crate) fn blank(&mut self, width: usize, w: &mut Writer<'_>) {
        let (breaks, line) = self.with(width);
        if breaks {
            w.crlf();
        }
        w.byte(b' ');
        *self = line;
    }

    /// Writes the words of a text that [`fits`] in `quotes`, which stand at both ends.
    pub(crate) fn words(&mut self, text: &[u8], quotes: &str, w: &mut Writer<'_>) {
        let mut opening = quotes;
        let mut rest = text;
        while !rest.is_empty() {
            let line = Self {
                limit: LINE,
                ..*self
            };
            // Most texts fit as a whole, and need not be searched for blanks.
            let (word, tail) = if line.breaks(quoted_len(rest.len(), opening, quotes)) {
                split(rest, !quotes.is_empty())
            } else {
                (rest, &[][..])
            };
            let closing = if tail.is_empty() { quotes } else { "" };
            self.blank(quoted_len(word.len(), opening, closing), w);
            w.str(opening);
            w.bytes(word);
            w.str(closing);
            opening = "";
            rest = tail;
        }
    }

    /// Writes a word in angle brackets, with room for `after` bytes after it.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))] // One copy in flash.
    pub(crate) fn in_brackets(&mut self, word: &str, after: &str, w: &mut Writer<'_>) {
        self.blank(quoted_len(word.len(), "<>", after), w);
        w.byte(b'<');
        w.str(word);
        w.byte(b'>');
    }
}

/// The bytes of a word and of what stands around it.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a slice has at most isize::MAX bytes, and what stands around it has a few"
)]
const fn quoted_len(word: usize, opening: &str, closing: &str) -> usize {
    word + opening.len() + closing.len()
}

/// The first word of a text, and the text after the blank that ends it; nothing at the text's end.
/// Blanks where no line breaks are part of a word: runs of them, those at the text's edges, and in a
/// text that stands in quotes one with a backslash before it.
pub(crate) const fn split(text: &[u8], is_quoted: bool) -> (&[u8], &[u8]) {
    let mut may_break = false;
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        if may_break
            && *byte == b' '
            && !matches!(tail, [] | [b' ' | b'\t', ..])
            && let Some((word, _)) = text.split_at_checked(scan::start_of(rest, text))
        {
            return (word, tail);
        }
        (may_break, rest) = match rest {
            [b'\\', next, tail @ ..] if is_quoted => (!is_blank(*next), tail),
            _ => (!is_blank(*byte), tail),
        };
    }
    (text, &[])
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether no line of a text passes 998 bytes, quotes around it included.
pub(crate) const fn fits(text: &[u8], is_quoted: bool) -> bool {
    let max = if is_quoted { QUOTED_MAX } else { WORD_MAX };
    let mut rest = text;
    while !rest.is_empty() {
        let (word, tail) = split(rest, is_quoted);
        if word.len() > max {
            return false;
        }
        rest = tail;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    fn words(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let (word, tail) = split(rest, false);
            words.push(str::from_utf8(word).unwrap());
            rest = tail;
        }
        words
    }

    #[test]
    fn a_word_ends_at_a_blank_that_stands_alone() {
        assert_eq!(words(""), [""; 0]);
        assert_eq!(words("a"), ["a"]);
        assert_eq!(words("a b c"), ["a", "b", "c"]);
        assert_eq!(words(" a  b c "), [" a  b", "c "]);
        assert_eq!(words("a\t b \tc d"), ["a\t b \tc", "d"]);
        assert_eq!(words("a\\ b"), ["a\\", "b"]);
        let quoted = |text: &'static str| split(text.as_bytes(), true).0;
        assert_eq!(quoted("a\\ b c"), b"a\\ b");
        assert_eq!(quoted("a\\\\ b"), b"a\\\\");
        assert_eq!(quoted("a \\ b c"), b"a");
        assert_eq!(quoted("a\\  b"), b"a\\  b");
        assert_eq!(quoted("a\\"), b"a\\");
        assert_eq!(words("   "), ["   "]);
    }

    fn written(name: &str, text: &str, quotes: &str) -> String {
        let mut out = [0; 4_000];
        let mut w = Writer::new(&mut out, 0);
        w.str(name);
        Line::new(name.len()).words(text.as_bytes(), quotes, &mut w);
        let len = w.len();
        String::from_utf8(out[..len].to_vec()).unwrap()
    }

    #[test]
    fn a_line_breaks_where_the_next_word_would_pass_78() {
        let a = |len: usize| "a".repeat(len);
        for (len, folds) in [(70, false), (71, false), (72, true)] {
            let text = std::format!("b{} c", a(len - 3));
            let expected = if folds { "\r\n c" } else { " c" };
            assert!(written("Field:", &text, "").ends_with(expected), "{len}");
            let text = std::format!("b{} c", a(len - 5));
            let expected = if folds { "\r\n c\"" } else { " c\"" };
            assert!(written("Field:", &text, "\"").ends_with(expected), "{len}");
        }
    }

    #[test]
    fn a_line_breaks_before_the_first_word_only_at_998() {
        let a = |len: usize| "a".repeat(len);
        assert_eq!(written("F:", &a(995), ""), std::format!("F: {}", a(995)));
        assert_eq!(
            written("F:", &a(996), ""),
            std::format!("F:\r\n {}", a(996))
        );
        assert!(fits(a(997).as_bytes(), false) && !fits(a(998).as_bytes(), false));
        assert!(fits(a(995).as_bytes(), true) && !fits(a(996).as_bytes(), true));
    }
}
