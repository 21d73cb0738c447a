//! Extensions (<https://hl7.org/fhir/R4/extensibility.html>): known or not, allowed where they stand, of their definition's form.

use super::instance::Instance;
use super::scope::Scope;
use super::{Definition, Walk};
use crate::definitions::{NameId, TypeId, TypeKind, names};
use crate::fhirpath::{self, Expression, Input};
use crate::json::Node;
use crate::outcome::Severity;
use crate::validation::Code;
use crate::validation::definition::{Context, Found};
use hashbrown::HashSet;
use std::sync::Arc;

const URL: NameId = names::lookup(b"url");
const EXTENSION: NameId = names::lookup(b"extension");

/// The element an extension stands on.
#[derive(Clone, Copy)]
pub(super) struct Host<'a, 'd> {
    pub instance: Instance<'d>,
    /// Its path in the definition of its type or resource: `Patient.name`.
    pub path: &'a str,
    /// The element it stands in; of a resource nothing.
    pub holder: Option<Node<'d>>,
}

impl<'d> Walk<'_, 'd> {
    /// Checks an extension on `host`.
    pub(super) fn extension(
        &mut self,
        instance: Instance<'d>,
        modifier: bool,
        host: Host<'_, 'd>,
        scope: &Scope<'_, 'd>,
    ) {
        let Some(node) = instance.value else { return };
        self.value_or_extensions(node);
        let Some(url_node) = node.get_name(URL) else { return };
        let Some(url) = url_node.as_str() else { return };
        let nested = host.instance.type_id == instance.type_id;
        if !url.contains(':') {
            // Within a complex extension the outer definition says what the parts are.
            if !nested {
                let text = format!("the URL of an extension must be absolute, not '{}'", shown(&url));
                self.issues.error(url_node, Code::Extension, text);
            }
            return;
        }
        match self.definitions.profile(&url) {
            Found::Definition(definition) => {
                self.known_extension(&definition, instance, modifier, host, scope);
            }
            Found::Unknown if modifier => {
                let text = format!(
                    "the modifier extension '{}' is not known here, so the meaning of what it modifies is not either",
                    shown(&url)
                );
                self.issues.error(url_node, Code::Extension, text);
            }
            Found::Unknown => {
                let text =
                    format!("the extension '{}' is not known here, so it was not checked", shown(&url));
                // Nobody can define what stands on a domain that is reserved for examples.
                let severity =
                    if is_example(&url) { Severity::Information } else { self.options.unknown_extension };
                self.issues.add(severity, url_node, Code::Extension, text);
            }
            Found::Logical => self.logical(url_node, &shown(&url)),
            Found::Broken(reason) => {
                let text =
                    format!("the definition of the extension '{}' cannot be used: {reason}", shown(&url));
                self.issues.warning(url_node, Code::Extension, text);
            }
        }
    }

    fn known_extension(
        &mut self,
        definition: &Arc<Definition>,
        instance: Instance<'d>,
        modifier: bool,
        host: Host<'_, 'd>,
        scope: &Scope<'_, 'd>,
    ) {
        let Some(node) = instance.value else { return };
        if definition.type_id != instance.type_id {
            let text =
                format!("'{}' defines {}, not an extension", definition.url, definition.type_id.path());
            return self.issues.error(node, Code::Extension, text);
        }
        if definition.modifier != modifier {
            let (is, be) =
                if modifier { ("no modifier", "extension") } else { ("a modifier", "modifierExtension") };
            let text = format!("the extension '{}' is {is}; put it into {be}", definition.url);
            self.issues.error(node, Code::Extension, text);
        }
        if !definition.contexts.is_empty()
            && !(0..definition.contexts.len()).any(|context| self.allows(definition, context, host, scope))
        {
            let text = format!(
                "the extension '{}' is not allowed on {}; it is for {}",
                definition.url,
                host.path,
                places(&definition.contexts)
            );
            self.issues.error(node, Code::Extension, text);
        }
        for invariant in &definition.context_invariants {
            self.invariant(invariant, host.instance, scope);
        }
        self.apply(definition, 0, instance, scope);
    }

    /// Whether an extension of that context may stand on the host.
    fn allows(
        &self,
        definition: &Arc<Definition>,
        context: usize,
        host: Host<'_, 'd>,
        scope: &Scope<'_, 'd>,
    ) -> bool {
        match &definition.contexts[context] {
            // What cannot be worked out is no error.
            Context::Expression(None) => true,
            Context::Expression(Some(expression)) => {
                let key = (definition, context, scope.resource.index());
                let nodes = [host.instance.value, host.instance.companion].map(|node| Some(node?.index()));
                let mut known = self.seen.borrow().is_selected(key, nodes);
                if known.is_none() {
                    let selected = self.selected(expression, scope);
                    self.seen.borrow_mut().set_selected(key, selected);
                    known = self.seen.borrow().is_selected(key, nodes);
                }
                known.flatten().unwrap_or(true)
            }
            Context::Extension(url) => {
                let carrier = match host.instance.type_id.path() {
                    "Extension" => host.instance.value,
                    // The value of an extension counts as the extension.
                    _ if host.path.starts_with("Extension.value") => host.holder,
                    _ => None,
                };
                let own = carrier.and_then(|node| node.get_name(URL)).and_then(Node::as_str);
                own.is_some_and(|own| own == **url)
            }
            Context::Element(path) => is_element(path, host),
        }
    }

    /// What the expression selects in the resource, values and companions by index; `None` if it fails.
    fn selected(&self, expression: &Expression, scope: &Scope<'_, 'd>) -> Option<HashSet<u32>> {
        let answers = super::host::Host { walk: self, scope };
        let input = Input {
            resource: Some(fhirpath::Element::resource(scope.resource)),
            root_resource: Some(fhirpath::Element::resource(scope.root)),
            host: &answers,
            now: self.now,
            limits: self.options.fhirpath,
            steps: Some(self.steps.for_evaluation()),
            ..Input::element(fhirpath::Element::resource(scope.resource))
        };
        let found = expression.evaluate(&input).ok()?;
        let elements = found.iter().filter_map(|item| item.element());
        let nodes = elements.flat_map(|element| [element.node(), element.companion()]);
        Some(nodes.flatten().map(|node| node.index()).collect())
    }

    /// Invariant ext-1.
    fn value_or_extensions(&mut self, node: Node<'d>) {
        let has_value = node
            .members()
            .any(|(key, _)| key.name_id().element().name().is_some_and(|name| name.starts_with("value")));
        if has_value == node.get_name(EXTENSION).is_some() {
            let text = "an extension must have either a value or extensions, and not both (ext-1)".into();
            self.issues.error(node, Code::Invariant, text);
        }
    }
}

/// Whether the host is what a path such as `Patient.contact`, `HumanName` or `Element` names.
fn is_element(path: &str, host: Host<'_, '_>) -> bool {
    let path = path.split('#').next_back().unwrap_or_default();
    let plain = |path: &str| path.replace("[x]", "");
    let actual = host.instance.actual_type();
    // Resources are elements, too, though not of that type.
    path == "Element"
        || actual.lineage().any(|id| id.path() == path)
        || plain(host.path) == plain(path)
        || on_base(path, host.path)
        || is_canonical(path)
            && actual.definition().kind == TypeKind::Resource
            && actual.element("url").is_some()
}

/// Later versions' name for the resources that have a canonical URL.
fn is_canonical(path: &str) -> bool {
    matches!(path, "CanonicalResource" | "MetadataResource")
}

/// Whether `path` is the same element of a type the host's owner derives from: `Quantity.value` for `Age.value`.
fn on_base(path: &str, host: &str) -> bool {
    let (Some((wanted, element)), Some((owner, rest))) = (path.split_once('.'), host.split_once('.')) else {
        return false;
    };
    element == rest
        && TypeId::from_path(owner).is_some_and(|id| id.lineage().any(|base| base.path() == wanted))
}

/// Contexts for a message.
fn places(contexts: &[Context]) -> String {
    let place = |context: &Context| match context {
        Context::Element(path) => path.to_string(),
        Context::Extension(url) => format!("the extension '{url}'"),
        Context::Expression(_) => "what its definition's expression selects".into(),
    };
    contexts.iter().map(place).collect::<Vec<_>>().join(" or ")
}

/// Whether a URL is on a domain of RFC 2606.
pub(super) fn is_example(url: &str) -> bool {
    let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    ["example.org", "example.com", "example.net"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
}

fn shown(url: &str) -> String {
    url.chars().take(160).collect()
}
