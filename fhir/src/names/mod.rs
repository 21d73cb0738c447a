//! Element names as small numbers, so that readers of a document compare numbers and not text.
//!
//! The table holds every JSON member name R4 knows: element names, choice elements under their concrete names
//! (`valueQuantity`, never `value[x]`) and `resourceType`. The companion of a primitive (`_birthDate`) has the number of
//! its primitive with [`NameId::COMPANION`] set.

mod hash;
mod lines;

pub(crate) use hash::HashTable;
pub(crate) use lines::{Span, count, last_fields};

const TABLE: &str = include_str!("../../definitions/r4/names.txt");
const COUNT: usize = count(TABLE.as_bytes());
static SPANS: [Span; COUNT] = last_fields(TABLE.as_bytes());
#[allow(long_running_const_eval)] // about two thousand names; ends by construction
static SLOTS: HashTable<4096> = HashTable::new(TABLE.as_bytes(), &SPANS);

/// The number of an element name in this build. It is never stored: the next generated table may number differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u16);

impl NameId {
    /// A name R4 does not know.
    pub const UNKNOWN: NameId = NameId(0);
    /// Set in the number of `_x`, the companion member of primitive `x`.
    pub const COMPANION: u16 = 0x8000;
    /// All plain numbers are below this one.
    pub const LIMIT: u16 = COUNT as u16 + 1;

    /// Whether the name is `_x` for a known `x`.
    pub const fn is_companion(self) -> bool {
        self.0 & Self::COMPANION != 0
    }

    /// The number of `x` for `_x`, else the number itself.
    pub const fn element(self) -> NameId {
        NameId(self.0 & !Self::COMPANION)
    }

    /// The element's name without the underscore of a companion; `None` for [`UNKNOWN`](Self::UNKNOWN) and for numbers
    /// not in the table.
    pub fn name(self) -> Option<&'static str> {
        let span = SPANS.get(usize::from(self.element().0).checked_sub(1)?)?;
        std::str::from_utf8(span.of(TABLE.as_bytes())).ok()
    }
}

/// The number of a member name; [`NameId::UNKNOWN`] if R4 has no such name. Also usable in constants.
#[inline]
pub const fn lookup(name: &[u8]) -> NameId {
    match name {
        [b'_', primitive @ ..] => match SLOTS.find(TABLE.as_bytes(), &SPANS, primitive) {
            0 => NameId::UNKNOWN,
            line => NameId(line | NameId::COMPANION),
        },
        _ => NameId(SLOTS.find(TABLE.as_bytes(), &SPANS, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_under_its_own_number() {
        for id in (1..NameId::LIMIT).map(NameId) {
            let name = id.name().expect("a number below the limit");
            assert_eq!(lookup(name.as_bytes()), id, "{name}");
        }
    }

    #[test]
    fn unknown_names_are_zero() {
        for name in [
            "",
            "_",
            "__id",
            "value[x]",
            "Patient",
            "birthdate",
            "valueQuantit",
            "a-very-long-name-that-is-not-fhir",
        ] {
            assert_eq!(lookup(name.as_bytes()), NameId::UNKNOWN, "{name}");
        }
    }

    #[test]
    fn a_companion_points_to_its_primitive() {
        const PLAIN: NameId = lookup(b"birthDate");
        let companion = lookup(b"_birthDate");
        assert!(companion.is_companion() && !PLAIN.is_companion());
        assert_eq!(companion.element(), PLAIN);
        assert_eq!(companion.name(), Some("birthDate"));
    }

    #[test]
    fn probes_stay_short() {
        let probes = |id: u16| {
            let name = NameId(id).name().expect("in the table");
            SLOTS.probes(TABLE.as_bytes(), &SPANS, name.as_bytes())
        };
        let all: Vec<usize> = (1..NameId::LIMIT).map(probes).collect();
        assert!(all.iter().sum::<usize>() * 2 < all.len() * 3, "more than 1.5 probes on average");
        assert!(all.iter().all(|&probes| probes <= 12));
    }
}
