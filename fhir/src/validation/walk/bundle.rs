//! Bundles: entries by fullUrl, and the rules of fullUrl (<https://hl7.org/fhir/R4/bundle.html#bundle-unique>).

use super::Walk;
use crate::definitions::{NameId, names};
use crate::json::Node;
use crate::outcome::Severity;
use crate::validation::Code;
use crate::validation::literal_reference::named_type;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::collections::hash_map::RandomState;

const ENTRY: NameId = names::lookup(b"entry");
const FULL_URL: NameId = names::lookup(b"fullUrl");
const RESOURCE: NameId = names::lookup(b"resource");
const TYPE: NameId = names::lookup(b"type");
const META: NameId = names::lookup(b"meta");
const VERSION_ID: NameId = names::lookup(b"versionId");
const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
const ID: NameId = names::lookup(b"id");

/// The resources of one URL with their versions, in the order of versions; those without one come first.
type Versions<'d> = SmallVec<[(Option<Cow<'d, str>>, Node<'d>); 1]>;

/// The resources of a bundle by fullUrl and by `Type/id`.
pub(in crate::validation) struct Index<'d> {
    // Keys are the client's: a keyed hash keeps chosen collisions out. Nothing iterates the maps.
    by_url: HashMap<Cow<'d, str>, Versions<'d>, RandomState>,
    by_id: HashMap<String, Node<'d>, RandomState>,
    /// By the UUID of the fullUrl, which is often taken for an id.
    by_uuid: HashMap<String, Node<'d>, RandomState>,
    /// Whether references mean entries only by the rules: in a document or message everything must be found.
    strict: bool,
    /// How bad a `urn:uuid:` is that is no entry's fullUrl: it means nothing once entries are stored one by one.
    pub(super) dangling: Option<Severity>,
}

/// The entries a reference may mean.
#[derive(Clone, Copy, Debug)]
pub(super) enum Match<'d> {
    One(Node<'d>),
    /// More than one of the same URL, and nothing to tell them apart.
    Several,
    /// One has that type and id, but by its fullUrl it is something else.
    OtherUrl,
    /// One has that id, but is of another type.
    OtherType,
    /// There are entries of that URL, but not in that version.
    OtherVersion,
    None,
}

impl<'d> Index<'d> {
    pub fn of(bundle: Node<'d>) -> Self {
        let kind = bundle.get_name(TYPE).and_then(Node::as_str);
        let strict = matches!(kind.as_deref(), Some("document" | "message"));
        let dangling = match kind.as_deref() {
            Some("transaction") => Some(Severity::Error),
            // Entries of a batch cannot refer to one another, but each may be good by itself.
            Some("batch") => Some(Severity::Warning),
            _ => None,
        };
        let mut index = Index {
            by_url: HashMap::default(),
            by_id: HashMap::default(),
            by_uuid: HashMap::default(),
            strict,
            dangling,
        };
        for entry in bundle.get_name(ENTRY).into_iter().flat_map(Node::items) {
            let Some(resource) = entry.get_name(RESOURCE) else { continue };
            if let Some(url) = entry.get_name(FULL_URL).and_then(Node::as_str) {
                if let Some(uuid) = url.strip_prefix("urn:uuid:") {
                    index.by_uuid.entry(uuid.to_owned()).or_insert(resource);
                }
                index.by_url.entry(url).or_default().push((version_of(resource), resource));
            }
            let text = |name| resource.get_name(name).and_then(Node::as_str);
            if let (Some(name), Some(id)) = (text(RESOURCE_TYPE), text(ID)) {
                index.by_id.entry(format!("{name}/{id}")).or_insert(resource);
            }
        }
        for versions in index.by_url.values_mut().filter(|versions| versions.len() > 1) {
            versions.sort_by(|one, other| one.0.cmp(&other.0));
        }
        index
    }

    /// The entry `reference` leads to, seen from the entry with that fullUrl.
    pub(super) fn resolve(&self, reference: &str, from: Option<&str>) -> Match<'d> {
        let reference = reference.split('#').next().unwrap_or_default();
        let (url, version) = match reference.split_once("/_history/") {
            Some((url, version)) => (url, Some(version)),
            None => (reference, None),
        };
        let mut found = self.by_url.get(url);
        if found.is_none() && !url.contains(':') {
            let base =
                from.filter(|from| named_type(from).is_some()).and_then(|from| from.rsplitn(3, '/').nth(2));
            found = base.and_then(|base| self.by_url.get(&*format!("{base}/{url}")));
        }
        match found {
            Some(found) => choose(found, version),
            None if url.contains(':') => Match::None,
            None => match self.by_id.get(url) {
                Some(_) if self.strict => Match::OtherUrl,
                Some(&node) => Match::One(node),
                None => self.of_other_type(url),
            },
        }
    }

    /// What has the id of `Type/id`, if it is of another type: somebody has written the wrong one.
    fn of_other_type(&self, url: &str) -> Match<'d> {
        let (Some(named), Some((_, id))) = (named_type(url), url.split_once('/')) else { return Match::None };
        let other = |node: &&Node<'d>| {
            node.get_name(RESOURCE_TYPE).and_then(Node::as_str).is_some_and(|own| own != named.name())
        };
        self.by_uuid.get(id).filter(other).map_or(Match::None, |_| Match::OtherType)
    }
}

/// What a resource says its version is.
fn version_of(resource: Node<'_>) -> Option<Cow<'_, str>> {
    resource.get_name(META)?.get_name(VERSION_ID)?.as_str()
}

/// Of several versions of a resource the one asked for. What has no version may be it.
fn choose<'d>(found: &Versions<'d>, version: Option<&str>) -> Match<'d> {
    let (without, of_it) = match version {
        None => (&found[..], &[][..]),
        Some(version) => {
            let (without, with) = found.split_at(found.partition_point(|(own, _)| own.is_none()));
            let first = with.partition_point(|(own, _)| own.as_deref() < Some(version));
            let end = with.partition_point(|(own, _)| own.as_deref() <= Some(version));
            (without, &with[first..end])
        }
    };
    match (without, of_it) {
        ([], []) => Match::OtherVersion,
        ([(_, node)], []) | ([], [(_, node)]) => Match::One(*node),
        _ => Match::Several,
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
        if text(ID).is_none() && named_type(&url).is_some() {
            let text = format!(
                "the fullUrl '{}' is that of a resource on a server, but the resource has no id",
                short(&url)
            );
            self.issues.error(url_node, Code::Value, text);
        }
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
