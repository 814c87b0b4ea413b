//! A set of domains in constant memory.

/// How many domains are told apart. RFC 9422 §4.3 has its limit for servers that deliver to one
/// place, so a limit is mostly 1.
const TOLD_APART: usize = 8;

/// Domains that mails were sent to. Beyond the first few a domain counts anew each time, so that
/// the limit is not passed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Domains {
    /// A hash of each of the first; 0 where there is none.
    hashes: [u16; TOLD_APART],
    count: u16,
}

impl Domains {
    /// Adds a domain, without regard to case.
    #[inline(never)] // It has two callers.
    pub(super) fn insert(&mut self, domain: &str) {
        // FNV-1a. Two in 65,535 are the same: the server then refuses what is too many.
        let hash = domain.bytes().fold(0x811C_9DC5_u32, |hash, octet| {
            (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
        });
        let hash = (hash ^ hash.wrapping_shr(16)) as u16 | 1;
        for slot in &mut self.hashes {
            if *slot == hash {
                return;
            }
            if *slot == 0 {
                *slot = hash;
                break;
            }
        }
        self.count = self.count.saturating_add(1);
    }

    /// How many there are; more, if there are more than are told apart.
    pub(super) fn count(self) -> u32 {
        self.count.into()
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
        for domain in ["outlook.com", "icloud.com", "example.org", "ICLOUD.com"] {
            domains.insert(domain);
        }
        assert_eq!(domains.count(), 3);
    }

    #[test]
    fn beyond_what_is_told_apart_each_counts() {
        let mut domains = Domains::default();
        for _ in 0..2 {
            for n in 0..10 {
                domains.insert(&std::format!("d{n}.example"));
            }
        }
        assert_eq!(domains.count(), 8 + 2 * 2);
    }
}
