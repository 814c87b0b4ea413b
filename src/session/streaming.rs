//! The content of a mail with sources for its streamed parts. Linked on use: see [`super`].

use crate::message::{Dots, Filled, Message};
use crate::wire::writer::Writer;

use super::body::{Body, Came, Sourced, room};

/// The functions of streamed content.
pub(super) struct Streaming {
    /// [`Body::fill`], where sources are asked.
    pub(super) fill: fn(&mut Body, &Message<'_>, Dots, &mut Writer<'_>) -> Came,
}

pub(super) static STREAMING: Streaming = Streaming { fill };

fn fill(body: &mut Body, message: &Message<'_>, dots: Dots, out: &mut Writer<'_>) -> Came {
    let begin = out.len();
    let sourced = body.take_sourced();
    let cursor = body.cursor_mut();
    let out_room = room(out, dots);
    let room = out_room.len();
    let (bytes, filled) = match sourced {
        None => message.fill(cursor, dots, out_room),
        Some(Sourced { ready, from, bytes }) => {
            message.filled(cursor, dots, out_room, ready, from, bytes)
        }
    };
    match filled {
        Filled::Source { part, from } => {
            let sourced = Sourced {
                ready: bytes,
                from,
                bytes: 0,
            };
            body.ask(part, message.source_number(part), sourced);
            return Came::Source { begin, from, room };
        }
        Filled::Abort(fault) => return Came::Abort(fault),
        Filled::More | Filled::Complete => out.advance(bytes),
    }
    match filled {
        Filled::Complete => Came::Whole,
        _ => Came::Full,
    }
}
