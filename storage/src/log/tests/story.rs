//! What a log is told in tests, and what it must remember of it.

use super::super::{LogStore, Wal};
use super::conformance::{append, body, entries};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::mpsc;

/// One operation.
#[derive(Clone, Debug)]
pub enum Step {
    Append(u32, Range<u64>, u64),
    Vote(u32, u64),
    Truncate(u32, u64),
    Purge(u32, u64),
    Forget(u32, u64),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Index → term.
    entries: BTreeMap<u64, u64>,
    purged: Option<u64>,
    vote: Option<u64>,
}

/// What is known of each group after some steps.
pub type Known = BTreeMap<u32, Group>;

/// How far a log came with a story.
#[derive(Debug)]
pub struct Told {
    /// Steps that were acknowledged.
    pub sure: usize,
    /// Steps that were begun.
    pub tried: usize,
}

/// Four groups over several segments of 4 KiB, with replaced and truncated entries, some of them purged so that
/// segments are freed and used again. The last one is forgotten now and then, and begins with the first indexes again.
pub fn story() -> Vec<Step> {
    let mut steps = vec![Step::Vote(1, 1), Step::Append(2, 0..3, 1), Step::Vote(2, 1)];
    for round in 0..24 {
        let first = round * 4;
        steps.push(Step::Append(1, first..first + 5, round));
        if round % 5 == 0 {
            steps.push(Step::Vote(1, round + 2));
            steps.push(Step::Append(3, round..round + 5, 7));
        }
        if round % 7 == 3 {
            steps.push(Step::Truncate(1, first + 3));
        }
        if round % 8 == 0 && round > 0 {
            steps.push(Step::Forget(4, round));
        }
        let again = round % 8 * 2;
        steps.push(Step::Append(4, again..again + 3, round));
        if round == 6 || round == 13 {
            steps.push(Step::Purge(4, again));
        }
        if round % 6 == 5 {
            steps.push(Step::Purge(1, first - 8));
            steps.push(Step::Purge(3, round - 5));
            steps.push(Step::Purge(2, round / 6 + 1));
            steps.push(Step::Append(2, round / 6 + 2..round / 6 + 4, 2));
            steps.push(Step::Purge(2, round / 6 + 2));
        }
    }
    // A purge is known to be durable by what follows it.
    steps.push(Step::Vote(1, 99));
    steps
}

/// Tells the story, one step after the other, until one fails.
pub fn tell(wal: &Wal, steps: &[Step]) -> Told {
    let mut told = Told { sure: 0, tried: 0 };
    for (at, step) in steps.iter().enumerate() {
        told.tried = at + 1;
        let done = match step {
            Step::Append(group, range, term) => append(wal, *group, entries(range.clone(), *term)),
            Step::Vote(group, vote) => {
                wait(|done| wal.save_vote(*group, Bytes::copy_from_slice(&vote.to_le_bytes()), done))
            }
            Step::Truncate(group, index) => wait(|done| wal.truncate_after(*group, Some(*index), done)),
            Step::Purge(group, index) => {
                // Acknowledged by nobody: durable with what comes after it.
                wal.purge_upto(*group, *index, Bytes::from_static(b"id"));
                continue;
            }
            Step::Forget(group, vote) => {
                wait(|done| wal.forget(*group, Bytes::copy_from_slice(&vote.to_le_bytes()), done))
            }
        };
        match done {
            Ok(()) => told.sure = at + 1,
            Err(_) => return told,
        }
    }
    told
}

fn wait(start: impl FnOnce(super::super::Done)) -> io::Result<()> {
    let (done, answer) = mpsc::channel();
    start(Box::new(move |result| drop(done.send(result))));
    answer.recv().unwrap()
}

/// What must be known after each number of steps, from none on.
pub fn known_after_each(steps: &[Step]) -> Vec<Known> {
    let mut all = vec![Known::new()];
    for step in steps {
        let mut known = all.last().unwrap().clone();
        match step {
            Step::Append(group, range, term) => {
                let group = known.entry(*group).or_default();
                group.entries.split_off(&range.start);
                group.entries.extend(range.clone().map(|index| (index, *term)));
            }
            Step::Vote(group, vote) => known.entry(*group).or_default().vote = Some(*vote),
            Step::Truncate(group, index) => {
                known.entry(*group).or_default().entries.split_off(&(index + 1));
            }
            Step::Purge(group, index) => {
                let group = known.entry(*group).or_default();
                group.entries = group.entries.split_off(&(index + 1));
                group.purged = Some(*index);
            }
            Step::Forget(group, vote) => {
                known.insert(*group, Group { vote: Some(*vote), ..Group::default() });
            }
        }
        all.push(known);
    }
    all
}

/// Whether `log` has exactly what is `known`; purged entries may still be there, a purge not yet.
pub fn has(log: &dyn LogStore, known: &Known) -> bool {
    (1..=4).all(|id| {
        let nothing = Group::default();
        let group = known.get(&id).unwrap_or(&nothing);
        let state = log.state(id);
        let vote = group.vote.map(|vote| Bytes::copy_from_slice(&vote.to_le_bytes()));
        let start = group.purged.map_or(0, |purged| purged + 1);
        let expected: Vec<_> =
            group.entries.iter().map(|(index, term)| (*index, body(*index, *term))).collect();
        state.vote == vote && log.read(id, start..10_000).is_ok_and(|found| found == expected)
    })
}
