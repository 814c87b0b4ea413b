//! The caller's buffer, wiped of what is secret.
//!
//! This file does not know what the octets mean, only whether credentials are among them.

use zeroize::Zeroize;

/// The one buffer of a session. Whatever was marked secret is overwritten by
/// [`Buffer::wipe_secret`] or, at the latest, when the session is dropped.
pub(super) struct Buffer<'b> {
    octets: &'b mut [u8],
    /// Credentials stand from the first position to before the second; nowhere when both are 0.
    secret: (usize, usize),
}

impl<'b> Buffer<'b> {
    pub(super) fn new(octets: &'b mut [u8]) -> Self {
        Self {
            octets,
            secret: (0, 0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(super) fn octets(&mut self) -> &mut [u8] {
        self.octets
    }

    /// The octets from `start` to `end`; none where the buffer does not have them. Kept apart, as
    /// its twin: it is compiled once for all of its callers and for both.
    #[inline(never)]
    pub(super) fn range(&self, start: usize, end: usize) -> &[u8] {
        self.octets.get(start..end).unwrap_or_default()
    }

    /// The same, to be written to.
    #[inline(never)]
    pub(super) fn range_mut(&mut self, start: usize, end: usize) -> &mut [u8] {
        self.octets.get_mut(start..end).unwrap_or_default()
    }

    /// Says that credentials stand somewhere from `start` to before `end`.
    pub(super) fn mark_secret(&mut self, start: usize, end: usize) {
        self.secret = (start, end);
    }

    /// Overwrites the credentials, and what stands around them.
    pub(super) fn wipe_secret(&mut self) {
        let (start, end) = self.secret;
        if end > 0 {
            wipe(self.octets, start, end);
            self.secret = (0, 0);
        }
    }
}

/// Kept apart, since buffers are dropped in many places, and with values for arguments, which do
/// not need the buffer in memory.
#[inline(never)]
fn wipe(octets: &mut [u8], start: usize, end: usize) {
    octets.get_mut(start..end).unwrap_or_default().zeroize();
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        self.wipe_secret();
    }
}
