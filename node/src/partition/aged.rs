//! How old what a replica here has may be. Every replica is asked about, though nobody reads: when its leader is gone it is known
//! how long ago it had everything.

use super::{Partition, remote::catch_up};
use cluster::{Cluster, Group};
use futures::future::join_all;
use proto::PartitionId;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::Instant;

impl<'c> Partition<'c> {
    /// The rows here of a partition, whoever leads it, and how long ago they had all that was acknowledged; `None` where they
    /// are not here, or that is not known. Nothing can be proposed there.
    pub fn aged(cluster: &'c Cluster, id: PartitionId) -> Option<(Partition<'c>, Duration)> {
        let group = cluster.group(id).map(Arc::as_ref).filter(|group| group.votes())?;
        let as_of = group.current_as_of()?;
        Some((Partition { cluster, id, group: Some(group), leader: None }, as_of.elapsed()))
    }
}

/// Has each replica here proved to have what is acknowledged by now, where its leader can be asked.
pub async fn prove_all(cluster: &Cluster) {
    let mut elsewhere: BTreeMap<u64, Vec<PartitionId>> = BTreeMap::new();
    for group in cluster.groups().iter().filter(|group| group.votes()) {
        match group.leader() {
            Some(node) if node != cluster.node_id() => elsewhere.entry(node).or_default().push(group.id()),
            Some(_) => prove(group).await,
            None => {}
        }
    }
    // Who cannot be asked, or is far ahead, proves nothing.
    join_all(elsewhere.iter().map(|(node, partitions)| catch_up(cluster, *node, partitions))).await;
}

async fn prove(group: &Group) {
    let asked = Instant::now();
    if group.read_barrier().await.is_ok() {
        group.was_current(asked);
    }
}
