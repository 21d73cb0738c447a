//! A resource as a document.

use crate::engine::index::refers;
use crate::engine::index::schema::Fields;
use crate::engine::tail::Entry;
use crate::kind::index::{self, Owner, Place};
use crate::kind::{kept, present, reference};
use fhir::index::Values;
use std::collections::BTreeMap;
use tantivy::TantivyDocument;
use tantivy::schema::OwnedValue;

/// The document of a tail entry that is not a delete; `key` is its encoded identity.
pub fn of(entry: &Entry, key: &[u8], fields: &Fields) -> TantivyDocument {
    let bytes = entry.values.as_deref().unwrap_or_default();
    let values = Values::trusted(bytes);
    let mut document = TantivyDocument::default();
    document.add_bytes(fields.key, key);
    document.add_u64(fields.sort, entry.hash);
    document.add_u64(fields.version, entry.version);
    document.add_i64(fields.last_updated, entry.last_updated_ms as i64);
    document.add_u64(fields.partition, u64::from(entry.partition.0));
    document.add_bytes(fields.values, bytes);
    add_terms(entry, &values, fields, &mut document);
    add_columns(entry, &values, fields, &mut document);
    document
}

fn add_terms(entry: &Entry, values: &Values<'_>, fields: &Fields, document: &mut TantivyDocument) {
    let owner = Owner { tenant: entry.tenant, type_code: entry.key.type_code };
    document.add_bytes(fields.terms, &index::tenant(entry.tenant));
    document.add_bytes(fields.terms, &index::of_type(owner));
    document.add_bytes(fields.terms, &index::partition(entry.partition));
    let mut last = None;
    for (param, value) in values.iter() {
        let place = Place { owner, param };
        if last != Some(param) {
            document.add_bytes(fields.terms, &present::term(place));
            last = Some(param);
        }
        kept::terms(place, &value, |term| document.add_bytes(fields.terms, &term));
    }
}

fn add_columns(entry: &Entry, values: &Values<'_>, fields: &Fields, document: &mut TantivyDocument) {
    let mut columns: BTreeMap<String, Vec<OwnedValue>> = BTreeMap::new();
    for (param, value) in values.iter() {
        kept::intervals(&value, |column, (low, high)| {
            let (low_name, high_name) = column.names(param);
            columns.entry(low_name).or_default().push(OwnedValue::I64(low));
            columns.entry(high_name).or_default().push(OwnedValue::I64(high));
        });
        if let Some(target) = reference::target(entry.tenant, &value) {
            columns
                .entry(index::targets(param))
                .or_default()
                .push(OwnedValue::I64(refers::to_column(target)));
        }
    }
    if columns.is_empty() {
        return;
    }
    let columns = columns.into_iter().map(|(name, values)| (name, OwnedValue::Array(values))).collect();
    document.add_object(fields.pairs, columns);
}
