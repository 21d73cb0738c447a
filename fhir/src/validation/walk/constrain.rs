//! The rules a profile adds, for one element and for everything below it.

use super::instance::Instance;
use super::scope::Scope;
use super::{DEPTH_MAX, Definition, Walk, severity_of};
use crate::definitions::{NameId, TypeId, TypeKind, names};
use crate::json::Node;
use crate::validation::Code;
use crate::validation::definition::{Element, Found, TypeRule};
use smallvec::SmallVec;
use std::sync::Arc;

const CONTAINED: NameId = names::lookup(b"contained");

/// Elements of one name; most lists are short.
pub(super) type List<'d> = SmallVec<[Instance<'d>; 8]>;

impl<'d> Walk<'_, 'd> {
    /// Checks an instance by a profile, or by one of its elements that is named as a profile.
    pub(super) fn apply(
        &mut self,
        definition: &Arc<Definition>,
        element: usize,
        instance: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        let Some(node) = instance.node() else { return };
        // The same profile of the same node within itself has nothing new to say.
        let mark = (std::ptr::from_ref(&definition.elements[element]), node.index());
        if self.open.contains(&mark) || self.open.len() >= DEPTH_MAX {
            self.cut = true;
            return;
        }
        self.open.push(mark);
        self.constrain(definition, element, instance, scope);
        self.open.pop();
    }

    /// Everything the element's rules ask of the instance itself, and of what is below it.
    pub(super) fn constrain(
        &mut self,
        definition: &Arc<Definition>,
        element: usize,
        instance: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        if instance.node().is_none() || !self.step() {
            return;
        }
        let rules = &definition.elements[element];
        let inner = self.scope_of(instance, scope);
        // A rule of an element that holds a resource is one of the resource around it.
        let outer = if element == 0 { &inner } else { scope };
        self.invariants(rules, instance, outer);
        let scope = &inner;
        self.allowed_type(rules, instance);
        self.values(definition, rules, instance);
        if let Some(binding) = rules.binding.as_ref().filter(|binding| !binding.inherited) {
            self.binding(binding, instance);
            self.known_binding(binding, &rules.path, instance);
        }
        self.type_profiles(rules, instance, scope);
        self.below(definition, element, instance, scope);
    }

    fn allowed_type(&mut self, rules: &Element, instance: Instance<'d>) {
        let (Some(allowed), Some(node)) = (&rules.allowed, instance.node()) else { return };
        let actual = instance.actual_type();
        let fits = |id: &TypeId| {
            actual.lineage().any(|base| base == *id)
                || id.lineage().any(|base| base == instance.type_id && is_special(*id))
        };
        if !allowed.iter().any(fits) {
            let names: Vec<_> = allowed.iter().map(|id| id.path()).collect();
            let text = format!("{} must be {}, not {}", rules.path, names.join(" or "), actual.path());
            self.issues.error(node, Code::Structure, text);
        }
    }

    /// The profiles the type of the element names.
    fn type_profiles(&mut self, rules: &Element, instance: Instance<'d>, scope: &Scope<'_, 'd>) {
        let Some(one) = rule_of(&rules.types, instance) else { return };
        if instance.type_id.path() == "Reference" {
            self.reference(one, instance, scope);
        }
        match &*one.profiles {
            [] => {}
            [profile] => self.type_profile(profile, rules, instance, scope),
            several => {
                if !self.fits_profile(several, instance, scope) {
                    let Some(node) = instance.node() else { return };
                    let text = format!("{} fits none of the profiles {}", rules.path, several.join(", "));
                    self.issues.error(node, Code::Structure, text);
                }
            }
        }
    }

    /// Whether an instance fits one of the profiles.
    pub(super) fn fits_profile(
        &mut self,
        profiles: &[Box<str>],
        instance: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) -> bool {
        let rules = Element::default();
        let fits = |walk: &mut Self, profile: &str| {
            walk.quietly(|walk| walk.type_profile(profile, &rules, instance, scope))
        };
        profiles.iter().any(|profile| fits(self, profile))
    }

    fn type_profile(
        &mut self,
        profile: &str,
        rules: &Element,
        instance: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        let Some(node) = instance.node() else { return };
        match self.definitions.profile(profile) {
            Found::Definition(definition) if !definition.profile => {
                if !instance.actual_type().lineage().any(|id| id == definition.type_id) {
                    let text = format!("{} must be {}", rules.path, definition.type_id.path());
                    self.issues.error(node, Code::Structure, text);
                }
            }
            Found::Definition(definition) => self.applied(&definition, profile, rules, instance, scope),
            // Of an extension the URL tells enough, and its own check says that it is not known.
            Found::Unknown if instance.type_id.path() == "Extension" => {}
            Found::Unknown => {
                let text =
                    format!("the profile '{profile}' is not known here, so nothing was checked against it");
                self.issues.add(severity_of(self.asked), node, Code::NotFound, text);
            }
            Found::Logical => self.logical(node, profile),
            Found::Broken(reason) => {
                let text = format!("the profile '{profile}' cannot be used: {reason}");
                self.issues.add(severity_of(self.asked), node, Code::NotFound, text);
            }
        }
    }

    fn applied(
        &mut self,
        definition: &Arc<Definition>,
        profile: &str,
        rules: &Element,
        instance: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        let Some(node) = instance.node() else { return };
        let Some(element) = definition.named(profile) else {
            let text =
                format!("the profile '{profile}' has no such element, so nothing was checked against it");
            return self.issues.add(severity_of(self.asked), node, Code::NotFound, text);
        };
        let members = &definition.elements[element].members;
        let is_of = |id: TypeId| match element {
            0 => id == definition.type_id,
            _ => members.iter().any(|member| member.1 == id),
        };
        if !instance.actual_type().lineage().any(is_of) {
            let of = &definition.elements[element].path;
            let text = format!("{} must fit {profile}, a profile of {of}", rules.path);
            return self.issues.error(node, Code::Structure, text);
        }
        self.apply(definition, element, instance, scope);
    }

    /// The scope for what is in the instance: a resource opens one of its own.
    fn scope_of<'s>(&self, instance: Instance<'d>, scope: &'s Scope<'s, 'd>) -> Scope<'s, 'd> {
        let Some(node) = instance.value else { return *scope };
        if instance.type_id.definition().kind != TypeKind::Resource || node.index() == scope.resource.index()
        {
            return *scope;
        }
        let contained = scope.resource.get_name(CONTAINED);
        match contained.is_some_and(|all| all.holds(node.index())) {
            true => scope.contained(node),
            false => Scope { resource: node, root: node, outer: Some(scope), ..*scope },
        }
    }

    /// Counts and checks the children the profile has rules for.
    fn below(
        &mut self,
        definition: &Arc<Definition>,
        element: usize,
        instance: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        let Some(node) = instance.node() else { return };
        for &child in &definition.below(element).children {
            let rules = &definition.elements[child];
            if rules.below_several && !rules.members.iter().any(|member| instance.may_have(*member)) {
                continue;
            }
            let all: List<'d> = elements(rules, instance).collect();
            self.count(rules, all.len(), node);
            for &one in &all {
                self.constrain(definition, child, one, scope);
            }
            // Of what is missing altogether that much is said.
            let missing = all.is_empty() && rules.counted && rules.min > 0;
            if let Some(slicing) = rules.slicing.as_ref().filter(|_| !missing) {
                self.slices(definition, slicing, &all, node, scope);
            }
        }
    }

    /// Whether there are as many as the profile asks for.
    pub(super) fn count(&mut self, rules: &Element, count: usize, parent: Node<'d>) {
        let text = match count {
            _ if !rules.counted => return,
            0 if rules.min > 0 => {
                format!("{} is missing; the profile asks for at least {}", rules.path, rules.min)
            }
            _ if count < rules.min as usize => {
                format!("{} is there {count} times; the profile asks for at least {}", rules.path, rules.min)
            }
            _ if count > rules.max as usize && rules.max == 0 => {
                format!("{} is not allowed by the profile", rules.path)
            }
            _ if count > rules.max as usize => {
                format!("{} is there {count} times; the profile allows at most {}", rules.path, rules.max)
            }
            _ => return,
        };
        let code = if count < rules.min as usize { Code::Required } else { Code::Structure };
        self.issues.error(parent, code, text);
    }
}

/// The elements below `instance` that `rules` are about.
pub(super) fn elements<'d>(rules: &Element, instance: Instance<'d>) -> impl Iterator<Item = Instance<'d>> {
    let here = move |member: &&(NameId, TypeId)| !rules.below_several || instance.may_have(**member);
    rules.members.iter().filter(here).flat_map(move |&(name, id)| instance.all(name, id))
}

/// Types that are Quantities in the data, whatever profile of Quantity they are.
fn is_special(id: TypeId) -> bool {
    matches!(
        id.path(),
        "Age" | "Count" | "Distance" | "Duration" | "Money" | "SimpleQuantity" | "MoneyQuantity"
    )
}

/// What the element says about the instance's type.
pub(super) fn rule_of<'r>(rules: &'r [TypeRule], instance: Instance<'_>) -> Option<&'r TypeRule> {
    if let [only] = rules {
        return Some(only);
    }
    let actual = instance.actual_type();
    actual.lineage().find_map(|id| rules.iter().find(|one| *one.code == *id.path()))
}
