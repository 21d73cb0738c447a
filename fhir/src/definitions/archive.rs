//! R4's own conformance resources, embedded: StructureDefinitions, CodeSystems, ValueSets, ConceptMaps.
//!
//! What only people read (narrative, descriptions, mappings) is left out by the generator; definitions of concepts are kept.
//! An archive is inflated on first use (structures 8 MB, terminology 7 MB, about 20 ms each) and stays; a resource is
//! parsed when it is first asked for.

use super::ResourceType;
use crate::json::{Document, Limits};
use bytes::Bytes;
use flate2::read::GzDecoder;
use std::io::Read;
use std::sync::{Arc, LazyLock, OnceLock};

/// The 655 StructureDefinitions: types, profiles and extensions.
pub fn structures() -> &'static Archive {
    static ARCHIVE: LazyLock<Archive> =
        LazyLock::new(|| Archive::read(include_bytes!("../../definitions/r4/structures.gz")));
    &ARCHIVE
}

/// The 1,062 CodeSystems, 1,316 ValueSets and 80 ConceptMaps.
pub fn terminology() -> &'static Archive {
    static ARCHIVE: LazyLock<Archive> =
        LazyLock::new(|| Archive::read(include_bytes!("../../definitions/r4/terminology.gz")));
    &ARCHIVE
}

/// The archive that holds resources of that type, if one does.
pub fn of(resource_type: ResourceType) -> Option<&'static Archive> {
    match resource_type.name() {
        "StructureDefinition" => Some(structures()),
        "CodeSystem" | "ValueSet" | "ConceptMap" => Some(terminology()),
        _ => None,
    }
}

/// Resources by type and canonical URL.
pub struct Archive {
    /// In the order of type name and URL.
    records: Vec<Record>,
}

/// One resource of an archive.
pub struct Record {
    pub resource_type: ResourceType,
    /// The canonical URL, without version.
    pub url: Box<str>,
    /// The business version; empty if it has none.
    pub version: Box<str>,
    json: Bytes,
    document: OnceLock<Arc<Document>>,
}

impl Archive {
    /// The resource of that type and canonical URL (without version).
    pub fn find(&self, resource_type: ResourceType, url: &str) -> Option<&Record> {
        let wanted = (resource_type.name(), url);
        let at = self.records.binary_search_by(|record| record.key().cmp(&wanted)).ok()?;
        Some(&self.records[at])
    }

    /// All resources, in the order of type name and URL.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    fn read(compressed: &[u8]) -> Archive {
        let mut lines = Vec::new();
        GzDecoder::new(compressed).read_to_end(&mut lines).expect("the generator wrote it");
        let lines = Bytes::from(lines);
        let records = lines
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| Record::read(lines.slice_ref(line)).expect("the generator wrote it"))
            .collect();
        Archive { records }
    }
}

impl Record {
    fn read(line: Bytes) -> Option<Record> {
        let text = std::str::from_utf8(&line).ok()?;
        let mut fields = text.splitn(4, '\t');
        Some(Record {
            resource_type: ResourceType::from_name(fields.next()?)?,
            url: fields.next()?.into(),
            version: fields.next()?.into(),
            json: line.slice_ref(fields.next()?.as_bytes()),
            document: OnceLock::new(),
        })
    }

    fn key(&self) -> (&str, &str) {
        (self.resource_type.name(), &self.url)
    }

    /// The resource, parsed on first use.
    pub fn document(&self) -> &Arc<Document> {
        self.document.get_or_init(|| {
            Arc::new(Document::parse(self.json.clone(), &Limits::default()).expect("the generator wrote it"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_found_and_is_what_its_line_says() {
        for archive in [structures(), terminology()] {
            assert!(archive.records.is_sorted_by(|a, b| a.key() < b.key()));
            for record in archive.records() {
                let found = archive.find(record.resource_type, &record.url).expect("it is there");
                let root = found.document().root();
                assert_eq!(root.get("url").and_then(|url| url.as_str()).as_deref(), Some(&*record.url));
                assert_eq!(
                    root.get("resourceType").and_then(|name| name.as_str()).as_deref(),
                    Some(record.resource_type.name())
                );
            }
        }
        assert_eq!((structures().records.len(), terminology().records.len()), (655, 2458));
    }

    #[test]
    fn nothing_is_found_for_another_type_or_url() {
        let url = "http://hl7.org/fhir/StructureDefinition/Patient";
        let of = |name| ResourceType::from_name(name).expect("a type");
        assert!(structures().find(of("StructureDefinition"), url).is_some());
        assert!(structures().find(of("ValueSet"), url).is_none());
        assert!(structures().find(of("StructureDefinition"), "http://hl7.org/fhir").is_none());
    }
}
