//! When nobody disturbs it, a cluster comes to rest: every node is ready, every group has all its voters, and they have caught up.

use super::{
    Nodes, name,
    operator::Operator,
    stage::{Being, Stage},
};
use anyhow::bail;
use proto::api::v1::{NodeStatus, StatusResponse};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep};

/// Longer than any timer of a node.
const LIMIT: Duration = Duration::from_secs(90);
const AGAIN: Duration = Duration::from_millis(50);
/// Voters of each group, where there are as many nodes.
const REPLICAS: usize = 3;

/// Of each partition, each voter's checksum.
pub(super) type Replicas = BTreeMap<u32, BTreeMap<String, u32>>;

/// Until it is so.
pub(super) async fn rest<N: Nodes>(stage: &Stage<N>, operator: &Operator<N>) -> anyhow::Result<()> {
    let until = Instant::now() + LIMIT;
    loop {
        let unrest = match operator.status().await {
            Some(status) => unrest(stage, &status),
            None => Some("no node answers".to_owned()),
        };
        let Some(unrest) = unrest else {
            stage.tell("all is calm");
            return Ok(());
        };
        if Instant::now() > until {
            bail!("the cluster does not come to rest: {unrest}");
        }
        sleep(AGAIN).await;
    }
}

fn unrest<N: Nodes>(stage: &Stage<N>, status: &StatusResponse) -> Option<String> {
    for at in stage.all(Being::Up) {
        if stage.doors.guest(at).is_alone() {
            return Some(format!("{} starts", name(at)));
        }
        if let Err(reason) = stage.nodes.ready(at) {
            return Some(format!("{}: {reason}", name(at)));
        }
        if !status.nodes.iter().any(|node| node.address == name(at) && node.standing == "member") {
            return Some(format!("{} is no member: {:?}", name(at), status.nodes));
        }
    }
    let members: Vec<&NodeStatus> = status.nodes.iter().filter(|node| node.standing == "member").collect();
    let voters = members.len().min(REPLICAS);
    let restless = status.groups.iter().find(|group| {
        let are_members = group.voters.iter().all(|id| members.iter().any(|node| node.node_id == *id));
        group.leader == 0
            || group.changing
            || group.voters.len() != voters
            || !are_members
            || group.applied != group.appended
    });
    match restless {
        Some(group) => Some(format!("{group:?} of members {members:?}")),
        None if status.groups.is_empty() => Some("no groups are known".to_owned()),
        None => members.iter().find(|node| node.lag > 0).map(|node| format!("{node:?}")),
    }
}

/// The voters' checksums, as soon as they are equal; as they are where they never become so. What nodes do by themselves, such as to
/// settle what was left half done, may go on for a moment.
pub(super) async fn replicas<N: Nodes>(stage: &Stage<N>, operator: &Operator<N>) -> anyhow::Result<Replicas> {
    let until = Instant::now() + LIMIT;
    loop {
        rest(stage, operator).await?;
        let Some(status) = operator.status().await else { continue };
        let mut found = Replicas::new();
        for at in stage.all(Being::Up) {
            let Some(node) = status.nodes.iter().rfind(|node| node.address == name(at)) else { continue };
            for (partition, digest) in stage.nodes.digests(at)? {
                let group = status.groups.iter().find(|group| group.group == partition);
                if group.is_some_and(|group| group.voters.contains(&node.node_id)) {
                    found.entry(partition).or_default().insert(name(at), digest);
                }
            }
        }
        let equal = |digests: &BTreeMap<String, u32>| {
            digests.values().all(|digest| digests.values().next() == Some(digest))
        };
        if found.values().all(equal) || Instant::now() > until {
            return Ok(found);
        }
        sleep(AGAIN).await;
    }
}

/// Of each node, the partitions of which it has rows and no replica: as soon as there are none, or as it is where some stay.
pub(super) async fn left<N: Nodes>(
    stage: &Stage<N>,
    operator: &Operator<N>,
) -> anyhow::Result<BTreeMap<String, Vec<u32>>> {
    let until = Instant::now() + LIMIT;
    loop {
        rest(stage, operator).await?;
        let Some(status) = operator.status().await else { continue };
        let mut left = BTreeMap::new();
        for at in stage.all(Being::Up) {
            let Some(node) = status.nodes.iter().rfind(|node| node.address == name(at)) else { continue };
            let votes = |partition: u32| {
                let group = status.groups.iter().find(|group| group.group == partition);
                group.is_none_or(|group| group.voters.contains(&node.node_id))
            };
            let digests = stage.nodes.digests(at)?.into_iter();
            let rows = digests.filter(|(partition, digest)| *digest != 0 && !votes(*partition));
            left.insert(name(at), rows.map(|(partition, _)| partition).collect::<Vec<u32>>());
        }
        if left.values().all(Vec::is_empty) || Instant::now() > until {
            return Ok(left);
        }
        sleep(AGAIN).await;
    }
}
