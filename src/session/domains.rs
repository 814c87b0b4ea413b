//! A set of domains in four octets.

/// Domains that mails were sent to. Two domains may share a place, in 1 of 32 cases: the set then
/// has one less than there were. A server that counts better refuses what is too many for it, which
/// costs no more than a command.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Domains(u32);

impl Domains {
    /// Adds a domain, without regard to case.
    #[inline(never)] // It has two callers.
    pub(super) fn insert(&mut self, domain: &str) {
        // FNV-1a, folded to five bits.
        let hash = domain.bytes().fold(0x811C_9DC5_u32, |hash, octet| {
            (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
        });
        self.0 |= 1_u32.wrapping_shl(hash.wrapping_shr(27) ^ hash);
    }

    /// How many there are.
    pub(super) fn count(self) -> u32 {
        self.0.count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_counts_once_in_any_case() {
        let mut domains = Domains::default();
        assert_eq!(domains.count(), 0);
        for domain in ["example.org", "EXAMPLE.org", "example.org"] {
            domains.insert(domain);
            assert_eq!(domains.count(), 1);
        }
        domains.insert("example.net");
        assert_eq!(domains.count(), 2);
    }

    #[test]
    fn domains_spread_over_the_places() {
        let mut domains = Domains::default();
        for n in 0..200 {
            domains.insert(&std::format!("d{n}.example"));
        }
        assert_eq!(domains.count(), 32);
    }
}
