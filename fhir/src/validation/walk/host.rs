//! What invariants may ask: references within the bundle, value sets, profiles.

use super::binding::{self, Verdict};
use super::instance::Instance;
use super::scope::Scope;
use super::{Definition, Walk};
use crate::fhirpath;
use crate::json::Node;
use crate::validation::Issues;
use crate::validation::definition::Found;
use std::sync::Arc;

pub(super) struct Host<'w, 's, 'v, 'd> {
    pub walk: &'w Walk<'v, 'd>,
    pub scope: &'s Scope<'s, 'd>,
}

impl fhirpath::Host for Host<'_, '_, '_, '_> {
    fn resolve(&self, reference: &str) -> Option<Node<'_>> {
        self.scope.resolve(reference).resource()
    }

    fn member_of(&self, value_set: &str, coded: &fhirpath::Item<'_>) -> Option<bool> {
        let value_set = self.walk.terminology.value_set(value_set).ok()?;
        let element = coded.element()?;
        match binding::member(&value_set, element.node()?, element.type_id()?.path()) {
            Verdict::In => Some(true),
            Verdict::NotIn | Verdict::NoCode => Some(false),
            Verdict::Unknown => None,
        }
    }

    fn conforms_to(&self, profile: &str, element: &fhirpath::Element<'_>) -> Option<bool> {
        let Found::Definition(definition) = self.walk.definitions.profile(profile) else { return None };
        let (node, type_id) = (element.node()?, element.type_id()?);
        if !type_id.lineage().any(|id| id == definition.type_id) {
            return Some(false);
        }
        Some(self.walk.conforms(&definition, Instance::object(node, type_id)))
    }
}

impl Walk<'_, '_> {
    /// Whether an instance fits a profile, by a walk of its own with what steps and depth are left to this one.
    fn conforms(&self, definition: &Arc<Definition>, instance: Instance<'_>) -> bool {
        if self.open.len() >= super::DEPTH_MAX {
            return false;
        }
        let Some(node) = instance.value else { return false };
        let mut inner = Walk::new(self.definitions, self.terminology, self.options, self.now, Issues::new(1));
        inner.steps = self.steps / 2;
        inner.open = self.open.clone();
        inner.constrain(definition, 0, instance, &Scope::of(node));
        inner.issues.is_valid()
    }
}
