//! Replies: what is said where one is due, by the script or without it, and what follows on it.

use std::string::String;
use std::vec::Vec;

use super::dialogue::{Dialogue, Phase};
use super::outbox::Outbox;
#[cfg(feature = "mock-tls")]
use super::outbox::Switch;
use super::record::Event;
use super::script::{Say, Stage, Then};

/// The reply that the server believes it gave: the bytes it sent, except where they were withheld.
pub(super) struct Answer {
    /// The first digit of the first reply, `0` where there was none.
    pub(super) class: u8,
    pub(super) octets: Vec<u8>,
}

impl Dialogue {
    /// Says the reply, or what the script has instead; the first stage with an entry counts.
    pub(super) fn answer(&mut self, stages: &[Stage], normal: String, out: &mut Outbox) -> Answer {
        let action = stages.iter().fold(None, |found, stage| {
            let scripted = self.shared.scripted(*stage);
            found.or(scripted)
        });
        self.say_held_back(out);
        let Some(action) = action else {
            out.say(normal.as_bytes());
            return self.said(normal.into_bytes());
        };
        #[cfg(feature = "mock-tls")]
        if action.bare {
            out.switch(Switch::Bare);
        }
        if let Some(time) = action.after {
            out.pause(time);
        }
        let answer = match action.say {
            Say::Normal => self.utter(normal.into_bytes(), action.drip, out),
            Say::Octets(octets) => self.utter(octets, action.drip, out),
            Say::Nothing => Answer::new(Vec::new()),
            Say::Unsent => {
                self.log(Event::note("the reply is not sent"));
                Answer::new(normal.into_bytes())
            }
            Say::Endless(octets) => {
                out.endless(&octets, action.drip);
                self.phase = Phase::Silent;
                let answer = self.said(octets);
                self.log(Event::note("and so on without end"));
                return Answer {
                    class: b'0',
                    ..answer
                };
            }
        };
        self.say_unasked(action.surplus, out);
        self.held_back = action.late;
        match action.then {
            Then::GoOn => {}
            Then::Close => self.close(out),
            Then::CloseLate => self.closes_late = true,
            Then::Silence => {
                self.phase = Phase::Silent;
                self.log(Event::note("silent from here on"));
            }
        }
        answer
    }

    /// Sends what an earlier action held back.
    pub(super) fn say_held_back(&mut self, out: &mut Outbox) {
        let bytes = core::mem::take(&mut self.held_back);
        self.say_unasked(bytes, out);
    }

    pub(super) fn close(&mut self, out: &mut Outbox) {
        if !matches!(self.phase, Phase::Closed | Phase::Silent) {
            self.phase = Phase::Closed;
            out.close();
            self.log(Event::note("closed by the server"));
        }
    }

    fn utter(
        &self,
        bytes: Vec<u8>,
        drip: Option<core::time::Duration>,
        out: &mut Outbox,
    ) -> Answer {
        match drip {
            Some(interval) => out.drip(&bytes, interval),
            None => out.say(&bytes),
        }
        self.said(bytes)
    }

    fn say_unasked(&self, bytes: Vec<u8>, out: &mut Outbox) {
        if !bytes.is_empty() {
            out.say_unasked(&bytes);
            self.log(Event::Reply(bytes));
        }
    }

    fn said(&self, bytes: Vec<u8>) -> Answer {
        if !bytes.is_empty() {
            self.log(Event::Reply(bytes.clone()));
        }
        Answer::new(bytes)
    }
}

impl Answer {
    fn new(octets: Vec<u8>) -> Self {
        let class = octets
            .first()
            .copied()
            .filter(u8::is_ascii_digit)
            .unwrap_or(b'0');
        Self { class, octets }
    }

    pub(super) fn is_positive(&self) -> bool {
        self.class == b'2'
    }

    pub(super) fn is_intermediate(&self) -> bool {
        self.class == b'3'
    }
}
