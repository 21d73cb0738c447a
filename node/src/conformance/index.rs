//! Which stored resource has which canonical URL.

use fhir::{
    conformance::{Canonical, version},
    definitions::{ParamId, ResourceType},
    index::{Value, Values},
};
use proto::{PartitionId, ResourceKey};
use rustc_hash::FxHashMap;
use std::{cmp::Ordering, collections::BTreeMap};

const URL: ParamId = ParamId::from_code("url").expect("a search parameter");
const VERSION: ParamId = ParamId::from_code("version").expect("a search parameter");

/// The conformance resources of one tenant by type, URL and version: some 300 bytes each, whatever the resources' size.
#[derive(Debug, Default)]
pub struct Index {
    /// Rises before the rest changes, if something may be compiled of it.
    pub revision: u64,
    /// By type code and URL; the best to answer with last.
    urls: BTreeMap<(u16, Box<str>), Vec<Place>>,
    keys: FxHashMap<ResourceKey, Box<str>>,
}

/// A stored resource that has a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub partition: PartitionId,
    pub key: ResourceKey,
    /// Of the row.
    pub row_version: u64,
    pub last_updated_ms: u64,
    /// The business version; empty where there is none.
    pub version: Box<str>,
}

/// Whether the change of a resource of that type can change an answer.
pub fn is_kept(type_code: u16) -> bool {
    is_compiled(type_code) || matches!(name(type_code), "Measure" | "Questionnaire")
}

/// Whether something is compiled of resources of that type and kept. Measures and Questionnaires are read when a report or response is
/// held against them.
fn is_compiled(type_code: u16) -> bool {
    let compiled = ["CodeSystem", "ConceptMap", "SearchParameter", "StructureDefinition", "ValueSet"];
    compiled.contains(&name(type_code))
}

fn name(type_code: u16) -> &'static str {
    ResourceType::from_code(type_code).map_or("", ResourceType::name)
}

impl Index {
    /// The row of `place.key` has these index values now.
    pub fn put(&mut self, mut place: Place, index_values: &[u8]) {
        self.remove(&place.key);
        let values = Values::trusted(index_values);
        let Some(url) = values.of(URL).find_map(uri) else { return };
        place.version = values.of(VERSION).find_map(code).unwrap_or_default().into();
        self.revision += u64::from(is_compiled(place.key.type_code.0));
        self.keys.insert(place.key, url.into());
        let places = self.urls.entry((place.key.type_code.0, url.into())).or_default();
        let at = places.partition_point(|other| other.order(&place).is_lt());
        places.insert(at, place);
    }

    /// The row is gone.
    pub fn remove(&mut self, key: &ResourceKey) {
        let Some(url) = self.keys.remove(key) else { return };
        self.revision += u64::from(is_compiled(key.type_code.0));
        let entry = (key.type_code.0, url);
        if let Some(places) = self.urls.get_mut(&entry) {
            places.retain(|place| place.key != *key);
            if places.is_empty() {
                self.urls.remove(&entry);
            }
        }
    }

    /// All of a partition.
    pub fn of_partition(&self, partition: PartitionId) -> impl Iterator<Item = &Place> {
        self.urls.values().flatten().filter(move |place| place.partition == partition)
    }

    /// The resource of that URL, in a partition that counts: of the version, else the best.
    pub fn find(
        &self,
        resource_type: ResourceType,
        url: &str,
        version: Option<&str>,
        counts: impl Fn(PartitionId) -> bool,
    ) -> Option<&Place> {
        let places = self.urls.get(&(resource_type.code(), url.into()))?;
        let mut found = places.iter().rev().filter(|place| counts(place.partition));
        match version {
            Some(version) => found.find(|place| &*place.version == version),
            None => found.next(),
        }
    }

    /// All of a type in partitions that count, in the order of URLs, then versions.
    pub fn canonicals(
        &self,
        resource_type: ResourceType,
        counts: impl Fn(PartitionId) -> bool,
    ) -> Vec<Canonical> {
        let code = resource_type.code();
        let of_type = self.urls.range((code, "".into())..).take_while(|((found, _), _)| *found == code);
        let mut all: Vec<Canonical> = of_type
            .flat_map(|((_, url), places)| places.iter().map(move |place| (url, place)))
            .filter(|(_, place)| counts(place.partition))
            .map(|(url, place)| place.canonical(url))
            .collect();
        all.dedup();
        all
    }
}

impl Place {
    /// Later business versions are better; of the same the last written; the id decides between equals.
    pub fn order(&self, other: &Place) -> Ordering {
        version::compare(&self.version, &other.version)
            .then(self.last_updated_ms.cmp(&other.last_updated_ms))
            .then_with(|| self.key.id.as_str().cmp(other.key.id.as_str()))
    }

    fn canonical(&self, url: &str) -> Canonical {
        let version = (!self.version.is_empty()).then(|| self.version.clone());
        Canonical { url: url.into(), version }
    }
}

fn uri(value: Value<'_>) -> Option<&str> {
    match value {
        Value::Uri(url) => Some(url),
        _ => None,
    }
}

fn code(value: Value<'_>) -> Option<&str> {
    match value {
        Value::Token { code, .. } => code,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::{index, json::Document};
    use proto::{CompartmentKey, ResourceId, TenantId, TypeCode};

    fn value_set() -> ResourceType {
        ResourceType::from_name("ValueSet").unwrap()
    }

    fn put(index: &mut Index, id: &str, row_version: u64, url: &str, version: &str) {
        put_of(index, value_set(), id, row_version, url, version);
    }

    fn put_of(index: &mut Index, of: ResourceType, id: &str, row_version: u64, url: &str, version: &str) {
        let url = if url.is_empty() { String::new() } else { format!(r#","url":"{url}""#) };
        let version = if version.is_empty() { String::new() } else { format!(r#","version":"{version}""#) };
        let body = format!(r#"{{"resourceType":"{}"{url}{version}}}"#, of.name());
        let document = Document::parse(body, &Default::default()).unwrap();
        let mut values = vec![];
        index::extract(document.root(), &Default::default(), &mut values).unwrap();
        let id = ResourceId::parse(id).unwrap();
        let key = CompartmentKey::of(TenantId::DEFAULT, TypeCode(of.code()), id).own();
        let place = Place {
            partition: PartitionId(1),
            key,
            row_version,
            last_updated_ms: row_version,
            version: "".into(),
        };
        index.put(place, &values);
    }

    #[test]
    fn the_named_version_or_the_latest() {
        let mut index = Index::default();
        put(&mut index, "a", 1, "http://v", "1.10");
        put(&mut index, "b", 2, "http://v", "1.9");
        put(&mut index, "c", 3, "http://other", "");
        put(&mut index, "d", 4, "", "");
        let id = |index: &Index, version| {
            index
                .find(value_set(), "http://v", version, |_| true)
                .map(|place| place.key.id.as_str().to_owned())
        };
        assert_eq!(id(&index, None).as_deref(), Some("a"));
        assert_eq!(id(&index, Some("1.9")).as_deref(), Some("b"));
        assert_eq!(id(&index, Some("2")), None);
        let urls: Vec<String> = index
            .canonicals(value_set(), |_| true)
            .into_iter()
            .map(|one| format!("{}|{}", one.url, one.version.unwrap_or_default()))
            .collect();
        assert_eq!(urls, ["http://other|", "http://v|1.9", "http://v|1.10"]);
    }

    #[test]
    fn a_questionnaire_is_found_and_nothing_is_compiled_anew_for_it() {
        let mut index = Index::default();
        let questionnaire = ResourceType::from_name("Questionnaire").unwrap();
        put(&mut index, "a", 1, "http://v", "");
        let before = index.revision;
        put_of(&mut index, questionnaire, "q", 1, "http://q", "2");
        assert_eq!(index.revision, before);
        let found = |version| index.find(questionnaire, "http://q", version, |_| true).is_some();
        assert!(found(None) && found(Some("2")) && !found(Some("1")));
    }

    #[test]
    fn a_change_of_url_and_a_delete_are_followed() {
        let mut index = Index::default();
        put(&mut index, "a", 1, "http://v", "");
        let first = index.revision;
        put(&mut index, "a", 2, "http://w", "");
        assert!(index.revision > first);
        assert!(index.find(value_set(), "http://v", None, |_| true).is_none());
        let place = index.find(value_set(), "http://w", None, |_| true).unwrap().clone();
        assert_eq!(place.row_version, 2);
        let second = index.revision;
        index.remove(&place.key);
        assert!(index.revision > second && index.canonicals(value_set(), |_| true).is_empty());
        assert!(index.urls.is_empty() && index.keys.is_empty());
    }
}
