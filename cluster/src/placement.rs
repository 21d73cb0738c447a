//! Which nodes hold a group, and the steps of its leader towards that. Which they should be follows from the meta group's state
//! alone, so that it is agreed upon; each group's leader takes the next step for its own group, one at a time, and a leader that
//! finds a step half done goes on with it.

use crate::meta::{META, MetaState};
use crate::raft::View;
use proto::log::v1::Standing;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64;

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
    /// Has another node lead: the first of these that would.
    HandOver(Vec<u64>),
}

/// The nodes that should vote on a group, best leader first; of the meta group the members with the lowest ids.
pub(crate) fn voters(state: &MetaState, group: u32) -> Vec<u64> {
    let members = members(state);
    match group.checked_sub(1) {
        None => members.into_iter().take(REPLICAS).collect(),
        Some(place) => spread(&members, state.partitions).into_iter().nth(place as usize).unwrap_or_default(),
    }
}

/// The same of every partition, in order.
pub(crate) fn voters_of_all(state: &MetaState) -> Vec<Vec<u64>> {
    spread(&members(state), state.partitions)
}

fn members(state: &MetaState) -> Vec<u64> {
    let members = state.nodes.iter().filter(|node| node.standing() == Standing::Member);
    members.map(|node| node.node_id).collect()
}

/// Up to three nodes have everything. Of more, each group has the three that its rendezvous hash names first among those that have not
/// got their share yet: shares differ by one at most, and a node that comes or goes moves little more than its own.
fn spread(members: &[u64], groups: u32) -> Vec<Vec<u64>> {
    if members.len() <= REPLICAS {
        return (1..=groups).map(|group| preferred(members, group)).collect();
    }
    let (each, more) =
        ((groups as usize * REPLICAS) / members.len(), (groups as usize * REPLICAS) % members.len());
    let share = |(place, node): (usize, &u64)| (*node, each + usize::from(place < more));
    let mut wants: BTreeMap<u64, usize> = members.iter().enumerate().map(share).collect();
    let mut all = Vec::with_capacity(groups as usize);
    for group in 1..=groups {
        let left = (groups - group + 1) as usize;
        let mut ranked: Vec<u64> = members.iter().copied().filter(|node| wants[node] > 0).collect();
        // Who gets its share only if it has every group from here on comes first.
        ranked.sort_by_key(|node| (wants[node] < left, Reverse(rank(*node, group))));
        ranked.truncate(REPLICAS);
        ranked.iter().for_each(|node| *wants.entry(*node).or_default() -= 1);
        all.push(ranked);
    }
    spread_leaders(members, &mut all);
    all
}

/// Has nodes lead as many groups as any other, as far as that can be had from one change after the other.
fn spread_leaders(members: &[u64], all: &mut [Vec<u64>]) {
    let mut leads: BTreeMap<u64, usize> = members.iter().map(|node| (*node, 0)).collect();
    for voters in all.iter_mut() {
        voters.sort_by_key(|node| leads[node]);
        *leads.entry(voters[0]).or_default() += 1;
    }
    // Each change takes one from a node that has two more than who gets it.
    let next = |leads: &BTreeMap<u64, usize>, all: &[Vec<u64>]| {
        let better = |voters: &Vec<u64>| voters.iter().position(|node| leads[node] + 1 < leads[&voters[0]]);
        all.iter().enumerate().find_map(|(group, voters)| Some((group, better(voters)?)))
    };
    while let Some((group, heir)) = next(&leads, all) {
        *leads.entry(all[group][0]).or_default() -= 1;
        *leads.entry(all[group][heir]).or_default() += 1;
        all[group].swap(0, heir);
    }
}

/// How much a group wants to be on a node: the same on every machine, as placement is agreed upon.
fn rank(node: u64, group: u32) -> u64 {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&node.to_be_bytes());
    bytes[8..].copy_from_slice(&group.to_be_bytes());
    xxh3_64(&bytes)
}

/// What a group's leader knows beside the state of its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leader {
    /// Its node.
    pub node: u64,
    /// The group's number.
    pub group: u32,
    /// It is to lead no longer than it must: it goes, or lacks what it takes.
    pub is_unfit: bool,
}

/// The next step of this group's leader; `None` where all is as it should be, or a node has yet to catch up.
pub(crate) fn next(state: &MetaState, view: &View, leader: Leader) -> Option<Step> {
    let Leader { node, group, is_unfit } = leader;
    let preferred = voters(state, group);
    if preferred.is_empty() {
        return None;
    }
    if view.is_joint {
        return Some(Step::End);
    }
    let voters: BTreeSet<u64> = preferred.iter().copied().collect();
    let is_meta = group == META;
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
        // Votes never go to those who could not decide anything then.
        let can_decide = voters.iter().filter(|id| lives(id)).count() * 2 > voters.len();
        let heirs: Vec<u64> =
            voters.iter().copied().filter(|id| view.voters.contains(id) && has_caught_up(id)).collect();
        return match heirs.is_empty() || voters.contains(&node) {
            _ if !newcomers_are_ready || !can_decide => None,
            false => Some(Step::HandOver(heirs)),
            true => Some(Step::Vote(voters)),
        };
    }
    let surplus: BTreeSet<u64> = view.learners.iter().copied().filter(|id| !wanted.contains(id)).collect();
    if !surplus.is_empty() {
        return Some(Step::Remove(surplus));
    }
    let better = preferred.into_iter().take_while(|id| is_unfit || *id != node);
    let heirs: Vec<u64> = better.filter(|id| *id != node && has_caught_up(id)).collect();
    (!heirs.is_empty() && (is_unfit || !is_meta)).then_some(Step::HandOver(heirs))
}

/// Who should lead a group that all have, best first: everybody is the first of as many groups as any other, and the second of
/// as many among those of each first. Of the meta group nobody is better than who leads it.
fn preferred(members: &[u64], group: u32) -> Vec<u64> {
    let mut order = members.to_vec();
    let many = order.len();
    if many == 0 {
        return order;
    }
    let turn = group as usize;
    order.rotate_left(turn % many);
    if many > 1 {
        order[1..].rotate_left(turn / many % (many - 1));
    }
    order
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
        let nodes = (1..).zip(standings).map(node).collect();
        MetaState { nodes, partitions: 16, ..MetaState::default() }
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

    fn led(node: u64) -> Leader {
        // Of this group node 1 is to lead, then 2, then 3.
        Leader { node, group: 6, is_unfit: false }
    }

    #[test]
    fn a_group_grows_node_by_node_and_gives_votes_to_who_has_caught_up() {
        let three = state(&[Member, Member, Member]);
        let step = |view: &View| next(&three, view, led(1));
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
        let meta = Leader { group: META, ..led(1) };
        let four = state(&[Member, Member, Member, Member]);
        let are_the_first = |group: &u32| !voters(&four, *group).contains(&4);
        let theirs = Leader { group: (1..=16).find(are_the_first).unwrap(), ..led(1) };
        let group = view(&[1, 2, 3], &[], &[(2, 5000), (3, 5000)]);
        let two = state(&[Member, Member, Draining]);
        let dead = view(&[1, 2, 3], &[], &[(3, 5000)]);
        assert_eq!(next(&two, &dead, led(1)), None, "2 is dead: 1 could decide nothing with it");
        assert_eq!(next(&two, &group, led(1)), Some(Step::Vote([1, 2].into())));
        let first = voters(&four, theirs.group)[0];
        assert_eq!(next(&four, &group, Leader { node: first, ..theirs }), None);
        assert_eq!(next(&four, &group, meta), Some(Step::Add(4)));
        let drained = state(&[Member, Draining, Member, Member]);
        assert_eq!(next(&drained, &group, led(1)), Some(Step::Add(4)));
        let ready = view(&[1, 2, 3], &[4], &[(2, 5000), (3, 5000), (4, 5000)]);
        assert_eq!(next(&drained, &ready, led(1)), Some(Step::Vote([1, 3, 4].into())));
        let after = view(&[1, 3, 4], &[2], &[(3, 5000), (4, 5000)]);
        assert_eq!(next(&drained, &after, led(1)), Some(Step::Remove([2].into())));
        assert_eq!(next(&drained, &after, meta), None, "it still hears what is agreed on");
        let removed = state(&[Member, Removed, Member, Member]);
        assert_eq!(next(&removed, &after, meta), Some(Step::Remove([2].into())));
    }

    #[test]
    fn a_leader_that_goes_hands_over_first() {
        let drained = state(&[Draining, Member, Member, Member]);
        let group = view(&[1, 2, 3], &[4], &[(2, 5000), (3, 5000), (4, 5000)]);
        assert_eq!(next(&drained, &group, led(1)), Some(Step::HandOver(vec![2, 3])));
        let behind = view(&[1, 2, 3], &[4], &[(2, 10), (3, 5000), (4, 5000)]);
        assert_eq!(next(&drained, &behind, led(1)), Some(Step::HandOver(vec![3])));
        assert_eq!(next(&state(&[]), &group, led(1)), None, "nothing is known yet");
    }

    #[test]
    fn leaders_go_to_who_is_preferred_and_can_and_from_who_is_unfit() {
        let three = state(&[Member, Member, Member]);
        let group = |node: u64, has: &[(u64, u64)]| next(&three, &view(&[1, 2, 3], &[], has), led(node));
        assert_eq!(group(3, &[(1, 5000), (2, 5000)]), Some(Step::HandOver(vec![1, 2])));
        assert_eq!(group(3, &[(1, 10), (2, 5000)]), Some(Step::HandOver(vec![2])), "1 has to catch up");
        assert_eq!(group(2, &[(1, 10), (3, 5000)]), None, "3 is no better");
        assert_eq!(group(1, &[(2, 5000), (3, 5000)]), None);
        let all = view(&[1, 2, 3], &[], &[(2, 5000), (3, 5000)]);
        let unfit = Leader { is_unfit: true, ..led(1) };
        assert_eq!(next(&three, &all, unfit), Some(Step::HandOver(vec![2, 3])));
        let meta = Leader { group: META, ..led(3) };
        assert_eq!(next(&three, &all, meta), None, "nobody is better");
        assert_eq!(next(&three, &all, Leader { is_unfit: true, ..meta }), Some(Step::HandOver(vec![2])));
    }

    #[test]
    fn leaders_are_spread_and_so_are_those_of_a_node_that_dies() {
        for nodes in 1..=5_u64 {
            let members: Vec<u64> = (1..=nodes).collect();
            let orders: Vec<Vec<u64>> = (1..=60).map(|group| preferred(&members, group)).collect();
            let counted = |place: usize, of: u64| {
                let heirs = orders.iter().filter(move |order| place == 0 || order[0] == of);
                counted(heirs.map(|order| order[place]))
            };
            assert!(counted(0, 0).values().all(|count| *count == 60 / nodes as usize));
            if nodes > 1 {
                let second = counted(1, 1);
                assert!(second.len() == nodes as usize - 1 && apart(&second) <= 1, "{second:?}");
            }
        }
    }

    fn counted(nodes: impl Iterator<Item = u64>) -> BTreeMap<u64, usize> {
        let mut counts = BTreeMap::new();
        nodes.for_each(|node| *counts.entry(node).or_default() += 1);
        counts
    }

    fn apart(counts: &BTreeMap<u64, usize>) -> usize {
        counts.values().max().unwrap() - counts.values().min().unwrap()
    }

    #[test]
    fn replicas_and_leaders_are_spread_over_many_nodes_and_few_move_when_one_comes() {
        for groups in [16, 48, 256_u32] {
            let mut before: Option<Vec<Vec<u64>>> = None;
            for nodes in 4..=9_u64 {
                let all = spread(&(1..=nodes).collect::<Vec<_>>(), groups);
                assert_eq!(all.len(), groups as usize);
                let three = |voters: &Vec<u64>| voters.iter().collect::<BTreeSet<_>>().len() == REPLICAS;
                assert!(all.iter().all(three));
                let (held, led) = (counted(all.iter().flatten().copied()), counted(all.iter().map(|v| v[0])));
                assert!(held.len() == nodes as usize && apart(&held) <= 1, "{groups} on {nodes}: {held:?}");
                assert!(led.len() == nodes as usize && apart(&led) <= 2, "{groups} on {nodes}: {led:?}");
                if let Some(before) = &before {
                    let came = |(old, new): (&Vec<u64>, &Vec<u64>)| {
                        new.iter().filter(|node| !old.contains(node)).count()
                    };
                    let moved: usize = before.iter().zip(&all).map(came).sum();
                    // The newcomer's own, and as many again at most.
                    assert!(moved <= 2 * held[&nodes], "{groups} on {nodes}: {moved} of {}", 3 * groups);
                }
                before = Some(all);
            }
        }
    }
}
