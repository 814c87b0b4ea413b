//! The state machine: every rule about the order of commands and replies lives here, and only here.
//!
//! ```text
//! Connected ─ 220 ─▶ Greeted ─ EHLO, HELO 2yz ─▶ Ready
//!     │                 ▲                          │
//!     │ 4yz 5yz         │ TLS opened               ├─ AUTH 334 ─▶ Authenticating ─ 235 ─▶ Ready
//!     │                 │                          │                   │ 4yz 5yz
//!     │             Upgrading ◀── STARTTLS 220 ────┤                   ▼
//!     ▼                                            │              LoginFailed ─ AUTH 235 ─▶ Ready
//! Rejected ◀───────── STARTTLS, RSET 4yz 5yz ──────┤
//!                                                  │ MAIL 2yz
//!                                                  ▼
//!       Ready ◀─ lone dot ─ HollowContent ◀─ NoRecipient ─ RSET ─▶ Ready
//!                                  DATA 354        │
//!                               (pipelined)        │ RCPT 2yz
//!                                                  ▼
//!       Ready ◀─ final reply ─ Content ◀───── Addressed ─ RSET ─▶ Ready
//!                                  DATA 354       │   ▲
//!                 Ready ◀─ final reply ─ BDAT LAST ◀┘   └─ BDAT 2yz
//!
//!  421 leads to Closed from everywhere, QUIT from wherever it may be sent. A reply that is not in
//!  the table, a fault of the transport or an operation dropped before its end leads to Broken.
//! ```
//!
//! The picture leaves out what the table has: see [`TABLE`], which is what the code runs on.
//!
#![doc = include_str!("table.md")]
//!
//! Rules of this module:
//! 1. No I/O: a driver is told what to send, when to flush and where to receive.
//! 2. One buffer: it is written to only when nothing received is unread, and received into only
//!    when the flight is out.
//! 3. Once a fault was seen, nothing is sent any more.

mod answer;
mod begin;
mod buffer;
mod chunk;
mod compose;
mod content;
mod domains;
mod exchange;
mod failure;
mod flow;
mod inbox;
mod operation;
#[cfg(feature = "scram-sha-256")]
mod pause;
mod table;
mod transaction;

pub use table::{Row, Sent, State, TABLE, Verb};

pub(crate) use operation::{MailOperation, Operation};
#[cfg(feature = "scram-sha-256")]
pub(crate) use pause::pause;

use crate::error::Invalid;
use crate::observer::Observer;
use crate::outcome::{Error, Fault};
use crate::proof::Proof;
use crate::report::Report;
use crate::wire::domain::Domain;
use crate::wire::ehlo::Capabilities;
use crate::wire::reply::Reply;

use buffer::Buffer;
use flow::{Act, Flow};

/// The smallest buffer a session works with, in octets.
///
/// 512 octets and more are better: fewer writes, and longer texts of replies.
pub const BUFFER_MIN: usize = 256;

/// Whether the server has the last mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Delivery {
    /// There was no mail, or it was not handed over as a whole.
    #[default]
    None,
    /// It was handed to the transport as a whole, and no final reply was read.
    Unknown,
    /// The server accepted it.
    Accepted,
    /// The server refused it.
    Refused,
}

/// How a session deals with what the server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) use_pipelining: bool,
    pub(crate) all_or_none: bool,
    pub(crate) helo_fallback: bool,
    /// Every mail asks for REQUIRETLS.
    pub(crate) require_tls: bool,
}

/// What a driver has to do next.
#[must_use = "a session stands still until its step is carried out"]
pub(crate) enum Step<'s> {
    /// Hand all of these octets to the transport.
    Send(&'s [u8]),
    /// Read octets of the caller's source with this number into this slice, and tell
    /// [`Turn::filled`] how many: none at its end.
    Fill { source: usize, into: &'s mut [u8] },
    /// Let others have their turn: what takes long goes on after it.
    #[cfg(feature = "scram-sha-256")]
    Pause,
    /// Flush the transport: replies are awaited.
    Flush,
    /// Receive at least one octet into this slice, and tell [`Turn::received`] how many.
    Receive(&'s mut [u8]),
    /// The operation ended, [`Turn::end`] says how.
    Done,
}

/// A session: the caller's buffer and what is known of the dialogue.
pub(crate) struct Session<'b> {
    buffer: Buffer<'b>,
    flow: Flow<'b>,
}

impl<'b> Session<'b> {
    #[inline(always)] // As `without_chunking`.
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer: Buffer::new(buffer),
            flow: Flow::new(),
        }
    }

    /// Begins an operation.
    pub(crate) fn begin(&mut self, operation: &mut Operation<'_, '_>) -> Turn<'_, 'b> {
        self.flow.begin(operation, self.buffer.len());
        Turn { session: self }
    }

    /// The name for EHLO, here and after STARTTLS.
    pub(crate) fn set_name(&mut self, name: Domain<'b>) -> Result<(), Invalid> {
        self.flow.set_name(name)
    }

    /// TLS was opened on the transport: what was known of the server is forgotten.
    pub(crate) fn upgraded(&mut self, proof: Proof) {
        self.flow.upgraded(proof);
    }

    /// The link is under TLS from the start.
    pub(crate) fn secured(&mut self, proof: Proof) {
        self.flow.proof = Some(proof);
    }

    /// What proved the server's identity; `None` without TLS.
    pub(crate) fn proof(&self) -> Option<Proof> {
        self.flow.proof
    }

    pub(crate) fn options(&mut self) -> &mut Options {
        &mut self.flow.options
    }

    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.flow.capabilities
    }

    pub(crate) fn state(&self) -> State {
        self.flow.state
    }

    pub(crate) fn delivery(&self) -> Delivery {
        self.flow.delivery()
    }

    pub(crate) fn last_reply(&self) -> Option<Reply<'_>> {
        self.flow.inbox.deciding_reply(&self.buffer)
    }

    pub(crate) fn login_reason(&self) -> &[u8] {
        if self.flow.exchange.gives_reasons() {
            self.flow.inbox.kept_octets(&self.buffer)
        } else {
            &[]
        }
    }

    /// The first recipient that the last mail left to a further transaction, if there may be one.
    pub(crate) fn next_recipient(&self) -> Option<u16> {
        self.flow.next_recipient()
    }

    /// Contents go by DATA only.
    #[inline(always)] // So that BDAT is not linked where this is called at once.
    pub(crate) fn without_chunking(&mut self) {
        self.flow.chunking = None;
    }
}

/// One operation under way. Dropped before it is done, it ends the session.
pub(crate) struct Turn<'s, 'b> {
    session: &'s mut Session<'b>,
}

impl Turn<'_, '_> {
    /// What the driver has to do next.
    pub(crate) fn step(
        &mut self,
        operation: &mut Operation<'_, '_>,
        observer: &mut dyn Observer,
    ) -> Step<'_> {
        let Session { buffer, flow } = &mut *self.session;
        let act = flow.act(operation, buffer, observer);
        let (start, end) = flow.window;
        let octets = buffer.range_mut(start, end);
        match act {
            Act::Send => Step::Send(octets),
            Act::Fill => Step::Fill {
                source: flow.source(),
                into: octets,
            },
            #[cfg(feature = "scram-sha-256")]
            Act::Pause => Step::Pause,
            Act::Flush => Step::Flush,
            Act::Receive => Step::Receive(octets),
            Act::Done => Step::Done,
        }
    }

    /// Says how many octets were received; 0 is the end of the stream.
    pub(crate) fn received(&mut self, octets: usize) {
        let Session { buffer, flow } = &mut *self.session;
        flow.received(octets, buffer);
    }

    /// Says how many octets of the source were read.
    pub(crate) fn filled(&mut self, octets: usize) {
        self.session.flow.filled(octets);
    }

    /// The caller gave no source for a streamed part.
    pub(crate) fn no_source(&mut self) {
        self.session.flow.no_source();
    }

    /// The server closed the connection, so the transport takes no more octets. Where to receive
    /// what it said before; `None` when there is no more to learn.
    pub(crate) fn listen(
        &mut self,
        operation: &mut Operation<'_, '_>,
        observer: &mut dyn Observer,
    ) -> Option<&mut [u8]> {
        let Session { buffer, flow } = &mut *self.session;
        if !flow.listen(operation, buffer, observer) {
            return None;
        }
        buffer.octets().get_mut(flow.inbox.end()..)
    }

    /// The transport or a source failed.
    pub(crate) fn fault(&mut self, fault: Fault<()>) {
        self.session.flow.fault(fault);
    }

    /// How the operation ended, which may be well even after a fault: after the final reply to a
    /// mail none changes its outcome. `error` is the transport's, if it gave one.
    pub(crate) fn end<E>(self, error: Option<E>) -> Result<Report, Error<E>> {
        let flow = &self.session.flow;
        match &flow.failure {
            None => Ok(flow.verdict.report(flow.proof)),
            Some(failure) => Err(failure.with_transport(error)),
        }
    }
}

impl Drop for Turn<'_, '_> {
    #[inline(never)]
    fn drop(&mut self) {
        self.session.flow.abandon();
        self.session.buffer.wipe_secret();
    }
}
