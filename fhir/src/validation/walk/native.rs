//! Invariants that apply to nearly every resource, without FHIRPath. A test holds that they say what the expressions do.

use super::Walk;
use super::instance::{Instance, Instances};
use super::scope::Scope;
use crate::definitions::{NameId, TypeId, names};
use crate::json::Node;
use crate::outcome::Severity;
use crate::validation::Code;
use hashbrown::HashSet;
use std::borrow::Cow;

const CONTAINED: NameId = names::lookup(b"contained");
const META: NameId = names::lookup(b"meta");
const TEXT: NameId = names::lookup(b"text");
const DIV: NameId = names::lookup(b"div");
const ID: NameId = names::lookup(b"id");
const VERSION_ID: NameId = names::lookup(b"versionId");
const LAST_UPDATED: NameId = names::lookup(b"lastUpdated");
const SECURITY: NameId = names::lookup(b"security");
const REFERENCE: NameId = names::lookup(b"reference");

impl<'d> Walk<'_, 'd> {
    /// dom-3 to dom-6; dom-2 is a matter of structure.
    pub(super) fn domain_resource(&mut self, node: Node<'d>, scope: &Scope<'_, 'd>) {
        if let Some(contained) = node.get_name(CONTAINED).filter(|_| self.options.contained) {
            self.contained(node, contained);
        }
        if let Some(div) = node.get_name(TEXT).and_then(|text| text.get_name(DIV)) {
            self.narrative(div);
        } else if self.options.best_practice && scope.resource.index() == node.index() {
            let text = "a resource should have a narrative (dom-6)".into();
            self.issues.add(Severity::Warning, node, Code::Invariant, text);
        }
    }

    /// txt-2: a narrative says something. txt-1 is a matter of structure.
    fn narrative(&mut self, div: Node<'d>) {
        let empty = div.as_str().is_some_and(|text| crate::xhtml::check(&text) == Ok(false));
        if empty {
            let text = "the narrative has neither text nor an image (txt-2)".into();
            self.issues.error(div, Code::Invariant, text);
        }
    }

    /// The id of an element, which no other of its resource may have (<https://hl7.org/fhir/R4/element.html#id>).
    pub(super) fn element_id(&mut self, id: Node<'d>, scope: &Scope<'_, 'd>) {
        let Some(text) = id.as_str() else { return };
        // Its differential and its snapshot say the same of the same elements; the rest is sdf-16 and sdf-17.
        if super::resource_type(scope.resource).is_some_and(|id| id.path() == "StructureDefinition") {
            return;
        }
        if !self.seen.borrow_mut().is_new_id(scope.resource.index(), text) {
            let text = "an element before has this id, too; within a resource each has its own".into();
            self.issues.error(id, Code::BusinessRule, text);
        }
    }

    fn contained(&mut self, node: Node<'d>, contained: Node<'d>) {
        let mut named: HashSet<Cow<'d, str>> = HashSet::new();
        if let Some(id) = super::resource_type(node) {
            fragments(node, id, &mut named);
        }
        let mut ids: HashSet<Cow<'d, str>> = HashSet::new();
        for resource in contained.items() {
            let id = resource.get_name(ID);
            if let Some((id, text)) = id.and_then(|id| Some((id, id.as_str()?)))
                && !ids.insert(text)
            {
                let text = "a contained resource before has this id, too; give each its own".into();
                self.issues.error(id, Code::BusinessRule, text);
            }
            let meta = |name| resource.get_name(META).and_then(|meta| meta.get_name(name));
            for name in [VERSION_ID, LAST_UPDATED] {
                if let Some(fault) = meta(name) {
                    let text = "a contained resource has no version of its own (dom-4); take it out".into();
                    self.issues.error(fault, Code::Invariant, text);
                }
            }
            if let Some(fault) = meta(SECURITY) {
                let text = "a contained resource has no security label of its own (dom-5); put it on the outer resource".into();
                self.issues.error(fault, Code::Invariant, text);
            }
            if !is_named(resource, &named) {
                let text =
                    "nothing refers to this contained resource, nor it to the outer one (dom-3)".into();
                self.issues.error(resource, Code::Invariant, text);
            }
        }
    }
}

/// Whether something refers to a contained resource, or it to what contains it.
fn is_named<'d>(resource: Node<'d>, named: &HashSet<Cow<'d, str>>) -> bool {
    let id = resource.get_name(ID).and_then(Node::as_str);
    if id.is_some_and(|id| named.contains(&*format!("#{id}"))) {
        return true;
    }
    let mut own = HashSet::new();
    if let Some(id) = super::resource_type(resource) {
        fragments(resource, id, &mut own);
    }
    own.contains("#")
}

/// Collects what begins with `#` among references, canonicals, uris and urls. Recursion is bounded by the document's depth.
fn fragments<'d>(node: Node<'d>, id: TypeId, found: &mut HashSet<Cow<'d, str>>) {
    for (key, value) in node.members() {
        let name = key.name_id();
        let Some((_, one)) = id.member(name.element()) else { continue };
        if name.is_companion() {
            let element = TypeId::from_path("Element");
            let all = element.into_iter().flat_map(|element| Instances::new(Some(value), None, element));
            all.filter_map(Instance::children)
                .for_each(|companion| fragments(companion, element.unwrap_or(id), found));
            continue;
        }
        let is_uri = || matches!(one.id.path(), "canonical" | "uri" | "url");
        for instance in Instances::new(Some(value), None, one.id) {
            let Some(item) = instance.value else { continue };
            match item.as_str() {
                Some(text) if text.starts_with('#') && (name == REFERENCE || is_uri()) => {
                    found.insert(text);
                }
                // The expression does not look into narratives; the rule it stands for does.
                Some(text) if one.id.path() == "xhtml" => found.extend(links(&text)),
                Some(_) => {}
                None => fragments(item, instance.actual_type(), found),
            }
        }
    }
}

/// The quoted fragments of a narrative.
fn links<'t>(text: &str) -> impl Iterator<Item = Cow<'t, str>> {
    let quoted = text.split(['"', '\'']).filter(|part| part.starts_with('#'));
    quoted.map(|part| Cow::Owned(part.to_owned())).collect::<Vec<_>>().into_iter()
}
