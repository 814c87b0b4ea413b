//! TLS on a connection of the server's, by rustls, without any I/O.
//!
//! Ciphertext comes in and goes out; in between stands the [`Dialogue`], which knows nothing of it.
//! What the handshake does differently where a script says so is decided here.

use core::time::Duration;
use std::borrow::ToOwned;
use std::io::{Read, Write};
use std::vec::Vec;

use rustls::ServerConnection;

use super::dialogue::Dialogue;
use super::outbox::{Next, Outbox, Switch, Writes};
use super::record::Event;
use super::script::{Action, Say, Stage, Then};
use super::tls::{TlsSession, version};

/// The TLS of one connection.
pub(super) struct Layer {
    tls: ServerConnection,
    state: State,
    /// Whether the server may have ended the conversation before the handshake.
    after_starttls: bool,
    /// What the client is to be sent as it is: records, or what the script has in their place.
    wire: Outbox,
    /// What the script does with the server's part of the handshake.
    flight: Option<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing has come yet.
    Fresh,
    Handshake,
    Open,
    /// Open, but what the server says is not encrypted any more.
    Bare,
    /// Nothing that comes is looked at.
    Dead,
}

impl Layer {
    pub(super) fn new(tls: ServerConnection, after_starttls: bool) -> Self {
        Self {
            tls,
            state: State::Fresh,
            after_starttls,
            wire: Outbox::new(Writes::Coalesced),
            flight: None,
        }
    }

    /// Takes what the client sent.
    pub(super) fn receive(&mut self, octets: &[u8], dialogue: &mut Dialogue, out: &mut Outbox) {
        if self.state == State::Fresh && !(self.after_starttls && dialogue.is_over()) {
            self.state = State::Handshake;
            self.begin(dialogue, out);
        }
        let mut rest = octets;
        while !rest.is_empty() && !matches!(self.state, State::Fresh | State::Dead) {
            // It takes nothing after the client's close_notify.
            match self.tls.read_tls(&mut rest) {
                Ok(1..) => self.process(dialogue, out),
                Ok(0) | Err(_) => break,
            }
        }
    }

    /// What the transport is to do next.
    pub(super) fn next(&mut self, out: &mut Outbox, buffer: &mut [u8]) -> Next {
        let mut said = std::vec![0; RECORD];
        loop {
            let next = self.wire.next(buffer);
            if self.wire.is_empty() {
                out.hold(false);
            }
            if next != Next::Nothing {
                return next;
            }
            match self.state {
                State::Open | State::Bare => {}
                // A script may close after the 220.
                _ if self.after_starttls && out.is_at_close() => {
                    self.wire.close();
                    continue;
                }
                _ => return Next::Nothing,
            }
            if out.take_switch() == Some(Switch::Bare) {
                self.state = State::Bare;
            }
            match out.next(&mut said) {
                Next::Octets(count) => {
                    self.say(&said[..count]);
                    out.hold(true);
                }
                Next::Pause(time) => return Next::Pause(time),
                Next::Close => {
                    if self.state == State::Open {
                        self.tls.send_close_notify();
                        self.flush();
                    }
                    self.wire.close();
                }
                Next::Nothing => return Next::Nothing,
            }
        }
    }

    pub(super) fn resume_pause(&mut self, time: Duration) {
        self.wire.resume_pause(time);
    }

    pub(super) fn is_at_close(&self, out: &Outbox) -> bool {
        let may_close = self.after_starttls || matches!(self.state, State::Open | State::Bare);
        self.wire.is_at_close() || (may_close && self.wire.is_empty() && out.is_at_close())
    }

    /// Finds what the script has for the handshake, and does what takes the place of it.
    fn begin(&mut self, dialogue: &mut Dialogue, out: &mut Outbox) {
        let Some(action) = dialogue.shared.scripted(Stage::Handshake) else {
            return;
        };
        let octets = match &action.say {
            Say::Normal => {
                self.flight = Some(action);
                return;
            }
            Say::Octets(octets) => octets.clone(),
            Say::Nothing | Say::Unsent => Vec::new(),
            Say::Endless(octets) => {
                self.wire.endless(octets, action.drip);
                self.state = State::Dead;
                return;
            }
        };
        self.act(&action, &octets, dialogue, out);
        self.state = State::Dead;
    }

    /// Does a scripted action with these bytes.
    fn act(&mut self, action: &Action, octets: &[u8], dialogue: &mut Dialogue, out: &mut Outbox) {
        if let Some(time) = action.after {
            self.wire.pause(time);
        }
        match action.drip {
            Some(interval) => self.wire.drip(octets, interval),
            None => self.wire.say(octets),
        }
        match action.then {
            Then::GoOn | Then::CloseLate => return,
            Then::Close => {
                self.wire.close();
                dialogue.close(out);
            }
            Then::Silence => dialogue.log(Event::note("silent from here on")),
        }
        self.state = State::Dead;
    }

    fn process(&mut self, dialogue: &mut Dialogue, out: &mut Outbox) {
        let result = self.tls.process_new_packets();
        let flight = self.pending();
        match self.flight.take_if(|_| !flight.is_empty()) {
            Some(action) => self.act(&action, &flight, dialogue, out),
            None => self.wire.say(&flight),
        }
        if self.state == State::Handshake && !self.tls.is_handshaking() {
            self.state = State::Open;
            self.opened(dialogue);
        }
        let mut plain = Vec::new();
        // It says that there is no more, or that there will be none.
        drop(self.tls.reader().read_to_end(&mut plain));
        dialogue.receive(&plain, out);
        match result {
            Ok(state) if state.peer_has_closed() => self.closed(dialogue),
            Ok(_) => {}
            Err(error) => self.fail(&error, dialogue, out),
        }
    }

    fn opened(&self, dialogue: &Dialogue) {
        let session = TlsSession {
            version: self
                .tls
                .protocol_version()
                .and_then(version)
                .expect("a version that was agreed on"),
            cipher_suite: self
                .tls
                .negotiated_cipher_suite()
                .map(|suite| std::format!("{:?}", suite.suite()))
                .unwrap_or_default(),
            server_name: self.tls.server_name().map(ToOwned::to_owned),
            closed: false,
        };
        dialogue.log(Event::Note(std::format!("TLS {}", session.version).into()));
        dialogue.shared.record().connections[dialogue.connection].tls = Some(session);
    }

    /// The client has sent close_notify.
    fn closed(&self, dialogue: &Dialogue) {
        let mut record = dialogue.shared.record();
        let session = record.connections[dialogue.connection].tls.as_mut();
        let before = session.map(|session| core::mem::replace(&mut session.closed, true));
        drop(record);
        if before == Some(false) {
            dialogue.log(Event::note("TLS closed by the client"));
        }
    }

    /// TLS is over. That the client did not like the certificate, or knows no version or cipher that
    /// the server knows, is no violation.
    fn fail(&mut self, error: &rustls::Error, dialogue: &mut Dialogue, out: &mut Outbox) {
        use rustls::Error::{AlertReceived, PeerIncompatible};
        dialogue.log(Event::Note(std::format!("TLS failed: {error}").into()));
        if !matches!(error, AlertReceived(_) | PeerIncompatible(_)) {
            dialogue.violate(std::format!("TLS: {error}"));
        }
        if self.state != State::Dead {
            self.wire.close();
            dialogue.close(out);
            self.state = State::Dead;
        }
    }

    fn say(&mut self, octets: &[u8]) {
        if self.state == State::Bare {
            self.wire.say(octets);
        } else {
            let mut writer = self.tls.writer();
            writer.write_all(octets).expect("room for one record");
            self.flush();
        }
    }

    fn flush(&mut self) {
        let octets = self.pending();
        self.wire.say(&octets);
    }

    /// The records that are ready.
    fn pending(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut octets).expect("a write to memory");
        }
        octets
    }
}

/// Bytes of one record at most, RFC 8446 §5.1.
const RECORD: usize = 16 * 1024;
