//! Records in flash, by sequential-storage's queue: they survive a power cut.
//!
//! The queue is a ring of pages, and a page is free again once none of its records is left. So two pages are
//! kept in reserve: before they are used, the oldest records are moved to the end of the queue, which frees
//! their page. A record is added before an older one is removed, and both have the same number: whatever
//! the moment of a power cut, one of them is there.

use core::ops::Range;

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use sequential_storage::Error;
use sequential_storage::cache::Uncached;
use sequential_storage::queue::{QueueConfig, QueueStorage};

use crate::store::{Store, StoreError, Visit};

/// Records in a range of a flash. It needs four pages at least.
pub struct Flash<F: MultiwriteNorFlash> {
    queue: QueueStorage<F, Cache>,
}

type Cache = sequential_storage::cache::Cache<Uncached, Uncached, Uncached, ()>;

/// The error of a flash, or of what is stored there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FlashError<E> {
    /// The flash failed.
    Flash(E),
    /// The range holds something else, or was damaged. [`Flash::erase`] makes it usable again.
    Damaged,
    /// The range does not begin and end at pages, or has fewer than four.
    Range,
}

impl<F: MultiwriteNorFlash> Flash<F> {
    /// Records in these bytes of the flash. Those that are there already stay.
    ///
    /// # Errors
    ///
    /// [`FlashError::Range`].
    pub fn new(flash: F, range: Range<u32>) -> Result<Self, FlashError<F::Error>> {
        let pages = u32::try_from(F::ERASE_SIZE)
            .ok()
            .and_then(|page| range.end.checked_sub(range.start)?.checked_div(page));
        if pages.is_none_or(|pages| pages < PAGES_MIN) {
            return Err(FlashError::Range);
        }
        let config = QueueConfig::try_new(range).map_err(|_| FlashError::Range)?;
        let cache = Cache::new(Uncached, Uncached, Uncached);
        Ok(Self {
            queue: QueueStorage::new(flash, config, cache),
        })
    }

    /// Erases everything, also what remains readable of records that were removed.
    ///
    /// # Errors
    ///
    /// The error of the flash.
    pub async fn erase(&mut self) -> Result<(), StoreError<FlashError<F::Error>>> {
        self.queue.erase_all().await.map_err(error)
    }

    /// The flash.
    pub fn into_inner(self) -> F {
        self.queue.destroy().0
    }

    /// Moves the oldest record to the end of the queue.
    async fn move_oldest(
        &mut self,
        buffer: &mut [u8],
    ) -> Result<(), StoreError<FlashError<F::Error>>> {
        if let Some(record) = self.queue.peek(buffer).await.map_err(error)? {
            self.queue.push(record, false).await.map_err(error)?;
            self.queue.pop(buffer).await.map_err(error)?;
        }
        Ok(())
    }

    /// Whether the reserve is free, and this many bytes for a record besides.
    async fn has_reserve(
        &mut self,
        record: usize,
    ) -> Result<bool, StoreError<FlashError<F::Error>>> {
        let left = self.queue.space_left().await.map_err(error)?;
        let wanted = F::ERASE_SIZE
            .checked_mul(RESERVE)
            .and_then(|reserve| reserve.checked_add(record));
        Ok(wanted.is_some_and(|wanted| left as usize >= wanted))
    }
}

impl<F: MultiwriteNorFlash> Store for Flash<F> {
    type Error = FlashError<F::Error>;

    async fn append(
        &mut self,
        record: &[u8],
        buffer: &mut [u8],
        is_new: bool,
    ) -> Result<(), StoreError<Self::Error>> {
        let wanted = if is_new { record.len() } else { 0 };
        if !self.has_reserve(wanted).await? {
            // Each record is moved once at most: then no more room is to be had.
            let mut records = 0_u32;
            let count = |_: &[u8]| {
                records = records.checked_add(1).unwrap_or(records);
                Visit::Keep
            };
            self.visit(buffer, count).await?;
            for _ in 0..records {
                if self.has_reserve(wanted).await? {
                    break;
                }
                self.move_oldest(buffer).await?;
            }
            if is_new && !self.has_reserve(wanted).await? {
                return Err(StoreError::Full);
            }
        }
        self.queue.push(record, false).await.map_err(error)
    }

    async fn visit(
        &mut self,
        buffer: &mut [u8],
        mut visit: impl FnMut(&[u8]) -> Visit,
    ) -> Result<(), StoreError<Self::Error>> {
        let mut records = self.queue.iter().await.map_err(error)?;
        while let Some(record) = records.next(buffer).await.map_err(error)? {
            match visit(&record) {
                Visit::Keep => {}
                Visit::Remove => {
                    record.pop().await.map_err(error)?;
                }
                Visit::Stop => break,
            }
        }
        Ok(())
    }
}

fn error<E>(error: Error<E>) -> StoreError<FlashError<E>> {
    match error {
        Error::FullStorage => StoreError::Full,
        Error::ItemTooBig | Error::BufferTooBig | Error::BufferTooSmall(_) => StoreError::TooLong,
        Error::Storage { value } => StoreError::Memory(FlashError::Flash(value)),
        _ => StoreError::Memory(FlashError::Damaged),
    }
}

const PAGES_MIN: u32 = 4;
/// Pages in reserve: one for the records of the oldest page, one for what is left unused at the end of a
/// page.
const RESERVE: usize = 2;
