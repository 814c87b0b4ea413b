//! What the client has to make of EHLO's answer.

use std::cell::RefCell;

use embedded_smtp::blocking::Client;
use embedded_smtp::{Capabilities, Error, Extension, Fault, Mechanism, Violation};

use super::{Seen, Server, Watch};
use crate::offers::Offers;
use crate::replies::{Breach, Reader, Reply};

const EXTENSIONS: [Extension; 11] = [
    Extension::Pipelining,
    Extension::Size,
    Extension::EightBitMime,
    Extension::SmtpUtf8,
    Extension::StartTls,
    Extension::Auth,
    Extension::EnhancedStatusCodes,
    Extension::Chunking,
    Extension::Dsn,
    Extension::Limits,
    Extension::RequireTls,
];

const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Reads the octets as EHLO's answer, cut in all these ways.
pub(super) fn check(octets: &[u8], buffer: usize, all_reads: &[Vec<usize>], heeds_limits: bool) {
    let mut reader = Reader::default();
    let mut used = octets.len();
    let mut end = None;
    for (at, &octet) in octets.iter().enumerate() {
        end = reader.take(octet);
        if end.is_some() {
            used = at + 1;
            break;
        }
    }
    // A longer word may be cut, and not be understood.
    if octets.windows(3).any(|octets| octets == b"\r\r\n") {
        // The second CR may be taken for a part of the line or not.
        return;
    }
    let is_short = octets
        .split(|b| b" \t\n".contains(b))
        .all(|word| word.len() < buffer / 4);
    // Of a line that does not end, a beginning that fills the buffer is judged.
    let unfinished = octets[..used].rsplit(|&b| b == b'\n').next().unwrap();
    let is_short = is_short && unfinished.len() < buffer / 4;
    let mut first = None;
    for reads in all_reads {
        let parts = vec![b"220 x\r\n".to_vec(), octets[..used].to_vec()];
        let seen = RefCell::new(Seen::default());
        let mut memory = vec![0; buffer];
        let server = Server::new(parts, reads.clone());
        let mut smtp = Client::new(server, &mut memory).observe(Watch(&seen));
        if heeds_limits {
            smtp = smtp.with_limits();
        }
        let result = smtp.open("f.example");
        if is_short {
            check_end(&result, &end);
            check_offers(smtp.capabilities(), &end, heeds_limits);
        }
        let seen = seen.take();
        if let (Some(Ok(reply)), true) = (&end, is_short) {
            assert_eq!(seen.replies[1].code, reply.code);
            assert_eq!(seen.replies[1].enhanced, reply.enhanced);
        }
        let this = (result, *smtp.capabilities(), seen.replies, seen.lines);
        assert_eq!(*first.get_or_insert(this.clone()), this, "{reads:?}");
    }
}

fn check_end<E: std::fmt::Debug>(
    result: &Result<(), Error<E>>,
    end: &Option<Result<Reply, Breach>>,
) {
    let is_good = match (result, end) {
        (Ok(()), Some(Ok(reply))) => OPENS.contains(&reply.code),
        (Err(Error::Refused(refusal)), Some(Ok(reply))) => {
            refusal.code() == reply.code && reply.code >= 400
        }
        (Err(Error::Failed { fault, .. }), _) => match (fault, end) {
            (Fault::Protocol(Violation::OutOfPlace(code)), Some(Ok(reply))) => {
                *code == reply.code && *code < 400 && !OPENS.contains(code)
            }
            (Fault::Protocol(Violation::Grammar), Some(Err(Breach::Grammar))) => true,
            (Fault::Protocol(Violation::CodesDiffer), Some(Err(Breach::CodesDiffer))) => true,
            (Fault::Protocol(Violation::TooLong), Some(Err(Breach::TooLong))) => true,
            (Fault::Closed, None) => true,
            _ => false,
        },
        _ => false,
    };
    assert!(is_good, "{result:?} where {end:?} was said");
}

fn check_offers(
    capabilities: &Capabilities,
    end: &Option<Result<Reply, Breach>>,
    heeds_limits: bool,
) {
    let Some(Ok(reply)) = end else {
        return;
    };
    let offers = match reply.code {
        250..=259 => Offers::of(reply),
        400.. => Offers::default(),
        // The session is over.
        _ => return,
    };
    for extension in EXTENSIONS {
        assert_eq!(
            capabilities.offers(extension),
            offers.has(extension.as_str()),
            "{extension:?} of {offers:?}"
        );
    }
    for mechanism in MECHANISMS {
        assert_eq!(
            capabilities.offers_mechanism(mechanism),
            offers.has_word("AUTH", mechanism.as_str()),
            "{mechanism:?} of {offers:?}"
        );
    }
    // Numbers that differ are no limit.
    let mut sizes: Vec<u32> = offers.words("SIZE").filter_map(number).collect();
    sizes.dedup();
    let limit = match sizes[..] {
        [limit] => Some(limit).filter(|limit| *limit > 0),
        _ => None,
    };
    assert_eq!(capabilities.size_limit(), limit);
    for (name, found) in [
        ("MAILMAX", capabilities.mail_max()),
        ("RCPTMAX", capabilities.rcpt_max()),
        ("RCPTDOMAINMAX", capabilities.rcpt_domain_max()),
    ] {
        let values = offers.words("LIMITS").filter_map(|word| {
            let (given, value) = word.split_once('=')?;
            given.eq_ignore_ascii_case(name).then_some(value)
        });
        let values: Vec<_> = values.collect();
        // Which of several counts, no document says.
        if !heeds_limits {
            assert_eq!(found, None, "{name}");
        } else if let [value] = values[..] {
            let limit = number::<u16>(value).filter(|limit| *limit > 0);
            assert_eq!(found, limit.map(u32::from), "{name}");
        }
    }
}

/// The codes that open a session.
const OPENS: std::ops::RangeInclusive<u16> = 250..=259;

/// A number of digits only, that fits.
fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}
