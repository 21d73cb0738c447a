//! Resources that stand inside others: <https://hl7.org/fhir/R4/search.html#contained>. They are found through the resource that has them.

use super::condition::Condition;
use super::index::{Lookup, Place, head, tag};
use fhir::index::{Contained, Value, Values};
use proto::id::TypeCode;

/// A condition on what stands inside a resource: one contained resource of a type fulfils all of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainedMatch<E> {
    /// Its type.
    pub type_code: TypeCode,
    /// What it has to fulfil.
    pub expr: Box<E>,
}

/// What index values can be held against as a whole.
pub trait Whole {
    /// Whether the values of one resource fulfil it. It has neither id nor date: conditions on these are not fulfilled.
    fn holds(&self, values: &Values<'_>) -> bool;

    /// How many single conditions it stands for.
    fn count(&self) -> usize;
}

impl<E: Whole> ContainedMatch<E> {
    /// Whether a contained resource fulfils it.
    pub fn is(&self, one: &Contained<'_>) -> bool {
        one.type_code == self.type_code.0 && self.expr.holds(&Values::trusted(one.values))
    }
}

impl<E: Whole> Condition for ContainedMatch<E> {
    fn holds(&self, value: Value<'_>) -> bool {
        matches!(value, Value::Contained(one) if self.is(&one))
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        let text = "a contained resource has no identity of its own, so it is no criterion";
        Err(proto::Error::new(proto::Code::BadParameter, text).as_issue("not-supported"))
    }

    /// Resources that contain one of the type. Terms of what stands inside say more.
    fn lookup(&self, place: Place) -> Lookup {
        Lookup::Term(start(place, self.type_code))
    }

    fn is_checked(&self) -> bool {
        true
    }

    fn count(&self) -> usize {
        self.expr.count()
    }
}

/// How all terms of what stands inside start, and that it is there.
pub fn start(place: Place, type_code: TypeCode) -> Vec<u8> {
    let mut term = head(place, tag::CONTAINED);
    term.extend_from_slice(&type_code.0.to_be_bytes());
    term
}

/// A term that the contained resource would have by itself, as one of its container's.
pub fn inside(place: Place, type_code: TypeCode, term: &[u8]) -> Vec<u8> {
    let mut whole = start(place, type_code);
    whole.extend_from_slice(term);
    whole
}
