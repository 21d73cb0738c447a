//! `is` and `as`.

use super::{Answer, Out, Scope, Step, Stop, resolve};
use crate::definitions::{NameId, ResourceType, TypeId, names};
use crate::fhirpath::Error;
use crate::fhirpath::item::Item;
use crate::fhirpath::model;
use crate::fhirpath::op::{Call, Op, TypeSpec};

const TYPE: NameId = names::lookup(b"type");

impl<'s, 'd> Scope<'s, 'd> {
    pub(super) fn is(&self, on: &Op, target: TypeSpec, at: u32) -> Answer<Option<bool>> {
        // The type of a resource that is not at hand can still be told.
        if let Some(call) = as_resolve(on) {
            return resolves_to(call, self, target);
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
fn is_of(item: &Item<'_>, target: TypeSpec) -> bool {
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

/// `resolve() is T`: of a resource that is not at hand, the reference itself tells the type. Empty when nothing tells it.
fn resolves_to(call: &Call, scope: &Scope<'_, '_>, target: TypeSpec) -> Answer<Option<bool>> {
    let Some(item) = scope.single(&call.on, call.at, "is")? else { return Ok(None) };
    let reference = resolve::reference_of(&item);
    if let Some(text) = &reference
        && let Some(resource) = resolve::find(scope, text)?
    {
        return Ok(Some(is_of(&Item::Element(resource), target)));
    }
    let told = reference.and_then(|text| resolve::type_in(&text)).or_else(|| {
        let named = item.node()?.get_name(TYPE)?.as_str()?;
        ResourceType::from_name(named.rsplit('/').next().unwrap_or(&named))
    });
    let type_id = told.and_then(|told| TypeId::from_path(told.name()));
    Ok(type_id.map(|id| target.fhir.is_some_and(|wanted| id.lineage().any(|base| base == wanted))))
}

/// `on`, if the operation is a call of `resolve()`.
fn as_resolve(op: &Op) -> Option<&Call> {
    match op {
        Op::Call(call) if call.function.name == resolve::RESOLVE => Some(call),
        _ => None,
    }
}
