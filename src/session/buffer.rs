//! The caller's buffer, wiped of what is secret.
//!
//! This file does not know what the octets mean, only whether credentials are among them.

use zeroize::Zeroize;

/// The one buffer of a session. Whatever was marked secret is overwritten by
/// [`Buffer::wipe_secret`] or, at the latest, when the session is dropped.
pub(super) struct Buffer<'b> {
    octets: &'b mut [u8],
    /// Credentials stand somewhere before this position; 0 when there are none.
    secret_end: usize,
}

impl<'b> Buffer<'b> {
    pub(super) fn new(octets: &'b mut [u8]) -> Self {
        Self {
            octets,
            secret_end: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(super) fn octets(&mut self) -> &mut [u8] {
        self.octets
    }

    /// The octets from `start` to `end`; none where the buffer does not have them.
    pub(super) fn range(&self, start: usize, end: usize) -> &[u8] {
        self.octets.get(start..end).unwrap_or_default()
    }

    /// Says that credentials stand before `end`.
    pub(super) fn mark_secret(&mut self, end: usize) {
        self.secret_end = end;
    }

    /// Overwrites the credentials, and what stands before them.
    pub(super) fn wipe_secret(&mut self) {
        if self.secret_end > 0 {
            self.octets
                .get_mut(..self.secret_end)
                .unwrap_or_default()
                .zeroize();
            self.secret_end = 0;
        }
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        self.wipe_secret();
    }
}
