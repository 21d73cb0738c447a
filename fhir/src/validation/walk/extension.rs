//! Extensions (<https://hl7.org/fhir/R4/extensibility.html>): known or not, allowed where they stand, of their definition's form.

use super::instance::Instance;
use super::scope::Scope;
use super::{Definition, Walk};
use crate::definitions::{NameId, TypeId, names};
use crate::json::Node;
use crate::outcome::Severity;
use crate::validation::Code;
use crate::validation::definition::{Context, Found};
use std::sync::Arc;

const URL: NameId = names::lookup(b"url");
const EXTENSION: NameId = names::lookup(b"extension");

/// The element an extension stands on.
#[derive(Clone, Copy)]
pub(super) struct Host<'a, 'd> {
    pub instance: Instance<'d>,
    /// Its path in the definition of its type or resource: `Patient.name`.
    pub path: &'a str,
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
        if !definition.contexts.is_empty() && !definition.contexts.iter().any(|context| fits(context, host)) {
            let text = format!("the extension '{}' is not allowed on {}", definition.url, host.path);
            self.issues.error(node, Code::Extension, text);
        }
        for invariant in &definition.context_invariants {
            self.invariant(invariant, host.instance, scope);
        }
        self.constrain(definition, 0, instance, scope);
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

/// Whether an extension of that context may stand on the host.
fn fits(context: &Context, host: Host<'_, '_>) -> bool {
    let lineage = || host.instance.actual_type().lineage().map(TypeId::path);
    match context {
        // What an expression selects is not worked out; saying nothing is better than a false error.
        Context::Expression => true,
        Context::Extension(url) => {
            let own = host.instance.value.and_then(|node| node.get_name(URL)).and_then(Node::as_str);
            host.instance.type_id.path() == "Extension" && own.is_some_and(|own| own == **url)
        }
        Context::Element(path) => {
            let path = path.split('#').next_back().unwrap_or_default();
            let plain = |path: &str| path.replace("[x]", "");
            // Resources are elements, too, though not of that type.
            path == "Element"
                || lineage().any(|name| name == path)
                || plain(host.path) == plain(path)
                || on_base(path, host.path)
        }
    }
}

/// Whether `path` is the same element of a type the host's owner derives from: `Quantity.value` for `Age.value`.
fn on_base(path: &str, host: &str) -> bool {
    let (Some((wanted, element)), Some((owner, rest))) = (path.split_once('.'), host.split_once('.')) else {
        return false;
    };
    element == rest
        && TypeId::from_path(owner).is_some_and(|id| id.lineage().any(|base| base.path() == wanted))
}

/// Whether a URL is on a domain of RFC 2606.
fn is_example(url: &str) -> bool {
    let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    ["example.org", "example.com", "example.net"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
}

fn shown(url: &str) -> String {
    url.chars().take(160).collect()
}
