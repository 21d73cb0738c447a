//! StructureDefinition: <https://hl7.org/fhir/R4/structuredefinition.html>.

use super::element_type::type_at;
use super::{Rules, constraint, items, shown, text};
use crate::conformance::Canonical;
use crate::definitions::{ResourceType, TypeId};
use crate::json::{self, Document, Node};
use crate::validation::Code;
use std::collections::BTreeMap;
use std::sync::Arc;

/// <http://hl7.org/fhir/StructureDefinition/inherit-obligations>, and what marks profiles it may name.
const INHERIT: &str = "http://hl7.org/fhir/StructureDefinition/inherit-obligations";
const FLAG: &str = "http://hl7.org/fhir/StructureDefinition/obligation-profile-flag";

/// Checks its FHIRPath, and what a differential says: discriminators name elements, fixed values of the base stay. And that obligations are
/// inherited from profiles that are there for it.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    for extension in extensions(resource, INHERIT) {
        obligations(rules, extension);
    }
    let root = text(resource, "type").and_then(|name| TypeId::from_path(&name));
    constraint::check(rules, resource, root);
    let Some(differential) = resource.get("differential") else { return };
    for element in items(differential, "element") {
        if let Some(sliced) = root.and_then(|root| type_at(root, &text(element, "path")?)) {
            discriminators(rules, element, sliced);
        }
    }
    let base = text(resource, "baseDefinition").and_then(|base| definition(rules, &base));
    if let Some(base) = base {
        fixed_values(rules, differential, base.root());
    }
}

fn definition(rules: &Rules<'_>, canonical: &str) -> Option<Arc<Document>> {
    let (url, version, _) = Canonical::read(canonical);
    rules.source.find(ResourceType::from_name("StructureDefinition")?, url, version)
}

fn extensions<'d>(node: Node<'d>, url: &'static str) -> impl Iterator<Item = Node<'d>> {
    items(node, "extension").filter(move |extension| text(*extension, "url").as_deref() == Some(url))
}

/// "The other profile must be an Obligation Profile."
fn obligations(rules: &mut Rules<'_>, extension: Node<'_>) {
    let Some(profile) = text(extension, "valueCanonical") else { return };
    let Some(found) = definition(rules, &profile) else { return };
    let marked = |flag: Node<'_>| flag.get("valueBoolean").and_then(Node::as_bool) == Some(true);
    if !extensions(found.root(), FLAG).any(marked) {
        let text = format!(
            "the profile '{}' is no obligation profile; name one that is marked so (obligation-profile-flag)",
            shown(&profile)
        );
        rules.error(extension, Code::BusinessRule, text);
    }
}

/// The first step of a discriminator is an element of what is sliced, if it is a name.
fn discriminators(rules: &mut Rules<'_>, element: Node<'_>, sliced: TypeId) {
    let Some(slicing) = element.get("slicing") else { return };
    for discriminator in items(slicing, "discriminator") {
        let Some(path) = text(discriminator, "path") else { continue };
        let first = path.split('.').next().unwrap_or_default();
        let is_name = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_name && sliced.element(first).is_none() {
            let text =
                format!("'{}' begins with no element of {}, which is sliced", shown(&path), sliced.path());
            rules.error(discriminator, Code::Value, text);
        }
    }
}

/// A value that the base fixes cannot be fixed to another.
fn fixed_values(rules: &mut Rules<'_>, differential: Node<'_>, base: Node<'_>) {
    let Some(snapshot) = base.get("snapshot") else { return };
    let mut fixed = BTreeMap::new();
    for element in items(snapshot, "element") {
        if let (Some(id), Some(value)) = (text(element, "id"), fixed_of(element)) {
            fixed.insert(id, value);
        }
    }
    for element in items(differential, "element") {
        let Some(known) = text(element, "id").and_then(|id| fixed.get(&id)) else { continue };
        let Some(value) = fixed_of(element) else { continue };
        if !json::equal(value, *known) {
            let text = "the base fixes another value; what it fixes cannot be changed".into();
            rules.error(value, Code::Value, text);
        }
    }
}

fn fixed_of(element: Node<'_>) -> Option<Node<'_>> {
    element.members().find(|(key, _)| key.as_str().starts_with("fixed")).map(|(_, value)| value)
}
