//! The gate after the decryption: what a decrypted record may hold (RFC 8446 §4, §5.1, §5.4, §6).
//!
//! - It stops every record that embedded-tls cannot handle, such as one of zeros only, and every
//!   handshake message that is out of order within its record.
//! - It hides the list of groups and that of signature schemes. embedded-tls fails the handshake on a
//!   number it does not know; RFC 8446 §4.2.7 and §4.4.2.2 ask for unknown numbers to be ignored.
//! - After the handshake it drops session tickets, and stops every other handshake message.
//!
//! This file works on bytes. It knows neither the library nor a key.

/// The place of an encrypted record in the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Place {
    /// The first record of the handshake.
    First,
    /// A later record of the handshake.
    Handshake,
    /// After the handshake.
    Open,
}

impl Place {
    /// The place with this number. Any other number means [`Self::Open`], where least is allowed.
    pub(super) const fn of(number: u8) -> Self {
        match number {
            0 => Self::First,
            1 => Self::Handshake,
            _ => Self::Open,
        }
    }
}

/// A record that breaks the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// Examines a decrypted record, and changes what the library must not see.
///
/// Some records are left for the library to refuse. Each gets a form that the library answers with an
/// error nothing else leads to, by which `library::error` knows it:
///
/// | the record | becomes | the library's error |
/// |---|---|---|
/// | a message that goes on in the next record | content type 20 | `Unimplemented` |
/// | KeyUpdate | content type 255 | `InvalidRecord` |
/// | an alert about the client's certificate | an alert without a level | `DecodeError` |
/// | another alert | internal_error | `InternalError` |
///
/// During the handshake the library calls every alert an `InvalidRecord`.
pub(super) fn examine(place: Place, record: &mut [u8]) -> Result<(), Broken> {
    // §5.4: the content, its type, and zeros as padding.
    let end = record.iter().rposition(|byte| *byte != 0).ok_or(Broken)?;
    let (content, rest) = record.split_at_mut_checked(end).ok_or(Broken)?;
    let kind = rest.first_mut().ok_or(Broken)?;
    match (*kind, place) {
        (APPLICATION_DATA, Place::Open) => {}
        (ALERT, _) => mark_alert(place, content)?,
        (HANDSHAKE, Place::Open) => match examine_tickets(content)? {
            Some(mark) => *kind = mark,
            // The record becomes one of data, with none in it.
            None => {
                *kind = 0;
                content.fill(0);
                *content.first_mut().ok_or(Broken)? = APPLICATION_DATA;
            }
        },
        (HANDSHAKE, _) => {
            if let Some(mark) = examine_handshake(place, content)? {
                *kind = mark;
            }
        }
        _ => return Err(Broken),
    }
    Ok(())
}

/// Examines a record of the handshake. Returns the content type that marks it, if one does.
fn examine_handshake(place: Place, content: &mut [u8]) -> Result<Option<u8>, Broken> {
    let mut last = match place {
        Place::First => 0,
        _ => FIRST_RANK,
    };
    let mut rest = content;
    // §5.1: no record of the handshake is empty.
    loop {
        let rank = rest.first().and_then(|kind| rank(*kind)).ok_or(Broken)?;
        if rank <= last || (last == 0 && rank != FIRST_RANK) {
            return Err(Broken);
        }
        last = rank;
        let Some((message, tail)) = split_message(rest) else {
            return Ok(Some(SPLIT));
        };
        if !is_whole(message) {
            return Err(Broken);
        }
        hide_list(message);
        if tail.is_empty() {
            return Ok(None);
        }
        rest = tail;
    }
}

/// Examines a record of handshake messages after the handshake. Returns the content type that marks it,
/// or `None` if it holds tickets only.
fn examine_tickets(content: &mut [u8]) -> Result<Option<u8>, Broken> {
    let mut rest = content;
    loop {
        match rest.first() {
            Some(&NEW_SESSION_TICKET) => {}
            Some(&KEY_UPDATE) => return Ok(Some(NEW_KEYS)),
            _ => return Err(Broken),
        }
        match split_message(rest) {
            Some((_, [])) => return Ok(None),
            Some((_, tail)) => rest = tail,
            None => return Ok(Some(SPLIT)),
        }
    }
}

/// Gives an alert the form by which `library::error` knows it. Its level has no meaning (§6).
fn mark_alert(place: Place, content: &mut [u8]) -> Result<(), Broken> {
    let [level, description] = content else {
        return Err(Broken);
    };
    *level = FATAL;
    match (*description, place) {
        (CLOSE_NOTIFY, _) => {}
        // A server that requires a certificate and got none.
        (BAD_CERTIFICATE | CERTIFICATE_REQUIRED, Place::Open) => *level = 0,
        _ => *description = INTERNAL_ERROR,
    }
    Ok(())
}

/// The place of a message among those of the handshake (§4), each of which comes at most once. The
/// first one has to be there.
const fn rank(kind: u8) -> Option<u8> {
    match kind {
        ENCRYPTED_EXTENSIONS => Some(FIRST_RANK),
        CERTIFICATE_REQUEST => Some(2),
        CERTIFICATE => Some(3),
        CERTIFICATE_VERIFY => Some(4),
        FINISHED => Some(5),
        _ => None,
    }
}

const FIRST_RANK: u8 = 1;

/// Splits off the first message; `None` if it goes on in the next record.
fn split_message(messages: &mut [u8]) -> Option<(&mut [u8], &mut [u8])> {
    let length = message_len(messages)?;
    messages.split_at_mut_checked(length)
}

/// The length of the first message, with its header of four bytes.
fn message_len(messages: &[u8]) -> Option<usize> {
    match messages {
        [_, a, b, c, ..] => {
            let body = u32::from_be_bytes([0, *a, *b, *c]);
            usize::try_from(body).ok()?.checked_add(4)
        }
        _ => None,
    }
}

/// Whether the vectors of a message end where the message does. The library goes by the vectors.
fn is_whole(message: &[u8]) -> bool {
    let Some((header, body)) = message.split_at_checked(4) else {
        return false;
    };
    let rest = match header {
        [ENCRYPTED_EXTENSIONS, ..] => after_vector(body, 2),
        [CERTIFICATE_REQUEST, ..] => after_vector(body, 1).and_then(|rest| after_vector(rest, 2)),
        [CERTIFICATE, ..] => after_vector(body, 1).and_then(|rest| after_vector(rest, 3)),
        [CERTIFICATE_VERIFY, ..] => body.get(2..).and_then(|rest| after_vector(rest, 2)),
        // Finished: a hash.
        _ => body.get(32..),
    };
    rest == Some(&[])
}

/// The bytes after a vector whose length has this many bytes.
fn after_vector(bytes: &[u8], prefix: usize) -> Option<&[u8]> {
    let (length, rest) = bytes.split_at_checked(prefix)?;
    let length = length
        .iter()
        .fold(0, |length: usize, byte| length << 8 | usize::from(*byte));
    rest.get(length..)
}

/// Hides the list of groups or of signature schemes of a message. The library ignores an extension
/// whose type it does not know.
fn hide_list(message: &mut [u8]) {
    if let Some(byte) = list_at(message).and_then(|at| message.get_mut(at)) {
        *byte ^= HIDDEN;
    }
}

/// Gives a message of the handshake in pieces, as the server sent it: undoes [`hide_list`]. Any other
/// bytes are given as they are.
pub(super) fn as_sent(message: &[u8], mut give: impl FnMut(&[u8])) {
    if let Some((before, [byte, after @ ..])) =
        list_at(message).and_then(|at| message.split_at_checked(at))
    {
        give(before);
        give(&[byte ^ HIDDEN]);
        give(after);
    } else {
        give(message);
    }
}

/// The position of the type of the first extension that is such a list, hidden or not: so hiding twice
/// changes nothing.
fn list_at(message: &[u8]) -> Option<usize> {
    if message_len(message)? != message.len() {
        return None;
    }
    let (list, mut extensions) = match message {
        // §4.3.1: supported_groups.
        [ENCRYPTED_EXTENSIONS, _, _, _, _, _, extensions @ ..] => (10, extensions),
        // §4.3.2: signature_algorithms, after the context and the length of the extensions.
        [CERTIFICATE_REQUEST, _, _, _, rest @ ..] => (13, after_vector(rest, 1)?.get(2..)?),
        _ => return None,
    };
    loop {
        match extensions {
            [0 | HIDDEN, low, ..] if *low == list => {
                return message.len().checked_sub(extensions.len());
            }
            _ => extensions = after_vector(extensions.get(2..)?, 2)?,
        }
    }
}

/// The bit that hides the type of an extension.
const HIDDEN: u8 = 0x80;

// §5.1
const SPLIT: u8 = 20; // change_cipher_spec, which is never encrypted.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const NEW_KEYS: u8 = 0xFF; // No content type.

// §4
const NEW_SESSION_TICKET: u8 = 4;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const CERTIFICATE_VERIFY: u8 = 15;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

// §6
const FATAL: u8 = 2;
const CLOSE_NOTIFY: u8 = 0;
const BAD_CERTIFICATE: u8 = 42;
const INTERNAL_ERROR: u8 = 80;
const CERTIFICATE_REQUIRED: u8 = 116;

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::vec;
    use std::vec::Vec;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let [_, a, b, c] = (body.len() as u32).to_be_bytes();
        [&[kind, a, b, c], body].concat()
    }

    fn vector(prefix: usize, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u64).to_be_bytes();
        [&length[8 - prefix..], content].concat()
    }

    fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
        [&kind.to_be_bytes()[..], &vector(2, content)].concat()
    }

    fn extensions(extensions: &[Vec<u8>]) -> Vec<u8> {
        message(ENCRYPTED_EXTENSIONS, &vector(2, &extensions.concat()))
    }

    fn request(context: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        let body = [vector(1, context), vector(2, &extensions.concat())].concat();
        message(CERTIFICATE_REQUEST, &body)
    }

    fn certificate() -> Vec<u8> {
        message(
            CERTIFICATE,
            &[vector(1, b""), vector(3, b"certificates")].concat(),
        )
    }

    fn signature() -> Vec<u8> {
        message(
            CERTIFICATE_VERIFY,
            &[vec![4, 3], vector(2, b"signature")].concat(),
        )
    }

    fn finished() -> Vec<u8> {
        message(FINISHED, &[7; 32])
    }

    fn ticket() -> Vec<u8> {
        message(NEW_SESSION_TICKET, b"any content")
    }

    fn record(kind: u8, content: &[u8], padding: usize) -> Vec<u8> {
        [content, &[kind], &vec![0; padding]].concat()
    }

    /// The content type and content that the library sees, or the refusal.
    fn seen(place: Place, kind: u8, content: &[u8]) -> Result<(u8, Vec<u8>), Broken> {
        let mut results = [0, 1, 300].map(|padding| {
            let mut record = record(kind, content, padding);
            let length = record.len();
            examine(place, &mut record)?;
            assert_eq!(record.len(), length);
            let end = record.iter().rposition(|byte| *byte != 0).unwrap();
            Ok((record[end], record[..end].to_vec()))
        });
        let [first, rest @ ..] = &mut results;
        rest.iter().for_each(|other| assert_eq!(first, other));
        core::mem::replace(first, Err(Broken))
    }

    const PLACES: [Place; 3] = [Place::First, Place::Handshake, Place::Open];

    #[test]
    fn a_record_without_a_type_is_refused() {
        for place in PLACES {
            for length in [0, 1, 2, 100] {
                assert_eq!(examine(place, &mut vec![0; length]), Err(Broken));
            }
        }
    }

    #[test]
    fn each_content_type_has_its_place() {
        for place in PLACES {
            for kind in 1..=255 {
                for content in [&b""[..], b"a", b"0123456789"] {
                    let seen = seen(place, kind, content);
                    match (kind, place) {
                        (APPLICATION_DATA, Place::Open) => {
                            assert_eq!(seen, Ok((kind, content.to_vec())));
                        }
                        _ => assert_eq!(seen, Err(Broken), "{place:?} {kind} {content:?}"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_handshake_passes_in_any_number_of_records() {
        let messages = [
            extensions(&[extension(0, b"")]),
            request(b"context", &[extension(47, b"names")]),
            certificate(),
            signature(),
            finished(),
        ];
        // Each bit ends a record after the message with that number.
        for ends in 0..16_u8 {
            let mut place = Place::First;
            let mut content = Vec::new();
            for (number, message) in messages.iter().enumerate() {
                content.extend(message);
                if number == 4 || ends >> number & 1 == 1 {
                    assert_eq!(
                        seen(place, HANDSHAKE, &content),
                        Ok((HANDSHAKE, content.clone()))
                    );
                    place = Place::Handshake;
                    content.clear();
                }
            }
        }
    }

    /// All rows of up to three messages: what passes is what §4 has.
    #[test]
    fn messages_come_in_their_order_and_once() {
        let messages: [(u8, Vec<u8>); 8] = [
            (1, extensions(&[])),
            (2, request(b"", &[])),
            (3, certificate()),
            (4, signature()),
            (5, finished()),
            (0, ticket()),
            (0, message(KEY_UPDATE, &[0])),
            (0, message(2, &[1; 40])),
        ];
        let mut passed = 0;
        for row in 0..8_usize.pow(3) {
            let row = [row % 8, row / 8 % 8, row / 64];
            for length in 1..=3 {
                let ranks: Vec<u8> = row[..length].iter().map(|n| messages[*n].0).collect();
                let content: Vec<u8> = row[..length]
                    .iter()
                    .flat_map(|n| messages[*n].1.clone())
                    .collect();
                let is_ordered = ranks.is_sorted_by(|a, b| a < b);
                for place in [Place::First, Place::Handshake] {
                    let starts_well = (place == Place::First) == (ranks[0] == 1) && ranks[0] > 0;
                    let is_taken = seen(place, HANDSHAKE, &content).is_ok();
                    assert_eq!(is_taken, is_ordered && starts_well, "{place:?} {ranks:?}");
                    passed += usize::from(is_taken);
                }
            }
        }
        assert!(passed > 0);
    }

    #[test]
    fn a_message_that_goes_on_in_the_next_record_is_marked() {
        let whole = [extensions(&[]), certificate()].concat();
        for end in 1..whole.len() {
            let kind = if end == 6 { HANDSHAKE } else { SPLIT };
            let seen = seen(Place::First, HANDSHAKE, &whole[..end]);
            assert_eq!(seen.map(|(kind, _)| kind), Ok(kind), "{end}");
        }
        let whole = [ticket(), ticket()].concat();
        for end in 1..=whole.len() {
            let kind = if end % (whole.len() / 2) == 0 {
                APPLICATION_DATA
            } else {
                SPLIT
            };
            let seen = seen(Place::Open, HANDSHAKE, &whole[..end]);
            assert_eq!(seen.map(|(kind, _)| kind), Ok(kind), "{end}");
        }
    }

    /// The library goes by the vectors within a message: its length must say the same.
    #[test]
    fn a_message_is_as_long_as_what_it_holds() {
        let messages = [
            (Place::First, extensions(&[extension(0, b"")])),
            (Place::Handshake, request(b"c", &[extension(0, b"")])),
            (Place::Handshake, certificate()),
            (Place::Handshake, signature()),
            (Place::Handshake, finished()),
        ];
        for (place, message) in messages {
            assert!(seen(place, HANDSHAKE, &message).is_ok());
            let mut longer = [&*message, &[0, 0]].concat();
            longer[3] += 2;
            assert_eq!(seen(place, HANDSHAKE, &longer), Err(Broken));
            let mut shorter = message.clone();
            shorter.pop();
            shorter[3] -= 1;
            assert_eq!(seen(place, HANDSHAKE, &shorter), Err(Broken));
        }
        assert_eq!(seen(Place::First, HANDSHAKE, b""), Err(Broken));
    }

    #[test]
    fn after_the_handshake_tickets_are_dropped_and_nothing_else_is_taken() {
        for count in 1..4 {
            let content = ticket().repeat(count);
            let nothing = Ok((APPLICATION_DATA, Vec::new()));
            assert_eq!(seen(Place::Open, HANDSHAKE, &content), nothing);
        }
        for kind in 0..=255 {
            let message = message(kind, &[1]);
            for content in [message.clone(), [ticket(), message].concat()] {
                let seen = seen(Place::Open, HANDSHAKE, &content);
                let kind = seen.as_ref().map(|(kind, _)| *kind);
                match content[content.len() - 5] {
                    NEW_SESSION_TICKET => assert_eq!(kind, Ok(APPLICATION_DATA)),
                    KEY_UPDATE => assert_eq!(kind, Ok(NEW_KEYS)),
                    _ => assert_eq!(seen, Err(Broken)),
                }
            }
        }
        assert_eq!(seen(Place::Open, HANDSHAKE, b""), Err(Broken));
    }

    #[test]
    fn an_alert_is_one_of_those_that_the_library_tells_apart() {
        for place in PLACES {
            for level in 0..=255 {
                for description in 0..=255 {
                    let content = match description {
                        0 => [2, 0],
                        42 | 116 if place == Place::Open => [0, description],
                        _ => [2, 80],
                    };
                    let seen = seen(place, ALERT, &[level, description]);
                    assert_eq!(seen, Ok((ALERT, content.to_vec())));
                }
            }
            for content in [&b""[..], b"\x02", b"\x02\x00\x00"] {
                assert_eq!(seen(place, ALERT, content), Err(Broken));
            }
        }
    }

    fn sent(message: &[u8]) -> Vec<u8> {
        let mut sent = Vec::new();
        as_sent(message, |bytes| sent.extend(bytes));
        sent
    }

    #[test]
    fn lists_are_hidden_from_the_library_and_not_from_the_hash() {
        let groups = extension(10, &vector(2, &[0x11, 0xEE, 0, 0x29]));
        let schemes = extension(13, &vector(2, &[7, 8]));
        let other = extension(0, b"");
        let rows: [&[&Vec<u8>]; 4] = [
            &[&groups],
            &[&schemes],
            &[&other, &groups, &schemes],
            &[&schemes, &groups, &other, &groups],
        ];
        for row in rows {
            let row: Vec<Vec<u8>> = row.iter().copied().cloned().collect();
            for (place, message, list) in [
                (Place::First, extensions(&row), 10),
                (Place::Handshake, request(b"", &row), 13),
                (Place::Handshake, request(b"context", &row), 13),
            ] {
                let (kind, seen) = seen(place, HANDSHAKE, &message).unwrap();
                assert_eq!(kind, HANDSHAKE);
                let changed: Vec<usize> = (0..seen.len())
                    .filter(|at| seen[*at] != message[*at])
                    .collect();
                if row.iter().any(|extension| extension[1] == list) {
                    let [at] = changed[..] else {
                        panic!("{changed:?}")
                    };
                    assert_eq!(seen[at..at + 2], [HIDDEN, list]);
                    assert_eq!(message[at..at + 2], [0, list]);
                } else {
                    assert_eq!(changed, [0; 0]);
                }
                assert_eq!(sent(&seen), message);
                // A server that uses the hidden number itself is hashed as it was sent, too.
                assert_eq!(sent(&sent(&seen)), seen);
            }
        }
    }

    #[test]
    fn other_bytes_are_hashed_as_they_are() {
        let whole = extensions(&[extension(10, b"groups")]);
        for end in 0..whole.len() {
            assert_eq!(sent(&whole[..end]), whole[..end]);
        }
        let longer = [&*whole, &[0]].concat();
        assert_eq!(sent(&longer), longer);
        for message in [
            certificate(),
            signature(),
            finished(),
            vec![0x36; 64],
            vec![],
        ] {
            assert_eq!(sent(&message), message);
        }
        // Extensions that are cut.
        let mut cut = extensions(&[extension(0, b"abc"), extension(10, b"")]);
        cut[9] = 200;
        assert_eq!(sent(&cut), cut);
    }

    /// No bytes make it panic, whatever their place.
    #[test]
    fn any_record_is_examined() {
        let mut count = 0_u32;
        let mut next = move || {
            count += 1;
            let mut hasher = DefaultHasher::new();
            count.hash(&mut hasher);
            (hasher.finish() >> 33) as usize
        };
        let parts = [
            extensions(&[extension(10, b"x")]),
            certificate(),
            finished(),
            ticket(),
        ];
        for _ in 0..200_000 {
            let mut record = Vec::new();
            for _ in 0..next() % 4 {
                record.extend(&parts[next() % 4]);
            }
            record.push([20, 21, 22, 23, 0][next() % 5]);
            for _ in 0..next() % 4 {
                let at = next() % record.len();
                record[at] = next() as u8;
            }
            record.truncate(next() % (record.len() + 1));
            let _ = examine(PLACES[next() % 3], &mut record);
            let _ = sent(&record);
        }
    }
}
