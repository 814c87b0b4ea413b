//! Contents whose bytes come from a source while the message is sent.
//!
//! The source's bytes are read into the end of the buffer and encoded forward from where the
//! message stands. So much is asked for that what is written never overtakes what is still to be
//! read. All that is remembered between two pieces is in the cursor, so the pieces can be of any
//! size.

use super::as_is::abort;
use super::{Content, Place, UNKNOWN};
use crate::message::cursor::{Cursor, Progress};
use crate::message::fault::{ContentFaultKind, Filled};
use crate::wire::writer::Writer;

/// Every byte that was read is encoded: asks for `room` more, which the buffer's end has, or notes the
/// end.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "`room` is at most the free end of the buffer"
)]
pub(super) fn next(
    content: &Content<'_>,
    place: Place<'_>,
    at: &mut Cursor,
    w: &mut Writer<'_>,
    room: usize,
) -> Progress {
    // A source of known length is asked once more at its end, so that what goes on is not cut off
    // in silence.
    let length = match content.length {
        UNKNOWN => usize::MAX,
        length => length as usize,
    };
    let Some(missing) = length.checked_sub(at.position) else {
        at.position = length;
        return abort(place, at, ContentFaultKind::TooLong);
    };
    at.is_at_end = w.is_source_at_end();
    if at.is_at_end && content.length != UNKNOWN && missing > 0 {
        return abort(place, at, ContentFaultKind::TooShort);
    }
    if at.is_at_end {
        w.forget_source();
        return Progress::More;
    }
    let room = room.min(missing.max(1));
    if room == 0 {
        return Progress::Stop(Filled::More);
    }
    // So that the position counts every byte that may be read.
    if at.position.checked_add(room).is_none() {
        return abort(place, at, ContentFaultKind::TooLarge);
    }
    Progress::Stop(Filled::Source {
        part: place.part,
        from: w.capacity() - room,
    })
}
