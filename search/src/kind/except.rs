//! A value that is another one: the operator `ne` of filters, <https://hl7.org/fhir/R4/search_filter.html#ops>.

use super::condition::{Condition, Part};
use super::index::{Lookup, Place};
use super::present;
use fhir::index::Value;

/// A value of the kind fulfils none of these.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExceptMatch<C> {
    /// At least one.
    pub none_of: Vec<C>,
}

impl<C: Part> Condition for ExceptMatch<C> {
    fn holds(&self, value: Value<'_>) -> bool {
        let is_of_kind = matches!(
            value,
            Value::Token { .. }
                | Value::String { .. }
                | Value::Reference { .. }
                | Value::ReferenceUrl { .. }
                | Value::Uri(_)
        );
        is_of_kind && !self.none_of.iter().filter_map(C::condition).any(|one| one.holds(value))
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        let each = self.none_of.iter().filter_map(C::condition).map(Condition::canonical);
        let mut each = each.collect::<Result<Vec<_>, _>>()?;
        each.sort_unstable();
        Ok(format!(":other({})", each.join(",")))
    }

    fn lookup(&self, place: Place) -> Lookup {
        Lookup::Term(present::term(place))
    }

    fn is_checked(&self) -> bool {
        true
    }

    fn count(&self) -> usize {
        self.none_of.iter().filter_map(C::condition).map(Condition::count).sum()
    }
}
