//! Search parameter codes and their stored numbers.

use crate::names::{HashTable, Span, count, last_fields};
use std::fmt;

const TABLE: &str = include_str!("../../definitions/param-codes.txt");
const COUNT: usize = count(TABLE.as_bytes());
static SPANS: [Span; COUNT] = last_fields(TABLE.as_bytes());
static SLOTS: HashTable<1024> = HashTable::new(TABLE.as_bytes(), &SPANS);

/// The number of a search parameter's code (`subject`), the same for every resource type. It is part of stored index
/// values: `definitions/param-codes.txt` is append-only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub u16);

impl ParamId {
    /// Numbers from here on are given by a cluster to parameters that are not R4's; what each means, it knows.
    pub const CUSTOM: u16 = 1024;

    /// Under it a resource's index values have those of the resources that it contains. No parameter is called so.
    pub const CONTAINED: ParamId = ParamId(Self::CUSTOM - 1);

    /// Whether it is a number that a cluster gave.
    pub const fn is_custom(self) -> bool {
        self.0 >= Self::CUSTOM
    }

    /// The number of `code`; `None` if R4 has no search parameter of that code.
    pub const fn from_code(code: &str) -> Option<Self> {
        match SLOTS.find(TABLE.as_bytes(), &SPANS, code.as_bytes()) {
            0 => None,
            id => Some(ParamId(id)),
        }
    }

    /// The code; `None` for a number this build does not know.
    pub fn code(self) -> Option<&'static str> {
        let span = SPANS.get(usize::from(self.0).checked_sub(1)?)?;
        std::str::from_utf8(span.of(TABLE.as_bytes())).ok()
    }
}

impl fmt::Debug for ParamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code() {
            Some(code) => f.write_str(code),
            None => write!(f, "param {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers_go_both_ways() {
        assert_eq!(COUNT, 448);
        assert!(COUNT < usize::from(ParamId::CONTAINED.0));
        for (line, text) in TABLE.lines().enumerate() {
            let (number, code) = text.split_once('\t').expect("number, tab, code");
            let id = ParamId::from_code(code).expect("in the registry");
            assert_eq!(
                (number, id.0, id.code()),
                ((line + 1).to_string().as_str(), line as u16 + 1, Some(code))
            );
        }
        assert_eq!(
            (ParamId::from_code("nonsense"), ParamId(0).code(), ParamId(60000).code()),
            (None, None, None)
        );
    }
}
