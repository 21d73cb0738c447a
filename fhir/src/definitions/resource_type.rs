//! Resource types and their stored codes.

use crate::names::{HashTable, Span, count, last_fields};
use std::fmt;

const TABLE: &str = include_str!("../../definitions/type-codes.txt");
const COUNT: usize = count(TABLE.as_bytes());
static SPANS: [Span; COUNT] = last_fields(TABLE.as_bytes());
static SLOTS: HashTable<512> = HashTable::new(TABLE.as_bytes(), &SPANS);

/// A concrete R4 resource type. Its code is part of stored keys: `definitions/type-codes.txt` is append-only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType(u16);

impl ResourceType {
    pub const PATIENT: ResourceType = ResourceType::known(b"Patient");
    pub const BUNDLE: ResourceType = ResourceType::known(b"Bundle");
    pub const BINARY: ResourceType = ResourceType::known(b"Binary");
    pub const OPERATION_OUTCOME: ResourceType = ResourceType::known(b"OperationOutcome");

    const fn known(name: &[u8]) -> ResourceType {
        let code = SLOTS.find(TABLE.as_bytes(), &SPANS, name);
        assert!(code != 0, "not a resource type");
        ResourceType(code)
    }

    /// The type called `name`, case-sensitively. Abstract types (`Resource`, `DomainResource`) are none.
    #[inline]
    pub const fn from_name(name: &str) -> Option<Self> {
        match SLOTS.find(TABLE.as_bytes(), &SPANS, name.as_bytes()) {
            0 => None,
            code => Some(ResourceType(code)),
        }
    }

    /// The type with a stored code; `None` for 0 and for codes this build does not know.
    pub const fn from_code(code: u16) -> Option<Self> {
        match code {
            0 => None,
            code if code as usize <= COUNT => Some(ResourceType(code)),
            _ => None,
        }
    }

    /// The stored code, 1 and up.
    pub const fn code(self) -> u16 {
        self.0
    }

    pub const fn name(self) -> &'static str {
        match std::str::from_utf8(SPANS[self.0 as usize - 1].of(TABLE.as_bytes())) {
            Ok(name) => name,
            Err(_) => panic!("a slice of a text at line ends"),
        }
    }

    /// All types in the order of their codes.
    pub fn all() -> impl ExactSizeIterator<Item = ResourceType> {
        (1..COUNT as u16 + 1).map(ResourceType)
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_go_both_ways() {
        assert_eq!(ResourceType::all().len(), 146);
        for t in ResourceType::all() {
            assert_eq!(ResourceType::from_name(t.name()), Some(t));
            assert_eq!(ResourceType::from_code(t.code()), Some(t));
        }
    }

    #[test]
    fn the_registry_numbers_its_lines() {
        for (line, text) in TABLE.lines().enumerate() {
            let (code, _) = text.split_once('\t').expect("code, tab, name");
            assert_eq!(code, (line + 1).to_string());
        }
    }

    #[test]
    fn codes_never_change() {
        // A sample of codes that are in stored keys.
        let codes = ["Account", "Observation", "Patient", "VisionPrescription"]
            .map(|name| ResourceType::from_name(name).map(ResourceType::code));
        assert_eq!(codes, [Some(1), Some(96), Some(103), Some(146)]);
    }

    #[test]
    fn abstract_and_unknown_types_are_none() {
        for name in ["", "Resource", "DomainResource", "patient", "HumanName"] {
            assert_eq!(ResourceType::from_name(name), None, "{name}");
        }
        assert_eq!((ResourceType::from_code(0), ResourceType::from_code(147)), (None, None));
    }
}
