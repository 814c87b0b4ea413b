//! The content of a mail by BDAT (RFC 3030): announced by its length, so the server does not look
//! for its end. Linked on use: see [`super`].
//!
//! ```text
//! length known    BDAT n LAST CRLF content…                    one command, any number of writes
//! unknown         BDAT n CRLF content, reply, …, BDAT n LAST   a chunk a write, a reply a chunk
//! ```
//!
//! Nothing marks a reply as that to BDAT: where a server has sent one reply too many, the one taken
//! for it is another command's. So the final reply counts only if nothing says otherwise.

use crate::fault::Violation;
use crate::message::{ContentFault, ContentFaultKind, Dots, Part};
use crate::observer::Observer;
use crate::wire::command;
use crate::wire::reply::ReplyHead;
use crate::wire::writer::Writer;

use super::body::{Body, Came};
use super::flight::{FLIGHT_MAX, Flight};
use super::operation::MailOperation;
use super::replies::Replies;
use super::table::Verb;
use super::verdict::Verdict;

/// The use of CHUNKING (RFC 3030).
///
/// Without it, content is sent by DATA, whose 354 keeps commands and replies in step. Nothing marks
/// the reply to BDAT as its own. A mail sent by BDAT is therefore reported as
/// [`Error::DeliveryUnknown`](crate::Error::DeliveryUnknown) where the number of replies does not
/// fit: if bytes follow its final reply, if that reply has an enhanced status code of the form
/// x.1.z (which is about an address), or if QUIT in the same operation gets a reply other than 221.
/// In `send_all`, NOOP follows each mail, to see that its reply fits. Servers limit such commands
/// (Exim takes 10 on a connection unless told otherwise), so send a longer row by DATA, or mail by
/// mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Chunking {
    /// The replies to RCPT are read before any content is sent.
    AfterRecipients,
    /// Content that fits the buffer is sent in the flight of MAIL and RCPT, before their replies
    /// are read: a round trip less. For a server you know: one that refuses the recipient and does
    /// not skip the chunk would read the content as commands.
    Ahead,
}

impl Chunking {
    pub(super) const fn chunks(self) -> &'static Chunks {
        match self {
            Self::AfterRecipients => &AFTER,
            Self::Ahead => &AHEAD,
        }
    }
}

/// The functions of BDAT.
pub(super) struct Chunks {
    /// Whether the chunk of this length may be sent before the replies to RCPT were read, with a
    /// buffer of this many bytes.
    pub(super) may_go_ahead: fn(&Flight, Option<u32>, usize) -> bool,
    /// Writes the arguments of `BDAT n LAST`.
    pub(super) arguments: fn(&Body, &mut Writer<'_>),
    /// Checks that so many bytes of the announced ones follow.
    pub(super) take: fn(&mut Body, usize, Came) -> Came,
    /// Writes BDAT and a chunk of a content of unknown length. The place of its first byte, and
    /// that of the content's.
    pub(super) chunk:
        fn(&mut Body, &MailOperation<'_, '_>, &mut Writer<'_>, &mut dyn Observer) -> (Came, usize),
    /// The reason that the reply to `verb` is taken not to fit: it is that to a mail sent by BDAT, or
    /// to the command after it.
    pub(super) mismatch: fn(Verb, &Replies, &Verdict) -> Option<Violation>,
}

static AFTER: Chunks = Chunks {
    may_go_ahead: |_, _, _| false,
    arguments: |body, out| command::chunk(out, body.length().unwrap_or_default(), true),
    take,
    chunk,
    mismatch,
};

static AHEAD: Chunks = Chunks {
    may_go_ahead,
    ..AFTER
};

/// The most replies that are outstanding when a content of more than [`FLIGHT_MAX`] goes out. With
/// 128 bytes each, so many fit any TCP window.
const REPLIES_AHEAD: usize = 32;

/// The longest line of BDAT, in bytes: `BDAT 4294967295 LAST` and CRLF.
const LINE_MAX: usize = 22;

/// RFC 3463 §3.2: x.1.z is a status of an address, as the reply to MAIL or RCPT has.
fn is_about_address(head: ReplyHead) -> bool {
    head.about().0 == 1
}

fn mismatch(verb: Verb, replies: &Replies, verdict: &Verdict) -> Option<Violation> {
    let head = replies.head();
    let fits = match verb {
        // A refusal is taken at its word.
        Verb::BdatLast if head.code >= 300 || !verdict.has_recipient() => true,
        Verb::BdatLast if replies.has_unread() => return Some(Violation::Unasked),
        Verb::BdatLast => !is_about_address(head),
        Verb::Bdat => head.code >= 300 || !is_about_address(head),
        _ if !verdict.is_chunked() => true,
        // RFC 5321 §4.3.2 gives QUIT no other reply.
        Verb::Quit => head.code == 221,
        Verb::Noop if head.code / 100 != 2 || is_about_address(head) => false,
        Verb::Noop if replies.has_unread() => return Some(Violation::Unasked),
        _ => true,
    };
    (!fits).then_some(Violation::OutOfStep)
}

/// A deliberate step beyond RFC 3030 §2, which has the replies to RCPT collected first. It is taken
/// only with what fits the buffer, so that little is sent in vain if no recipient is accepted, and
/// only where the replies are few or the content is small, so that neither side waits for the other
/// to read.
fn may_go_ahead(flight: &Flight, length: Option<u32>, capacity: usize) -> bool {
    let most = if flight.has_at_most(REPLIES_AHEAD) {
        capacity
    } else {
        capacity.min(FLIGHT_MAX as usize)
    };
    length
        .and_then(|length| usize::try_from(length).ok())
        .is_some_and(|length| length <= most)
}

/// The server takes as many bytes as were announced for the content, and what follows them for
/// commands: not one more is sent, and the last one only if it is the last.
fn take(body: &mut Body, bytes: usize, came: Came) -> Came {
    let left = u32::try_from(bytes)
        .ok()
        .and_then(|bytes| body.left_mut().checked_sub(bytes));
    let kind = match (left, came) {
        (_, Came::Source { .. } | Came::Abort(_)) => return came,
        (Some(0), Came::Whole) => None,
        (Some(1..), Came::Full) => None,
        (Some(1..), Came::Whole) => Some(ContentFaultKind::TooShort),
        (Some(0) | None, _) => Some(ContentFaultKind::TooLong),
    };
    match kind {
        Some(kind) => Came::Abort(ContentFault::before(Part::Message, kind)),
        None => {
            *body.left_mut() = left.unwrap_or_default();
            came
        }
    }
}

fn chunk(
    body: &mut Body,
    mail: &MailOperation<'_, '_>,
    out: &mut Writer<'_>,
    observer: &mut dyn Observer,
) -> (Came, usize) {
    // The line before the content is written once it is known how many bytes there are.
    out.advance(LINE_MAX);
    let came = match mail.streaming {
        Some(streaming) => (streaming.fill)(body, mail.message, Dots::Plain, out),
        None => body.fill(mail.message, Dots::Plain, out),
    };
    let is_last = match came {
        Came::Whole => true,
        Came::Full => false,
        Came::Source { .. } | Came::Abort(_) => return (came, 0),
    };
    let bytes = out.since(LINE_MAX).len();
    let mut text = [0; LINE_MAX];
    let mut line = Writer::new(&mut text, 0);
    line.str(Verb::Bdat.words());
    // A buffer is smaller than 4 GiB.
    command::chunk(&mut line, u32::try_from(bytes).unwrap_or(u32::MAX), is_last);
    command::line_end(&mut line);
    let length = line.len();
    let (line, unused) = text.split_at_checked(length).unwrap_or_default();
    out.write_before(LINE_MAX, line);
    observer.sent(line);
    observer.content(bytes);
    (came, unused.len())
}
