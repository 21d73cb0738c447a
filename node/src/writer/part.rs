//! What a plan writes, by partition.

use proto::{PartitionId, log::v1 as log};
use std::collections::BTreeMap;

/// What one partition has to write, and the reservations there that the whole plan rests on.
#[derive(Debug, Default)]
pub struct Part {
    pub mutations: Vec<log::Mutation>,
    pub releases: Vec<log::Release>,
}

/// What each partition has to write.
pub type Parts = BTreeMap<PartitionId, Part>;

/// A reservation that a plan rests on: it is written only while its holder has it, and gives it back.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Where it is logged.
    pub partition: PartitionId,
    pub release: log::Release,
}

impl Part {
    /// Whether it writes no resource, so that no search and no history shows it.
    pub fn is_quiet(&self) -> bool {
        let locates =
            |mutation: &log::Mutation| matches!(mutation.kind, Some(log::mutation::Kind::Locate(_)));
        self.mutations.iter().all(locates)
    }

    /// Adds a mutation.
    pub fn push(&mut self, mutation: log::Mutation) {
        self.mutations.push(mutation);
    }

    /// Adds all that are in `mutations`.
    pub fn append(&mut self, mutations: &mut Vec<log::Mutation>) {
        self.mutations.append(mutations);
    }
}

/// Adds what the plan rests on.
pub fn rest_on(parts: &mut Parts, holds: Vec<Hold>) {
    for Hold { partition, release } in holds {
        parts.entry(partition).or_default().releases.push(release);
    }
}
