//! Contents that travel as they are, with CRLF line ends: attachments of 7-bit text, and ready-made
//! messages.

use super::lines::{self, Octets};
use super::seven_bit::{LINES, lines as write_lines};
use super::{Coding, Content, Place, SEVEN_BIT, UNKNOWN, source};
use crate::invalid::Reason;
use crate::message::boundary::{STEM, stem};
use crate::message::cursor::{Cursor, Progress};
use crate::message::fault::{ContentFault, ContentFaultKind, Filled};
use crate::wire::dot::Dots;
use crate::wire::writer::{Writer, sum};

impl<'a> Content<'a> {
    /// Checked bytes of an attachment.
    pub(in crate::message) const fn as_is(octets: &'a [u8]) -> Result<Self, Reason> {
        match lines::find(octets, Octets::SevenBit) {
            Ok(_) => Ok(Self::held(octets, &AS_IS)),
            Err(kind) => Err(reason(kind)),
        }
    }

    /// Bytes of an attachment from a source.
    pub(in crate::message) const fn as_is_from_source(length: u32) -> Self {
        Self::from_source(length, &AS_IS_SOURCE)
    }

    /// A checked message.
    pub(in crate::message) const fn message(octets: &'a [u8]) -> Result<Self, Reason> {
        let kind = match lines::find(octets, Octets::Utf8) {
            Ok(kind) => kind,
            Err(kind) => return Err(reason(kind)),
        };
        let coding = match kind {
            Octets::SevenBit => &LINES,
            Octets::EightBit => &LINES_8BIT,
            Octets::Utf8 => &LINES_UTF8,
        };
        Ok(Self::held(octets, coding))
    }

    /// A message from a source.
    pub(in crate::message) const fn message_from_source(octets: Octets) -> Self {
        Self::from_source(
            UNKNOWN,
            match octets {
                Octets::SevenBit => &AS_IS_SOURCE,
                Octets::EightBit => &SOURCE_8BIT,
                Octets::Utf8 => &SOURCE_UTF8,
            },
        )
    }
}

/// Bytes of a content with the line end that belongs to the boundary after it.
const fn enclosed(octets: u32) -> u32 {
    if octets == 0 { 0 } else { sum(octets, 2) }
}

/// What is said of a content that is refused before anything is sent.
const fn reason(kind: ContentFaultKind) -> Reason {
    match kind {
        ContentFaultKind::BareCr | ContentFaultKind::BareLf => Reason::LineEnd,
        ContentFaultKind::LineTooLong => Reason::LineTooLong,
        ContentFaultKind::Nul => Reason::ControlCharacter,
        ContentFaultKind::NotUtf8 => Reason::NotUtf8,
        _ => Reason::NotAscii,
    }
}

static AS_IS: Coding = Coding {
    encoded_len: Some(enclosed),
    atom: guarded_lines,
    ..SEVEN_BIT
};

static LINES_8BIT: Coding = Coding {
    octets: Octets::EightBit,
    ..SEVEN_BIT
};

static LINES_UTF8: Coding = Coding {
    octets: Octets::Utf8,
    ..SEVEN_BIT
};

static AS_IS_SOURCE: Coding = FROM_SOURCE;

const FROM_SOURCE: Coding = Coding {
    is_streamed: true,
    encoded_len: Some(enclosed),
    atom: from_source,
    ..SEVEN_BIT
};

static SOURCE_8BIT: Coding = Coding {
    octets: Octets::EightBit,
    ..FROM_SOURCE
};

static SOURCE_UTF8: Coding = Coding {
    octets: Octets::Utf8,
    ..FROM_SOURCE
};

/// Lines, none of which may begin as a boundary does.
fn guarded_lines(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    let rest = content.octets.get(at.position..).unwrap_or_default();
    if let [b'-', b'-', rest @ ..] = rest
        && rest.starts_with(&stem(place.message))
    {
        return abort(place, at, ContentFaultKind::Boundary);
    }
    write_lines(content, place, at, w)
}

/// Bytes kept free for what an earlier piece left to be written.
const SLACK: usize = 8;

/// Bytes from a source, checked on the way.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "three quarters of a number are no more than it"
)]
fn from_source(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
) -> Progress {
    if at.is_at_end {
        if at.position > 0 && (place.is_enclosed || at.lines.column > 0) {
            w.crlf();
        }
        return match at.lines.end() {
            Some(kind) => abort(place, at, kind),
            None => Progress::End,
        };
    }
    let stuffed = place.dots == Dots::Stuffed;
    let stem = stem(place.message);
    while let Some(byte) = w.take() {
        let column = usize::from(at.lines.column);
        if let Some(kind) = at.lines.check(byte, content.coding.octets) {
            return abort(place, at, kind);
        }
        if column == 0 {
            at.is_boundary = place.is_enclosed;
            if stuffed && byte == b'.' {
                w.byte(b'.');
            }
        }
        if at.is_boundary {
            let wanted = match column.checked_sub(2) {
                None => Some(&b'-'),
                Some(index) => stem.get(index),
            };
            at.is_boundary = wanted == Some(&byte);
            if at.is_boundary && column == STEM + 1 {
                return abort(place, at, ContentFaultKind::Boundary);
            }
        }
        w.byte(byte);
        at.pass(1);
    }
    w.settle();
    // A dot may double, but no more than one byte in three: `.` CR LF.
    let free = w.free().get(SLACK..).unwrap_or_default();
    let room = free.len() / 4 * 3;
    source::next(content, place, at, w, room)
}

pub(super) fn abort(place: Place<'_>, at: &Cursor, kind: ContentFaultKind) -> Progress {
    Progress::Stop(Filled::Abort(ContentFault {
        part: place.part,
        kind,
        offset: u32::try_from(at.position).unwrap_or(u32::MAX),
    }))
}
