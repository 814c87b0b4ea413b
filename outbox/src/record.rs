//! An alert as a store keeps it.
//!
//! This file does not know where the bytes rest.

/// The number of an alert in its outbox. Older alerts have smaller numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Serial(pub u32);

/// The time at which an alert was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Raised {
    /// Seconds since 1970 (UTC).
    Unix(u64),
    /// Milliseconds since the device started, which did not know the date.
    Uptime(u64),
}

/// A set of recipients, by their position in the envelope: To, Cc, Bcc in order. Positions from 64 on are
/// not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RecipientSet(u64);

impl RecipientSet {
    /// No recipient.
    pub const NONE: Self = Self(0);

    /// This set and the recipient at a position.
    #[must_use]
    pub const fn with(self, position: u8) -> Self {
        match 1_u64.checked_shl(position as u32) {
            Some(bit) => Self(self.0 | bit),
            None => self,
        }
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the recipient at a position is in the set.
    #[must_use]
    pub const fn has(self, position: u8) -> bool {
        match 1_u64.checked_shl(position as u32) {
            Some(bit) => self.0 & bit != 0,
            None => false,
        }
    }
}

/// What is kept of an alert, with the alert itself as the caller encoded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its number.
    pub serial: Serial,
    /// A number that no other alert of any device has. It makes the mail's Message-ID and boundary:
    /// [`Message::unique`](embedded_smtp::Message::unique).
    pub unique: u64,
    /// When it was raised. It makes the mail's date.
    pub raised: Raised,
    /// The attempts so far.
    pub attempts: u16,
    /// The recipients who have the mail, or were refused for good.
    pub settled: RecipientSet,
    /// The caller's alert.
    pub alert: &'a [u8],
}

impl<'a> Record<'a> {
    /// The bytes in front of the alert.
    pub const OVERHEAD: usize = OVERHEAD;

    /// The record in a buffer; `None` if it does not fit.
    pub(crate) fn write<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let length = Self::OVERHEAD.checked_add(self.alert.len())?;
        let (record, _) = buffer.split_at_mut_checked(length)?;
        let (head, alert) = record.split_first_chunk_mut()?;
        *head = self.head();
        alert.copy_from_slice(self.alert);
        Some(record)
    }

    /// The bytes in front of the alert.
    pub(crate) fn head(&self) -> [u8; OVERHEAD] {
        let (kind, time) = match self.raised {
            Raised::Unix(time) => (UNIX, time),
            Raised::Uptime(time) => (UPTIME, time),
        };
        let parts: [&[u8]; 7] = [
            &[FORMAT],
            &self.serial.0.to_le_bytes(),
            &self.unique.to_le_bytes(),
            &[kind],
            &time.to_le_bytes(),
            &self.attempts.to_le_bytes(),
            &self.settled.0.to_le_bytes(),
        ];
        let mut head = [0; OVERHEAD];
        for (place, byte) in head.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
        head
    }

    /// Reads a record; `None` if the bytes are of another format.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (format, rest) = bytes.split_first()?;
        let (serial, rest) = rest.split_first_chunk()?;
        let (unique, rest) = rest.split_first_chunk()?;
        let (kind, rest) = rest.split_first()?;
        let (time, rest) = rest.split_first_chunk()?;
        let (attempts, rest) = rest.split_first_chunk()?;
        let (settled, alert) = rest.split_first_chunk()?;
        let time = u64::from_le_bytes(*time);
        Some(Self {
            serial: Serial(u32::from_le_bytes(*serial)),
            unique: u64::from_le_bytes(*unique),
            raised: match *kind {
                UNIX => Raised::Unix(time),
                UPTIME => Raised::Uptime(time),
                _ => return None,
            },
            attempts: u16::from_le_bytes(*attempts),
            settled: RecipientSet(u64::from_le_bytes(*settled)),
            alert,
        })
        .filter(|_| *format == FORMAT)
    }
}

// Format, number, unique number, kind and time, attempts, recipients.
const OVERHEAD: usize = 1 + 4 + 8 + 1 + 8 + 2 + 8;

/// The first byte of a record. Another layout gets another number.
const FORMAT: u8 = 1;
const UNIX: u8 = 0;
const UPTIME: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: Record = Record {
        serial: Serial(0x0102_0304),
        unique: 0x1112_1314_1516_1718,
        raised: Raised::Unix(1_795_000_000),
        attempts: 7,
        settled: RecipientSet(0b101),
        alert: b"8.4 bar",
    };

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut buffer = [0; 100];
        for raised in [Raised::Unix(5), Raised::Uptime(u64::MAX)] {
            for alert in [&b""[..], b"8.4 bar"] {
                let record = Record {
                    raised,
                    alert,
                    ..RECORD
                };
                let bytes = record.write(&mut buffer).unwrap();
                assert_eq!(bytes.len(), Record::OVERHEAD + alert.len());
                assert_eq!(Record::read(bytes), Some(record));
            }
        }
    }

    #[test]
    fn other_bytes_are_no_record() {
        let mut buffer = [0; Record::OVERHEAD + 7];
        let bytes = RECORD.write(&mut buffer).unwrap();
        for end in 0..Record::OVERHEAD {
            assert_eq!(Record::read(&bytes[..end]), None);
        }
        for (at, byte) in [(0, 2), (13, 2)] {
            let mut other = [0; Record::OVERHEAD + 7];
            other.copy_from_slice(bytes);
            other[at] = byte;
            assert_eq!(Record::read(&other), None);
        }
    }

    #[test]
    fn a_buffer_may_be_too_small() {
        for length in 0..Record::OVERHEAD + 7 {
            assert_eq!(RECORD.write(&mut [0; 100][..length]), None);
        }
    }

    #[test]
    fn recipients_are_held_by_their_position() {
        let set = RecipientSet::NONE.with(0).with(63).with(64).with(200);
        let held = (0..=255).filter(|position| set.has(*position));
        assert!(held.eq([0, 63]));
        assert_eq!(set.and(RecipientSet::NONE.with(1)), set.with(1));
    }
}
