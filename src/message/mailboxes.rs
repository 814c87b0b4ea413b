//! Header fields that hold mailboxes, one mailbox a line.

use super::encoded_word::{self, Chars, Place};
use super::text::LINE;
use crate::wire::address::Address;
use crate::wire::mailbox::{DisplayName, Mailbox};
use crate::wire::writer::Writer;

/// Writes a blank or a fold, then a mailbox whose name may stand as it was written, behind
/// `column` characters of its line.
pub(super) fn write_plain(mailbox: &Mailbox<'_>, mut column: usize, w: &mut Writer<'_>) {
    let address = mailbox.address();
    let Some(name) = mailbox.name() else {
        // One more for a comma.
        space(column, address.as_str().len().saturating_add(1), LINE, w);
        w.str(address.as_str());
        return;
    };
    let text = name.as_written();
    let quotes = if name.is_quoted() { "\"" } else { "" };
    w.byte(b' ');
    w.str(quotes);
    w.str(text);
    w.str(quotes);
    column = column.saturating_add(text.len()).saturating_add(1);
    column = column
        .saturating_add(quotes.len())
        .saturating_add(quotes.len());
    in_brackets(address, column, LINE, w);
}

/// [`write_plain`] for any mailbox.
pub(super) fn write(mailbox: &Mailbox<'_>, mut column: usize, w: &mut Writer<'_>) {
    let name = match mailbox.name() {
        Some(name) if !name.is_plain() => name,
        _ => return write_plain(mailbox, column, w),
    };
    let mut line = LINE;
    if let Some(width) = quoted_width(name) {
        w.str(" \"");
        for char in Chars::of_name(name) {
            if matches!(char, [b'"' | b'\\']) {
                w.byte(b'\\');
            }
            w.bytes(char);
        }
        w.byte(b'"');
        column = column.saturating_add(width);
    } else {
        column = encoded_word::write(Chars::of_name(name), Place::Phrase, column, w);
        line = encoded_word::LINE;
    }
    in_brackets(mailbox.address(), column, line, w);
}

fn in_brackets(address: Address<'_>, column: usize, line: usize, w: &mut Writer<'_>) {
    let address = address.as_str();
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

/// Characters of a name in quotes: with the longest field name they fill a line of 78. A longer one
/// becomes encoded words, which can be folded anywhere.
const MAX: usize = 66;

/// Characters that a name takes in quotes with a blank in front; `None` if it needs encoded words.
fn quoted_width(name: DisplayName<'_>) -> Option<usize> {
    let mut width = 3_usize;
    let mut last = b' ';
    for char in Chars::of_name(name) {
        // RFC 2047 §7: what looks like an encoded word would be decoded.
        let byte = match *char {
            [byte @ b' '..=b'~'] if last != b'=' || byte != b'?' => byte,
            _ => return None,
        };
        let escaped = byte == b'"' || byte == b'\\';
        width = width.saturating_add(if escaped { 2 } else { 1 });
        last = byte;
    }
    (width <= MAX).then_some(width)
}
