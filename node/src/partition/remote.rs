//! The verbs of a partition that is led elsewhere: asked there, and answered here for others.

use super::{
    Partition, answers,
    applied::{applied_from, applied_to},
    ask::{Twice, ask, incomplete, question, unreadable},
    guess::ANSWER,
    told::ROWS,
};
use crate::bounds::Share;
use bytes::Bytes;
use cluster::Cluster;
use futures::future::join_all;
use prost::Message;
use proto::{Code, Error, PartitionId, TenantId, internal::v1 as wire, log::v1::Command};
use std::{collections::BTreeMap, time::Duration};
use storage::Applied;
use tokio::time::{Instant, timeout};

const POSITIONS: &str = "partition-positions";
const PROPOSE: &str = "partition-propose";

/// A replica that is further behind than this makes up for lets others answer.
const REACH: Duration = Duration::from_secs(2);

/// How many entries replicas of these partitions must have, which that node leads, to have all that was acknowledged.
async fn positions(cluster: &Cluster, node: u64, partitions: &[PartitionId]) -> Result<Vec<u64>, Error> {
    let partitions = partitions.iter().map(|partition| u32::from(partition.0)).collect();
    let request = question(POSITIONS, &wire::PositionsRequest { partitions });
    let asked = ask::<wire::PositionsAnswer>(cluster, node, &request, Twice::Harmless);
    let late = || Error::new(Code::Unavailable, format!("node {node} does not answer"));
    Ok(timeout(ANSWER, asked).await.map_err(|_| late())??.entries)
}

/// Brings replicas here of partitions that `node` leads up to what was acknowledged before the call.
pub(super) async fn catch_up(cluster: &Cluster, node: u64, partitions: &[PartitionId]) -> Result<(), Error> {
    let asked = Instant::now();
    let entries = positions(cluster, node, partitions).await?;
    if entries.len() != partitions.len() {
        return Err(incomplete("positions"));
    }
    for (partition, entries) in partitions.iter().zip(entries) {
        let group = cluster.group(*partition).ok_or_else(|| super::unavailable(*partition))?;
        if entries == 0 {
            return Err(super::unavailable(*partition));
        }
        if !group.reached(entries, REACH).await {
            cluster.is_behind(*partition);
            let text = format!("this node's replica of partition {partition} is behind; ask another node");
            return Err(Error::new(Code::Unavailable, text));
        }
        group.was_current(asked);
    }
    Ok(())
}

/// The partitions, each once its rows here hold all that was acknowledged before the call: one question to each node that leads
/// some of them. Of those without a replica here nothing is to be waited for: they answer for themselves.
///
/// # Errors
/// `Unavailable` while one has no leader, or its replica here is far behind; `Failed` where it will have none.
pub async fn current(
    cluster: &Cluster,
    partitions: impl Iterator<Item = PartitionId>,
) -> Result<Vec<Partition<'_>>, Error> {
    let all = partitions.map(|id| Partition::of(cluster, id)).collect::<Result<Vec<_>, Error>>()?;
    let mut elsewhere: BTreeMap<u64, Vec<PartitionId>> = BTreeMap::new();
    for partition in &all {
        match (partition.leader(), partition.replica()) {
            (None, _) => partition.barrier().await?,
            (Some(node), Some(_)) => elsewhere.entry(node).or_default().push(partition.id()),
            (Some(_), None) => {}
        }
    }
    if !elsewhere.is_empty() {
        let asked = elsewhere.iter().map(|(node, partitions)| catch_up(cluster, *node, partitions));
        join_all(asked).await.into_iter().collect::<Result<(), Error>>()?;
    }
    Ok(all)
}

/// Has the node that leads the partition propose a command. It is under way when this returns.
pub(super) fn propose(
    cluster: &Cluster,
    node: u64,
    partition: PartitionId,
    command: Command,
) -> impl Future<Output = Result<Applied, Error>> + Send + use<> {
    let message = wire::ProposeRequest { partition: u32::from(partition.0), command: Some(command) };
    let asked = ask::<wire::ProposeAnswer>(cluster, node, &question(PROPOSE, &message), Twice::Writes);
    let correct = cluster.correction(partition, node);
    async move {
        match asked.await {
            Ok(answer) => applied_from(answer.applied),
            Err(error) => {
                if error.code == Code::Unavailable {
                    correct();
                }
                Err(error)
            }
        }
    }
}

/// Answers another node that asks for `tenant`, within `share`; `None` where this is none of these verbs.
pub async fn answer(
    cluster: &Cluster,
    tenant: TenantId,
    share: &Share,
    (call, message): (&str, Bytes),
) -> Option<Result<Bytes, Error>> {
    match call {
        ROWS => Some(answers::answer(cluster, tenant, share, message).await),
        POSITIONS => Some(tell_positions(cluster, message).await),
        PROPOSE => Some(propose_here(cluster, message).await),
        _ => None,
    }
}

async fn tell_positions(cluster: &Cluster, message: Bytes) -> Result<Bytes, Error> {
    let asked = wire::PositionsRequest::decode(message).map_err(|error| unreadable(&error))?;
    let position = |partition: u32| async move {
        match cluster.group(PartitionId(partition as u16)).filter(|group| group.is_leader()) {
            Some(group) => group.position().await.unwrap_or(0),
            None => 0,
        }
    };
    let entries = join_all(asked.partitions.into_iter().map(position)).await;
    Ok(wire::PositionsAnswer { entries }.encode_to_vec().into())
}

async fn propose_here(cluster: &Cluster, message: Bytes) -> Result<Bytes, Error> {
    let wire::ProposeRequest { partition, command } =
        wire::ProposeRequest::decode(message).map_err(|error| unreadable(&error))?;
    let command = command.ok_or_else(|| incomplete("a command"))?;
    let applied = Partition::led_here(cluster, PartitionId(partition as u16))?.propose(command).await?;
    Ok(wire::ProposeAnswer { applied: Some(applied_to(applied)) }.encode_to_vec().into())
}
