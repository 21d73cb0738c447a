//! What users stored, as a source of definitions.

use super::{
    documents::Documents,
    index::{Index, Place, is_kept},
};
use fhir::{
    conformance::{Canonical, Source},
    definitions::ResourceType,
    json::{self, Document},
};
use parking_lot::{Mutex, RwLock};
use proto::{PartitionId, TenantId};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use storage::{Change, ChangeKind, Store};

/// The conformance resources of all tenants in this node's store.
///
/// Only URLs and keys are held in memory; documents are read when asked for, and those used last are kept.
pub struct Stored {
    store: Arc<Store>,
    limits: json::Limits,
    tenants: RwLock<FxHashMap<TenantId, Index>>,
    documents: Mutex<Documents>,
}

impl Stored {
    /// Over `store`; documents of at most `cache_bytes` together are kept.
    pub fn new(store: Arc<Store>, limits: json::Limits, cache_bytes: usize) -> Self {
        let documents = Mutex::new(Documents::new(cache_bytes));
        Stored { store, limits, tenants: RwLock::default(), documents }
    }

    /// Takes in what is in the tables already. To be called once, before the log is replayed.
    pub fn fill(&self, search: &search::Engine) -> Result<(), proto::Error> {
        for resource_type in ResourceType::all().filter(|of| is_kept(of.code())) {
            let parameters = [("_count".to_owned(), "1000".to_owned())];
            let request = search::Request {
                resource_type: Some(resource_type.name()),
                parameters: &parameters,
                compartment: None,
                strict: true,
                base: None,
                now_ms: 0,
            };
            let query = search::Query::compile(
                TenantId::DEFAULT,
                &request,
                &search::Limits::default(),
                &search::NoTerminology,
            )?;
            let mut cursor = None;
            loop {
                let page = search.search(&query, cursor.as_deref()).map_err(proto::Error::from)?;
                for hit in &page.hits {
                    self.take(TenantId::DEFAULT, hit)?;
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn take(&self, tenant: TenantId, hit: &search::Hit) -> Result<(), proto::Error> {
        let partition = self.store.partition(hit.partition).map_err(crate::error::storage)?;
        let Some(row) = partition.index_row(tenant, &hit.key).map_err(crate::error::storage)? else {
            return Ok(());
        };
        let place = Place {
            partition: hit.partition,
            key: row.key,
            row_version: row.version,
            last_updated_ms: row.last_updated_ms,
            version: Box::default(),
        };
        self.tenants.write().entry(tenant).or_default().put(place, &row.index_values);
        Ok(())
    }

    /// The change feed moved. Returns before the writers are answered.
    pub fn changed(&self, partition: PartitionId, changes: &[Change]) {
        for change in changes.iter().filter(|change| is_kept(change.key.type_code.0)) {
            let mut tenants = self.tenants.write();
            let index = tenants.entry(change.tenant).or_default();
            match &change.kind {
                ChangeKind::Put { index_values } => {
                    let place = Place {
                        partition,
                        key: change.key,
                        row_version: change.version,
                        last_updated_ms: change.last_updated_ms,
                        version: Box::default(),
                    };
                    index.put(place, index_values);
                }
                ChangeKind::Delete | ChangeKind::Evict => index.remove(&change.key),
            }
        }
    }

    /// The part of a tenant.
    pub fn of(self: &Arc<Self>, tenant: TenantId) -> Tenant {
        Tenant { stored: self.clone(), tenant }
    }

    fn document(&self, tenant: TenantId, place: &Place) -> Result<Option<Arc<Document>>, storage::Error> {
        let key = (tenant, place.key, place.row_version);
        if let Some(document) = self.documents.lock().get(&key) {
            return Ok(Some(document));
        }
        let partition = self.store.partition(place.partition)?;
        let Some(row) = partition.get_version(tenant, &place.key, place.row_version)? else {
            return Ok(None);
        };
        // It was parsed when it was written, perhaps under greater limits.
        let Ok(document) = Document::parse(row.body, &self.limits) else { return Ok(None) };
        Ok(Some(self.documents.lock().put(key, document)))
    }
}

/// What one tenant stored.
pub struct Tenant {
    stored: Arc<Stored>,
    tenant: TenantId,
}

impl Tenant {
    fn place(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Place> {
        self.stored.tenants.read().get(&self.tenant)?.find(resource_type, url, version).cloned()
    }
}

impl Source for Tenant {
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
        let place = self.place(resource_type, url, version)?;
        match self.stored.document(self.tenant, &place) {
            Ok(document) => document,
            Err(error) => {
                tracing::error!(%error, url, "a stored definition cannot be read");
                None
            }
        }
    }

    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical> {
        let tenants = self.stored.tenants.read();
        tenants.get(&self.tenant).map(|index| index.canonicals(resource_type)).unwrap_or_default()
    }

    fn revision(&self) -> u64 {
        self.stored.tenants.read().get(&self.tenant).map_or(0, |index| index.revision)
    }
}
