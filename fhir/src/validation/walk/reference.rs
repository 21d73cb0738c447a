//! References (<https://hl7.org/fhir/R4/references.html>): their form, what they lead to, and of which type that is.

use super::instance::{Instance, resource_type};
use super::scope::{Scope, Target};
use super::{Definition, Walk};
use crate::definitions::{NameId, ResourceType, TypeId, names};
use crate::json::Node;
use crate::validation::definition::{Aggregation, Element, Found, TypeRule};
use crate::validation::literal_reference::named_type;
use crate::validation::{Code, structure};
use std::sync::Arc;

const REFERENCE: NameId = names::lookup(b"reference");
const TYPE: NameId = names::lookup(b"type");
const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

impl<'d> Walk<'_, 'd> {
    /// The form of a reference, and its target by what the type of the resource allows.
    pub(super) fn type_reference(&mut self, rules: &Element, instance: Instance<'d>, scope: &Scope<'_, 'd>) {
        let Some(value) = instance.value else { return };
        let literal = value.get_name(REFERENCE);
        let target = match literal.and_then(|node| Some((node, node.as_str()?))) {
            Some((node, text)) => self.literal(node, &text, scope),
            None => Target::Outside,
        };
        if let Some(one) = rules.types.iter().find(|one| &*one.code == "Reference") {
            self.target_type(&one.targets, value, target);
        }
        self.stated_type(value, target);
    }

    /// A reference that is no URL must be `#id` of something contained, or `Type/id`.
    fn literal(&mut self, node: Node<'d>, text: &str, scope: &Scope<'_, 'd>) -> Target<'d> {
        let target = scope.resolve(text, &self.contained);
        let shown: String = text.chars().take(120).collect();
        if matches!(target, Target::Missing) {
            let text = format!("'{shown}' leads to no contained resource; contain one with that id");
            self.issues.error(node, Code::NotFound, text);
        } else if let Target::Unclear(why) = target {
            self.issues.error(node, Code::NotFound, format!("'{shown}' leads to no entry: {why}"));
        } else if let (Some(named), Some(actual)) =
            (named_type(text), target.resource().and_then(resource_type))
            && named.name() != actual.path()
        {
            let text = format!("'{shown}' leads to {}; the type in the reference is wrong", actual.path());
            self.issues.error(node, Code::Value, text);
        } else if matches!(target, Target::Outside) && !text.contains(':') && named_type(text).is_none() {
            let text = match text.split_once('/') {
                Some((name, id)) if !id.is_empty() && ResourceType::from_name(name).is_none() => {
                    format!("'{shown}' is no reference: {}", structure::no_resource_type(name))
                }
                _ => format!("'{shown}' is no reference; write Type/id, #id or an absolute URL"),
            };
            self.issues.error(node, Code::Value, text);
        } else if let (Target::Outside, Some(severity)) = (target, scope.bundle.and_then(|one| one.dangling))
            && text.starts_with("urn:uuid:")
        {
            let text = format!("'{shown}' leads nowhere: no entry of the bundle has that fullUrl");
            self.issues.add(severity, node, Code::NotFound, text);
        }
        target
    }

    /// `Reference.type` must say what the target is.
    fn stated_type(&mut self, value: Node<'d>, target: Target<'d>) {
        let Some(node) = value.get_name(TYPE) else { return };
        let (Some(stated), Some(actual)) = (node.as_str(), actual_type(value, target, false)) else { return };
        let stated = stated.strip_prefix(BASE).unwrap_or(&stated);
        if stated != actual.path() && !stated.contains(':') {
            let text = format!(
                "the type says {}, but the reference is to {}",
                stated.chars().take(64).collect::<String>(),
                actual.path()
            );
            self.issues.error(node, Code::Value, text);
        }
    }

    /// Whether the target is of a type (or of the type of a profile) that is allowed.
    fn target_type(&mut self, targets: &[Box<str>], value: Node<'d>, target: Target<'d>) -> bool {
        let actual = match self.options.absent_targets {
            true => actual_type(value, target, true),
            false => target.resource().and_then(resource_type),
        };
        let Some(actual) = actual.filter(|_| !targets.is_empty()) else {
            return true;
        };
        let allowed: Vec<_> = targets.iter().map(|profile| self.type_of(profile)).collect();
        // A profile that is not known may be of any type.
        if allowed.iter().any(|id| id.is_none_or(|id| actual.lineage().any(|base| base == id))) {
            return true;
        }
        let names: Vec<_> = allowed.iter().flatten().map(|id| id.path()).collect();
        let text = format!(
            "a reference to {} is not allowed here; it must be to {}",
            actual.path(),
            names.join(" or ")
        );
        self.issues.error(value, Code::Value, text);
        false
    }

    fn type_of(&self, profile: &str) -> Option<TypeId> {
        if let Some(id) = profile.strip_prefix(BASE).and_then(TypeId::from_path) {
            return Some(id);
        }
        match self.definitions.profile(profile) {
            Found::Definition(definition) => Some(definition.type_id),
            Found::Unknown | Found::Logical | Found::Broken(_) => None,
        }
    }

    /// What a profile says about a reference.
    pub(super) fn reference(&mut self, rule: &TypeRule, instance: Instance<'d>, scope: &Scope<'_, 'd>) {
        let Some(value) = instance.value else { return };
        let literal = value.get_name(REFERENCE).and_then(Node::as_str);
        let target = literal.as_deref().map_or(Target::Outside, |text| scope.resolve(text, &self.contained));
        if literal.is_some() && !rule.aggregation.is_empty() {
            self.aggregation(&rule.aggregation, value, target);
        }
        if rule.targets.is_empty() || !self.target_type(&rule.targets, value, target) {
            return;
        }
        if let Some(resource) = target.resource() {
            self.target_profiles(&rule.targets, value, resource, target, scope);
        }
    }

    fn aggregation(&mut self, allowed: &[Aggregation], value: Node<'d>, target: Target<'d>) {
        let (actual, word) = match target {
            Target::Contained(_) | Target::Missing => (Aggregation::Contained, "contained"),
            Target::Bundled(_) | Target::Unclear(_) => (Aggregation::Bundled, "in the bundle"),
            Target::Outside => (Aggregation::Referenced, "referenced"),
        };
        // What is in the bundle is referenced all the same.
        let fits = allowed.contains(&actual)
            || actual == Aggregation::Bundled && allowed.contains(&Aggregation::Referenced);
        if !fits {
            let names: Vec<_> = allowed.iter().map(|one| format!("{one:?}").to_lowercase()).collect();
            let text = format!("the target is {word}, but must be {}", names.join(" or "));
            self.issues.error(value, Code::Structure, text);
        }
    }

    /// A target that is here must fit one of the profiles.
    fn target_profiles(
        &mut self,
        profiles: &[Box<str>],
        value: Node<'d>,
        resource: Node<'d>,
        target: Target<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        let Some(actual) = resource_type(resource) else { return };
        let mut candidates: Vec<Arc<Definition>> = Vec::new();
        for profile in profiles {
            match self.definitions.profile(profile) {
                Found::Definition(one) if !one.profile && actual.lineage().any(|id| id == one.type_id) => {
                    return;
                }
                Found::Definition(one) if one.type_id == actual => candidates.push(one),
                Found::Definition(_) => {}
                Found::Unknown | Found::Logical | Found::Broken(_) => return,
            }
        }
        let inner = match target {
            Target::Contained(_) => scope.contained(resource),
            _ => Scope { resource, root: resource, outer: Some(scope), ..*scope },
        };
        let target = Instance::object(resource, actual);
        if !candidates.iter().any(|definition| self.target_fits(definition, target, &inner)) {
            let urls: Vec<_> = candidates.iter().map(|definition| &*definition.url).collect();
            let text = format!(
                "the target of the reference fits none of the profiles asked for: {}",
                urls.join(", ")
            );
            self.issues.error(value, Code::Structure, text);
        }
    }
}

impl<'d> Walk<'_, 'd> {
    /// Whether the target of a reference fits a profile. Many references may lead to one resource, which is then looked at once,
    /// unless the answer depends on what is being checked around it.
    fn target_fits(
        &mut self,
        definition: &Arc<Definition>,
        target: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) -> bool {
        let Some(node) = target.node() else { return true };
        if let Some(fits) = self.seen.borrow().fits(definition, node.index()) {
            return fits;
        }
        let cut = std::mem::replace(&mut self.cut, false);
        let fits = self.quietly(|walk| walk.apply(definition, 0, target, scope));
        if !self.cut {
            self.seen.borrow_mut().set_fits(definition, node.index(), fits);
        }
        self.cut |= cut;
        fits
    }
}

/// The type of what a reference leads to; with `stated`, at last the type the reference itself says.
fn actual_type(value: Node<'_>, target: Target<'_>, stated: bool) -> Option<TypeId> {
    if let Some(resource) = target.resource() {
        return resource_type(resource);
    }
    let literal = value.get_name(REFERENCE).and_then(Node::as_str);
    let named = literal.and_then(|text| named_type(&text)).map(ResourceType::name);
    let stated = || value.get_name(TYPE).filter(|_| stated).and_then(Node::as_str);
    named.and_then(TypeId::from_path).or_else(|| stated().and_then(|name| TypeId::from_path(&name)))
}
