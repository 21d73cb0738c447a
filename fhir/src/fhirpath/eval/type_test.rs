//! `is` and `as`.

use super::{Answer, Out, Scope, Step, Stop};
use crate::definitions::TypeId;
use crate::fhirpath::Error;
use crate::fhirpath::functions::reference;
use crate::fhirpath::item::Item;
use crate::fhirpath::model;
use crate::fhirpath::op::{Op, TypeSpec};

impl<'s, 'd> Scope<'s, 'd> {
    pub(super) fn is(&self, on: &Op, target: TypeSpec, at: u32) -> Answer<Option<bool>> {
        // The type of a resource that is not at hand can still be told.
        if let Some(call) = reference::as_resolve(on) {
            return reference::resolves_to(call, self, target);
        }
        let item = self.single(on, at, "is")?;
        Ok(item.map(|item| is_of(&item, target)))
    }

    pub(super) fn run_as(
        &self,
        on: &Op,
        target: TypeSpec,
        filter: bool,
        at: u32,
        out: &mut Out<'_, 'd>,
    ) -> Step {
        let mut count = 0;
        self.run(on, &mut |item| {
            count += 1;
            if count > 1 && !filter {
                return Err(Stop::from(Error::NotSingle { at, what: "as" }));
            }
            if is_exactly_or_derived(&item, target) { out(item) } else { Ok(()) }
        })
    }
}

/// Whether the item is of that FHIR type or one derived from it.
pub(super) fn is_a(item: &Item<'_>, wanted: TypeId) -> bool {
    item.type_id().is_some_and(|id| id == wanted || id.lineage().any(|base| base == wanted))
}

/// Whether the item is of that type or one derived from it.
pub(in crate::fhirpath) fn is_of(item: &Item<'_>, target: TypeSpec) -> bool {
    match item {
        Item::Element(_) => target.fhir.is_some_and(|wanted| is_a(item, wanted)),
        Item::Value(value) => target.system == Some(value.system()),
    }
}

/// As [`is_of`], but a primitive only of exactly that type: `as` and `ofType` choose among the types of a choice, and a
/// `code` is not asked for by `string`.
pub(in crate::fhirpath) fn is_exactly_or_derived(item: &Item<'_>, target: TypeSpec) -> bool {
    match item.type_id() {
        Some(id) if model::of(id).is_primitive => target.fhir == Some(id),
        _ => is_of(item, target),
    }
}
