//! Quoted-printable (RFC 2045 §6.7), one output line at a time.
//!
//! Every line can begin a line of a mail: a dot and `From ` are protected, and a boundary that
//! holds `=_` cannot occur.

use super::scan::before;
use super::writer::Writer;

/// The most characters in a line without its soft line break. RFC 2045 §6.7 (5) allows 76 with it.
pub(crate) const LINE: usize = 75;

/// Writes the output line that `text` begins with, with its line end: in quoted-printable, or as it
/// is. Returns the text after it, which is empty after the last line.
///
/// CR, LF and CRLF each end a line; the last line gets a line end if it has none.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "`column` is at most LINE where it grows by at most 3"
)]
pub(crate) fn line<'t>(text: &'t [u8], is_quoted: bool, w: &mut Writer<'_>) -> &'t [u8] {
    let mut rest = text;
    // The text from its bytes that need no escape, and are written together, on.
    let mut literals = text;
    let mut column = 0_usize;
    while let [byte, tail @ ..] = rest
        && !is_line_end(*byte)
    {
        if is_quoted {
            let literal = is_literal(rest, column);
            column += width(literal);
            if column > LINE {
                w.bytes(before(rest, literals));
                w.str("=\r\n");
                return rest;
            }
            if !literal {
                w.bytes(before(rest, literals));
                escape(*byte, w);
                literals = tail;
            }
        }
        rest = tail;
    }
    w.bytes(before(rest, literals));
    w.crlf();
    after_line_end(rest)
}

/// Whether the first byte of `rest`, which ends no line, needs no escape after `column` characters
/// of its line. Only one byte after it matters, so a source needs to give no more.
pub(crate) const fn is_literal(rest: &[u8], column: usize) -> bool {
    match rest {
        // RFC 2045 §6.7 (3): blanks "MUST NOT be so represented at the end of an encoded line".
        [b' ' | b'\t', next, ..] => !is_line_end(*next),
        // A dot that begins a line would have to be doubled; some mail stores put a `>` before
        // `From `.
        [b'.' | b'F', ..] => column > 0,
        [b'=', ..] => false,
        [0x21..=0x7e, ..] => true,
        _ => false,
    }
}

/// The number of characters that a byte takes.
pub(crate) const fn width(literal: bool) -> usize {
    if literal { 1 } else { 3 }
}

/// Writes `byte` as `=XX`.
pub(crate) const fn escape(byte: u8, w: &mut Writer<'_>) {
    w.bytes(&[b'=', hex(byte >> 4), hex(byte & 15)]);
}

/// The upper-case digit for a number below 16.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a number below 16 makes a digit of at most `F`"
)]
pub(crate) const fn hex(nibble: u8) -> u8 {
    if nibble < 10 {
        nibble + b'0'
    } else {
        nibble + (b'A' - 10)
    }
}

/// Whether the byte is CR or LF.
pub(crate) const fn is_line_end(byte: u8) -> bool {
    byte == b'\r' || byte == b'\n'
}

/// The text after the CR, LF or CRLF that it begins with.
pub(crate) const fn after_line_end(text: &[u8]) -> &[u8] {
    match text {
        [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
        [] => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    fn encode(text: &[u8]) -> String {
        let mut out = std::vec![0; text.len() * 4 + 8];
        let mut w = Writer::new(&mut out, 0);
        let mut rest = text;
        while !rest.is_empty() {
            rest = line(rest, true, &mut w);
        }
        let n = w.len();
        String::from_utf8(out[..n].to_vec()).unwrap()
    }

    fn decode(encoded: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for line in encoded.split_terminator("\r\n") {
            assert!(line.len() <= 76 && !line.ends_with([' ', '\t']), "{line:?}");
            assert!(
                !line.starts_with('.') && !line.starts_with("From "),
                "{line:?}"
            );
            let mut rest = line.as_bytes();
            let mut soft = false;
            while let [byte, tail @ ..] = rest {
                rest = tail;
                if *byte != b'=' {
                    assert!(matches!(byte, b'\t' | 0x20..=0x7e), "{line:?}");
                    out.push(*byte);
                } else if rest.is_empty() {
                    soft = true;
                } else {
                    out.push(u8::from_str_radix(str::from_utf8(&rest[..2]).unwrap(), 16).unwrap());
                    rest = &rest[2..];
                }
            }
            if !soft {
                out.extend_from_slice(b"\r\n");
            }
        }
        out
    }

    #[test]
    fn bytes_that_need_it_are_escaped() {
        assert_eq!(encode("é=\t.\n".as_bytes()), "=C3=A9=3D\t.\r\n");
        assert_eq!(encode(b".\r..\n"), "=2E\r\n=2E.\r\n");
        assert_eq!(encode(b"From me\r\nfrom\r\n"), "=46rom me\r\nfrom\r\n");
        assert_eq!(
            encode(b"blank \ntab\t\r\n end "),
            "blank=20\r\ntab=09\r\n end=20\r\n"
        );
        assert_eq!(encode(b"\0\x7f"), "=00=7F\r\n");
        assert_eq!(encode(b"\n\n"), "\r\n\r\n");
        assert_eq!(encode(b""), "");
    }

    #[test]
    fn lines_break_at_75_and_never_in_an_escape() {
        let a = "a";
        assert_eq!(encode(a.repeat(75).as_bytes()), a.repeat(75) + "\r\n");
        assert_eq!(
            encode(a.repeat(77).as_bytes()),
            a.repeat(75) + "=\r\naa\r\n"
        );
        for lead in 70..80 {
            let text = a.repeat(lead) + "=x.From y= \t" + &"é".repeat(40);
            assert_eq!(decode(&encode(text.as_bytes())), (text + "\r\n").as_bytes());
        }
    }

    #[test]
    fn every_mixture_decodes_to_itself() {
        let pieces = [
            "a", ".", "From ", "=", " ", "\t", "ü", "\r\n", "--", "🚨", "\0",
        ];
        let mut state = 1_u32;
        for _ in 0..2000 {
            let mut text = String::new();
            for _ in 0..60 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(pieces[(state >> 16) as usize % pieces.len()]);
            }
            if !text.ends_with("\r\n") {
                text.push_str("\r\n");
            }
            assert_eq!(decode(&encode(text.as_bytes())), text.as_bytes());
        }
    }
}
