//! Who leads a partition without a replica here is guessed: who does not is asked no more.

use super::{
    Partition,
    ask::{Twice, ask, question, reach},
};
use cluster::Cluster;
use prost::Message;
use proto::{Code, Error, PartitionId, TenantId, internal::v1 as wire};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// A leader that says nothing for so long is asked no longer; the next try may find another.
pub const ANSWER: Duration = Duration::from_secs(2);
/// So many nodes are asked for one that leads.
const GUESSES: usize = 8;

/// What the leader of a partition without a replica here says to what does no harm twice; nodes that do not lead it send to
/// others.
///
/// # Errors
/// The leader's own. `Unavailable` where nobody who was asked leads it.
pub async fn ask_leader<A: Message + Default>(
    partition: Partition<'_>,
    request: &wire::Request,
) -> Result<A, Error> {
    let Partition { cluster, id, .. } = partition;
    let mut last = super::unavailable(id);
    for _ in 0..GUESSES {
        let Some(node) = cluster.leader_elsewhere(id) else { break };
        match timeout(ANSWER, ask(cluster, node, request, Twice::Harmless)).await {
            Ok(Err(error)) if error.code == Code::Unavailable => last = error,
            Ok(answer) => return answer,
            Err(_) => {
                cluster.correction(id, node)();
                return Err(Error::new(Code::Unavailable, format!("node {node} does not answer")));
            }
        }
        cluster.correction(id, node)();
    }
    Err(last)
}

/// Asks the node that is taken for the leader of these partitions, for `tenant`, what does no harm twice.
///
/// # Errors
/// Its own; `Unavailable` where it leads none of them, or says nothing in time.
pub async fn ask_all<A: Message + Default>(
    cluster: &Cluster,
    tenant: TenantId,
    (node, partitions): (u64, &[PartitionId]),
    (call, message): (&str, &impl Message),
    within: Duration,
) -> Result<A, Error> {
    let request = wire::Request { tenant: tenant.0, ..question(call, message) };
    let silent = |_| Err(Error::new(Code::Unavailable, format!("node {node} does not answer")));
    let reached = timeout(within, reach(cluster, node, &request)).await.unwrap_or_else(silent);
    reached.unwrap_or_else(|lost| {
        // It is gone, or does not listen: none of them has a leader there.
        partitions.iter().for_each(|partition| cluster.correction(*partition, node)());
        Err(lost)
    })
}

/// That node says that it does not lead these partitions.
pub fn led_by_others(cluster: &Cluster, node: u64, partitions: &[u32]) {
    partitions.iter().for_each(|number| cluster.correction(PartitionId(*number as u16), node)());
}

/// By the node that leads them, as far as can be guessed.
pub type Elsewhere = BTreeMap<u64, Vec<PartitionId>>;

/// Those of these partitions that have a replica here, and the others.
///
/// # Errors
/// As [`Partition::of`].
pub fn split(
    cluster: &Cluster,
    partitions: impl Iterator<Item = PartitionId>,
) -> Result<(Vec<Partition<'_>>, Elsewhere), Error> {
    let (mut here, mut elsewhere) = (vec![], Elsewhere::new());
    for id in partitions {
        let partition = Partition::of(cluster, id)?;
        match (partition.leader(), partition.replica()) {
            (Some(node), None) => elsewhere.entry(node).or_default().push(id),
            _ => here.push(partition),
        }
    }
    Ok((here, elsewhere))
}
