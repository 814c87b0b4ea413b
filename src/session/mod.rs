//! STUB for callers to compile against; replaced by the real engine.
#![allow(missing_docs, dead_code, unused, clippy::all)]
mod table;
use crate::error::Error;
use crate::fault::Fault;
use crate::invalid::Invalid;
use crate::message::Message;
use crate::observer::Observer;
use crate::proof::Proof;
use crate::report::{RecipientStatus, Report};
pub use crate::state::State;
use crate::wire::domain::Domain;
use crate::wire::ehlo::Capabilities;
use crate::wire::reply::Reply;
use crate::wire::sasl::Credentials;
pub use table::{Row, Sent, TABLE, Verb};
/// The smallest buffer a session works with, in bytes.
pub const BUFFER_MIN: usize = 256;
/// BDAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunking {
    /// The replies to RCPT are read first.
    AfterRecipients,
    /// Content that fits the buffer is sent in the flight of MAIL and RCPT.
    Ahead,
}
/// Delivery of the last mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Delivery {
    #[default]
    None,
    Unknown,
    Accepted,
    Refused,
}
pub(crate) enum Operation<'o, 'm> {
    Open,
    StartTls,
    Login(&'o Credentials<'o>),
    Mail(MailOperation<'o, 'm>),
    Reset,
    Noop,
    Quit,
}
pub(crate) struct MailOperation<'o, 'm> {
    pub(crate) message: &'o Message<'m>,
    pub(crate) results: &'o mut [RecipientStatus],
    pub(crate) is_unsent: bool,
    pub(crate) quit: bool,
}
impl<'o, 'm> MailOperation<'o, 'm> {
    pub(crate) fn new(message: &'o Message<'m>) -> Self {
        Self {
            message,
            results: &mut [],
            is_unsent: false,
            quit: false,
        }
    }
    pub(crate) fn with_sources(self, sources: usize) -> Self {
        self
    }
    pub(crate) fn in_row(self, next: Option<&'o Message<'m>>, is_next: bool) -> Self {
        self
    }
}
pub(crate) enum Step<'s> {
    Send(&'s [u8]),
    Fill {
        source: usize,
        into: &'s mut [u8],
    },
    #[cfg(feature = "scram-sha-256")]
    Pause,
    Flush,
    Receive(&'s mut [u8]),
    Done,
}
pub(crate) struct Session<'b> {
    buffer: &'b mut [u8],
    capabilities: Capabilities,
}
pub(crate) struct Running<'s, 'b>(&'s mut Session<'b>);
impl<'b> Session<'b> {
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            capabilities: Capabilities::default(),
        }
    }
    pub(crate) fn begin(&mut self, operation: &mut Operation<'_, '_>) -> Running<'_, 'b> {
        Running(self)
    }
    pub(crate) fn set_name(&mut self, name: Domain<'b>) -> Result<(), Invalid> {
        Ok(())
    }
    pub(crate) fn upgraded(&mut self, proof: Proof) {}
    pub(crate) fn secured(&mut self, proof: Proof) {}
    pub(crate) fn proof(&self) -> Option<Proof> {
        None
    }
    pub(crate) fn without_pipelining(&mut self) {}
    pub(crate) fn chunking(&mut self, chunking: Chunking) {}
    pub(crate) fn with_limits(&mut self) {}
    pub(crate) fn all_or_none(&mut self) {}
    pub(crate) fn allow_helo(&mut self) {}
    pub(crate) fn require_tls(&mut self) {}
    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    pub(crate) fn state(&self) -> State {
        State::Connected
    }
    pub(crate) fn delivery(&self) -> Delivery {
        Delivery::None
    }
    pub(crate) fn last_reply(&self) -> Option<Reply<'_>> {
        None
    }
    pub(crate) fn stray_bytes(&self) -> &[u8] {
        &[]
    }
    pub(crate) fn login_reason(&self) -> &[u8] {
        &[]
    }
}
impl Running<'_, '_> {
    pub(crate) fn step(
        &mut self,
        operation: &mut Operation<'_, '_>,
        observer: &mut dyn Observer,
    ) -> Step<'_> {
        Step::Done
    }
    pub(crate) fn received(&mut self, bytes: usize) {}
    pub(crate) fn filled(&mut self, bytes: usize) {}
    pub(crate) fn flushed(&mut self) {}
    pub(crate) fn no_source(&mut self) {}
    pub(crate) fn broke(&mut self, is_closed: bool) {}
    pub(crate) fn fault(&mut self, fault: Fault<()>) {}
    pub(crate) fn end<E>(self, error: Option<E>) -> Result<Report, Error<E>> {
        Err(Error::ConnectionEnded)
    }
}
