//! The scanner of all addresses: finds the parts of a text, and checks their characters.
//!
//! - It works on bytes and never indexes: a part that is not there is empty.
//! - Everything is `const`, without recursion, so that the compiler checks a literal and a walk
//!   through a list is one loop over bytes.
//! - Finding a part and checking it are separate. A checked text is cut by the functions that cut
//!   it when it was checked, so both always see the same parts.
//!
//! This file does not know which limit holds for which value, or what the value is used for.

use crate::Reason;

/// The end of the first mailbox of a list and the positions of its angle brackets. Nothing is
/// checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    /// The first `<` outside quotes.
    pub(crate) open: Option<usize>,
    /// The first `>` outside quotes.
    pub(crate) close: Option<usize>,
    /// The separator after the mailbox, or the end of the text.
    pub(crate) end: usize,
    /// A quoted string goes on to the end of the text.
    pub(crate) open_quote: bool,
}

/// Finds the first item of a list: everything up to a `,` or `;` outside quotes and angle brackets.
pub(crate) const fn first_item(text: &[u8]) -> Item {
    let mut item = Item {
        open: None,
        close: None,
        end: text.len(),
        open_quote: false,
    };
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        // Most bytes have no meaning here: letters, then digits and dots.
        if *byte > b'>' || !matches!(*byte, b'"' | b'<' | b'>' | b',' | b';') {
            rest = tail;
            continue;
        }
        let at = start_of(rest, text);
        rest = tail;
        match *byte {
            b'"' => match after_quoted(tail) {
                Some(after) => rest = after,
                None => {
                    item.open_quote = true;
                    return item;
                }
            },
            b'<' if item.open.is_none() => item.open = Some(at),
            b'>' if item.close.is_none() => item.close = Some(at),
            b',' | b';' if item.open.is_none() || item.close.is_some() => {
                item.end = at;
                return item;
            }
            _ => {}
        }
    }
    item
}

/// The text after a quoted string, given the text after its first quote; `None` when it does not
/// end.
pub(crate) const fn after_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        match rest {
            [b'"', tail @ ..] => return Some(tail),
            // quoted-pair: the byte after the backslash has no meaning of its own. In a UTF-8
            // character it is the first byte, and the others are never a quote.
            [b'\\', _, tail @ ..] | [_, tail @ ..] => rest = tail,
            [] => return None,
        }
    }
}

/// Whether the text holds a byte below 0x20, DEL, or a character that a careless reader takes for
/// one or for a line end: a C1 control (such as U+0085), U+2028, U+2029 or U+FEFF.
pub(crate) const fn has_control(mut rest: &[u8]) -> bool {
    loop {
        match rest {
            [b' '..=b'~', tail @ ..] => rest = skip_printable(tail),
            [0..=0x1F | 0x7F, ..]
            | [0xC2, 0x80..=0x9F, ..]
            | [0xE2, 0x80, 0xA8 | 0xA9, ..]
            | [0xEF, 0xBB, 0xBF, ..] => return true,
            [_, tail @ ..] => rest = tail,
            [] => return false,
        }
    }
}

/// The text after the printable ASCII bytes, blanks included, that `rest` begins with. Up to three
/// of them may be left.
pub(crate) const fn skip_printable(mut rest: &[u8]) -> &[u8] {
    // Four at a time, since every text is searched for bytes that are not printable.
    while let [a, b, c, d, tail @ ..] = rest {
        let word = u32::from_le_bytes([*a, *b, *c, *d]);
        // One more makes 0x80 of 0x7F, and a high bit that is set stays. Only a byte that is found
        // anyway carries into the next, so the sum may wrap.
        let above = (word | word.wrapping_add(0x0101_0101)) & 0x8080_8080;
        // 0x20 to 0x7F have bit 5 or bit 6; both are brought to bit 6.
        let below = !(word | word << 1) & 0x4040_4040;
        if above | below != 0 {
            break;
        }
        rest = tail;
    }
    rest
}

/// Whether every byte is ASCII.
pub(crate) const fn is_ascii(mut rest: &[u8]) -> bool {
    while let [byte, tail @ ..] = rest {
        if !byte.is_ascii() {
            return false;
        }
        rest = tail;
    }
    true
}

/// The characters that a text of parts and dots may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dotted {
    /// `Dot-string` of RFC 5321 §4.1.2, with the UTF-8 of RFC 6531 §3.3.
    LocalPart,
    /// `Domain` of RFC 5321 §4.1.2, with the U-labels of RFC 6531 §3.3.
    Domain,
}

/// Checks parts that are separated by single dots.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "`characters` counts some of the text's bytes, at most isize::MAX"
)]
pub(crate) const fn dotted_fault(text: &[u8], kind: Dotted) -> Option<Reason> {
    let domain = matches!(kind, Dotted::Domain);
    let mut rest = text;
    let mut previous = b'.';
    let mut characters = 0_usize;
    loop {
        let (byte, tail) = match rest {
            [byte, tail @ ..] => (*byte, Some(tail)),
            // The end closes a part as a dot does.
            [] => (b'.', None),
        };
        match byte {
            b'a'..=b'z' if characters < LABEL_MAX => characters += 1,
            // RFC 5321 §4.1.2: "sub-domain = Let-dig [Ldh-str]", "Ldh-str = *( ALPHA / DIGIT /
            // "-" ) Let-dig": no label is empty, begins or ends with a hyphen.
            b'.' if previous == b'.' || (domain && previous == b'-') => {
                return Some(Reason::Syntax);
            }
            b'-' if domain && previous == b'.' => return Some(Reason::Syntax),
            b'.' => characters = 0,
            // RFC 5890 §4.2: a U-label can have more bytes than its A-label's 63, but never more
            // characters. So the bytes that continue a character do not count.
            0x80..=0xBF => {}
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | 0xC0.. => {
                characters += 1;
                if domain && characters > LABEL_MAX {
                    return Some(Reason::TooLong);
                }
            }
            // The other characters of atext, RFC 5322 §3.2.3.
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~'
                if !domain => {}
            _ => return Some(Reason::Character),
        }
        previous = byte;
        rest = match tail {
            Some(tail) => tail,
            None => return None,
        };
    }
}

/// The position in `text` at which `end`, the text's end, begins.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an end of the text is not longer than the text"
)]
pub(crate) const fn start_of(end: &[u8], text: &[u8]) -> usize {
    text.len() - end.len()
}

/// The text before `end`, the text's end.
pub(crate) const fn before<'t>(end: &[u8], text: &'t [u8]) -> &'t [u8] {
    match text.split_at_checked(start_of(end, text)) {
        Some((text, _)) => text,
        None => text,
    }
}

/// The position after a byte of a text.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a byte of a text is at less than isize::MAX"
)]
pub(crate) const fn after(position: usize) -> usize {
    position + 1
}

/// The text between its first and its last byte, which must both be ASCII characters.
pub(crate) const fn inside(text: &str) -> &str {
    match text.as_bytes() {
        [_, inner @ .., _] => part(text, 1, after(inner.len())),
        _ => "",
    }
}

/// The position of the first such byte.
pub(crate) const fn find(text: &[u8], wanted: u8) -> Option<usize> {
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        if *byte == wanted {
            return Some(start_of(rest, text));
        }
        rest = tail;
    }
    None
}

/// The bytes `from..to` of the text; empty when they are not there.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))] // One copy in flash.
pub(crate) const fn part(text: &str, from: usize, to: usize) -> &str {
    if let Some((head, _)) = text.split_at_checked(to)
        && let Some((_, part)) = head.split_at_checked(from)
    {
        return part;
    }
    ""
}

/// [`part`] without the blanks at its edges.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))] // One copy in flash.
pub(crate) const fn trimmed(text: &str, from: usize, to: usize) -> &str {
    part(text, from, to).trim_ascii()
}

/// The longest label, in bytes. RFC 1035 §2.3.4: "labels 63 octets or less".
const LABEL_MAX: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_ends_at_a_separator_outside_quotes_and_brackets() {
        for (text, end) in [
            ("a;b", 1),
            ("a,b", 1),
            (";", 0),
            ("", 0),
            ("\"a;b\";c", 5),
            ("\"a\\\";b\";c", 7),
            ("<a;b>;c", 5),
            ("\"\u{e9}\\\u{e9};\"@x;c", 10),
            ("\"a;b", 4),
            ("<a;b", 4),
        ] {
            assert_eq!(first_item(text.as_bytes()).end, end, "{text}");
        }
    }

    #[test]
    fn only_printable_bytes_are_skipped() {
        for byte in 0..=255 {
            for at in 0..4 {
                let mut text = *b"abcd~ xyz";
                text[at] = byte;
                let skipped = matches!(byte, b' '..=b'~');
                let expected: &[u8] = if skipped { b"z" } else { &text };
                assert_eq!(skip_printable(&text), expected, "{byte} {at}");
            }
        }
    }

    #[test]
    fn a_part_that_is_not_there_is_empty() {
        assert_eq!(part("a\u{e9}b", 1, 3), "\u{e9}");
        assert_eq!(part("a\u{e9}b", 1, 2), "");
        assert_eq!(part("ab", 1, 9), "");
        assert_eq!(part("ab", 2, 1), "");
    }
}
