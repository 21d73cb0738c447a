//! Every version of every resource.

use anyhow::Context;
use bytes::Bytes;
use fhir::{
    definitions::ResourceType,
    json::{Document, Limits, Node},
};
use std::{collections::BTreeMap, fmt};

/// What a resource is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    pub resource_type: ResourceType,
    pub id: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource_type, self.id)
    }
}

/// A version that is no deletion.
#[derive(Debug)]
pub struct Stored {
    pub name: Name,
    pub version: u64,
    pub last_updated_ms: u64,
    /// As the server gave it.
    pub document: Document,
}

impl Stored {
    /// What it contains, as if each stood alone, but for its name, which nobody asks for.
    pub fn contained(&self) -> Vec<Stored> {
        let all = self.document.root().get("contained").into_iter().flat_map(|all| all.items());
        let one = |one: Node<'_>| {
            let text = |name: &str| Some(one.get(name)?.as_str()?.into_owned());
            let name = Name {
                resource_type: ResourceType::from_name(&text("resourceType")?)?,
                id: format!("#{}", text("id")?),
            };
            let document = Document::parse(Bytes::copy_from_slice(one.raw()), &Limits::default()).ok()?;
            Some(Stored { name, version: self.version, last_updated_ms: 0, document })
        };
        all.filter_map(one).collect()
    }

    /// Whether it stands inside another.
    pub fn is_contained(&self) -> bool {
        self.name.id.starts_with('#')
    }
}

/// What a server holds.
#[derive(Debug, Default)]
pub struct Store {
    /// The server's own URL, without a slash at its end: references below it are its own.
    pub base: String,
    /// `None`: deleted.
    resources: BTreeMap<Name, BTreeMap<u64, Option<Stored>>>,
}

impl Store {
    /// An empty one.
    pub fn new(base: &str) -> Store {
        Store { base: base.to_owned(), ..Store::default() }
    }

    /// A version as it was acknowledged; one that is there already may be told again.
    pub fn put(
        &mut self,
        name: &Name,
        version: u64,
        last_updated_ms: u64,
        body: Bytes,
    ) -> anyhow::Result<()> {
        let document =
            Document::parse(body, &Limits::default()).with_context(|| format!("the body of {name}"))?;
        let stored = Stored { name: name.clone(), version, last_updated_ms, document };
        self.resources.entry(name.clone()).or_default().insert(version, Some(stored));
        Ok(())
    }

    /// A deletion as it was acknowledged.
    pub fn delete(&mut self, name: &Name, version: u64) {
        self.resources.entry(name.clone()).or_default().insert(version, None);
    }

    /// What is there now.
    pub fn current(&self) -> impl Iterator<Item = &Stored> {
        self.resources.values().filter_map(|versions| versions.values().next_back()?.as_ref())
    }

    /// What is there now of that name.
    pub fn get(&self, name: &Name) -> Option<&Stored> {
        self.resources.get(name)?.values().next_back()?.as_ref()
    }

    /// What was there.
    pub fn version(&self, name: &Name, version: u64) -> Option<&Stored> {
        self.resources.get(name)?.get(&version)?.as_ref()
    }
}
