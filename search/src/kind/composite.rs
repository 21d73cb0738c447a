//! https://hl7.org/fhir/R4/search.html#composite: a value for each component, and all of them of one element.

use super::condition::{Condition, Part};
use super::index::{Lookup, Place};
use super::offer::Offer;
use super::present;
use super::problem::Problem;
use super::text::split;
use fhir::definitions::SearchParameter;
use fhir::index::Value;

/// What a composite takes: its components take what their kinds do, without modifiers.
pub fn offer() -> Offer {
    Offer::plain("composite")
}

/// A condition on composites: one value of each component fulfils one of that component's conditions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CompositeMatch<C> {
    /// In the order of the definition.
    pub parts: Vec<Vec<C>>,
}

/// What a value says of each component.
pub fn pieces<'v>(parameter: &SearchParameter, part: &'v str) -> Result<Vec<&'v str>, Problem> {
    let pieces = split(part, b'$');
    let wanted = parameter.components.len();
    if pieces.len() == wanted && pieces.iter().all(|piece| !piece.is_empty()) {
        return Ok(pieces);
    }
    let names: Vec<String> =
        parameter.components.iter().map(|component| format!("[{}]", component.code)).collect();
    Err(Problem::unusable(format!(
        "'{part}' is not one value for each of its {wanted} components: write {}, and '\\$' for a dollar sign in one",
        names.join("$")
    )))
}

impl<C: Part> Condition for CompositeMatch<C> {
    fn holds(&self, value: Value<'_>) -> bool {
        let Value::Composite(composite) = value else { return false };
        let mut components = composite.components();
        self.parts.iter().all(|part| {
            let Some(values) = components.next() else { return false };
            part.iter().filter_map(C::condition).any(|condition| {
                let mut values = values;
                values.any(|value| condition.holds(value))
            })
        })
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        let mut text = String::new();
        for part in &self.parts {
            let each = part.iter().filter_map(C::condition).map(Condition::canonical);
            let mut each = each.collect::<Result<Vec<_>, _>>()?;
            each.sort_unstable();
            each.dedup();
            text.push_str(&format!("$({})", each.join(",")));
        }
        Ok(text)
    }

    /// The index adds the terms of the components' own parameters, which have all that a composite is made of.
    fn lookup(&self, place: Place) -> Lookup {
        Lookup::Term(present::term(place))
    }

    fn is_checked(&self) -> bool {
        true
    }

    fn count(&self) -> usize {
        self.parts.iter().flatten().filter_map(C::condition).map(Condition::count).sum()
    }
}
