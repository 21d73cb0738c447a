//! Where a page begins, and which way it goes from there.

use crate::page::{Hit, SortKey};
use std::cmp::Ordering;

/// A gap in the order of hits, told by a place beside it, and the side of the gap that the page is on. Whatever is written or deleted
/// meanwhile, what stands on either side and does not change is on a page of that side once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Beside the gap.
    pub place: SortKey,
    /// Whether the gap is behind the place; else it is before it.
    pub is_behind: bool,
    /// Whether the page ends at the gap, the page before another one; else it begins there.
    pub is_back: bool,
}

impl Start {
    /// The page behind a place.
    pub fn after(place: SortKey) -> Start {
        Start { place, is_behind: true, is_back: false }
    }

    /// The page before a place.
    pub fn before(place: SortKey) -> Start {
        Start { place, is_behind: false, is_back: true }
    }

    /// The page on the other side of the gap.
    pub(crate) fn turned(&self) -> Start {
        Start { is_back: !self.is_back, ..self.clone() }
    }

    /// Whether a hit is on the page's side.
    pub(crate) fn lets(&self, hit: &Hit) -> bool {
        match hit.cmp_to_place(&self.place) {
            Ordering::Less => self.is_back,
            Ordering::Equal => self.is_back == self.is_behind,
            Ordering::Greater => !self.is_back,
        }
    }

    /// Whether a hit of that key and hash may be.
    #[inline]
    pub(crate) fn may_let(&self, order: &[u8], hash: u64) -> bool {
        let found = (order, hash).cmp(&(&*self.place.order, self.place.hash));
        if self.is_back { found.is_le() } else { found.is_ge() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::id::{CompartmentKey, PartitionId, ResourceId, TenantId, TypeCode};

    #[test]
    fn each_hit_is_on_one_side_of_a_gap() {
        let (tenant, type_code) = (TenantId(1), TypeCode(3));
        let hit = |number: u64| {
            let id = ResourceId::parse(&format!("r{number}")).unwrap();
            let key = CompartmentKey::of(tenant, type_code, id).own();
            Hit {
                partition: PartitionId(1),
                key,
                version: 1,
                last_updated_ms: 0,
                hash: number,
                order: [7].into(),
            }
        };
        let at = |number: u64| hit(number).place();
        for (start, first) in [(Start::after(at(3)), 4), (Start::before(at(3)).turned(), 3)] {
            for number in 0..7 {
                let one = hit(number);
                assert_eq!(start.lets(&one), number >= first, "{number}");
                assert_eq!(start.turned().lets(&one), number < first, "{number}");
                assert!(!start.lets(&one) || start.may_let(&one.order, one.hash));
                assert!(!start.turned().lets(&one) || start.turned().may_let(&one.order, one.hash));
            }
            assert!(start.may_let(&[8], 0) && !start.may_let(&[6], 9));
        }
    }
}
