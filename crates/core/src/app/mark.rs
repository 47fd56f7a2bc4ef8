//! How far the chains have come, as the key store keeps it. A database that is behind was put back
//! from a copy, and the numbers that come next may have been used.

/// How far one chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) epoch: [u8; 16],
    pub(super) number: u64,
}

/// How far the chain of version 1 and the chain of seals of version 2 have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) chain: Reached,
    /// `None` before the first seal of version 2.
    pub(super) seals: Option<Reached>,
}

impl Reached {
    pub(super) fn is_behind(&self, kept: &Self) -> bool {
        self.epoch != kept.epoch || self.number < kept.number
    }

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        Some((Self { epoch: *epoch, number: u64::from_be_bytes(*number) }, rest))
    }

    fn to_bytes(self) -> Vec<u8> {
        [self.epoch.as_slice(), &self.number.to_be_bytes()].concat()
    }
}

impl Mark {
    /// Whether there were seals that this database does not have.
    pub(super) fn seals_are_behind(&self, kept: &Self) -> bool {
        match (&self.seals, &kept.seals) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(now), Some(kept)) => now.is_behind(kept),
        }
    }

    /// Reads a kept mark; one from an earlier version knows no seals.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (chain, rest) = Reached::read(bytes)?;
        Some(Self { chain, seals: Reached::read(rest).map(|(seals, _)| seals) })
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        let seals = self.seals.map(Reached::to_bytes).unwrap_or_default();
        [self.chain.to_bytes(), seals].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(number: u64) -> Reached {
        Reached { epoch: [1; 16], number }
    }

    #[test]
    fn a_mark_reads_back_with_its_seals_and_without() {
        for seals in [None, Some(reached(7))] {
            let mark = Mark { chain: reached(3), seals };
            assert_eq!(Mark::from_bytes(&mark.to_bytes()), Some(mark));
        }
        assert_eq!(Mark::from_bytes(&[1; 20]), None);
    }

    #[test]
    fn a_database_without_the_last_seals_is_behind_and_one_with_more_is_not() {
        let mark = |seals| Mark { chain: reached(0), seals };
        assert!(mark(Some(reached(1))).seals_are_behind(&mark(Some(reached(2)))));
        assert!(mark(None).seals_are_behind(&mark(Some(reached(2)))));
        assert!(!mark(Some(reached(3))).seals_are_behind(&mark(Some(reached(2)))));
        assert!(!mark(Some(reached(3))).seals_are_behind(&mark(None)));
        let other = Some(Reached { epoch: [2; 16], number: 9 });
        assert!(mark(other).seals_are_behind(&mark(Some(reached(2)))));
    }
}
