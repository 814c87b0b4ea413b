//! The body of a message with HTML or attachments: a tree of MIME parts, walked in order.
//!
//! ```text
//! mixed                          with attachments
//! ├─ alternative                 with two of a text, HTML and a calendar
//! │  ├─ text/plain
//! │  ├─ related                  with inline parts
//! │  │  ├─ text/html
//! │  │  └─ inline parts …
//! │  └─ text/calendar
//! └─ attachments …
//! ```
//!
//! A level that is not needed is left out, and what it holds moves up. This file is linked only by
//! programs that use HTML or attachments: `Message` calls it through a pointer.

use super::part::Attachment;
use super::text_head;
use crate::message::Message;
use crate::message::boundary::stem;
use crate::message::coding::{Content, Place};
use crate::message::cursor::{Cursor, Progress, Step, nth};
use crate::message::fault::Part;
use crate::wire::dot::Dots;
use crate::wire::writer::Writer;

/// The atoms of the body, with a calendar or without.
pub(in crate::message) fn atom<const CALENDAR: bool>(
    message: &Message<'_>,
    at: &mut Cursor,
    dots: Dots,
    w: &mut Writer<'_>,
) -> Progress {
    let tree = Tree::of::<CALENDAR>(message);
    let mut place = Place {
        part: Part::Attachment(at.item),
        dots,
        is_enclosed: true,
        message,
    };
    let text = &enclosed(message.text, tree.around_text());
    let html = &enclosed(message.html, tree.around_html());
    let calendar = message.calendar.filter(|_| CALENDAR);
    let invitation = &enclosed(calendar.map(|c| c.text.0), tree.around_text());
    let next = match at.step {
        Step::Body => {
            w.str("MIME-Version: 1.0\r\n");
            tree.open(Level::Mixed, None, w);
            tree.open(Level::Alternative, tree.around_body(), w);
            if !tree.text {
                return at.go(Step::Html);
            }
            tree.delimiter(tree.around_text(), w);
            text_head("plain", text, w);
            Step::TextBody
        }
        Step::TextBody => {
            place.part = Part::Text;
            place.is_enclosed = tree.around_text().is_some();
            match text.atom(place, at, w) {
                Progress::End => Step::Html,
                other => return other,
            }
        }
        Step::Html if message.html.is_none() => Step::BodyEnd,
        Step::Html => {
            tree.open(Level::Related, tree.around_text(), w);
            tree.delimiter(tree.around_html(), w);
            text_head("html", html, w);
            Step::HtmlBody
        }
        Step::HtmlBody => {
            place.part = Part::Html;
            place.is_enclosed = tree.around_html().is_some();
            match html.atom(place, at, w) {
                Progress::End if tree.related => return at.go_to_item(Step::InlineHead, 0),
                Progress::End => Step::BodyEnd,
                other => return other,
            }
        }
        Step::InlineHead | Step::AttachmentHead => {
            let inline = at.step == Step::InlineHead;
            match nth(message.attachments, at.item) {
                None if inline => Step::BodyEnd,
                None => Step::MixedEnd,
                Some(part) if (tree.related && part.is_inline()) != inline => {
                    return at.go_to_next_item(at.step);
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
            if let Some(part) = nth(message.attachments, at.item) {
                match part.content.atom(place, at, w) {
                    Progress::End => {}
                    other => return other,
                }
            }
            let inline = at.step == Step::InlineBody;
            let head = if inline {
                Step::InlineHead
            } else {
                Step::AttachmentHead
            };
            return at.go_to_next_item(head);
        }
        Step::BodyEnd if CALENDAR => {
            tree.close(Level::Related, tree.around_text(), w);
            tree.delimiter(tree.around_text(), w);
            text_head(calendar.map_or("calendar", |c| c.subtype), invitation, w);
            Step::CalendarBody
        }
        Step::CalendarBody if CALENDAR => {
            place.is_enclosed = tree.around_text().is_some();
            match invitation.atom(place, at, w) {
                Progress::End => Step::AlternativeEnd,
                other => return other,
            }
        }
        Step::BodyEnd | Step::AlternativeEnd => {
            if !CALENDAR {
                tree.close(Level::Related, tree.around_text(), w);
            }
            tree.close(Level::Alternative, tree.around_body(), w);
            if !tree.mixed {
                return Progress::End;
            }
            return at.go_to_item(Step::AttachmentHead, 0);
        }
        _ => {
            tree.close(Level::Mixed, None, w);
            return Progress::End;
        }
    };
    at.go(next)
}

/// A multipart around others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Mixed,
    Alternative,
    Related,
}

/// A text as it travels in `level`, if there is one.
fn enclosed<'a>(text: Option<Content<'a>>, level: Option<Level>) -> Content<'a> {
    let text = text.unwrap_or(Content::EMPTY);
    match text.coding.enclosed {
        Some(coding) if level.is_some() => Content { coding, ..text },
        _ => text,
    }
}

/// Which multiparts a message has, and whether it has a plain text.
struct Tree<'m> {
    text: bool,
    mixed: bool,
    alternative: bool,
    related: bool,
    message: &'m Message<'m>,
}

impl<'m> Tree<'m> {
    fn of<const CALENDAR: bool>(message: &'m Message<'m>) -> Self {
        let inline = message.attachments.iter().any(Attachment::is_inline);
        let related = message.html.is_some() && inline;
        let mixed = message
            .attachments
            .iter()
            .any(|part| !(related && part.is_inline()));
        // A message without anything is an empty text.
        let html = message.html.is_some();
        let text = message.text.is_some() || !(html || mixed || CALENDAR);
        let alternative = (text && html) || (CALENDAR && (text || html));
        Self {
            text,
            mixed,
            alternative,
            related,
            message,
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

    /// Writes the line that ends `level`, if there is one, within `around`. An empty line comes before a
    /// further boundary: some readers cut the last part without it.
    fn close(&self, level: Level, around: Option<Level>, w: &mut Writer<'_>) {
        if self.has(level) {
            w.str("--");
            self.boundary(level, w);
            w.str(if around.is_some() {
                "--\r\n\r\n"
            } else {
                "--\r\n"
            });
        }
    }

    /// Writes the boundary of `level`. `=_` occurs neither in base64 nor in quoted-printable, a text
    /// with a line that begins with `--=_` does not go out as it is, and other parts are checked.
    fn boundary(&self, level: Level, w: &mut Writer<'_>) {
        w.bytes(&stem(self.message));
        w.byte(match level {
            Level::Mixed => b'm',
            Level::Alternative => b'a',
            Level::Related => b'r',
        });
    }
}
