//! The cut: for each partition the last entry that a backup has. Any transaction is on one side of it as a whole, since each entry that
//! is in has with it what had to be logged before it, wherever that was:
//!
//! | entry | has with it |
//! |---|---|
//! | Decide | each Prepare of its transaction |
//! | Finish | the Decide |
//! | Forget | each Finish of its transactions |
//!
//! So a transaction whose decision is in can be finished by any participant, as after a crash; one that is only prepared is aborted,
//! and nothing of it was shown. Clocks have no say in it.
//!
//! Of what is in the rows that a backup began with, and not in its entries, the same holds because of the order in which a backup
//! reads: rows of all partitions first, then how far each log is (which is the least the cut may be), then the logs.

use bytes::Bytes;
use proto::PartitionId;
use proto::log::v1::command::Kind;
use std::collections::BTreeMap;
use storage::{Entry, EntryPayload};

/// The time of the leader that decided an entry, milliseconds since the epoch; `None` of entries that nobody decided.
pub fn time_of(entry: &Entry) -> Option<u64> {
    match &entry.payload {
        EntryPayload::Command(command) => Some(command.time_ms),
        _ => None,
    }
}

/// Where the cut of one partition is as times have it: all entries before the first one that is later than a moment, and those up to a
/// least place whatever their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    least: u64,
    until_ms: u64,
    index: u64,
    ended: bool,
}

impl Base {
    /// Of a moment, milliseconds since the epoch.
    pub fn new(least: u64, until_ms: u64) -> Self {
        Base { least, until_ms, index: least, ended: false }
    }

    /// The next entry. Those up to the least place may be left out.
    pub fn see(&mut self, entry: &Entry) {
        if entry.index <= self.least {
            return;
        }
        self.ended |= time_of(entry).is_some_and(|time_ms| time_ms > self.until_ms);
        if !self.ended {
            self.index = entry.index;
        }
    }

    /// The last entry.
    pub fn index(&self) -> u64 {
        self.index
    }
}

type Name = (u32, Bytes);

/// What the logs of all partitions say of transactions.
#[derive(Debug, Default)]
pub struct Story {
    transactions: BTreeMap<Name, Steps>,
    /// Of each partition, in the order of its log.
    needs: BTreeMap<PartitionId, Vec<(u64, Need)>>,
}

/// The first entry of each step.
#[derive(Debug, Default)]
struct Steps {
    prepared: BTreeMap<PartitionId, u64>,
    decided: Option<(PartitionId, u64)>,
    finished: BTreeMap<PartitionId, u64>,
}

/// What an entry has with it.
#[derive(Debug)]
enum Need {
    Prepared(Name),
    Decided(Name),
    Finished(Vec<Name>),
}

impl Story {
    /// Takes in the next entry of a partition's log. One that was told before is as good as none.
    pub fn tell(&mut self, partition: PartitionId, entry: &Entry) {
        let EntryPayload::Command(command) = &entry.payload else { return };
        let name = |transaction: &Bytes| (command.tenant, transaction.clone());
        let need = match &command.kind {
            Some(Kind::Prepare(prepare)) => {
                let steps = self.transactions.entry(name(&prepare.transaction)).or_default();
                steps.prepared.entry(partition).or_insert(entry.index);
                return;
            }
            Some(Kind::Decide(decide)) => {
                let steps = self.transactions.entry(name(&decide.transaction)).or_default();
                steps.decided.get_or_insert((partition, entry.index));
                Need::Prepared(name(&decide.transaction))
            }
            Some(Kind::Finish(finish)) => {
                let steps = self.transactions.entry(name(&finish.transaction)).or_default();
                steps.finished.entry(partition).or_insert(entry.index);
                Need::Decided(name(&finish.transaction))
            }
            Some(Kind::Forget(forget)) => Need::Finished(forget.transactions.iter().map(name).collect()),
            _ => return,
        };
        let needs = self.needs.entry(partition).or_default();
        if needs.last().is_none_or(|(last, _)| *last < entry.index) {
            needs.push((entry.index, need));
        }
    }

    /// Moves the cut on, as little as can be, until it has with each entry what that needs.
    pub fn complete(&self, cut: &mut BTreeMap<PartitionId, u64>) {
        let mut done: BTreeMap<PartitionId, usize> = BTreeMap::new();
        loop {
            let mut moved = false;
            for (partition, needs) in &self.needs {
                let upto = cut.get(partition).copied().unwrap_or_default();
                let from = done.entry(*partition).or_default();
                while let Some((_, need)) = needs.get(*from).filter(|(index, _)| *index <= upto) {
                    *from += 1;
                    self.each_place(need, &mut |partition, index| {
                        let end = cut.entry(partition).or_default();
                        moved |= *end < index;
                        *end = index.max(*end);
                    });
                }
            }
            if !moved {
                return;
            }
        }
    }

    fn each_place(&self, need: &Need, see: &mut dyn FnMut(PartitionId, u64)) {
        let steps = |name| self.transactions.get(name);
        let all = |places: &BTreeMap<PartitionId, u64>, see: &mut dyn FnMut(PartitionId, u64)| {
            places.iter().for_each(|(partition, index)| see(*partition, *index));
        };
        match need {
            Need::Prepared(name) => steps(name).into_iter().for_each(|steps| all(&steps.prepared, see)),
            Need::Decided(name) => {
                steps(name)
                    .and_then(|steps| steps.decided)
                    .into_iter()
                    .for_each(|(at, index)| see(at, index));
            }
            Need::Finished(names) => {
                names.iter().filter_map(steps).for_each(|steps| all(&steps.finished, see));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::log::v1 as log;

    const TENANT: u32 = 1;

    fn entry(index: u64, time_ms: u64, kind: Option<Kind>) -> Entry {
        let payload = match kind {
            Some(_) => EntryPayload::Command(log::Command { time_ms, tenant: TENANT, kind }),
            None => EntryPayload::Blank,
        };
        Entry { index, term: 1, payload }
    }

    fn write() -> Option<Kind> {
        Some(Kind::Write(log::Write::default()))
    }

    fn name(transaction: &'static str) -> Bytes {
        Bytes::from_static(transaction.as_bytes())
    }

    fn prepare(transaction: &'static str) -> Option<Kind> {
        Some(Kind::Prepare(log::Prepare { transaction: name(transaction), ..Default::default() }))
    }

    fn decide(transaction: &'static str) -> Option<Kind> {
        Some(Kind::Decide(log::Decide { transaction: name(transaction), commit: true, ..Default::default() }))
    }

    fn finish(transaction: &'static str) -> Option<Kind> {
        Some(Kind::Finish(log::Finish { transaction: name(transaction), commit: true, quiet: false }))
    }

    fn forget(transaction: &'static str) -> Option<Kind> {
        Some(Kind::Forget(log::Forget { transactions: vec![name(transaction)] }))
    }

    /// The logs of partitions 1, 2, …, each from entry 1 on.
    fn story(logs: &[&[Option<Kind>]]) -> Story {
        let mut story = Story::default();
        for (at, kinds) in logs.iter().enumerate() {
            for (index, kind) in kinds.iter().enumerate() {
                story.tell(PartitionId(at as u16 + 1), &entry(index as u64 + 1, 0, kind.clone()));
            }
        }
        story
    }

    fn completed<const N: usize>(story: &Story, cut: [u64; N]) -> [u64; N] {
        let partitions = (1..=N as u16).map(PartitionId);
        let mut cut: BTreeMap<PartitionId, u64> = partitions.zip(cut).collect();
        story.complete(&mut cut);
        let ends: Vec<u64> = cut.values().copied().collect();
        ends.try_into().unwrap()
    }

    /// Partition 1 coordinates.
    fn transaction() -> Story {
        story(&[
            &[write(), decide("t"), write(), forget("t")],
            &[write(), prepare("t"), write(), finish("t")],
            &[prepare("t"), write(), write(), write(), finish("t"), write()],
        ])
    }

    #[test]
    fn an_entry_has_with_it_what_was_logged_before_it() {
        let story = transaction();
        assert_eq!(completed(&story, [0, 0, 0]), [0, 0, 0]);
        assert_eq!(completed(&story, [1, 3, 4]), [1, 3, 4], "prepared and not decided: nothing shows");
        assert_eq!(completed(&story, [2, 0, 0]), [2, 2, 1]);
        assert_eq!(completed(&story, [0, 4, 0]), [2, 4, 1], "a Finish, whose decision needs the others");
        assert_eq!(completed(&story, [4, 0, 0]), [4, 4, 5]);
        assert_eq!(completed(&story, [0, 0, 6]), [2, 2, 6]);
    }

    #[test]
    fn what_one_needs_may_need_others() {
        // Before the Prepare of u is the Finish of t.
        let story = story(&[&[decide("t")], &[prepare("t"), finish("t"), prepare("u")], &[decide("u")]]);
        assert_eq!(completed(&story, [0, 0, 1]), [1, 3, 1]);
        assert_eq!(completed(&story, [0, 1, 0]), [0, 1, 0]);
    }

    #[test]
    fn the_first_step_counts_and_names_are_of_their_tenant() {
        let mut story = story(&[&[prepare("t"), prepare("t")], &[decide("t")]]);
        story.tell(PartitionId(1), &entry(1, 0, prepare("t")));
        assert_eq!(completed(&story, [0, 1]), [1, 1]);
        let mut other = entry(2, 0, decide("t"));
        let EntryPayload::Command(command) = &mut other.payload else { panic!() };
        command.tenant = TENANT + 1;
        story.tell(PartitionId(2), &other);
        assert_eq!(completed(&story, [0, 2]), [1, 2]);
    }

    #[test]
    fn a_moment_ends_at_the_first_entry_that_is_later() {
        let mut base = Base::new(2, 100);
        for (index, time_ms) in [(1, 500), (2, 90), (3, 100), (4, 80)] {
            base.see(&entry(index, time_ms, write()));
        }
        base.see(&entry(5, 0, None));
        assert_eq!(base.index(), 5);
        base.see(&entry(6, 101, write()));
        base.see(&entry(7, 99, write()));
        assert_eq!(base.index(), 5);
    }
}
