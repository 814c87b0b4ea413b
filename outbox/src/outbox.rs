//! Which alert is due, and what an attempt means for it.
//!
//! | the attempt | the alert |
//! |---|---|
//! | sent to all who were left | is removed |
//! | sent to some, unknown, refused for now, the link broke | stays, and is due again after a delay that doubles |
//! | refused for good | is removed, and handed to the caller |
//!
//! This file does not know where records rest.

use heapless::Vec;

use crate::record::{Raised, RecipientSet, Record, Serial};
use crate::store::{Store, StoreError, Visit};

/// Up to `N` alerts, the oldest first.
///
/// # Cancel safety
///
/// A call that is dropped before its end leaves an alert that is whole: as it was before, or as it was to
/// become. Call [`Outbox::open`] again before the next one.
pub struct Outbox<'b, S, const N: usize> {
    store: S,
    /// For a record that is read or written.
    record: &'b mut [u8],
    /// For the store.
    work: &'b mut [u8],
    backoff: Backoff,
    held: Vec<Held, N>,
    last: Serial,
}

/// What is known of an alert without reading it.
#[derive(Debug, Clone, Copy)]
struct Held {
    serial: Serial,
    due: u64,
    delay: u64,
}

/// The time that an alert waits after an attempt: `first`, then twice as long each time, at most `longest`.
///
/// RFC 5321 §4.5.4.1 has a server wait half an hour; a device that raises an alarm begins sooner. A delay is
/// one millisecond at least.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// Milliseconds.
    pub first: u64,
    /// Milliseconds.
    pub longest: u64,
}

/// An alert whose turn has come.
pub type Due<'a> = Record<'a>;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// Nothing is owed to any recipient any more: the mail was sent, or refused for good.
    Done,
    /// To be tried again for the recipients who are not in this set.
    Again(RecipientSet),
}

/// An alert was not taken, or the store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error<E> {
    /// There is no room for another alert.
    Full,
    /// The alert does not fit into the buffer or the store, ever.
    TooLong,
    /// There is no alert with this number.
    Unknown,
    /// The store failed.
    Store(E),
}

impl<E> From<StoreError<E>> for Error<E> {
    fn from(error: StoreError<E>) -> Self {
        match error {
            StoreError::Full => Self::Full,
            StoreError::TooLong => Self::TooLong,
            StoreError::Memory(error) => Self::Store(error),
        }
    }
}

impl<'b, S: Store, const N: usize> Outbox<'b, S, N> {
    /// Opens the outbox with the alerts that rest in the store, all of them due at once. A store may be given
    /// as `&mut`, to be used again.
    ///
    /// `buffer` holds two records: twice [`Record::OVERHEAD`] bytes and the longest alert. Records of another
    /// format are removed.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if more than `N` alerts rest there, or the error of the store.
    pub async fn open(
        store: S,
        buffer: &'b mut [u8],
        backoff: Backoff,
        now: u64,
    ) -> Result<Self, Error<S::Error>> {
        let half = buffer.len().checked_div(2).unwrap_or_default();
        let (record, work) = buffer.split_at_mut_checked(half).ok_or(Error::TooLong)?;
        let mut outbox = Self {
            store,
            record,
            work,
            backoff,
            held: Vec::new(),
            last: Serial(0),
        };
        outbox.load(now).await?;
        Ok(outbox)
    }

    /// Reads which alerts there are, and removes what a power cut has left.
    async fn load(&mut self, now: u64) -> Result<(), Error<S::Error>> {
        let (held, last, delay) = (&mut self.held, &mut self.last, self.backoff.first);
        let mut twice = Vec::<Serial, N>::new();
        let mut has_room = true;
        let load = |bytes: &[u8]| {
            let Some(Record { serial, .. }) = Record::read(bytes) else {
                return Visit::Remove;
            };
            *last = serial.max(*last);
            has_room &= if held.iter().any(|held| held.serial == serial) {
                twice.push(serial).is_ok()
            } else {
                let due = now;
                held.push(Held { serial, due, delay }).is_ok()
            };
            Visit::Keep
        };
        self.store.visit(self.work, load).await?;
        if !has_room {
            return Err(Error::Full);
        }
        self.held.sort_unstable_by_key(|held| held.serial);
        for serial in twice {
            self.remove_older(serial).await?;
        }
        Ok(())
    }

    /// Takes an alert, due at once. When this returns `Ok`, the alert is kept as long as the store keeps it.
    ///
    /// `unique` is a number that no other alert has, from the device's random source. See [`Record`].
    ///
    /// # Errors
    ///
    /// [`Error::Full`], [`Error::TooLong`], or the error of the store. The alert was not taken, and those
    /// that are held stay.
    pub async fn push(
        &mut self,
        alert: &[u8],
        unique: u64,
        raised: Raised,
        now: u64,
    ) -> Result<Serial, Error<S::Error>> {
        if self.held.is_full() {
            return Err(Error::Full);
        }
        let serial = Serial(self.last.0.checked_add(1).ok_or(Error::Full)?);
        let record = Record {
            serial,
            unique,
            raised,
            attempts: 0,
            settled: RecipientSet::NONE,
            alert,
        };
        let record = record.write(self.record).ok_or(Error::TooLong)?;
        self.store.append(record, self.work, true).await?;
        self.last = serial;
        let held = Held {
            serial,
            due: now,
            delay: self.backoff.first,
        };
        self.held.push(held).map_err(|_| Error::Full)?;
        Ok(serial)
    }

    /// The oldest alert whose turn has come.
    ///
    /// # Errors
    ///
    /// The error of the store.
    pub async fn due(&mut self, now: u64) -> Result<Option<Due<'_>>, Error<S::Error>> {
        match self.held.iter().find(|held| held.due <= now) {
            Some(held) => {
                let length = self.fetch(held.serial).await?;
                Ok(self.record.get(..length).and_then(Record::read))
            }
            None => Ok(None),
        }
    }

    /// The time at which the next alert is due; `None` when the outbox is empty.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.held.iter().map(|held| held.due).min()
    }

    /// Notes how an attempt ended.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], or the error of the store. The alert is then as it was before, or as it was to
    /// become.
    pub async fn settle(
        &mut self,
        serial: Serial,
        outcome: Outcome,
        now: u64,
    ) -> Result<(), Error<S::Error>> {
        let position = self.held.iter().position(|held| held.serial == serial);
        let position = position.ok_or(Error::Unknown)?;
        let Outcome::Again(settled) = outcome else {
            self.remove_all(serial).await?;
            self.held.remove(position);
            return Ok(());
        };
        let length = self.fetch(serial).await?;
        let record = self.record.get(..length).and_then(Record::read);
        let record = record.ok_or(Error::Unknown)?;
        let head = Record {
            // More are not counted.
            attempts: record.attempts.checked_add(1).unwrap_or(record.attempts),
            settled: record.settled.and(settled),
            ..record
        }
        .head();
        if let Some(place) = self.record.first_chunk_mut() {
            *place = head;
        }
        let record = self.record.get(..length).ok_or(Error::TooLong)?;
        self.store.append(record, self.work, false).await?;
        self.remove_older(serial).await?;
        if let Some(held) = self.held.get_mut(position) {
            let delay = held.delay.max(1);
            // A clock of milliseconds does not come near its end.
            held.due = now.checked_add(delay).unwrap_or(now);
            let doubled = delay.checked_mul(2).unwrap_or(self.backoff.longest);
            held.delay = doubled.min(self.backoff.longest);
        }
        Ok(())
    }

    /// The number of alerts that are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether no alert is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The store.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Reads a record into the first half of the buffer, and returns its length.
    async fn fetch(&mut self, wanted: Serial) -> Result<usize, Error<S::Error>> {
        let place = &mut *self.record;
        let mut length = None;
        let fetch = |bytes: &[u8]| {
            if serial_of(bytes) != Some(wanted) {
                return Visit::Keep;
            }
            length = place.split_at_mut_checked(bytes.len()).map(|(place, _)| {
                place.copy_from_slice(bytes);
                bytes.len()
            });
            Visit::Stop
        };
        self.store.visit(self.work, fetch).await?;
        length.ok_or(Error::Unknown)
    }

    /// Removes all records of an alert but the youngest.
    async fn remove_older(&mut self, serial: Serial) -> Result<(), Error<S::Error>> {
        let mut older = 0_usize;
        let count = |bytes: &[u8]| {
            if serial_of(bytes) == Some(serial) {
                older = older.checked_add(1).unwrap_or(older);
            }
            Visit::Keep
        };
        self.store.visit(self.work, count).await?;
        let Some(mut older) = older.checked_sub(1) else {
            return Ok(());
        };
        let remove = |bytes: &[u8]| {
            if serial_of(bytes) != Some(serial) {
                return Visit::Keep;
            }
            match older.checked_sub(1) {
                Some(left) => {
                    older = left;
                    Visit::Remove
                }
                None => Visit::Stop,
            }
        };
        self.store.visit(self.work, remove).await?;
        Ok(())
    }

    async fn remove_all(&mut self, serial: Serial) -> Result<(), Error<S::Error>> {
        let remove = |bytes: &[u8]| match serial_of(bytes) == Some(serial) {
            true => Visit::Remove,
            false => Visit::Keep,
        };
        self.store.visit(self.work, remove).await?;
        Ok(())
    }
}

fn serial_of(record: &[u8]) -> Option<Serial> {
    Record::read(record).map(|record| record.serial)
}
