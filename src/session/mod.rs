//! The state machine: every rule about the order of commands and replies is here, and only here.
//!
//! ```text
//! Connected ─ 220 ─▶ Greeted ─ EHLO, HELO 25z ─▶ Ready
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
//! 4. A rare ability (limits, chunks, rows of mails, results, streamed parts; SASL mechanisms and DSN in
//!    their own modules) is one static of functions in a file of its own. The method that turns the
//!    ability on puts the static in; the main path calls it through the `Option`. So a program that
//!    never turns it on does not link it: *linked on use*.

mod body;
mod buffer;
mod check;
mod chunks;
mod count;
mod engine;
mod flight;
mod hindrance;
mod limits;
mod login;
mod mail;
mod operation;
mod order;
mod recipients;
mod replies;
mod results;
mod server;
mod streaming;
mod table;
mod verdict;
mod write;

pub use crate::state::State;
pub use chunks::Chunking;
pub use table::{Row, Sent, TABLE, Verb};
pub use verdict::Delivery;

pub(crate) use operation::{MailOperation, Operation};

use crate::error::Error;
use crate::fault::{Fault, Trouble};
use crate::invalid::Invalid;
use crate::observer::Observer;
use crate::proof::Proof;
use crate::report::Report;
use crate::wire::domain::Domain;
use crate::wire::ehlo::Capabilities;
use crate::wire::reply::Reply;

use buffer::Buffer;
use engine::{Act, Ending, Engine};

pub use check::BUFFER_MIN;

/// The next thing for a driver to do. It says with [`Running::done`] that it did.
#[must_use = "a session makes no progress until its step is carried out"]
pub(crate) enum Step<'s> {
    /// Hand some of these bytes to the transport.
    Send(&'s [u8]),
    /// Read bytes of the caller's source with this number into this slice.
    Fill { source: usize, into: &'s mut [u8] },
    /// Let others have their turn: what takes long goes on after it.
    #[cfg(feature = "scram-sha-256")]
    Pause,
    /// Flush the transport: replies are awaited.
    Flush,
    /// Receive at least one byte into this slice.
    Receive(&'s mut [u8]),
    /// The operation ended; [`Running::end`] gives its outcome.
    Done,
}

/// A session: the caller's buffer and what is known of the dialogue.
pub(crate) struct Session<'b> {
    buffer: Buffer<'b>,
    engine: Engine<'b>,
}

impl<'b> Session<'b> {
    // Else it is made elsewhere and copied, twice: 300 bytes of stack.
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer: Buffer::new(buffer),
            engine: Engine::new(),
        }
    }

    /// Begins an operation.
    pub(crate) fn begin(&mut self, operation: &mut Operation<'_, '_>) -> Running<'_, 'b> {
        self.engine.begin(operation, self.buffer.len());
        Running { session: self }
    }

    /// The name for EHLO, here and after STARTTLS.
    pub(crate) fn set_name(&mut self, name: Domain<'b>) -> Result<(), Invalid> {
        self.engine.set_name(name)
    }

    /// TLS was opened on the transport: what was known of the server is forgotten.
    pub(crate) fn upgraded(&mut self, proof: Proof) {
        self.engine.server_mut().upgraded(proof);
    }

    /// The link is under TLS from the start.
    pub(crate) fn secured(&mut self, proof: Proof) {
        self.engine.server_mut().secured(proof);
    }

    pub(crate) fn without_pipelining(&mut self) {
        self.engine.without_pipelining();
    }

    #[inline(always)] // So that BDAT is not linked where this is not called.
    pub(crate) fn chunking(&mut self, chunking: Chunking) {
        self.engine.chunking(chunking);
    }

    #[inline(always)] // As `chunking`.
    pub(crate) fn with_limits(&mut self) {
        self.engine.with_limits();
    }

    #[inline(always)] // As `chunking`.
    pub(crate) fn in_rows(&mut self) {
        self.engine.in_rows();
    }

    pub(crate) fn all_or_none(&mut self) {
        self.engine.all_or_none();
    }

    pub(crate) fn allow_helo(&mut self) {
        self.engine.allow_helo();
    }

    pub(crate) fn require_tls(&mut self) {
        self.engine.require_tls();
    }

    /// The proof of the server's identity; `None` without TLS.
    pub(crate) fn proof(&self) -> Option<Proof> {
        self.engine.server().proof()
    }

    pub(crate) fn capabilities(&self) -> &Capabilities {
        self.engine.server().capabilities()
    }

    pub(crate) fn state(&self) -> State {
        self.engine.server().state()
    }

    pub(crate) fn delivery(&self) -> Delivery {
        self.engine.verdict().delivery()
    }

    pub(crate) fn last_reply(&self) -> Option<Reply<'_>> {
        self.engine.replies().deciding(&self.buffer)
    }

    pub(crate) fn stray_bytes(&self) -> &[u8] {
        self.engine.replies().stray(&self.buffer)
    }

    pub(crate) fn login_reason(&self) -> &[u8] {
        self.buffer.get(self.engine.reason())
    }
}

/// One operation under way. Dropped before it is done, it ends the session.
pub(crate) struct Running<'s, 'b> {
    session: &'s mut Session<'b>,
}

impl Running<'_, '_> {
    /// The next thing for the driver to do. After a call that was interrupted, it is the same again.
    pub(crate) fn step(
        &mut self,
        operation: &mut Operation<'_, '_>,
        observer: &mut dyn Observer,
    ) -> Step<'_> {
        let Session { buffer, engine } = &mut *self.session;
        let act = engine.act(operation, buffer, observer);
        let bytes = buffer.get_mut(engine.window());
        match act {
            Act::Send => Step::Send(bytes),
            Act::Fill => Step::Fill {
                source: engine.body().source(),
                into: bytes,
            },
            #[cfg(feature = "scram-sha-256")]
            Act::Pause => Step::Pause,
            Act::Flush => Step::Flush,
            Act::Receive => Step::Receive(bytes),
            Act::Done => Step::Done,
        }
    }

    /// Says that the step was carried out, with so many bytes: sent, received, or read from a source. 0
    /// is the end of a stream or a source; a flush has none.
    pub(crate) fn done(&mut self, bytes: usize) {
        let Session { buffer, engine } = &mut *self.session;
        engine.done(bytes, buffer);
    }

    /// The caller gave no source for a streamed part.
    pub(crate) fn no_source(&mut self) {
        let fault = self.session.engine.body().no_source();
        self.fault(Fault::Content(fault));
    }

    /// Says that a call of the transport failed. If the server closed the connection, the steps that
    /// follow hear out what it said before, which may explain why.
    pub(crate) fn broke(&mut self, trouble: Trouble) {
        let Session { buffer, engine } = &mut *self.session;
        engine.broke(trouble == Trouble::Closed, buffer);
    }

    /// A source failed, or the transport takes no bytes.
    pub(crate) fn fault(&mut self, fault: Fault<()>) {
        self.session.engine.fault(fault, false);
    }

    /// The outcome, which may be good even after a fault: after the final reply to a mail none
    /// changes it. `error` is the transport's, if it gave one.
    pub(crate) fn end<E>(self, error: Option<E>) -> Result<Report, Error<E>> {
        let engine = &self.session.engine;
        let last = engine.refusal();
        let fault = |error| engine.trouble().with_transport(error);
        match (engine.ending(), last) {
            (Ending::Refused, Some(refusal)) => Err(Error::Refused(refusal)),
            (Ending::Good | Ending::Refused, _) => Ok(engine.report()),
            (Ending::Failed(phase), last) => Err(Error::Failed {
                fault: fault(error),
                phase,
                last,
            }),
            (Ending::Unknown, last) => Err(Error::DeliveryUnknown {
                fault: fault(error),
                last,
            }),
            (Ending::Hindered(hindrance), _) => Err(hindrance.error()),
        }
    }
}

impl Drop for Running<'_, '_> {
    fn drop(&mut self) {
        self.session.engine.abandon();
        self.session.buffer.wipe_secret();
    }
}
