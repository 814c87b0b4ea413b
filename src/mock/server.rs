//! A server's settings and memory, shared by all its connections.

use core::time::Duration;
use std::io;
use std::string::String;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::vec::Vec;

use super::builder::{Builder, Settings};
use super::duplex::Duplex;
use super::record::{Delivery, Record, Traffic, Transcript};
use super::script::{Action, Stage};
use super::tcp::Listener;

/// A mail server for tests.
///
/// A value of this type is a handle: clones share settings and memory, and connections made in any
/// way end up in the same lists.
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

impl Server {
    /// Begins the settings of a server.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn new(settings: Settings) -> Self {
        let record = Mutex::new(Record::default());
        Self {
            shared: Arc::new(Shared {
                settings,
                record,
                changed: Condvar::new(),
            }),
        }
    }

    /// Listens on a free port of 127.0.0.1, a thread a connection, until the listener is dropped.
    ///
    /// # Errors
    /// Those of binding the port.
    pub fn listen(&self) -> io::Result<Listener> {
        Listener::bind(self.clone(), self.shared.clone())
    }

    /// Opens a connection in memory and gives its client end.
    #[must_use]
    pub fn duplex(&self) -> Duplex {
        Duplex::new(self.shared.clone())
    }

    /// The mails accepted so far.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.record().deliveries.clone()
    }

    /// Waits until so many mails were accepted; `false` if the time is over before.
    #[must_use]
    pub fn wait_for_deliveries(&self, count: usize, time: Duration) -> bool {
        self.wait(time, |record| record.deliveries.len() >= count)
    }

    /// Waits until so many connections were made and all of them have ended; `false` if the time is
    /// over before. Behind it the lists are complete.
    #[must_use]
    pub fn wait_for_end(&self, connections: usize, time: Duration) -> bool {
        self.wait(time, |record| {
            record.connections.len() >= connections && record.connections.iter().all(|one| one.over)
        })
    }

    /// What clients did against the rules, in the order it was found.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.shared.record().violations.clone()
    }

    /// How many connections there were.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.record().connections.len()
    }

    /// The command lines of each connection, without CRLF, credentials in them.
    ///
    /// Responses to challenges and contents are not commands. Bytes that are not UTF-8 are shown as
    /// U+FFFD.
    #[must_use]
    pub fn commands(&self) -> Vec<Vec<String>> {
        self.shared
            .record()
            .connections
            .iter()
            .map(|one| one.commands.clone())
            .collect()
    }

    /// The parts of refused chunks that each connection took for commands, as lines without CRLF.
    ///
    /// Empty without [`Builder::misread_refused_chunks`]. The lines are among those of
    /// [`commands`](Self::commands) too.
    #[must_use]
    pub fn misread(&self) -> Vec<Vec<String>> {
        self.shared
            .record()
            .connections
            .iter()
            .map(|one| one.misread.clone())
            .collect()
    }

    /// The dialogue so far.
    #[must_use]
    pub fn transcript(&self) -> Transcript {
        Transcript::new(&self.shared.record())
    }

    /// The traffic of each connection; zero for those over TCP.
    #[must_use]
    pub fn traffic(&self) -> Vec<Traffic> {
        self.shared
            .record()
            .connections
            .iter()
            .map(|one| one.traffic)
            .collect()
    }

    /// What the TLS handshake of each connection came to; `None` for those without one that was
    /// completed.
    #[cfg(feature = "mock-tls")]
    #[must_use]
    pub fn tls(&self) -> Vec<Option<super::tls::TlsSession>> {
        self.shared
            .record()
            .connections
            .iter()
            .map(|one| one.tls.clone())
            .collect()
    }

    fn wait(&self, time: Duration, done: impl Fn(&Record) -> bool) -> bool {
        let start = Instant::now();
        let mut record = self.shared.record();
        while !done(&record) {
            let Some(left) = time
                .checked_sub(start.elapsed())
                .filter(|left| !left.is_zero())
            else {
                return false;
            };
            let waited = self.shared.changed.wait_timeout(record, left);
            record = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl core::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let record = self.shared.record();
        formatter
            .debug_struct("Server")
            .field("connections", &record.connections.len())
            .field("deliveries", &record.deliveries.len())
            .field("violations", &record.violations)
            .finish_non_exhaustive()
    }
}

/// What the connections of a server have in common.
pub(super) struct Shared {
    pub(super) settings: Settings,
    record: Mutex<Record>,
    changed: Condvar,
}

impl Shared {
    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an occurrence of the stage, and finds what the script has for it.
    pub(super) fn scripted(&self, stage: Stage) -> Option<Action> {
        let occurrence = self.record().count(stage);
        let entry = self
            .settings
            .script
            .iter()
            .find(|entry| entry.applies(stage, occurrence))?;
        Some(entry.action.clone())
    }

    pub(super) fn keep(&self, delivery: Delivery) {
        self.record().keep(delivery);
        self.changed.notify_all();
    }

    pub(super) fn end(&self, connection: usize) {
        self.record().connections[connection].over = true;
        self.changed.notify_all();
    }
}
