//! `salamander cluster rebalance`: what is not where it should be, until all is.

use anyhow::bail;
use client::{
    Admin,
    api::{GroupStatus, StatusResponse},
};
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// Tells until nothing is away any more.
pub(super) async fn wait(admin: &Admin, timeout: Duration, pause: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + timeout;
    loop {
        let status = admin.status().await?;
        let (away, groups) = (away(&status)?, status.groups.len());
        {
            let mut out = std::io::stdout().lock();
            away.iter().try_for_each(|line| writeln!(out, "{line}"))?;
            writeln!(out, "{} of {groups} groups are where they should be", groups - away.len())?;
        }
        if away.is_empty() {
            return Ok(());
        }
        if Instant::now() + pause > until {
            bail!(
                "{} groups are still away after {} s; they go on by themselves",
                away.len(),
                timeout.as_secs()
            );
        }
        tokio::time::sleep(pause).await;
    }
}

/// A line for each group that is away.
fn away(status: &StatusResponse) -> anyhow::Result<Vec<String>> {
    if status.groups.is_empty() || status.groups.iter().any(|group| group.target.is_empty()) {
        bail!("node {} does not know where groups should be (yet, or in its version)", status.seen_by);
    }
    Ok(status.groups.iter().filter_map(line).collect())
}

fn line(group: &GroupStatus) -> Option<String> {
    let sorted = |ids: &[u64]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids
    };
    let listed = |ids: &[u64]| ids.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let (now, target) = (sorted(&group.voters), sorted(&group.target));
    let mut parts = vec![];
    if now != target || group.changing {
        parts.push(format!("voters {} → {}", listed(&now), listed(&target)));
    }
    if !group.learners.is_empty() && group.group > 0 {
        parts.push(format!("learners {}", listed(&group.learners)));
    }
    let leaders = match group.group {
        0 => group.target.as_slice(),
        _ => &group.target[..1],
    };
    if !leaders.contains(&group.leader) {
        let now = if group.leader == 0 { "none".to_owned() } else { group.leader.to_string() };
        parts.push(format!("leader {now} → {}", listed(&leaders[..1])));
    }
    let name = if group.group == 0 { "meta".to_owned() } else { format!("partition {}", group.group) };
    (!parts.is_empty()).then(|| format!("{name}: {}", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(group: u32, leader: u64, voters: &[u64], target: &[u64]) -> GroupStatus {
        GroupStatus { group, leader, voters: voters.into(), target: target.into(), ..GroupStatus::default() }
    }

    fn told(group: GroupStatus) -> String {
        away(&StatusResponse { groups: vec![group], ..StatusResponse::default() }).unwrap().join("\n")
    }

    #[test]
    fn what_is_away_is_told() {
        assert_eq!(told(group(3, 5, &[1, 2, 5], &[5, 1, 2])), "");
        assert_eq!(told(group(3, 1, &[1, 2, 5], &[5, 1, 2])), "partition 3: leader 1 → 5");
        assert_eq!(told(group(3, 1, &[1, 2, 3], &[1, 4, 2])), "partition 3: voters 1 2 3 → 1 2 4");
        assert_eq!(
            told(GroupStatus { learners: vec![4], ..group(3, 0, &[1, 2, 3], &[4, 1, 2]) }),
            "partition 3: voters 1 2 3 → 1 2 4, learners 4, leader none → 4"
        );
        let ending = GroupStatus { changing: true, ..group(3, 1, &[1, 2, 3], &[1, 2, 3]) };
        assert_eq!(told(ending), "partition 3: voters 1 2 3 → 1 2 3");
        assert!(
            told(GroupStatus { learners: vec![3], ..group(3, 1, &[1, 2], &[1, 2]) }).contains("learners 3")
        );
    }

    #[test]
    fn any_voter_may_lead_the_meta_group_and_others_listen() {
        assert_eq!(told(GroupStatus { learners: vec![4], ..group(0, 2, &[1, 2, 3], &[1, 2, 3]) }), "");
        assert_eq!(told(group(0, 4, &[1, 2, 3], &[1, 2, 3])), "meta: leader 4 → 1");
    }

    #[test]
    fn a_node_that_does_not_know_says_so() {
        let of = |groups| away(&StatusResponse { groups, ..StatusResponse::default() }).is_err();
        assert!(of(vec![]) && of(vec![group(1, 1, &[1], &[])]));
    }
}
