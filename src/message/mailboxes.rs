//! Header fields that hold mailboxes, one mailbox a line.

use super::encoded_word::{self, Chars, Place};
use super::text::LINE;
use crate::wire::mailbox::{DisplayName, Mailbox};
use crate::wire::writer::Writer;

/// Writes a blank or a fold, then the mailbox, behind `column` characters of its line.
pub(super) fn write(mailbox: Mailbox<'_>, mut column: usize, w: &mut Writer<'_>) {
    let address = mailbox.address().as_str();
    let Some(name) = mailbox.name() else {
        // One more for a comma.
        space(column, address.len().saturating_add(1), LINE, w);
        w.str(address);
        return;
    };
    let mut line = LINE;
    match Form::of(name) {
        Form::Quoted(width) => {
            w.str(" \"");
            for char in Chars::of_name(name) {
                if matches!(char, [b'"' | b'\\']) {
                    w.byte(b'\\');
                }
                w.bytes(char);
            }
            w.byte(b'"');
            column = column.saturating_add(width);
        }
        Form::Atoms(width) => {
            w.byte(b' ');
            for char in Chars::of_name(name) {
                w.bytes(char);
            }
            column = column.saturating_add(width);
        }
        Form::Encoded => {
            column = encoded_word::write(Chars::of_name(name), Place::Phrase, column, w);
            line = encoded_word::LINE;
        }
    }
    space(column, address.len().saturating_add(3), line, w);
    w.byte(b'<');
    w.str(address);
    w.byte(b'>');
}

/// Writes the blank in front of something that takes `width` characters, as a fold if it would not
/// fit in the line.
fn space(column: usize, width: usize, line: usize, w: &mut Writer<'_>) {
    let fold = column > 0 && column.saturating_add(width).saturating_add(1) > line;
    w.str(if fold { "\r\n " } else { " " });
}

/// How a name is written, with the characters it then takes.
enum Form {
    Atoms(usize),
    Quoted(usize),
    Encoded,
}

/// Characters of a name in quotes, or without: with the longest field name they fill a line of 78.
/// A longer one becomes encoded words, which can be folded anywhere.
const MAX: usize = 66;

impl Form {
    fn of(name: DisplayName<'_>) -> Self {
        let mut width = 3_usize;
        let mut quote = false;
        let mut last = b' ';
        for char in Chars::of_name(name) {
            // RFC 2047 §7: what looks like an encoded word would be decoded.
            let byte = match *char {
                [byte @ b' '..=b'~'] if last != b'=' || byte != b'?' => byte,
                _ => return Self::Encoded,
            };
            // RFC 5322 §3.2.3: a phrase is made of atoms with single blanks between them.
            quote |= if byte == b' ' {
                last == b' '
            } else {
                !is_atext(byte)
            };
            let escaped = byte == b'"' || byte == b'\\';
            width = width.saturating_add(if escaped { 2 } else { 1 });
            last = byte;
        }
        quote |= last == b' ';
        if width > MAX {
            Self::Encoded
        } else if quote {
            Self::Quoted(width)
        } else {
            Self::Atoms(width.saturating_sub(2))
        }
    }
}

fn is_atext(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+'
        | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
}
