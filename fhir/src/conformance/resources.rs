//! Conformance resources held in memory.

use super::{Canonical, Source, version};
use crate::definitions::ResourceType;
use crate::json::{Document, Node};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Conformance resources by type, canonical URL and version, in memory: those of a package, or a few by hand.
#[derive(Default)]
pub struct Resources {
    /// The versions of a URL are in rising order.
    known: BTreeMap<ResourceType, BTreeMap<Box<str>, Vec<Versioned>>>,
    count: u64,
}

struct Versioned {
    version: Box<str>,
    document: Arc<Document>,
}

impl Resources {
    /// Adds a resource under its `url` and `version`. False, and nothing added, if it has no url, is of no type of R4,
    /// or a resource of the same type, URL and version is there already.
    pub fn add(&mut self, document: Arc<Document>) -> bool {
        let root = document.root();
        let field = |name| root.get(name).and_then(Node::as_str).map(Box::<str>::from);
        let resource_type = field("resourceType").and_then(|name| ResourceType::from_name(&name));
        let (Some(resource_type), Some(url)) = (resource_type, field("url")) else { return false };
        let version = field("version").unwrap_or_default();
        let versions = self.known.entry(resource_type).or_default().entry(url).or_default();
        match versions.binary_search_by(|one| version::compare(&one.version, &version)) {
            Ok(_) => false,
            Err(at) => {
                versions.insert(at, Versioned { version, document });
                self.count += 1;
                true
            }
        }
    }

    /// How many resources there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All resources, in the order of type codes, URLs, versions.
    pub fn documents(&self) -> impl Iterator<Item = &Arc<Document>> {
        self.known.values().flat_map(BTreeMap::values).flatten().map(|one| &one.document)
    }
}

impl Source for Resources {
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
        let versions = self.known.get(&resource_type)?.get(url)?;
        let found = match version {
            Some(version) => versions.iter().find(|one| &*one.version == version)?,
            None => versions.last()?,
        };
        Some(found.document.clone())
    }

    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical> {
        let all = self.known.get(&resource_type).into_iter().flatten();
        all.flat_map(|(url, versions)| versions.iter().map(move |one| canonical(url, &one.version))).collect()
    }

    fn revision(&self) -> u64 {
        // Resources are added, never changed or taken away.
        self.count
    }
}

fn canonical(url: &str, version: &str) -> Canonical {
    Canonical { url: url.into(), version: (!version.is_empty()).then(|| version.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(json: &str) -> Arc<Document> {
        Arc::new(Document::parse(json.to_owned(), &Default::default()).expect("JSON"))
    }

    #[test]
    fn the_latest_version_or_the_one_named() {
        let value_set = ResourceType::from_name("ValueSet").expect("a type");
        let mut resources = Resources::default();
        for version in ["1.10", "1.9"] {
            let json = format!(r#"{{"resourceType":"ValueSet","url":"http://a","version":"{version}"}}"#);
            assert!(resources.add(document(&json)));
            assert!(!resources.add(document(&json)));
        }
        assert!(!resources.add(document(r#"{"resourceType":"ValueSet"}"#)));
        assert!(!resources.add(document(r#"{"resourceType":"Nothing","url":"http://a"}"#)));
        let version = |wanted| {
            let found = resources.find(value_set, "http://a", wanted)?;
            found.root().get("version").and_then(Node::as_str).map(String::from)
        };
        assert_eq!(version(None).as_deref(), Some("1.10"));
        assert_eq!(version(Some("1.9")).as_deref(), Some("1.9"));
        assert_eq!(version(Some("2")), None);
        assert_eq!((resources.len(), resources.canonicals(value_set).len()), (2, 2));
    }
}
