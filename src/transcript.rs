//! An observer that remembers the end of the dialogue, for a log or a look after a failure.

use heapless::HistoryBuf;

use crate::observer::Observer;

/// Keeps the last `N` bytes of the dialogue: each line sent as `C: …` and each line received as
/// `S: …`, with their line ends, secrets masked, content left out.
///
/// ```
/// # use embedded_smtp::{Observer, Transcript};
/// let mut transcript = Transcript::<23>::new();
/// transcript.sent(b"NOOP\r\n");
/// transcript.received(b"250 2.0.0 Ok\r\n");
/// let text: String = transcript.octets().map(char::from).collect();
/// assert_eq!(text, "NOOP\r\nS: 250 2.0.0 Ok\r\n");
/// ```
#[derive(Debug, Default)]
pub struct Transcript<const N: usize> {
    octets: HistoryBuf<u8, N>,
    /// The last line sent has not ended yet.
    is_in_line: bool,
}

impl<const N: usize> Transcript<N> {
    /// A transcript of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            octets: HistoryBuf::new(),
            is_in_line: false,
        }
    }

    /// What is kept, oldest byte first. The server's bytes are as it sent them: escape them
    /// before they reach a terminal.
    pub fn octets(&self) -> impl Iterator<Item = u8> {
        self.octets.oldest_ordered().copied()
    }
}

impl<const N: usize> Observer for Transcript<N> {
    fn sent(&mut self, commands: &[u8]) {
        if !self.is_in_line {
            self.octets.extend_from_slice(b"C: ");
        }
        self.octets.extend_from_slice(commands);
        self.is_in_line = !commands.ends_with(b"\n");
    }

    fn received(&mut self, line: &[u8]) {
        self.octets.extend_from_slice(b"S: ");
        self.octets.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            self.octets.extend_from_slice(b"\r\n");
        }
    }
}
