//! Transactions that stop half way, for tests.

use super::{
    part::{Part, Parts},
    settle,
    transaction::{Transaction, committed},
};
use crate::{draft, engine::Engine};
use proto::{PartitionId, ResourceKey, TenantId, log::v1 as log};
use storage::Applied;

/// How far a transaction came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Prepared,
    Decided,
    /// At so many participants.
    Finished(usize),
}

/// A transaction that its coordinator no longer works on.
pub struct Half {
    transaction: Transaction,
    coordinator: PartitionId,
    own: log::Write,
    participants: Vec<PartitionId>,
}

const TENANT: TenantId = TenantId::DEFAULT;

impl Half {
    /// Creates these patients of different partitions, up to the stage. The first one's partition coordinates.
    pub async fn carry_out(node: &Engine, keys: &[ResourceKey], stage: Stage) -> Half {
        let partition = |key: &ResourceKey| node.partition_of(key.compartment.slot);
        let mut parts = Parts::new();
        for key in keys {
            parts.entry(partition(key)).or_default().push(put(node, key));
        }
        let coordinator = partition(&keys[0]);
        let Part { mutations, releases } = parts.remove(&coordinator).unwrap();
        let own = log::Write { mutations, dedup: None, releases };
        let participants: Vec<PartitionId> = parts.keys().copied().collect();
        let transaction = Transaction::new(node, TENANT, coordinator, &parts);
        let refusal = transaction.prepare(node, parts, node.clock.now_ms()).await.unwrap();
        assert_eq!(refusal, None);
        let half = Half { transaction, coordinator, own, participants };
        if stage != Stage::Prepared {
            assert!(half.commit(node).await);
        }
        if let Stage::Finished(at) = stage {
            for partition in &half.participants[..at] {
                half.at(*partition).finish(node, true).await.unwrap();
            }
        }
        half
    }

    /// Prepared in the partition of the second key, on another row, by a coordinator that is at work.
    pub async fn unrelated(node: &Engine, keys: &[ResourceKey]) -> Half {
        let id = proto::ResourceId::parse("unrelated").unwrap();
        let elsewhere = ResourceKey { id, ..keys[1] };
        Half::carry_out(node, &[keys[0], elsewhere], Stage::Prepared).await
    }

    /// The coordinator goes on: whether its commit stands.
    pub async fn commit(&self, node: &Engine) -> bool {
        let decided = self.transaction.decide(node, node.clock.now_ms(), true, self.own.clone()).await;
        committed(&decided.unwrap())
    }

    /// A write of that row was refused, because this transaction holds it.
    pub async fn refused(&self, node: &Engine, key: &ResourceKey) -> Result<(), proto::Error> {
        let locked = Applied::Locked { transaction: self.transaction.id(), coordinator: self.coordinator };
        let partition = node.partition_of(key.compartment.slot);
        settle::refused(node, TENANT, partition, locked).await.map(drop)
    }

    /// Whether it waits for Finish anywhere.
    pub fn is_prepared(&self, node: &Engine) -> bool {
        let waits = |partition: &PartitionId| {
            let rows = node.partition(*partition).unwrap().rows_here().unwrap();
            rows.prepared_one(TENANT, &self.transaction.id()).unwrap().is_some()
        };
        self.participants.iter().any(waits)
    }

    fn at(&self, partition: PartitionId) -> Transaction {
        let (transaction, coordinator) = (self.transaction.id(), self.coordinator);
        let record = storage::Prepared { tenant: TENANT, transaction, coordinator, deadline_ms: 0 };
        Transaction::of(&record, partition)
    }
}

/// A new patient with nothing but an id.
fn put(node: &Engine, key: &ResourceKey) -> log::Mutation {
    let id = key.id.as_str();
    let body = format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
    let parsed = draft::parse(body.into(), &node.options, Default::default()).unwrap();
    let index_values = parsed.draft(node, TENANT).unwrap().index_values;
    let now_ms = node.clock.now_ms();
    let body = fhir::resource::stored(parsed.document.root(), id, 1, now_ms).into();
    let method = log::Method::Create as i32;
    let put = log::Put {
        key: Some((*key).into()),
        version: Some(log::Version {
            version: 1,
            last_updated_ms: now_ms,
            method,
            body,
            ..Default::default()
        }),
        index_values,
        ..log::Put::default()
    };
    log::Mutation { kind: Some(log::mutation::Kind::Put(put)) }
}
