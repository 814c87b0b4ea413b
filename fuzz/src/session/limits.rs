//! The limits of RFC 9422, and how much of them a session has used.

use std::collections::BTreeSet;

use super::dialogue::Dialogue;
use crate::offers::Offers;

/// What counts towards the limits since the last EHLO that began a session anew.
#[derive(Debug, Default)]
pub struct Used {
    /// MAIL commands.
    pub mails: usize,
    /// Domains of recipients that were named.
    domains: BTreeSet<String>,
}

impl Used {
    pub fn name(&mut self, recipient: &str) {
        self.domains.insert(domain(recipient));
    }
}

/// A limit that was offered: the last one of its name that is well formed.
fn limit(offers: &Offers, name: &str) -> Option<usize> {
    let values = offers.words("LIMITS").filter_map(|word| {
        let (found, value) = word.split_once('=')?;
        let is_number = value.bytes().all(|b| b.is_ascii_digit());
        let number = value.parse().ok().filter(|n| (1..=65_535).contains(n));
        number.filter(|_| is_number && found.eq_ignore_ascii_case(name))
    });
    values.last()
}

fn domain(recipient: &str) -> String {
    let domain = recipient.rsplit('@').next().unwrap();
    domain.to_ascii_lowercase()
}

impl Dialogue {
    /// Whether one more MAIL is within the limit.
    pub(super) fn may_mail(&self) -> bool {
        self.limit("MAILMAX")
            .is_none_or(|most| self.used.mails < most)
    }

    /// How many of these recipients a transaction may have. Those behind the first that is too much
    /// are left out.
    pub(super) fn share(&self, recipients: &[String]) -> usize {
        let most = self.limit("RCPTMAX").unwrap_or(usize::MAX);
        let most_domains = self.limit("RCPTDOMAINMAX").unwrap_or(usize::MAX);
        let mut domains = self.used.domains.clone();
        let fit = recipients.iter().take(most).take_while(|recipient| {
            domains.insert(domain(recipient));
            domains.len() <= most_domains
        });
        fit.count()
    }

    /// Whether the limits leave no room for this mail.
    pub fn is_limit_reached(&self, mail: usize) -> bool {
        !self.may_mail() || self.share(&self.mails[mail].recipients) == 0
    }

    /// A limit that the client was told to heed.
    fn limit(&self, name: &str) -> Option<usize> {
        limit(&self.offers, name).filter(|_| self.policy.limits)
    }
}
