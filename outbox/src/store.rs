//! Where records rest.

/// A place for records: the oldest first, and none is changed once it is there.
///
/// [`Ram`](crate::Ram) and [`Flash`](crate::Flash) are stores. A store knows nothing of what a record holds.
#[expect(
    async_fn_in_trait,
    reason = "stores are used where they are made, on one executor"
)]
pub trait Store {
    /// The error of the memory.
    type Error: core::fmt::Debug;

    /// Adds a record. Once this returns `Ok`, the record is kept.
    ///
    /// `buffer` holds the longest record; its content is lost. With `is_new`, room is left for each record to
    /// be replaced by a newer one: a record that replaces another is always taken.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`], [`StoreError::TooLong`] or the error of the memory.
    async fn append(
        &mut self,
        record: &[u8],
        buffer: &mut [u8],
        is_new: bool,
    ) -> Result<(), StoreError<Self::Error>>;

    /// Shows the records, the oldest first, and does with each what `visit` says.
    ///
    /// # Errors
    ///
    /// The error of the memory. Records before it were dealt with.
    async fn visit(
        &mut self,
        buffer: &mut [u8],
        visit: impl FnMut(&[u8]) -> Visit,
    ) -> Result<(), StoreError<Self::Error>>;
}

impl<S: Store> Store for &mut S {
    type Error = S::Error;

    async fn append(
        &mut self,
        record: &[u8],
        buffer: &mut [u8],
        is_new: bool,
    ) -> Result<(), StoreError<S::Error>> {
        (**self).append(record, buffer, is_new).await
    }

    async fn visit(
        &mut self,
        buffer: &mut [u8],
        visit: impl FnMut(&[u8]) -> Visit,
    ) -> Result<(), StoreError<S::Error>> {
        (**self).visit(buffer, visit).await
    }
}

/// What becomes of a record that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// It stays.
    Keep,
    /// It is removed.
    Remove,
    /// It stays, and no more are shown.
    Stop,
}

/// A record was not taken, or the records cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StoreError<E> {
    /// There is no room for another record.
    Full,
    /// No such record fits, even in an empty store.
    TooLong,
    /// The error of the memory.
    Memory(E),
}
