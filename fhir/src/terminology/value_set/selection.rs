//! A set of codes of one system in three-valued logic.

use super::reason::Reason;
use roaring::RoaringBitmap;

/// Which codes of a universe are in. Codes are named by number; those without a number are decided by `rest`, as are those
/// in none of the bitmaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminology) struct Selection {
    /// Certainly in.
    pub yes: RoaringBitmap,
    /// Certainly not in; empty where `rest` says so of all.
    pub no: RoaringBitmap,
    /// In or not; empty where `rest` says so of all.
    pub maybe: RoaringBitmap,
    pub rest: Rest,
    /// Why something is unknown, if anything is.
    pub doubt: Option<Reason>,
}

/// What is true of all other codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::terminology) enum Rest {
    NotIn,
    Unknown,
    /// Every code the system's grammar allows is in.
    All,
}

impl Rest {
    fn not(self) -> Rest {
        match self {
            Rest::NotIn => Rest::All,
            Rest::Unknown => Rest::Unknown,
            Rest::All => Rest::NotIn,
        }
    }
}

impl Selection {
    /// Those codes, and of the others what `rest` says.
    pub fn new(yes: RoaringBitmap, rest: Rest, doubt: Option<Reason>) -> Selection {
        Selection { yes, no: RoaringBitmap::new(), maybe: RoaringBitmap::new(), rest, doubt }
    }

    /// Those codes and no others.
    pub fn only(yes: RoaringBitmap) -> Selection {
        Selection::new(yes, Rest::NotIn, None)
    }

    pub fn none() -> Selection {
        Selection::only(RoaringBitmap::new())
    }

    pub fn unknown(reason: Reason) -> Selection {
        Selection::new(RoaringBitmap::new(), Rest::Unknown, Some(reason))
    }

    /// Codes in one or the other.
    pub fn or(&self, other: &Selection) -> Selection {
        let domain = self.domain(other);
        let yes = self.yes_of(&domain) | other.yes_of(&domain);
        let no = self.no_of(&domain) & other.no_of(&domain);
        self.joined(other, domain, yes, no, self.rest.max(other.rest))
    }

    /// Codes in both.
    pub fn and(&self, other: &Selection) -> Selection {
        let domain = self.domain(other);
        let yes = self.yes_of(&domain) & other.yes_of(&domain);
        let no = self.no_of(&domain) | other.no_of(&domain);
        self.joined(other, domain, yes, no, self.rest.min(other.rest))
    }

    /// Codes of this one that are not in the other.
    pub fn without(&self, other: &Selection) -> Selection {
        let domain = self.domain(other);
        let yes = self.yes_of(&domain) & other.no_of(&domain);
        let no = self.no_of(&domain) | other.yes_of(&domain);
        self.joined(other, domain, yes, no, self.rest.min(other.rest.not()))
    }

    pub fn memory_bytes(&self) -> usize {
        [&self.yes, &self.no, &self.maybe].map(RoaringBitmap::serialized_size).iter().sum()
    }

    /// All codes that either one names.
    fn domain(&self, other: &Selection) -> RoaringBitmap {
        &self.yes | &self.no | &self.maybe | &other.yes | &other.no | &other.maybe
    }

    fn yes_of(&self, domain: &RoaringBitmap) -> RoaringBitmap {
        match self.rest {
            Rest::All => domain - &self.no - &self.maybe,
            _ => self.yes.clone(),
        }
    }

    fn no_of(&self, domain: &RoaringBitmap) -> RoaringBitmap {
        match self.rest {
            Rest::NotIn => domain - &self.yes - &self.maybe,
            _ => self.no.clone(),
        }
    }

    /// What two selections gave for their domain, without what the rest says anyhow.
    fn joined(
        &self,
        other: &Selection,
        domain: RoaringBitmap,
        yes: RoaringBitmap,
        no: RoaringBitmap,
        rest: Rest,
    ) -> Selection {
        let maybe = match rest {
            Rest::Unknown => RoaringBitmap::new(),
            _ => domain - &yes - &no,
        };
        let no = if rest == Rest::NotIn { RoaringBitmap::new() } else { no };
        let doubtful = rest == Rest::Unknown || !maybe.is_empty();
        let doubt = self.doubt.as_ref().or(other.doubt.as_ref()).filter(|_| doubtful).cloned();
        Selection { yes, no, maybe, rest, doubt }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// True, false, or `None` for unknown.
    fn truth(selection: &Selection, code: u32) -> Option<bool> {
        if selection.yes.contains(code) {
            return Some(true);
        }
        if selection.no.contains(code) {
            return Some(false);
        }
        match selection.rest {
            _ if selection.maybe.contains(code) => None,
            Rest::NotIn => Some(false),
            Rest::Unknown => None,
            Rest::All => Some(true),
        }
    }

    fn selection() -> impl Strategy<Value = Selection> {
        let rest = prop_oneof![Just(Rest::NotIn), Just(Rest::All), Just(Rest::Unknown)];
        (any::<u16>(), any::<u16>(), any::<u16>(), rest).prop_map(|(yes, no, maybe, rest)| {
            let bits = |set: u16| (0..16).filter(|bit| set & (1 << bit) != 0).collect::<RoaringBitmap>();
            let no = if rest == Rest::NotIn { 0 } else { no & !yes };
            let maybe = if rest == Rest::Unknown { 0 } else { maybe & !yes & !no };
            let doubt = (rest == Rest::Unknown || maybe != 0).then_some(Reason::OtherVersion);
            Selection { yes: bits(yes), no: bits(no), maybe: bits(maybe), rest, doubt }
        })
    }

    fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
        match (left, right) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    fn not(truth: Option<bool>) -> Option<bool> {
        truth.map(|truth| !truth)
    }

    proptest! {
        #[test]
        fn sets_follow_the_logic_code_by_code(left in selection(), right in selection()) {
            // Code 99 has no bit anywhere: the rest decides.
            for code in (0..16).chain([99]) {
                let (l, r) = (truth(&left, code), truth(&right, code));
                prop_assert_eq!(truth(&left.and(&right), code), and(l, r));
                prop_assert_eq!(truth(&left.or(&right), code), not(and(not(l), not(r))));
                prop_assert_eq!(truth(&left.without(&right), code), and(l, not(r)));
            }
            for joined in [left.and(&right), left.or(&right), left.without(&right)] {
                prop_assert_eq!(joined.doubt.is_some(), joined.rest == Rest::Unknown || !joined.maybe.is_empty());
            }
        }
    }
}
