//! The server, as far as it is known: the state of the dialogue, the capabilities, the proof of its
//! identity, and how it has behaved.
//!
//! This file decides nothing.

use crate::proof::Proof;
use crate::state::State;
use crate::wire::address::Address;
use crate::wire::ehlo::{Capabilities, Extension, Mechanism};

use super::limits::{Limits, Tally};
use super::table::{Dialogue, Event, Verb};

/// What is known of the server.
pub(super) struct Server {
    dialogue: Dialogue,
    /// It mishandled a command pipelined after content; none will be again.
    is_lock_step: bool,
    /// The proof of its identity; `None` without TLS.
    proof: Option<Proof>,
    capabilities: Capabilities,
    /// The mails and domains that its limits count; only where limits are heeded.
    tally: Tally,
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            dialogue: Dialogue::new(),
            capabilities: Capabilities::default(),
            proof: None,
            is_lock_step: false,
            tally: Tally::default(),
        }
    }

    pub(super) const fn state(&self) -> State {
        self.dialogue.state()
    }

    /// A reply to `verb` was read; whether it has a place here.
    pub(super) fn reply(&mut self, verb: Verb, code: u16) -> bool {
        self.dialogue.reply(verb, code)
    }

    pub(super) fn happened(&mut self, event: Event) {
        self.dialogue.happened(event);
    }

    pub(super) const fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The capabilities, to be read from the answer to EHLO.
    pub(super) fn capabilities_mut(&mut self) -> &mut Capabilities {
        &mut self.capabilities
    }

    /// EHLO or HELO is sent: what was offered before is forgotten.
    pub(super) fn forget_offers(&mut self) {
        self.capabilities.forget();
    }

    pub(super) const fn offers(&self, extension: Extension) -> bool {
        self.capabilities.offers(extension)
    }

    pub(super) const fn offers_mechanism(&self, mechanism: Mechanism) -> bool {
        self.capabilities.offers_mechanism(mechanism)
    }

    pub(super) const fn proof(&self) -> Option<Proof> {
        self.proof
    }

    /// The link is under TLS from the start.
    pub(super) fn secured(&mut self, proof: Proof) {
        self.proof = Some(proof);
    }

    /// TLS was opened: the session begins anew (RFC 3207 §4.2).
    pub(super) fn upgraded(&mut self, proof: Proof) {
        self.dialogue.happened(Event::TlsOpened);
        self.capabilities.forget();
        self.proof = Some(proof);
        self.tally = Tally::default();
    }

    pub(super) const fn is_lock_step(&self) -> bool {
        self.is_lock_step
    }

    /// A command pipelined after content was not understood.
    pub(super) fn keeps_lock_step(&mut self) {
        self.is_lock_step = true;
    }

    pub(super) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// MAIL was sent.
    pub(super) fn count_mail(&mut self, limits: &Limits) {
        (limits.mail)(&mut self.tally);
    }

    /// RCPT was sent for this recipient.
    pub(super) fn count_recipient(&mut self, limits: &Limits, to: Address<'_>) {
        (limits.recipient)(&self.capabilities, &mut self.tally, to);
    }
}
