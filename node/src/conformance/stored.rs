//! What users stored, as a source of definitions.

use super::{
    documents::Documents,
    far::{Definition, Far, Known},
    index::{Index, Place, is_kept},
};
use bytes::Bytes;
use fhir::{
    conformance::{Canonical, Source, version},
    definitions::ResourceType,
    json::{self, Document},
};
use parking_lot::{Mutex, RwLock};
use proto::{PartitionId, TenantId};
use rustc_hash::FxHashMap;
use std::{cmp::Ordering, sync::Arc};
use storage::{Change, ChangeKind, Store};

/// The conformance resources of all tenants in this node's store.
///
/// Only URLs and keys are held in memory; documents are read when asked for, and those used last are kept.
pub struct Stored {
    store: Arc<Store>,
    limits: json::Limits,
    tenants: RwLock<FxHashMap<TenantId, Index>>,
    documents: Mutex<Documents>,
    /// How often those of a partition have changed here.
    changes: RwLock<FxHashMap<PartitionId, u64>>,
    far: Far,
}

impl Stored {
    /// Over `store`; documents of at most `cache_bytes` together are kept.
    pub fn new(store: Arc<Store>, limits: json::Limits, cache_bytes: usize) -> Self {
        let documents = Mutex::new(Documents::new(cache_bytes));
        let (tenants, changes) = Default::default();
        Stored { store, limits, tenants, documents, changes, far: Far::default() }
    }

    /// Takes in what is in the tables already of a tenant. To be called once for each, before the log is replayed.
    pub fn fill(&self, search: &search::Engine, tenant: TenantId) -> Result<(), proto::Error> {
        for resource_type in ResourceType::all().filter(|of| is_kept(of.code())) {
            let parameters = [("_count".to_owned(), "1000".to_owned())];
            let request = search::Request {
                resource_type: Some(resource_type.name()),
                parameters: &parameters,
                compartment: None,
                strict: true,
                bases: fhir::index::Bases::default(),
                came_by: None,
                joined: &[],
                custom: None,
                now_ms: 0,
            };
            let query =
                search::Query::compile(tenant, &request, &search::Limits::default(), &search::NoTerminology)?;
            let mut cursor = None;
            loop {
                let page = search.search(&query, cursor.as_deref()).map_err(proto::Error::from)?;
                for hit in &page.hits {
                    self.take(tenant, hit)?;
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
            *self.changes.write().entry(partition).or_default() += 1;
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
                // It is the same version.
                ChangeKind::Reindex { .. } => {}
            }
        }
    }

    /// The rows of a partition are gone.
    pub fn forget(&self, partition: PartitionId) {
        let mut tenants = self.tenants.write();
        *self.changes.write().entry(partition).or_default() += 1;
        for index in tenants.values_mut() {
            let keys: Vec<_> = index.of_partition(partition).map(|place| place.key).collect();
            keys.iter().for_each(|key| index.remove(key));
        }
    }

    /// All that a tenant stored is gone.
    pub fn forget_tenant(&self, tenant: TenantId) {
        self.tenants.write().remove(&tenant);
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
        let Some(body) = self.body(tenant, place)? else { return Ok(None) };
        // It was parsed when it was written, perhaps under greater limits.
        let Ok(document) = Document::parse(body, &self.limits) else { return Ok(None) };
        Ok(Some(self.documents.lock().put(key, document)))
    }
}

impl Stored {
    fn body(&self, tenant: TenantId, place: &Place) -> Result<Option<Bytes>, storage::Error> {
        if let Some(body) = self.far.body(place.partition, &(tenant, place.key, place.row_version)) {
            return Ok(Some(body));
        }
        let partition = self.store.partition(place.partition)?;
        let row = partition.get_version(tenant, &place.key, place.row_version)?;
        Ok(row.map(|row| row.body))
    }

    /// What is known of a partition that other nodes hold.
    pub fn known(&self, partition: PartitionId) -> Known {
        self.far.known(partition)
    }

    /// Takes on all definitions of a partition that other nodes hold, in place of those that were known.
    pub fn take_far(&self, partition: PartitionId, known: Known, definitions: Vec<Definition>) {
        self.far.take(partition, known, definitions);
    }

    /// Of these partitions what other nodes told counts, of all others what is stored here.
    pub fn rest_on_others(&self, partitions: &[PartitionId]) {
        self.far.rest_on(partitions);
    }

    /// How often definitions of a partition have changed here.
    pub fn changes(&self, partition: PartitionId) -> u64 {
        self.changes.read().get(&partition).copied().unwrap_or_default()
    }

    /// All definitions of a partition that this node holds, and how often they had changed; `None` while one changes.
    ///
    /// # Errors
    /// Storage's.
    pub fn all_of(&self, partition: PartitionId) -> Result<Option<(u64, Vec<Definition>)>, storage::Error> {
        // Before they are read: what changes meanwhile is told again.
        let changes = self.changes(partition);
        let rows = self.store.partition(partition)?;
        let of = |(tenant, index): (&TenantId, &Index)| -> Vec<(TenantId, Place)> {
            index.of_partition(partition).map(|place| (*tenant, place.clone())).collect()
        };
        let places: Vec<(TenantId, Place)> = self.tenants.read().iter().flat_map(of).collect();
        let mut all = Vec::with_capacity(places.len());
        for (tenant, place) in places {
            let values = rows.index_row(tenant, &place.key)?.filter(|row| row.version == place.row_version);
            let row = rows.get_version(tenant, &place.key, place.row_version)?;
            // A change that is applied already and has yet to be heard of.
            let (Some(values), Some(row)) = (values, row) else { return Ok(None) };
            all.push(Definition { tenant, row, index_values: values.index_values });
        }
        Ok(Some((changes, all)))
    }
}

/// What one tenant stored.
pub struct Tenant {
    stored: Arc<Stored>,
    tenant: TenantId,
}

impl Tenant {
    fn place(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Place> {
        let far = &self.stored.far;
        let tenants = self.stored.tenants.read();
        let index = tenants.get(&self.tenant);
        let counts = |partition| !far.rests_on(partition);
        let here = index.and_then(|index| index.find(resource_type, url, version, counts));
        let there = far.find(self.tenant, resource_type, url, version);
        here.cloned().into_iter().chain(there).max_by(Place::order)
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
        let far = &self.stored.far;
        let tenants = self.stored.tenants.read();
        let counts = |partition| !far.rests_on(partition);
        let here = tenants.get(&self.tenant).map(|index| index.canonicals(resource_type, counts));
        let mut all = here.unwrap_or_default();
        let there = far.canonicals(self.tenant, resource_type);
        if !there.is_empty() {
            all.extend(there);
            all.sort_by(|one, other| one.url.cmp(&other.url).then_with(|| compared(one, other)));
            all.dedup();
        }
        all
    }

    fn revision(&self) -> u64 {
        let here = self.stored.tenants.read().get(&self.tenant).map_or(0, |index| index.revision);
        here + self.stored.far.revision()
    }
}

fn compared(one: &Canonical, other: &Canonical) -> Ordering {
    let version = |canonical: &Canonical| canonical.version.clone().unwrap_or_default();
    version::compare(&version(one), &version(other))
}
