//! A connection's bytes: the dialogue, what it has said, and the TLS around both.
//!
//! Without any I/O. A transport hands in what the client sent and takes out what it is to be sent.

use core::time::Duration;
use std::sync::Arc;

use super::dialogue::Dialogue;
use super::outbox::{Next, Outbox};
use super::server::Shared;
#[cfg(feature = "mock-tls")]
use super::{outbox::Switch, tls_layer::Layer};

/// One connection.
pub(super) struct Channel {
    pub(super) dialogue: Dialogue,
    /// What the dialogue has said.
    out: Outbox,
    /// `None` while the link is plain.
    #[cfg(feature = "mock-tls")]
    tls: Option<Layer>,
}

impl Channel {
    pub(super) fn new(shared: Arc<Shared>, exact: bool) -> Self {
        let mut out = Outbox::new(shared.settings.writes);
        #[cfg(feature = "mock-tls")]
        let tls = match shared.settings.implicit_tls {
            true => shared.settings.tls.layer(false),
            false => None,
        };
        Self {
            dialogue: Dialogue::new(shared, exact, &mut out),
            out,
            #[cfg(feature = "mock-tls")]
            tls,
        }
    }

    /// Takes what the client sent.
    pub(super) fn receive(&mut self, octets: &[u8]) {
        #[cfg(feature = "mock-tls")]
        {
            self.settle();
            if let Some(tls) = &mut self.tls {
                return tls.receive(octets, &mut self.dialogue, &mut self.out);
            }
        }
        self.dialogue.receive(octets, &mut self.out);
    }

    /// What the transport is to do next; `buffer` must not be empty.
    pub(super) fn next(&mut self, buffer: &mut [u8]) -> Next {
        #[cfg(feature = "mock-tls")]
        {
            self.settle();
            if let Some(tls) = &mut self.tls {
                return tls.next(&mut self.out, buffer);
            }
        }
        self.out.next(buffer)
    }

    /// Begins TLS once the client has been handed the whole reply to STARTTLS.
    #[cfg(feature = "mock-tls")]
    fn settle(&mut self) {
        if self.tls.is_none() && self.out.take_switch() == Some(Switch::StartTls) {
            self.tls = self.dialogue.shared.settings.tls.layer(true);
        }
    }

    /// Puts back the rest of a pause that was cut short.
    pub(super) fn resume_pause(&mut self, time: Duration) {
        #[cfg(feature = "mock-tls")]
        if let Some(tls) = &mut self.tls {
            return tls.resume_pause(time);
        }
        self.out.resume_pause(time);
    }

    /// Whether the server has closed and the client has been handed all that came before.
    pub(super) fn is_at_close(&self) -> bool {
        #[cfg(feature = "mock-tls")]
        if let Some(tls) = &self.tls {
            return self.dialogue.is_closed() && tls.is_at_close(&self.out);
        }
        self.dialogue.is_closed() && self.out.is_at_close()
    }

    /// How many bytes wait for the client, the endless ones apart.
    pub(super) fn waiting(&self) -> usize {
        self.out.waiting()
    }

    /// The client has closed, or the connection broke.
    pub(super) fn end(&mut self) {
        self.dialogue.end();
    }
}
