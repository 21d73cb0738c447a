//! What invariants may ask: references within the bundle, value sets, code systems, profiles and their slices, definitions.

use super::binding::{self, Verdict};
use super::instance::Instance;
use super::scope::Scope;
use super::{Definition, Walk};
use crate::definitions::{NameId, TypeId, TypeKind};
use crate::fhirpath::{self, Item, Value};
use crate::json::Node;
use crate::terminology::{Membership, Terminology};
use crate::validation::definition::{Element, Found};
use crate::validation::{Issues, location};
use std::sync::Arc;

/// What asking for a value set or a profile costs, in steps of FHIRPath.
const ASKED: u64 = 10;

/// Elements passed by that cost one step.
const PASSED: u64 = 8;

pub(super) struct Host<'w, 's, 'v, 'd> {
    pub walk: &'w Walk<'v, 'd>,
    pub scope: &'s Scope<'s, 'd>,
}

impl fhirpath::Host for Host<'_, '_, '_, '_> {
    fn resolve(&self, reference: &str) -> Option<Node<'_>> {
        self.scope.resolve(reference, &self.walk.contained).resource()
    }

    fn member_of(&self, value_set: &str, coded: &Item<'_>) -> Option<bool> {
        self.walk.steps.pay(ASKED);
        let value_set = self.walk.terminology.value_set(value_set).ok()?;
        let Item::Element(element) = coded else {
            let Some(Value::String(code)) = coded.value() else { return None };
            return match value_set.contains(None, None, &code) {
                Membership::In => Some(true),
                Membership::NotIn => Some(false),
                Membership::Unknown(_) => None,
            };
        };
        match binding::member(&value_set, element.node()?, element.type_id()?.path()) {
            Verdict::In => Some(true),
            Verdict::NotIn | Verdict::NoCode => Some(false),
            Verdict::Unknown => None,
        }
    }

    fn subsumes(&self, general: &Item<'_>, special: &Item<'_>) -> Option<bool> {
        let mut known = None;
        for general in codings(general.node()?) {
            for special in codings(special.node()?) {
                match subsumes(self.walk.terminology, general, special) {
                    Some(true) => return Some(true),
                    Some(false) => known = Some(false),
                    None => {}
                }
            }
        }
        known
    }

    fn conforms_to(&self, profile: &str, element: &fhirpath::Element<'_>) -> Option<bool> {
        self.walk.steps.pay(ASKED);
        let Found::Definition(definition) = self.walk.definitions.profile(profile) else { return None };
        let instance = instance(element)?;
        if !instance.type_id.lineage().any(|id| id == definition.type_id) {
            return Some(false);
        }
        Some(self.walk.conforms(&definition, instance))
    }

    fn in_slice(&self, structure: &str, name: &str, element: &fhirpath::Element<'_>) -> Option<bool> {
        let Found::Definition(definition) = self.walk.definitions.profile(structure) else { return None };
        // Only of the document that is being validated is it known what surrounds the element.
        let (instance, own) = (instance(element)?, self.scope.resource.document());
        if !instance.node().is_some_and(|node| std::ptr::eq(node.document(), own)) {
            return None;
        }
        let here = |node: Option<Node<'_>>| node.and_then(|node| own.node(node.index()));
        let (value, companion) = (here(instance.value), here(instance.companion));
        let instance = Instance { value, companion, type_id: instance.type_id };
        self.walk.in_slice(&definition, name, instance, self.scope)
    }

    fn element_definition(&self, element: &fhirpath::Element<'_>) -> Option<Node<'_>> {
        let type_id = element.type_id()?;
        if type_id.definition().kind == TypeKind::Resource {
            return self.walk.definitions.of_type(type_id)?.element_definition(type_id.path());
        }
        let (owner, name) = self.walk.element_of(element.node().or(element.companion())?)?;
        let (of, _) = owner.member(name)?;
        let whole = owner.path().split('.').next().unwrap_or_default();
        let definition = self.walk.definitions.of_type(TypeId::from_path(whole)?)?;
        let choice = if of.choice { "[x]" } else { "" };
        definition.element_definition(&format!("{}.{}{choice}", owner.path(), of.name))
    }
}

fn instance<'d>(element: &fhirpath::Element<'d>) -> Option<Instance<'d>> {
    let (value, companion) = (element.node(), element.companion());
    value.or(companion)?;
    Some(Instance { value, companion, type_id: element.type_id()? })
}

/// The codings of a CodeableConcept; a Coding itself.
fn codings(node: Node<'_>) -> Vec<Node<'_>> {
    match node.get("coding") {
        Some(codings) => codings.items().collect(),
        None => vec![node],
    }
}

/// `None` also for codings of different systems, of which nothing is known.
fn subsumes(terminology: &Terminology, general: Node<'_>, special: Node<'_>) -> Option<bool> {
    let text = |node: Node<'_>, name: &str| node.get(name).and_then(Node::as_str).map(String::from);
    let system = text(general, "system")?;
    if text(special, "system")? != system {
        return None;
    }
    let version = text(general, "version");
    terminology.subsumes(&system, version.as_deref(), &text(general, "code")?, &text(special, "code")?)
}

impl<'v, 'd> Walk<'v, 'd> {
    /// A walk of its own with the steps and what depth is left to this one, whose issues nobody sees.
    fn aside<'o>(&self) -> Walk<'v, 'o> {
        let (options, steps) = (self.options, self.steps);
        let mut aside =
            Walk::new(self.definitions, self.terminology, options, self.now, steps, Issues::new(1));
        aside.open = self.open.clone();
        aside
    }

    /// Whether an instance fits a profile.
    fn conforms(&self, definition: &Arc<Definition>, instance: Instance<'_>) -> bool {
        if self.open.len() >= super::DEPTH_MAX {
            return false;
        }
        let Some(node) = instance.node() else { return false };
        let mut aside = self.aside();
        aside.apply(definition, 0, instance, &Scope::of(node));
        aside.issues.is_valid()
    }

    /// Whether an instance is in a slice, and in those the slice is a slice of (`outer/inner`); `None` if there is no such slice.
    fn in_slice(
        &self,
        definition: &Arc<Definition>,
        name: &str,
        instance: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) -> Option<bool> {
        let mut is_in = None;
        let outer = name.match_indices('/').map(|(end, _)| &name[..end]);
        for wanted in outer.chain([name]) {
            let sliced = definition.elements.iter().filter_map(|element| {
                let slicing = element.slicing.as_ref()?;
                let is_it = |slice: &usize| definition.elements[*slice].slice_name() == Some(wanted);
                Some((element, slicing, slicing.slices.iter().position(is_it)?))
            });
            let mut found = None;
            for (element, slicing, at) in sliced {
                let here = self.is_instance(element, instance)
                    && self.aside().slice_of(definition, slicing, instance, scope) == Some(at);
                found = Some(found.unwrap_or(false) || here);
            }
            match found {
                Some(false) => return Some(false),
                // A name may have a slash without being that of a slice of a slice.
                None if wanted != name => {}
                found => is_in = found,
            }
        }
        is_in
    }

    /// Whether an instance is of that element, by its JSON name and its type.
    fn is_instance(&self, element: &Element, instance: Instance<'_>) -> bool {
        let Some((_, name)) = instance.node().and_then(|node| self.element_of(node)) else { return false };
        let is_it = |member: &(NameId, TypeId)| {
            member.0 == name && instance.type_id.lineage().any(|id| id == member.1)
        };
        element.members.iter().any(is_it)
    }

    /// See [`location::element_of`]: the way down from the root is long in long lists.
    fn element_of(&self, node: Node<'_>) -> Option<(TypeId, NameId)> {
        location::element_of(node, |passed| {
            self.steps.pay(passed / PASSED);
        })
    }
}
