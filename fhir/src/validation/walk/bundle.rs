//! Bundles: entries by fullUrl, and the rules of fullUrl (<https://hl7.org/fhir/R4/bundle.html#bundle-unique>).

use super::Walk;
use super::scope::named_type;
use crate::definitions::{NameId, names};
use crate::json::Node;
use crate::validation::Code;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::collections::hash_map::RandomState;

const ENTRY: NameId = names::lookup(b"entry");
const FULL_URL: NameId = names::lookup(b"fullUrl");
const RESOURCE: NameId = names::lookup(b"resource");
const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
const ID: NameId = names::lookup(b"id");

/// The resources of a bundle by fullUrl and by `Type/id`.
pub(in crate::validation) struct Index<'d> {
    // Keys are the client's: a keyed hash keeps chosen collisions out. Nothing iterates the map.
    by_url: HashMap<Cow<'d, str>, Node<'d>, RandomState>,
    by_id: HashMap<String, Node<'d>, RandomState>,
}

impl<'d> Index<'d> {
    pub fn of(bundle: Node<'d>) -> Self {
        let mut index = Index { by_url: HashMap::default(), by_id: HashMap::default() };
        for entry in bundle.get_name(ENTRY).into_iter().flat_map(Node::items) {
            let Some(resource) = entry.get_name(RESOURCE) else { continue };
            if let Some(url) = entry.get_name(FULL_URL).and_then(Node::as_str) {
                index.by_url.entry(url).or_insert(resource);
            }
            let text = |name| resource.get_name(name).and_then(Node::as_str);
            if let (Some(name), Some(id)) = (text(RESOURCE_TYPE), text(ID)) {
                index.by_id.entry(format!("{name}/{id}")).or_insert(resource);
            }
        }
        index
    }

    /// The entry `reference` leads to, seen from the entry with that fullUrl.
    pub fn resolve(&self, reference: &str, from: Option<&str>) -> Option<Node<'d>> {
        let reference = reference.split('#').next().unwrap_or_default();
        let reference = reference.split("/_history/").next().unwrap_or_default();
        if let Some(&found) = self.by_url.get(reference) {
            return Some(found);
        }
        if reference.contains(':') {
            return None;
        }
        let base = from.filter(|url| named_type(url).is_some()).and_then(|url| url.rsplitn(3, '/').nth(2));
        let absolute = base.and_then(|base| self.by_url.get(&*format!("{base}/{reference}")));
        // Without a base, `Type/id` can only mean what has that id.
        absolute.or_else(|| self.by_id.get(reference)).copied()
    }
}

impl<'d> Walk<'_, 'd> {
    /// The rules of `fullUrl` that no invariant states.
    pub(super) fn entry(&mut self, entry: Node<'d>) {
        let Some(url_node) = entry.get_name(FULL_URL) else { return };
        let Some(url) = url_node.as_str() else { return };
        if !url.contains(':') {
            let text =
                format!("the fullUrl '{}' is relative; give an absolute URL or urn:uuid:", short(&url));
            self.issues.error(url_node, Code::Value, text);
        }
        let Some(resource) = entry.get_name(RESOURCE) else { return };
        let text = |name| resource.get_name(name).and_then(Node::as_str);
        if let (Some(named), Some(name), Some(id)) = (named_type(&url), text(RESOURCE_TYPE), text(ID))
            && !(named.name() == name && url.ends_with(&format!("/{id}")))
        {
            let text = format!(
                "the fullUrl '{}' does not end with '{name}/{}', the resource's type and id",
                short(&url),
                short(&id)
            );
            self.issues.error(url_node, Code::Value, text);
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}
