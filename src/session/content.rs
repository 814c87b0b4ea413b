//! The content of a mail into the buffer, with streamed parts or without.
//!
//! What streamed parts need is linked only where a mail is sent with sources for them: it is
//! reached by a pointer that only such an operation has.

use crate::message::{ContentFault, ContentFaultKind, Dots, Filled, Message, Part};
use crate::observer::Observer;
use crate::outcome::Fault;
use crate::wire::writer::Writer;

use super::flow::Flow;

/// Octets kept free behind the content of DATA for its terminator, so that both leave in one write.
const TERMINATOR: usize = 3;

/// Writes as much content as there is room for. Where a source is asked, [`Flow::window`] is where
/// its octets go, counted from the content's first.
pub(super) type Content =
    fn(&mut Flow<'_>, &Message<'_>, Dots, &mut Writer<'_>, &mut dyn Observer) -> Filled;

/// Where the octets of a streamed part were asked for, and how many came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sourced {
    /// Octets of content that stand at the buffer's beginning already.
    ready: usize,
    from: usize,
    octets: usize,
}

/// Of a mail without streamed parts.
#[inline(never)]
pub(super) fn whole(
    flow: &mut Flow<'_>,
    message: &Message<'_>,
    dots: Dots,
    out: &mut Writer<'_>,
    observer: &mut dyn Observer,
) -> Filled {
    let room = room(out, dots);
    let (octets, filled) = message.fill(&mut flow.outgoing.cursor, dots, room);
    observer.content(octets);
    out.advance(octets);
    filled
}

/// Of a mail with streamed parts.
pub(super) fn streamed(
    flow: &mut Flow<'_>,
    message: &Message<'_>,
    dots: Dots,
    out: &mut Writer<'_>,
    observer: &mut dyn Observer,
) -> Filled {
    let room = room(out, dots);
    let end = room.len();
    let cursor = &mut flow.outgoing.cursor;
    let (octets, filled) = match flow.source.take() {
        None => message.fill(cursor, dots, room),
        Some(Sourced {
            ready,
            from,
            octets,
        }) => message.filled(cursor, dots, room, ready, from, octets),
    };
    if let Filled::Source { part, from } = filled {
        flow.part = Some((part, message.source_number(part)));
        flow.source = Some(Sourced {
            ready: octets,
            from,
            octets: 0,
        });
        flow.window = (from, end);
    } else {
        observer.content(octets);
        out.advance(octets);
    }
    filled
}

fn room<'o>(out: &'o mut Writer<'_>, dots: Dots) -> &'o mut [u8] {
    let terminator = match dots {
        Dots::Stuffed => TERMINATOR,
        Dots::Plain => 0,
    };
    let room = out.free().len().saturating_sub(terminator);
    out.free().get_mut(..room).unwrap_or_default()
}

impl Flow<'_> {
    /// The number of the source that is asked.
    pub(super) fn source(&self) -> usize {
        self.part.map_or(0, |(_, number)| number)
    }

    /// This many octets of the part asked for stand in the buffer; none at its end.
    pub(super) fn filled(&mut self, octets: usize) {
        if let Some(source) = &mut self.source {
            source.octets = octets;
        }
    }

    /// Nobody gives the octets of the part asked for.
    pub(super) fn no_source(&mut self) {
        let part = self.part.map_or(Part::Message, |(part, _)| part);
        let fault = ContentFault::before(part, ContentFaultKind::NoSource);
        self.fault(Fault::Content(fault));
    }
}
