//! The body of a message that is one plain text, and how any text is encoded.
//!
//! Line ends are CRLF on the wire whatever they were in the text. This file does not know MIME
//! structure; `mime` does, and uses this file for its texts.

use super::Message;
use super::cursor::{Cursor, Encoding, Progress, Step};
use crate::wire::dot::{self, Dots};
use crate::wire::quoted_printable::{self, is_line_end, skip_line_end};
use crate::wire::{base64, writer::Writer};

/// Octets of a text from which its encoding is chosen between quoted-printable and base64. A text
/// this short gets the smaller of the two; a longer one the smaller for its beginning.
const SAMPLE: usize = 4_096;

/// Octets in a line as it is: RFC 5322 §2.1.1.
const LINE: usize = 998;

/// The atoms of a body that is one plain text.
pub(super) fn atom(
    message: &Message<'_>,
    at: &mut Cursor,
    dots: Dots,
    w: &mut Writer<'_>,
) -> Progress {
    let text = message.text.unwrap_or_default().as_bytes();
    match at.step {
        Step::TextHead => {
            text_head("plain", at.encoding, w);
            at.go(Step::TextBody)
        }
        Step::TextBody => text_body(text, at, dots, w),
        _ => {
            at.encoding = encoding(text);
            at.go(Step::TextHead)
        }
    }
}

/// Writes the fields of a text part, and the empty line.
pub(super) fn text_head(subtype: &str, encoding: Encoding, w: &mut Writer<'_>) {
    w.str("Content-Type: text/");
    w.str(subtype);
    w.str("; charset=utf-8\r\nContent-Transfer-Encoding: ");
    w.str(match encoding {
        Encoding::SevenBit => "7bit",
        Encoding::QuotedPrintable => "quoted-printable",
        Encoding::Base64 | Encoding::Base64InLineEnd => "base64",
    });
    w.str("\r\n\r\n");
}

/// The atom of a text at the cursor: one output line.
pub(super) fn text_body(text: &[u8], at: &mut Cursor, dots: Dots, w: &mut Writer<'_>) -> Progress {
    let rest = text.get(at.position..).unwrap_or_default();
    if rest.is_empty() && at.encoding != Encoding::Base64InLineEnd {
        return Progress::End;
    }
    match at.encoding {
        Encoding::SevenBit => {
            let line = first_line(rest);
            dot::open(line, dots, w);
            w.bytes(line);
            w.crlf();
            at.advance(skip_line_end(text, at.position.saturating_add(line.len())))
        }
        Encoding::QuotedPrintable => at.advance(quoted_printable::line(text, at.position, w)),
        Encoding::Base64 | Encoding::Base64InLineEnd => base64_line(text, at, w),
    }
}

/// Writes one line of base64, from 57 octets of the text with CRLF for every line end.
fn base64_line(text: &[u8], at: &mut Cursor, w: &mut Writer<'_>) -> Progress {
    let mut content = [0; base64::LINE];
    let mut len = 0_usize;
    for slot in &mut content {
        if at.encoding == Encoding::Base64InLineEnd {
            at.encoding = Encoding::Base64;
            *slot = b'\n';
        } else {
            let Some(&byte) = text.get(at.position) else {
                break;
            };
            if is_line_end(byte) {
                at.encoding = Encoding::Base64InLineEnd;
                at.position = skip_line_end(text, at.position);
                *slot = b'\r';
            } else {
                at.position = at.position.saturating_add(1);
                *slot = byte;
            }
        }
        len = len.saturating_add(1);
    }
    base64::line(content.get(..len).unwrap_or_default(), w);
    w.crlf();
    Progress::More
}

/// Chooses how `text` is sent.
pub(super) fn encoding(text: &[u8]) -> Encoding {
    if is_seven_bit(text) {
        return Encoding::SevenBit;
    }
    let sample = text.get(..SAMPLE).unwrap_or(text);
    let mut w = Writer::counting();
    let mut position = 0;
    while position < sample.len() {
        position = quoted_printable::line(sample, position, &mut w);
        // A counting writer is never cut.
        let _ = w.end_atom();
    }
    if w.counted() <= base64::encoded_len(canonical_len(sample)) {
        Encoding::QuotedPrintable
    } else {
        Encoding::Base64
    }
}

/// Whether every line of `text` may go out as it is.
fn is_seven_bit(text: &[u8]) -> bool {
    let mut position = 0;
    while let Some(rest @ [_, ..]) = text.get(position..) {
        let line = first_line(rest);
        // Blanks at a line's end get lost on the way; a line that begins with `From ` gets a `>`
        // in some mail stores; one that begins with `--` could be a boundary.
        let safe = line.len() <= LINE
            && !matches!(line, [.., b' ' | b'\t'])
            && !matches!(line, [b'F', b'r', b'o', b'm', b' ', ..] | [b'-', b'-', ..])
            && line.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
        if !safe {
            return false;
        }
        position = skip_line_end(text, position.saturating_add(line.len()));
    }
    true
}

/// The octets of `text` before its first line end.
fn first_line(text: &[u8]) -> &[u8] {
    let len = text.iter().position(|byte| is_line_end(*byte));
    len.and_then(|len| text.get(..len)).unwrap_or(text)
}

/// Octets of `text` with CRLF for every line end.
fn canonical_len(text: &[u8]) -> usize {
    let mut len = 0_usize;
    let mut position = 0;
    while let Some(byte) = text.get(position) {
        let line_end = is_line_end(*byte);
        len = len.saturating_add(if line_end { 2 } else { 1 });
        position = if line_end {
            skip_line_end(text, position)
        } else {
            position.saturating_add(1)
        };
    }
    len
}
