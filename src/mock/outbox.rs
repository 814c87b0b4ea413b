//! What the server has said and the client has not yet been handed.
//!
//! The dialogue puts replies in, a transport takes them out in the order of their writing. Whether
//! anything is still in here is how the dialogue knows that a command was pipelined.

use std::collections::VecDeque;
use std::time::Duration;
use std::vec::Vec;

/// How replies are cut into writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Writes {
    /// All replies that are ready go out in one write, as a real server answers a pipelined flight.
    #[default]
    Coalesced,
    /// One write a reply.
    PerReply,
    /// One write a byte.
    PerOctet,
}

/// The queue of what is to be sent.
#[derive(Debug)]
pub(super) struct Outbox {
    writes: Writes,
    queue: VecDeque<Item>,
    /// How many replies were said that no command asked for.
    unasked: usize,
    /// What was taken from here has not been handed over yet.
    #[cfg(feature = "mock-tls")]
    held: bool,
}

/// A change of the link, at its place between what is said.
#[cfg(feature = "mock-tls")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    /// TLS begins.
    StartTls,
    /// What follows is not encrypted.
    Bare,
}

/// What a transport is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// So many bytes were put into the transport's buffer; send them in one write.
    Octets(usize),
    /// Let this much time pass.
    Pause(Duration),
    /// Close the connection.
    Close,
    /// Nothing until the client speaks.
    Nothing,
}

#[derive(Debug)]
enum Item {
    Octets {
        octets: Vec<u8>,
        sent: usize,
    },
    Endless {
        octets: Vec<u8>,
        sent: usize,
        interval: Option<Duration>,
        paused: bool,
    },
    Pause(Duration),
    #[cfg(feature = "mock-tls")]
    Switch(Switch),
    Close,
}

impl Outbox {
    pub(super) fn new(writes: Writes) -> Self {
        Self {
            writes,
            queue: VecDeque::new(),
            unasked: 0,
            #[cfg(feature = "mock-tls")]
            held: false,
        }
    }

    /// Whether the client has been handed a reply to everything it said.
    ///
    /// Each reply that no command asked for lets the client run one reply ahead from then on.
    pub(super) fn is_empty(&self) -> bool {
        #[cfg(feature = "mock-tls")]
        if self.held {
            return false;
        }
        self.queue.len() <= self.unasked
            && self
                .queue
                .iter()
                .all(|item| matches!(item, Item::Octets { .. }))
    }

    /// Says whether what was taken from here is still to be handed over.
    #[cfg(feature = "mock-tls")]
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    #[cfg(feature = "mock-tls")]
    pub(super) fn switch(&mut self, switch: Switch) {
        self.queue.push_back(Item::Switch(switch));
    }

    /// Takes a change of the link, if it is due.
    #[cfg(feature = "mock-tls")]
    pub(super) fn take_switch(&mut self) -> Option<Switch> {
        let Some(Item::Switch(switch)) = self.queue.front() else {
            return None;
        };
        let switch = *switch;
        self.queue.pop_front();
        Some(switch)
    }

    /// Whether nothing is left to do but closing.
    pub(super) fn is_at_close(&self) -> bool {
        matches!(self.queue.front(), Some(Item::Close))
    }

    pub(super) fn say(&mut self, octets: &[u8]) {
        if !octets.is_empty() {
            self.queue.push_back(Item::Octets {
                octets: octets.to_vec(),
                sent: 0,
            });
        }
    }

    /// Says a reply that no command asked for.
    pub(super) fn say_unasked(&mut self, bytes: &[u8]) {
        self.unasked += usize::from(!bytes.is_empty());
        self.say(bytes);
    }

    pub(super) fn drip(&mut self, octets: &[u8], interval: Duration) {
        for (index, octet) in octets.iter().enumerate() {
            if index > 0 {
                self.pause(interval);
            }
            self.say(&[*octet]);
        }
    }

    pub(super) fn endless(&mut self, octets: &[u8], interval: Option<Duration>) {
        let octets = octets.to_vec();
        self.queue.push_back(Item::Endless {
            octets,
            sent: 0,
            interval,
            paused: true,
        });
    }

    pub(super) fn pause(&mut self, time: Duration) {
        self.queue.push_back(Item::Pause(time));
    }

    /// Puts back the rest of a pause that was cut short.
    pub(super) fn resume_pause(&mut self, time: Duration) {
        self.queue.push_front(Item::Pause(time));
    }

    pub(super) fn close(&mut self) {
        self.queue.push_back(Item::Close);
    }

    /// How many bytes wait here, the endless ones apart.
    pub(super) fn waiting(&self) -> usize {
        let octets = |item: &Item| match item {
            Item::Octets { octets, sent } => octets.len() - sent,
            _ => 0,
        };
        self.queue.iter().map(octets).sum()
    }

    /// Takes the next thing to do; `buffer` must not be empty.
    pub(super) fn next(&mut self, buffer: &mut [u8]) -> Next {
        let mut filled = 0;
        loop {
            match self.queue.front_mut() {
                Some(Item::Octets { octets, sent }) if filled < buffer.len() => {
                    let room = match self.writes {
                        Writes::PerOctet => 1,
                        Writes::Coalesced | Writes::PerReply => buffer.len() - filled,
                    };
                    let count = room.min(octets.len() - *sent);
                    buffer[filled..filled + count].copy_from_slice(&octets[*sent..*sent + count]);
                    *sent += count;
                    filled += count;
                    if *sent == octets.len() {
                        self.queue.pop_front();
                    }
                    if self.writes != Writes::Coalesced {
                        return Next::Octets(filled);
                    }
                }
                _ if filled > 0 => return Next::Octets(filled),
                Some(Item::Endless {
                    octets,
                    sent,
                    interval,
                    paused,
                }) => {
                    if let Some(interval) = interval
                        && !*paused
                    {
                        *paused = true;
                        return Next::Pause(*interval);
                    }
                    *paused = false;
                    let count = if interval.is_some() { 1 } else { buffer.len() };
                    for octet in &mut buffer[..count] {
                        *octet = octets[*sent];
                        *sent = (*sent + 1) % octets.len();
                    }
                    return Next::Octets(count);
                }
                Some(Item::Pause(time)) => {
                    let time = *time;
                    self.queue.pop_front();
                    return Next::Pause(time);
                }
                Some(Item::Close) => return Next::Close,
                #[cfg(feature = "mock-tls")]
                Some(Item::Switch(_)) => return Next::Nothing,
                Some(Item::Octets { .. }) | None => return Next::Nothing,
            }
        }
    }
}
