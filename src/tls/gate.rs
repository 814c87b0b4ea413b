//! The gate between the transport and the TLS library. It reads the header of every record first
//! (RFC 8446 §5.1), and stops any record that the library cannot handle, that is out of sequence, or
//! that exceeds the buffer.
//!
//! This file reads and writes nothing. A [`Gate`] is told what was read, and says what may be.

use core::sync::atomic::{AtomicU8, AtomicU16, Ordering};

use embedded_io::ErrorKind;

use super::error::Error;
use super::pace::Tick;
use super::plaintext::Place;

/// The state that the gate shares with the rest of this module. Atomics, so that a stream can go to
/// another thread; they are only loaded and stored, which every processor can do.
#[derive(Debug, Default)]
pub(super) struct Link<'r> {
    /// Called at rests in the handshake.
    pub(super) tick: Tick<'r>,
    stage: AtomicU8,
    /// Why a record was refused.
    fault: AtomicU8,
    /// Bytes that a refused record has.
    needed: AtomicU16,
    /// Bytes that the buffer for reading has.
    room: AtomicU16,
    /// Records that may still come before the reader has data.
    records_left: AtomicU8,
}

/// How far the session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// The server's first record is awaited.
    Hello,
    /// The handshake goes on.
    Handshake,
    /// The handshake has ended.
    Open,
    /// Nothing is sent any more.
    Shut,
}

impl Link<'_> {
    /// A new session begins, with this many bytes for a record.
    pub(super) fn begin(&self, room: usize) {
        let room = u16::try_from(room).unwrap_or(u16::MAX);
        self.room.store(room, Ordering::Relaxed);
        self.fault.store(0, Ordering::Relaxed);
        self.listen();
        self.enter(Stage::Hello);
    }

    /// A read begins: the count of records starts again.
    pub(super) fn listen(&self) {
        self.records_left.store(RECORDS_MAX, Ordering::Relaxed);
    }

    pub(super) fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Hello,
            1 => Stage::Handshake,
            2 => Stage::Open,
            _ => Stage::Shut,
        }
    }

    pub(super) fn is_shut(&self) -> bool {
        self.stage() == Stage::Shut
    }

    /// Why the gate refused a record, if it did.
    pub(super) fn fault(&self) -> Option<Error> {
        match self.fault.load(Ordering::Relaxed) {
            RECORD => Some(Error::Record),
            TOO_LONG => Some(Error::ReadBuffer {
                needed: self.needed.load(Ordering::Relaxed),
            }),
            OTHER_KEY_EXCHANGE => Some(Error::OtherKeyExchange),
            NO_RANDOM => Some(Error::Random),
            _ => None,
        }
    }

    /// The source of random bytes failed: nothing is sent any more.
    pub(super) fn refuse_random(&self) {
        self.refuse(NO_RANDOM);
        self.enter(Stage::Shut);
    }

    fn refuse(&self, fault: u8) -> Refused {
        self.fault.store(fault, Ordering::Relaxed);
        Refused
    }
}

const RECORD: u8 = 1;
const TOO_LONG: u8 = 2;
const OTHER_KEY_EXCHANGE: u8 = 3;
const NO_RANDOM: u8 = 4;

/// A record may not pass. [`Link::fault`] says why.
#[derive(Debug)]
pub(super) struct Refused;

/// The place in the stream of records.
#[derive(Debug, Default)]
pub(super) struct Gate {
    header: [u8; HEADER],
    /// Bytes of the header that were read.
    read: usize,
    /// Bytes of it that were passed on.
    passed: usize,
    /// Bytes of the body that were not passed on yet.
    left: u16,
    /// The server's first record has ended.
    is_greeted: bool,
    /// An encrypted record was admitted.
    is_encrypted: bool,
    /// Bytes of the server's first message that were looked at.
    looked: usize,
    /// One of them is not that of a HelloRetryRequest.
    is_other: bool,
}

impl Gate {
    /// Whether the server's next record begins here, in the handshake: the work since the last one may
    /// have taken long.
    pub(super) fn is_at_rest(&self, link: &Link<'_>) -> bool {
        self.read == 0 && link.stage() == Stage::Handshake
    }

    /// The room for the next bytes of a header; `None` when it is complete.
    pub(super) fn header(&mut self) -> Option<&mut [u8]> {
        self.header
            .get_mut(self.read..)
            .filter(|room| !room.is_empty())
    }

    /// This many bytes of a header were read.
    pub(super) fn header_read(&mut self, count: usize, link: &Link<'_>) -> Result<(), Refused> {
        // No transport reads more than there is room for.
        self.read = match self.read.checked_add(count) {
            Some(read @ 0..=HEADER) => read,
            _ => return Err(link.refuse(RECORD)),
        };
        if self.read == HEADER {
            self.admit(link)?;
        }
        Ok(())
    }

    /// Passes the header on, as far as there is room. 0 when it was passed on before.
    pub(super) fn pass_header(&mut self, into: &mut [u8]) -> usize {
        let header = self.header.get(self.passed..).unwrap_or_default();
        let mut count = 0;
        for ((place, byte), number) in into.iter_mut().zip(header).zip(1..) {
            *place = *byte;
            count = number;
        }
        self.passed = self.passed.checked_add(count).unwrap_or(HEADER);
        count
    }

    /// Bytes of the body that may be read now, at most.
    pub(super) fn body(&self) -> usize {
        self.left.into()
    }

    /// These bytes of the body were read.
    pub(super) fn body_read(&mut self, bytes: &[u8], link: &Link<'_>) -> Result<(), Refused> {
        let left = u16::try_from(bytes.len())
            .ok()
            .and_then(|count| self.left.checked_sub(count));
        // No transport reads more than there is room for.
        self.left = left.ok_or_else(|| link.refuse(RECORD))?;
        if !self.is_greeted {
            self.look(bytes, link)?;
        }
        if self.left == 0 {
            self.read = 0;
            self.passed = 0;
            self.is_greeted = true;
        }
        Ok(())
    }

    /// Decides on a record by its header.
    fn admit(&mut self, link: &Link<'_>) -> Result<(), Refused> {
        let [kind, version @ .., high, low] = self.header;
        let length = u16::from_be_bytes([high, low]);
        let stage = link.stage();
        let fits = match (stage, kind) {
            // The ServerHello, or an alert in its place.
            (Stage::Hello, HANDSHAKE | ALERT) => length > 0,
            // RFC 8446 §5: a single byte, for old middleboxes.
            (Stage::Handshake, CHANGE_CIPHER_SPEC) => length == 1,
            // §5.2: a tag, and the byte for the type.
            (Stage::Handshake | Stage::Open, APPLICATION_DATA) => {
                length >= SEALED_MIN && version == VERSION
            }
            _ => false,
        };
        if !fits || length > RECORD_MAX {
            return Err(link.refuse(RECORD));
        }
        if length > link.room.load(Ordering::Relaxed) {
            link.needed.store(length, Ordering::Relaxed);
            return Err(link.refuse(TOO_LONG));
        }
        let Some(left) = link.records_left.load(Ordering::Relaxed).checked_sub(1) else {
            return Err(link.refuse(RECORD));
        };
        link.records_left.store(left, Ordering::Relaxed);
        if kind == HANDSHAKE {
            link.enter(Stage::Handshake);
        }
        if kind == APPLICATION_DATA {
            let place = match (stage, core::mem::replace(&mut self.is_encrypted, true)) {
                (Stage::Open, _) => Place::Open,
                (_, true) => Place::Handshake,
                (_, false) => Place::First,
            };
            self.header = [kind, PLACE, place as u8, high, low];
        }
        self.left = length;
        Ok(())
    }

    /// Looks at the start of the server's first message, if it is not an alert: it is a ServerHello, and
    /// not a HelloRetryRequest.
    fn look(&mut self, bytes: &[u8], link: &Link<'_>) -> Result<(), Refused> {
        let is_handshake = self.header.first() == Some(&HANDSHAKE);
        for (at, byte) in (self.looked..LOOK).zip(bytes) {
            if at == 0 && is_handshake && *byte != SERVER_HELLO {
                return Err(link.refuse(RECORD));
            }
            let expected = at.checked_sub(RANDOM).map(|at| RETRY.get(at));
            self.is_other |= expected.is_some_and(|expected| expected != Some(byte));
        }
        let looked = self.looked.checked_add(bytes.len());
        self.looked = looked.map_or(LOOK, |looked| looked.min(LOOK));
        if self.looked == LOOK && !self.is_other {
            return Err(link.refuse(OTHER_KEY_EXCHANGE));
        }
        Ok(())
    }
}

/// An error of the transport, or a record that was refused.
#[derive(Debug)]
pub(super) enum GateError<E> {
    Transport(E),
    Refused,
    /// Nothing is sent any more.
    Shut,
    /// The transport takes no more bytes, and says so without an error.
    Full,
}

impl<E> From<Refused> for GateError<E> {
    fn from(_: Refused) -> Self {
        Self::Refused
    }
}

impl<E: embedded_io::Error> core::fmt::Display for GateError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        embedded_io::Error::kind(self).fmt(f)
    }
}

impl<E: embedded_io::Error> core::error::Error for GateError<E> {}

impl<E: embedded_io::Error> embedded_io::Error for GateError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Transport(error) => error.kind(),
            Self::Refused => ErrorKind::InvalidData,
            Self::Shut => ErrorKind::NotConnected,
            Self::Full => ErrorKind::WriteZero,
        }
    }
}

/// The place of an encrypted record, and its header as it was sent.
///
/// The version in the header of an encrypted record has no meaning and is always the same (§5.2), so
/// [`Gate`] writes the place there: the one value that passes through the library unread to the cipher.
pub(super) const fn sent(header: &[u8]) -> Option<(Place, [u8; HEADER])> {
    match header {
        [kind, PLACE, place, high, low] => {
            let [major, minor] = VERSION;
            Some((Place::of(*place), [*kind, major, minor, *high, *low]))
        }
        _ => None,
    }
}

const HEADER: usize = 5;
const VERSION: [u8; 2] = [3, 3];
/// Not the first byte of any version.
const PLACE: u8 = 0;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const SERVER_HELLO: u8 = 2;

/// Bytes of the shortest sealed record: the type, and the tag of AES-GCM.
const SEALED_MIN: u16 = 17;
/// Bytes of the longest record. RFC 8446 §5.2: 2^14 + 256.
pub(super) const RECORD_MAX: u16 = 16_640;
/// The records that a server may use for its side of the handshake, and later before one with data. In the handshake six or seven are usual, after it two tickets.
const RECORDS_MAX: u8 = 32;

/// The position of the random bytes in a ServerHello: after its type, length and version.
const RANDOM: usize = 6;
/// The first of those that a HelloRetryRequest has (RFC 8446 §4.1.3).
const RETRY: [u8; 8] = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];
/// Bytes of the server's first message that are looked at.
const LOOK: usize = RANDOM + RETRY.len();

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Runs bytes through the gate in reads of so many bytes, as the library reads: headers and
    /// bodies apart. What passed, and whether it was refused.
    fn run(link: &Link<'_>, octets: &[u8], most: usize) -> (Vec<u8>, bool) {
        let mut gate = Gate::default();
        let mut rest = octets;
        let mut passed = Vec::new();
        loop {
            while let Some(room) = gate.header() {
                let count = room.len().min(most).min(rest.len());
                if count == 0 {
                    return (passed, false);
                }
                room[..count].copy_from_slice(&rest[..count]);
                rest = &rest[count..];
                if gate.header_read(count, link).is_err() {
                    return (passed, true);
                }
            }
            let mut into = [0; 5];
            let wanted = most.min(5);
            let count = gate.pass_header(&mut into[..wanted]);
            passed.extend(&into[..count]);
            if count > 0 {
                continue;
            }
            let count = gate.body().min(most).min(rest.len());
            if count == 0 {
                return (passed, false);
            }
            let (body, behind) = rest.split_at(count);
            if gate.body_read(body, link).is_err() {
                return (passed, true);
            }
            passed.extend(body);
            rest = behind;
        }
    }

    fn record(kind: u8, length: usize) -> Vec<u8> {
        let [high, low] = (length as u16).to_be_bytes();
        let mut record = std::vec![kind, 3, 3, high, low];
        record.resize(5 + length, 0xaa);
        if kind == HANDSHAKE && length > 0 {
            record[5] = SERVER_HELLO;
        }
        record
    }

    /// An encrypted record as it passes.
    fn placed(place: Place, length: usize) -> Vec<u8> {
        let mut record = record(APPLICATION_DATA, length);
        record[1..3].copy_from_slice(&[0, place as u8]);
        record
    }

    fn at(stage: Stage, room: usize) -> Link<'static> {
        let link = Link::default();
        link.begin(room);
        link.enter(stage);
        link
    }

    const STEPS: [usize; 5] = [1, 2, 3, 7, 100_000];

    #[test]
    fn records_pass_with_their_place() {
        for most in STEPS {
            let link = at(Stage::Hello, 16_640);
            let plain = [record(HANDSHAKE, 90), record(CHANGE_CIPHER_SPEC, 1)].concat();
            let data = [17, 16_640].map(|length| record(APPLICATION_DATA, length));
            let flight = [&*plain, &data.concat()].concat();
            let first = placed(Place::First, 17);
            let second = placed(Place::Handshake, 16_640);
            let passed = [plain, first, second].concat();
            assert_eq!(run(&link, &flight, most), (passed, false));
            assert_eq!(link.stage(), Stage::Handshake);
            assert_eq!(link.fault(), None);
            link.enter(Stage::Open);
            let open = placed(Place::Open, 17);
            assert_eq!(run(&link, &data[0], most), (open, false));
        }
    }

    #[test]
    fn the_header_is_authenticated_as_it_was_sent() {
        for place in [Place::First, Place::Handshake, Place::Open] {
            let header = [APPLICATION_DATA, 0, place as u8, 1, 2];
            assert_eq!(sent(&header), Some((place, [APPLICATION_DATA, 3, 3, 1, 2])));
        }
        assert_eq!(sent(&[APPLICATION_DATA, 3, 3, 1, 2]), None);
        assert_eq!(sent(&[]), None);
    }

    #[test]
    fn an_encrypted_record_of_another_version_is_refused() {
        for version in [[3, 1], [3, 4], [0, 0], [0, 2]] {
            let link = at(Stage::Open, 16_640);
            let mut octets = record(APPLICATION_DATA, 17);
            octets[1..3].copy_from_slice(&version);
            assert_eq!(run(&link, &octets, 9), (Vec::new(), true));
            assert_eq!(link.fault(), Some(Error::Record));
        }
    }

    #[test]
    fn the_first_message_is_a_server_hello() {
        for kind in (0..=255).filter(|kind| *kind != SERVER_HELLO) {
            let link = at(Stage::Hello, 16_640);
            let mut octets = record(HANDSHAKE, 90);
            octets[5] = kind;
            assert!(run(&link, &octets, 9).1);
            assert_eq!(link.fault(), Some(Error::Record));
        }
    }

    /// For every stage, type and length at the borders: what passes.
    #[test]
    fn what_passes_when() {
        let lengths = [0, 1, 2, 16, 17, 1_000, 16_640, 16_641, 65_535];
        for stage in [Stage::Hello, Stage::Handshake, Stage::Open] {
            for kind in 0..=255 {
                for length in lengths {
                    let passes = length <= 16_640
                        && match (stage, kind) {
                            (Stage::Hello, 21 | 22) => length > 0,
                            (Stage::Handshake, 20) => length == 1,
                            (Stage::Handshake | Stage::Open, 23) => length >= 17,
                            _ => false,
                        };
                    for most in [1, 100_000] {
                        let link = at(stage, 65_535);
                        let octets = record(kind, length);
                        let (passed, is_refused) = run(&link, &octets, most);
                        assert_eq!(is_refused, !passes, "{stage:?} {kind} {length}");
                        let fault = is_refused.then_some(Error::Record);
                        assert_eq!(link.fault(), fault);
                        // Not even its header is passed on.
                        assert_eq!(passed.len(), if passes { octets.len() } else { 0 });
                    }
                }
            }
        }
    }

    #[test]
    fn a_record_that_the_buffer_does_not_hold_names_the_room_it_needs() {
        for most in STEPS {
            let link = at(Stage::Handshake, 4_096);
            let fits = record(APPLICATION_DATA, 4_096);
            let passed = placed(Place::First, 4_096);
            assert_eq!(run(&link, &fits, most), (passed, false));
            let link = at(Stage::Handshake, 4_096);
            let longer = record(APPLICATION_DATA, 5_131);
            assert_eq!(run(&link, &longer, most), (Vec::new(), true));
            assert_eq!(link.fault(), Some(Error::ReadBuffer { needed: 5_131 }));
        }
        // A larger room than any record counts as what it is.
        let link = at(Stage::Open, 100_000);
        assert!(!run(&link, &record(APPLICATION_DATA, 16_640), 9_999).1);
    }

    #[test]
    fn a_handshake_without_end_is_refused() {
        let link = at(Stage::Hello, 16_640);
        let idle = record(CHANGE_CIPHER_SPEC, 1).repeat(100);
        let (passed, is_refused) = run(&link, &[record(HANDSHAKE, 90), idle].concat(), 1_000);
        assert!(is_refused);
        assert_eq!(passed.len(), 95 + 31 * 6);
        // Once it is over, the bound is for each time that somebody reads.
        let link = at(Stage::Open, 16_640);
        let idle = record(APPLICATION_DATA, 17).repeat(32);
        let passed = placed(Place::Open, 17).repeat(32);
        assert_eq!(run(&link, &idle, 1_000), (passed.clone(), false));
        assert!(run(&link, &record(APPLICATION_DATA, 17), 1_000).1);
        link.begin(16_640);
        link.enter(Stage::Open);
        for _ in 0..100 {
            link.listen();
            assert_eq!(run(&link, &idle, 1_000), (passed.clone(), false));
        }
    }

    fn hello(random: [u8; 8]) -> Vec<u8> {
        let mut hello = record(HANDSHAKE, 90);
        hello[5..11].copy_from_slice(&[2, 0, 0, 86, 3, 3]);
        hello[11..19].copy_from_slice(&random);
        hello
    }

    #[test]
    fn a_wish_for_another_key_exchange_is_told_apart() {
        for most in STEPS {
            let link = at(Stage::Hello, 16_640);
            assert!(run(&link, &hello(RETRY), most).1);
            assert_eq!(link.fault(), Some(Error::OtherKeyExchange));
            for place in 0..RETRY.len() {
                let mut random = RETRY;
                random[place] ^= 1;
                let link = at(Stage::Hello, 16_640);
                assert!(!run(&link, &hello(random), most).1);
            }
            // The same bytes in later records mean nothing.
            let link = at(Stage::Hello, 16_640);
            let mut data = record(APPLICATION_DATA, 90);
            data[5..95].copy_from_slice(&hello(RETRY)[5..95]);
            let flight = [hello([0; 8]), data.clone(), data].concat();
            assert!(!run(&link, &flight, most).1);
        }
    }

    #[test]
    fn a_new_session_forgets_the_last() {
        let link = at(Stage::Handshake, 2_000);
        assert!(run(&link, &record(APPLICATION_DATA, 3_000), 7).1);
        link.enter(Stage::Shut);
        assert!(link.is_shut());
        link.begin(2_000);
        assert!(!link.is_shut());
        assert_eq!((link.stage(), link.fault()), (Stage::Hello, None));
    }
}
