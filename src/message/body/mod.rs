//! The body of a message that is one plain text.

pub(in crate::message) mod calendar;
pub(in crate::message) mod file_name;
pub(in crate::message) mod label;
pub(in crate::message) mod media_type;
pub(in crate::message) mod mime;
pub(in crate::message) mod part;
pub(in crate::message) mod text;

use super::Message;
use super::coding::{Content, Place};
use super::cursor::{Cursor, Progress, Step};
use super::fault::Part;
use crate::wire::dot::Dots;
use crate::wire::writer::Writer;

/// The atoms of a body that is one plain text.
pub(in crate::message) fn atom(
    message: &Message<'_>,
    at: &mut Cursor,
    dots: Dots,
    w: &mut Writer<'_>,
) -> Progress {
    let text = message.text.as_ref().unwrap_or(&Content::EMPTY);
    if at.step == Step::Body {
        w.str("MIME-Version: 1.0\r\n");
        text_head("plain", text, w);
        return at.go(Step::TextBody);
    }
    let place = Place {
        part: Part::Text,
        dots,
        is_enclosed: false,
        message,
    };
    text.atom(place, at, w)
}

/// Writes the fields of a text part, and the empty line.
pub(in crate::message) fn text_head(subtype: &str, content: &Content<'_>, w: &mut Writer<'_>) {
    w.str("Content-Type: text/");
    w.str(subtype);
    w.str("; charset=utf-8\r\nContent-Transfer-Encoding: ");
    w.str(content.coding.name);
    w.str("\r\n\r\n");
}
