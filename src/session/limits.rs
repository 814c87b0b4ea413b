//! The limits that a server announces (LIMITS, RFC 9422). Linked on use: see [`super`].
//!
//! This file counts; `engine/begin.rs` asks for the counts, and `mail.rs` keeps to them.

use crate::invalid::{Field, Invalid, Reason};
use crate::message::Message;
use crate::report::{Progress, RecipientStatus};
use crate::wire::address::Address;
use crate::wire::ehlo::Capabilities;

use super::count::Count;
use super::hindrance::Hindrance;
use super::recipients::Turn;
use super::results::{LeftOut, Noting};

/// The functions that heed limits.
pub(super) struct Limits {
    /// The number of recipients that one transaction may have. Notes in the results who is left out.
    pub(super) share: fn(&Capabilities, &Tally, &Message<'_>, Results<'_>, bool) -> Share,
    /// No recipient is left to a further transaction.
    pub(super) forget: fn(&mut [RecipientStatus]),
    /// MAIL was sent.
    pub(super) mail: fn(&mut Tally),
    /// RCPT for this recipient was sent.
    pub(super) recipient: fn(&Capabilities, &mut Tally, Address<'_>),
}

/// The recipients' results, and what leaves recipients out by them.
pub(super) type Results<'r> = (&'r mut [RecipientStatus], Option<&'static Noting>);

/// The result of [`Limits::share`].
pub(super) type Share = Result<Part, Hindrance>;

/// The part of a mail's recipients that one transaction is for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    pub(super) taken: Count,
    /// The recipients left to a further transaction.
    pub(super) deferred: Count,
}

pub(super) static LIMITS: Limits = Limits {
    share,
    forget: |results| {
        for status in results {
            if status.is_deferred() {
                status.progress = Progress::Open;
            }
        }
    },
    mail: |tally| tally.mails.add(),
    recipient: |capabilities, tally, address| {
        if capabilities.limits_recipients() {
            tally.domains.insert(address.domain().as_str());
        }
    },
};

/// The mails sent on a connection, and the domains of their recipients.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    mails: Count,
    domains: Domains,
}

/// RFC 9422 has the limit of recipients for a transaction (§4.2), and those of mails (§4.1) and of
/// domains (§4.3) for the session. Recipients after the first that is too many are left to a
/// further transaction, and their results say so.
fn share(
    capabilities: &Capabilities,
    tally: &Tally,
    message: &Message<'_>,
    (results, noting): Results<'_>,
    all_or_none: bool,
) -> Share {
    let mails = u32::from(tally.mails.get());
    let most = match capabilities.mail_max() {
        Some(most) if mails >= most => 0,
        _ => capabilities.rcpt_max().unwrap_or(u32::MAX),
    };
    let most_domains = capabilities.rcpt_domain_max().unwrap_or(u32::MAX);
    let mut part = Part::default();
    let mut domains = tally.domains;
    let mut turn = Turn::default();
    loop {
        let left_out: LeftOut<'_> = noting.map(|noting| (noting, &*results));
        let Some((number, address)) = turn.next(message, left_out) else {
            break;
        };
        domains.insert(address.domain().as_str());
        if part.deferred.get() == 0
            && u32::from(part.taken.get()) < most
            && u32::from(domains.count.get()) <= most_domains
        {
            part.taken.add();
            continue;
        }
        if all_or_none && part.taken.get() > 0 {
            return Err(Invalid::new(Field::Recipients, Reason::TooMany).into());
        }
        part.deferred.add();
        if let Some(status) = results.get_mut(usize::from(number)) {
            status.progress = Progress::Deferred;
        }
    }
    if part.taken.get() == 0 {
        return Err(Hindrance::Limit);
    }
    Ok(part)
}

/// The number of domains told apart. RFC 9422 §4.3 has its limit for servers that deliver to one
/// place, so a limit is mostly 1.
const TOLD_APART: usize = 8;

/// A set of domains in constant memory. After the first few, a domain counts anew each time, so that
/// the limit is not exceeded.
#[derive(Debug, Clone, Copy, Default)]
struct Domains {
    /// A hash of each of the first; 0 where there is none.
    hashes: [u16; TOLD_APART],
    /// The number of domains, or more if there are more than are told apart.
    count: Count,
}

impl Domains {
    /// Adds a domain, without regard to case.
    #[inline(never)] // It has two callers.
    fn insert(&mut self, domain: &str) {
        // FNV-1a, which is arithmetic modulo 2^32. Two domains in 65,535 have the same hash: the
        // server then refuses what is too many.
        let hash = domain.bytes().fold(0x811C_9DC5_u32, |hash, byte| {
            (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
        });
        let [a, b, c, d] = hash.to_le_bytes();
        let hash = u16::from_le_bytes([a ^ c, b ^ d]) | 1;
        for slot in &mut self.hashes {
            if *slot == hash {
                return;
            }
            if *slot == 0 {
                *slot = hash;
                break;
            }
        }
        self.count.add();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_counts_once_in_any_case() {
        let mut domains = Domains::default();
        assert_eq!(domains.count.get(), 0);
        for domain in ["example.org", "EXAMPLE.org", "example.org"] {
            domains.insert(domain);
            assert_eq!(domains.count.get(), 1);
        }
        for domain in ["outlook.com", "icloud.com", "example.org", "ICLOUD.com"] {
            domains.insert(domain);
        }
        assert_eq!(domains.count.get(), 3);
    }

    #[test]
    fn after_those_told_apart_each_counts() {
        let mut domains = Domains::default();
        for _ in 0..2 {
            for n in 0..10 {
                domains.insert(&std::format!("d{n}.example"));
            }
        }
        assert_eq!(domains.count.get(), 8 + 2 * 2);
    }
}
