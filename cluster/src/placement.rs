//! Which nodes hold a group, and the steps of its leader towards that. Which they should be follows from the meta group's state
//! alone, so that it is agreed upon; each group's leader takes the next step for its own group, one at a time, and a leader that
//! finds a step half done goes on with it.

use crate::meta::MetaState;
use crate::raft::View;
use proto::log::v1::Standing;
use std::collections::BTreeSet;

/// Replicas of each group, where there are as many nodes.
const REPLICAS: usize = 3;
/// A node that lacks no more entries than these has caught up: the rest comes while its vote is agreed on.
const LAG_MAX: u64 = 1000;

/// What a leader does next for its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Has a node get the entries.
    Add(u64),
    /// Ends a change of votes that was begun.
    End,
    /// Gives the votes to these.
    Vote(BTreeSet<u64>),
    /// Takes the entries from these.
    Remove(BTreeSet<u64>),
    /// Has another node lead.
    HandOver(u64),
}

/// The nodes that vote on every group: the members with the lowest ids. Others have no replica of a partition.
pub(crate) fn voters(state: &MetaState) -> BTreeSet<u64> {
    let members = state.nodes.iter().filter(|node| node.standing() == Standing::Member);
    members.map(|node| node.node_id).take(REPLICAS).collect()
}

/// The next step of this group's leader, `node`; `None` where all is as it should be, or a node has yet to catch up. `chief`: who
/// leads the meta group, and should lead all others.
pub(crate) fn next(
    state: &MetaState,
    view: &View,
    node: u64,
    is_meta: bool,
    chief: Option<u64>,
) -> Option<Step> {
    let voters = voters(state);
    if voters.is_empty() {
        return None;
    }
    if view.is_joint {
        return Some(Step::End);
    }
    // Of the meta group everybody has the state.
    let gone =
        |id: &u64| state.nodes.iter().any(|node| node.node_id == *id && node.standing() == Standing::Removed);
    let known = state.nodes.iter().map(|node| node.node_id).filter(|id| is_meta && !gone(id));
    let wanted: BTreeSet<u64> = voters.iter().copied().chain(known).collect();
    let present = |id: &u64| view.voters.contains(id) || view.learners.contains(id);
    if let Some(missing) = wanted.iter().find(|id| !present(id)) {
        return Some(Step::Add(*missing));
    }
    let lives = |id: &u64| *id == node || view.living.contains(id);
    let has = |id: &u64| view.matched.get(id).is_some_and(|has| has + LAG_MAX >= view.appended);
    let has_caught_up = |id: &u64| *id == node || (lives(id) && has(id));
    if view.voters != voters {
        let newcomers_are_ready = voters.difference(&view.voters).all(has_caught_up);
        let leader_stays = voters.contains(&node);
        // Votes never go to those who could not decide anything then.
        let can_decide = voters.iter().filter(|id| lives(id)).count() * 2 > voters.len();
        return match voters.iter().find(|id| view.voters.contains(id) && has_caught_up(id)) {
            _ if !newcomers_are_ready || !can_decide => None,
            Some(heir) if !leader_stays => Some(Step::HandOver(*heir)),
            _ => Some(Step::Vote(voters)),
        };
    }
    let surplus: BTreeSet<u64> = view.learners.iter().copied().filter(|id| !wanted.contains(id)).collect();
    if !surplus.is_empty() {
        return Some(Step::Remove(surplus));
    }
    let heir = chief.filter(|chief| *chief != node && view.voters.contains(chief) && has_caught_up(chief));
    heir.map(Step::HandOver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::log::v1::MetaNode;

    fn state(standings: &[Standing]) -> MetaState {
        let node = |(node_id, standing): (u64, &Standing)| MetaNode {
            node_id,
            standing: *standing as i32,
            ..MetaNode::default()
        };
        MetaState { nodes: (1..).zip(standings).map(node).collect(), ..MetaState::default() }
    }

    fn view(voters: &[u64], learners: &[u64], matched: &[(u64, u64)]) -> View {
        View {
            leader: Some(1),
            term: 1,
            voters: voters.iter().copied().collect(),
            learners: learners.iter().copied().collect(),
            is_joint: false,
            appended: 5000,
            applied: 5000,
            matched: matched.iter().copied().collect(),
            living: matched.iter().map(|(node, _)| *node).collect(),
        }
    }

    use Standing::{Draining, Member, Removed};

    #[test]
    fn a_group_grows_node_by_node_and_gives_votes_to_who_has_caught_up() {
        let three = state(&[Member, Member, Member]);
        let step = |view: &View| next(&three, view, 1, false, Some(1));
        assert_eq!(step(&view(&[1], &[], &[])), Some(Step::Add(2)));
        assert_eq!(step(&view(&[1], &[2], &[(2, 0)])), Some(Step::Add(3)));
        assert_eq!(step(&view(&[1], &[2, 3], &[(2, 4999), (3, 3999)])), None, "3 has to catch up");
        let silent = View { living: [2].into(), ..view(&[1], &[2, 3], &[(2, 4999), (3, 4000)]) };
        assert_eq!(step(&silent), None, "3 has answered, but does not any more");
        let small = View { appended: 5, ..view(&[1], &[2, 3], &[(2, 5)]) };
        assert_eq!(step(&small), None, "3 has never answered");
        let ready = view(&[1], &[2, 3], &[(2, 4999), (3, 4000)]);
        assert_eq!(step(&ready), Some(Step::Vote([1, 2, 3].into())));
        assert_eq!(step(&View { is_joint: true, ..ready }), Some(Step::End));
        assert_eq!(step(&view(&[1, 2, 3], &[], &[])), None);
    }

    #[test]
    fn a_fourth_node_has_the_meta_state_only_until_it_is_needed() {
        let four = state(&[Member, Member, Member, Member]);
        let group = view(&[1, 2, 3], &[], &[(2, 5000), (3, 5000)]);
        let two = state(&[Member, Member, Draining]);
        let dead = view(&[1, 2, 3], &[], &[(3, 5000)]);
        assert_eq!(next(&two, &dead, 1, false, Some(1)), None, "2 is dead: 1 could decide nothing with it");
        assert_eq!(next(&two, &group, 1, false, Some(1)), Some(Step::Vote([1, 2].into())));
        assert_eq!(next(&four, &group, 1, false, Some(1)), None);
        assert_eq!(next(&four, &group, 1, true, Some(1)), Some(Step::Add(4)));
        let drained = state(&[Member, Draining, Member, Member]);
        assert_eq!(next(&drained, &group, 1, false, Some(1)), Some(Step::Add(4)));
        let ready = view(&[1, 2, 3], &[4], &[(2, 5000), (3, 5000), (4, 5000)]);
        assert_eq!(next(&drained, &ready, 1, false, Some(1)), Some(Step::Vote([1, 3, 4].into())));
        let after = view(&[1, 3, 4], &[2], &[(3, 5000), (4, 5000)]);
        assert_eq!(next(&drained, &after, 1, false, Some(1)), Some(Step::Remove([2].into())));
        assert_eq!(next(&drained, &after, 1, true, Some(1)), None, "it still hears what is agreed on");
        let removed = state(&[Member, Removed, Member, Member]);
        assert_eq!(next(&removed, &after, 1, true, Some(1)), Some(Step::Remove([2].into())));
    }

    #[test]
    fn a_leader_that_goes_hands_over_first_and_all_follow_the_chief() {
        let drained = state(&[Draining, Member, Member, Member]);
        let group = view(&[1, 2, 3], &[4], &[(2, 5000), (3, 5000), (4, 5000)]);
        assert_eq!(next(&drained, &group, 1, false, Some(1)), Some(Step::HandOver(2)));
        let behind = view(&[1, 2, 3], &[4], &[(2, 10), (3, 5000), (4, 5000)]);
        assert_eq!(next(&drained, &behind, 1, false, Some(1)), Some(Step::HandOver(3)));
        let three = state(&[Member, Member, Member]);
        let group = view(&[1, 2, 3], &[], &[(2, 10), (3, 5000)]);
        assert_eq!(next(&three, &group, 1, false, Some(3)), Some(Step::HandOver(3)));
        assert_eq!(next(&three, &group, 1, false, Some(2)), None, "2 is behind");
        assert_eq!(next(&three, &group, 1, false, None), None);
        assert_eq!(next(&state(&[]), &group, 1, false, Some(3)), None, "nothing is known yet");
    }
}
