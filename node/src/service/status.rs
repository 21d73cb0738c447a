//! The cluster's status, of what each node sees.

use proto::api::v1::{GroupStatus, StatusResponse};

/// What the node that was asked sees, with each group as its leader sees it. `views`: of other nodes.
pub fn merged(mut seen: StatusResponse, views: Vec<StatusResponse>) -> StatusResponse {
    for view in views {
        for group in &view.groups {
            let known = seen.groups.iter_mut().find(|known| known.group == group.group);
            if let Some(known) = known
                && is_better(group, view.seen_by, known, seen.seen_by)
            {
                known.clone_from(group);
            }
        }
        for node in &view.nodes {
            // Only leaders know who lags.
            if let Some(known) = seen.nodes.iter_mut().find(|known| known.node_id == node.node_id) {
                known.lag += node.lag;
            }
        }
    }
    for node in &mut seen.nodes {
        let votes = seen.groups.iter().filter(|group| group.voters.contains(&node.node_id));
        node.votes = votes.count() as u32;
        node.leads = seen.groups.iter().filter(|group| group.leader == node.node_id).count() as u32;
    }
    seen
}

/// Who leads a group knows it best; among those who do not, who is further.
fn is_better(group: &GroupStatus, by: u64, known: &GroupStatus, known_by: u64) -> bool {
    let rank = |group: &GroupStatus, by: u64| (group.leader == by, group.term, group.appended);
    rank(group, by) > rank(known, known_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::api::v1::NodeStatus;

    fn view(by: u64, lag: u64, groups: &[(u32, u64, u64)]) -> StatusResponse {
        let group = |(group, leader, term): &(u32, u64, u64)| GroupStatus {
            group: *group,
            leader: *leader,
            term: *term,
            voters: vec![1, 2],
            ..GroupStatus::default()
        };
        let node = |node_id| NodeStatus { node_id, lag, ..NodeStatus::default() };
        StatusResponse {
            seen_by: by,
            nodes: vec![node(1), node(2)],
            groups: groups.iter().map(group).collect(),
            ..StatusResponse::default()
        }
    }

    #[test]
    fn each_group_is_as_its_leader_sees_it() {
        let own = view(1, 3, &[(1, 1, 5), (2, 0, 4), (3, 2, 7)]);
        let other = view(2, 4, &[(1, 2, 4), (2, 2, 6), (3, 2, 8)]);
        let all = merged(own, vec![other]);
        let groups: Vec<(u32, u64, u64)> =
            all.groups.iter().map(|group| (group.group, group.leader, group.term)).collect();
        assert_eq!(groups, [(1, 1, 5), (2, 2, 6), (3, 2, 8)]);
        let nodes: Vec<(u32, u32, u64)> =
            all.nodes.iter().map(|node| (node.votes, node.leads, node.lag)).collect();
        assert_eq!(nodes, [(3, 1, 7), (3, 2, 7)]);
    }
}
