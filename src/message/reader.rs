//! A message without SMTP: read in pieces, as a file of a mail holds it.

use super::cursor::{Cursor, Step};
use super::fault::{ContentFault, ContentFaultKind, Filled, Part};
use super::{Dots, Message};

impl Message<'_> {
    /// The message as bytes, to be read in pieces of any size.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            message: self,
            state: Ok(Some(Cursor::default())),
        }
    }
}

/// A message as bytes, with CRLF line ends and no dot doubled: what a file of a mail holds.
#[derive(Debug, Clone)]
pub struct Reader<'m> {
    message: &'m Message<'m>,
    /// `None` when the message is complete; a fault stays.
    state: Result<Option<Cursor>, ContentFault>,
}

impl Reader<'_> {
    /// Fills `out` with the next bytes and returns their number: 0 at the end. For a message whose
    /// parts are all at hand.
    ///
    /// # Errors
    ///
    /// As [`read_with`](Self::read_with); `NoSource` if a part comes from a source.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, ContentFault> {
        self.read_from(out, |_, _| None)
    }

    /// [`read`](Self::read) with a source, which writes the next bytes of a part to the slice it
    /// is given and returns their number: 0 at the part's end. With parts from a source `out` needs
    /// at least [`SOURCE_MIN`](Self::SOURCE_MIN) bytes.
    ///
    /// # Errors
    ///
    /// A [`ContentFault`]; the message then cannot be completed, and every later call has the same
    /// error.
    pub fn read_with(
        &mut self,
        out: &mut [u8],
        mut source: impl FnMut(Part, &mut [u8]) -> usize,
    ) -> Result<usize, ContentFault> {
        self.read_from(out, |part, slot| Some(source(part, slot)))
    }

    fn read_from(
        &mut self,
        out: &mut [u8],
        source: impl FnMut(Part, &mut [u8]) -> Option<usize>,
    ) -> Result<usize, ContentFault> {
        let Some(mut cursor) = self.state? else {
            return Ok(0);
        };
        if out.is_empty() {
            return Ok(0);
        }
        match self.fill(&mut cursor, out, source) {
            Ok((octets, is_complete)) => {
                self.state = Ok((!is_complete).then_some(cursor));
                Ok(octets)
            }
            Err(fault) => {
                self.state = Err(fault);
                Err(fault)
            }
        }
    }

    /// Returns the bytes written, and whether they were the last.
    fn fill(
        &self,
        cursor: &mut Cursor,
        out: &mut [u8],
        mut source: impl FnMut(Part, &mut [u8]) -> Option<usize>,
    ) -> Result<(usize, bool), ContentFault> {
        let (mut octets, mut filled) = self.message.fill(cursor, Dots::Plain, out);
        loop {
            match filled {
                // A source cannot be asked for so little. 0 bytes would say that this is the end.
                Filled::More if octets == 0 => {
                    let part = part_at(cursor);
                    let kind = ContentFaultKind::SmallBuffer;
                    return Err(ContentFault::before(part, kind));
                }
                Filled::More => return Ok((octets, false)),
                Filled::Complete => return Ok((octets, true)),
                Filled::Abort(fault) => return Err(fault),
                Filled::Source { part, from } => {
                    let kind = ContentFaultKind::NoSource;
                    let read = source(part, out.get_mut(from..).unwrap_or_default())
                        .ok_or(ContentFault::before(part, kind))?;
                    (octets, filled) =
                        self.message
                            .filled(cursor, Dots::Plain, out, octets, from, read);
                }
            }
        }
    }

    /// The least bytes of a buffer that parts from a source are encoded in.
    pub const SOURCE_MIN: usize = 16;
}

/// The part whose bytes come next.
fn part_at(cursor: &Cursor) -> Part {
    match cursor.step {
        Step::Origin => Part::Message,
        Step::TextBody => Part::Text,
        Step::HtmlBody => Part::Html,
        _ => Part::Attachment(cursor.item),
    }
}
