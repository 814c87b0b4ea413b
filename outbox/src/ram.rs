//! Records in RAM: they last until the device restarts.

use core::convert::Infallible;

use heapless::{Deque, Vec};

use crate::store::{Store, StoreError, Visit};

/// Up to `N` records of up to `LENGTH` bytes, one of them in reserve.
#[derive(Debug, Default)]
pub struct Ram<const N: usize, const LENGTH: usize> {
    records: Deque<Vec<u8, LENGTH>, N>,
}

impl<const N: usize, const LENGTH: usize> Ram<N, LENGTH> {
    /// An empty store.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N >= 2, "one record is in reserve") };
        Self {
            records: Deque::new(),
        }
    }
}

impl<const N: usize, const LENGTH: usize> Store for Ram<N, LENGTH> {
    type Error = Infallible;

    async fn append(
        &mut self,
        record: &[u8],
        _: &mut [u8],
        is_new: bool,
    ) -> Result<(), StoreError<Infallible>> {
        // The last place is for a record that replaces another.
        if self.records.is_full() || is_new && self.records.len().checked_add(1) == Some(N) {
            return Err(StoreError::Full);
        }
        let record = Vec::from_slice(record).map_err(|_| StoreError::TooLong)?;
        self.records.push_back(record).map_err(|_| StoreError::Full)
    }

    async fn visit(
        &mut self,
        _: &mut [u8],
        mut visit: impl FnMut(&[u8]) -> Visit,
    ) -> Result<(), StoreError<Infallible>> {
        let mut has_stopped = false;
        for _ in 0..self.records.len() {
            let Some(record) = self.records.pop_front() else {
                break;
            };
            let stays = has_stopped
                || match visit(&record) {
                    Visit::Keep => true,
                    Visit::Remove => false,
                    Visit::Stop => {
                        has_stopped = true;
                        true
                    }
                };
            if stays {
                // There is room: it was just taken out.
                let _ = self.records.push_back(record);
            }
        }
        Ok(())
    }
}
