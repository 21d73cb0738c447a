//! Reading a bundle that asks for something.

use super::{Entry, Error, identity};
use crate::{
    definitions::ResourceType,
    json::{Document, Kind as JsonKind, Node},
};

/// What a bundle may ask for at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries of one bundle. The largest Synthea patients have some 15,000 resources.
    pub entries_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { entries_max: 25_000 }
    }
}

/// How the entries belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All or nothing.
    Transaction,
    /// Each by itself.
    Batch,
}

/// A transaction or batch, its entries in the order they were sent.
#[derive(Clone, Debug)]
pub struct Bundle<'d> {
    pub kind: Kind,
    pub entries: Vec<Entry<'d>>,
}

impl<'d> Bundle<'d> {
    /// Reads the Bundle `document` is.
    ///
    /// Errors: no Bundle, or of another type; too many entries; an entry without request, method or url; in a
    /// transaction also two entries with one fullUrl, or two that change the same resource.
    pub fn read(document: &'d Document, limits: &Limits) -> Result<Self, Error> {
        let root = document.root();
        let kind = kind(root)?;
        let entries = match root.get("entry") {
            None => Vec::new(),
            Some(list) => read_entries(list, limits)?,
        };
        if kind == Kind::Transaction {
            identity::refuse_repeated(&entries)?;
        }
        Ok(Bundle { kind, entries })
    }

    /// The positions of the entries in the order a transaction carries them out, DELETE, POST, PUT and PATCH, GET and
    /// HEAD, those alike in the order sent: <https://hl7.org/fhir/R4/http.html#trules>.
    pub fn processing_order(&self) -> impl Iterator<Item = usize> {
        let mut order = (0..self.entries.len()).collect::<Vec<_>>();
        order.sort_by_key(|position| self.entries[*position].method.rank());
        order.into_iter()
    }
}

fn kind(root: Node<'_>) -> Result<Kind, Error> {
    let named = root.get("resourceType").and_then(Node::as_str);
    if named.as_deref() != Some(ResourceType::BUNDLE.name()) {
        let found = named.map_or("no resourceType".into(), |name| shown(&name));
        return Err(Error::NotABundle { path: root.path(), found });
    }
    match root.get("type").and_then(Node::as_str).as_deref() {
        Some("transaction") => Ok(Kind::Transaction),
        Some("batch") => Ok(Kind::Batch),
        Some(other) => Err(Error::UnsupportedType { found: shown(other) }),
        None => Err(Error::UnsupportedType { found: "none".into() }),
    }
}

fn shown(text: &str) -> String {
    format!("'{}'", text.chars().take(40).collect::<String>())
}

fn read_entries<'d>(list: Node<'d>, limits: &Limits) -> Result<Vec<Entry<'d>>, Error> {
    if list.kind() != JsonKind::Array {
        return Err(Error::WrongShape { path: list.path(), what: "an array" });
    }
    let entries = list.items().count();
    if entries > limits.entries_max {
        return Err(Error::TooManyEntries { entries, max: limits.entries_max });
    }
    let mut read = Vec::with_capacity(entries);
    for entry in list.items() {
        read.push(Entry::read(entry)?);
    }
    Ok(read)
}
