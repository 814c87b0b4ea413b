//! The body of a message with HTML or attachments: a tree of MIME parts, walked in order.
//!
//! ```text
//! mixed                          with attachments
//! ├─ alternative                 with a text and HTML
//! │  ├─ text/plain
//! │  └─ related                  with inline parts
//! │     ├─ text/html
//! │     └─ inline parts …
//! └─ attachments …
//! ```
//!
//! A level that is not needed is left out, and what it holds moves up. This file is linked only by
//! programs that use HTML or attachments: `Message` calls it through a pointer.

use super::Message;
use super::body::{self, text_body, text_head};
use super::cursor::{Cursor, Encoding, Progress, Step, nth};
use super::part::Attachment;
use crate::wire::dot::Dots;
use crate::wire::quoted_printable::{hex, is_line_end};
use crate::wire::writer::Writer;

/// The atoms of the body.
pub(super) fn atom(
    message: &Message<'_>,
    at: &mut Cursor,
    dots: Dots,
    w: &mut Writer<'_>,
) -> Progress {
    let tree = Tree::of(message);
    let text = message.text.unwrap_or_default().as_bytes();
    let html = message.html.unwrap_or_default().as_bytes();
    let next = match at.step {
        Step::Mixed => {
            tree.open(Level::Mixed, None, w);
            Step::Alternative
        }
        Step::Alternative => {
            tree.open(Level::Alternative, tree.around_body(), w);
            if tree.text { Step::Text } else { Step::Related }
        }
        Step::Text => {
            at.encoding = body::encoding(text);
            Step::TextHead
        }
        Step::TextHead => {
            tree.delimiter(tree.around_text(), w);
            text_head("plain", at.encoding, w);
            Step::TextBody
        }
        Step::TextBody => {
            if text_body(text, at, dots, w) == Progress::More {
                return Progress::More;
            }
            end_of_text(text, at.encoding, tree.around_text(), w);
            Step::Related
        }
        Step::Related => {
            tree.open(Level::Related, tree.around_text(), w);
            if message.html.is_some() {
                Step::Html
            } else {
                Step::AlternativeEnd
            }
        }
        Step::Html => {
            at.encoding = body::encoding(html);
            Step::HtmlHead
        }
        Step::HtmlHead => {
            tree.delimiter(tree.around_html(), w);
            text_head("html", at.encoding, w);
            Step::HtmlBody
        }
        Step::HtmlBody => {
            if text_body(html, at, dots, w) == Progress::More {
                return Progress::More;
            }
            end_of_text(html, at.encoding, tree.around_html(), w);
            let next = if tree.related {
                Step::InlineHead
            } else {
                Step::AlternativeEnd
            };
            return at.go_to_item(next, 0);
        }
        Step::InlineHead | Step::AttachmentHead => {
            let inline = at.step == Step::InlineHead;
            match nth(message.attachments, at.item) {
                None if inline => Step::RelatedEnd,
                None => Step::MixedEnd,
                Some(part) if (tree.related && part.is_inline()) != inline => {
                    return at.go_to_item(at.step, at.item.saturating_add(1));
                }
                Some(part) if inline => {
                    tree.delimiter(Some(Level::Related), w);
                    part.head("inline", w);
                    Step::InlineBody
                }
                Some(part) => {
                    tree.delimiter(Some(Level::Mixed), w);
                    part.head("attachment", w);
                    Step::AttachmentBody
                }
            }
        }
        Step::InlineBody | Step::AttachmentBody => {
            if let Some(part) = nth(message.attachments, at.item)
                && part.body(at, w) == Progress::More
            {
                return Progress::More;
            }
            let inline = at.step == Step::InlineBody;
            let head = if inline {
                Step::InlineHead
            } else {
                Step::AttachmentHead
            };
            return at.go_to_item(head, at.item.saturating_add(1));
        }
        Step::RelatedEnd => {
            tree.close(Level::Related, w);
            Step::AlternativeEnd
        }
        Step::AlternativeEnd => {
            tree.close(Level::Alternative, w);
            if !tree.mixed {
                return Progress::End;
            }
            return at.go_to_item(Step::AttachmentHead, 0);
        }
        Step::MixedEnd => {
            tree.close(Level::Mixed, w);
            return Progress::End;
        }
        _ => Step::Mixed,
    };
    at.go(next)
}

/// The line end in front of a boundary belongs to the boundary (RFC 2046 §5.1.1), so a text in a
/// multipart that ends with one of its own needs another.
fn end_of_text(text: &[u8], encoding: Encoding, around: Option<Level>, w: &mut Writer<'_>) {
    let as_lines = matches!(encoding, Encoding::SevenBit | Encoding::QuotedPrintable);
    if around.is_some() && as_lines && text.last().copied().is_some_and(is_line_end) {
        w.crlf();
    }
}

/// A multipart around others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Mixed,
    Alternative,
    Related,
}

/// Which multiparts a message has, and whether it has a plain text.
struct Tree {
    text: bool,
    mixed: bool,
    alternative: bool,
    related: bool,
    seed: u64,
}

impl Tree {
    fn of(message: &Message<'_>) -> Self {
        let inline = message.attachments.iter().any(Attachment::is_inline);
        let related = message.html.is_some() && inline;
        let mixed = message
            .attachments
            .iter()
            .any(|part| !(related && part.is_inline()));
        // A message without anything is an empty text.
        let text = message.text.is_some() || (message.html.is_none() && !mixed);
        let alternative = text && message.html.is_some();
        Self {
            text,
            mixed,
            alternative,
            related,
            seed: message.seed,
        }
    }

    fn has(&self, level: Level) -> bool {
        match level {
            Level::Mixed => self.mixed,
            Level::Alternative => self.alternative,
            Level::Related => self.related,
        }
    }

    /// The multipart that holds the texts.
    fn around_body(&self) -> Option<Level> {
        self.mixed.then_some(Level::Mixed)
    }

    /// The multipart that holds the text, and the HTML with its inline parts.
    fn around_text(&self) -> Option<Level> {
        if self.alternative {
            Some(Level::Alternative)
        } else {
            self.around_body()
        }
    }

    /// The multipart that holds the HTML.
    fn around_html(&self) -> Option<Level> {
        if self.related {
            Some(Level::Related)
        } else {
            self.around_text()
        }
    }

    /// Opens `level`, if there is one, within `around`.
    fn open(&self, level: Level, around: Option<Level>, w: &mut Writer<'_>) {
        if !self.has(level) {
            return;
        }
        self.delimiter(around, w);
        w.str("Content-Type: multipart/");
        w.str(match level {
            Level::Mixed => "mixed",
            Level::Alternative => "alternative",
            // RFC 2387 §3.1: "The type parameter must be specified".
            Level::Related => "related; type=\"text/html\"",
        });
        w.str(";\r\n boundary=\"");
        self.boundary(level, w);
        w.str("\"\r\n\r\n");
    }

    /// Writes the line that begins a part of `level`, if there is one.
    fn delimiter(&self, level: Option<Level>, w: &mut Writer<'_>) {
        if let Some(level) = level {
            w.str("--");
            self.boundary(level, w);
            w.crlf();
        }
    }

    /// Writes the line that ends `level`, if there is one.
    fn close(&self, level: Level, w: &mut Writer<'_>) {
        if self.has(level) {
            w.str("--");
            self.boundary(level, w);
            w.str("--\r\n");
        }
    }

    /// Writes the boundary of `level`. `=_` occurs neither in base64 nor in quoted-printable, and a
    /// text that goes out as it is has no line that begins with `--`.
    fn boundary(&self, level: Level, w: &mut Writer<'_>) {
        w.str("=_");
        for byte in self.seed.to_be_bytes() {
            w.bytes(&[hex(byte >> 4), hex(byte & 15)]);
        }
        w.byte(match level {
            Level::Mixed => b'm',
            Level::Alternative => b'a',
            Level::Related => b'r',
        });
    }
}
