//! A count that stays at its maximum.

/// A number of commands, replies or recipients. It stays at 65,535, which none of them reaches: each of a
/// mail's three lists has at most 1,000 mailboxes, and no announced limit of mails is larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Count(u16);

impl Count {
    /// Counts one more.
    #[inline(never)]
    pub(super) const fn add(&mut self) {
        if let Some(more) = self.0.checked_add(1) {
            self.0 = more;
        }
    }

    /// Counts one less; whether any is left.
    pub(super) const fn take(&mut self) -> bool {
        if let Some(less) = self.0.checked_sub(1) {
            self.0 = less;
        }
        self.0 > 0
    }

    pub(super) const fn get(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_stays_at_its_maximum() {
        let mut count = Count::default();
        for _ in 0..70_000 {
            count.add();
        }
        assert_eq!(count.get(), u16::MAX);
    }
}
