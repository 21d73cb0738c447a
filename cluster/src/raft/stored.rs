//! What the log keeps, out of it and in the storage crate's terms; and what a group has that begins behind entries which it never had.

use super::codec;
use super::proposal::Command;
use super::record::bad;
use super::{Entry, LogId, Membership, StoredMembership, Vote};
use bytes::Bytes;
use openraft::{BasicNode, EntryPayload, vote::RaftVote};
use std::collections::BTreeMap;
use std::io;

/// The same entry, as the storage crate has it, which counts from 1.
pub(super) fn stored(entry: Entry) -> io::Result<storage::Entry> {
    let log_id = entry.log_id;
    let payload = match entry.payload {
        EntryPayload::Blank => storage::EntryPayload::Blank,
        EntryPayload::Membership(membership) => storage::EntryPayload::Membership(codec::encode_stored(
            &StoredMembership::new(Some(log_id), membership),
        )),
        EntryPayload::Normal(proposal) => match proposal.into_command()? {
            Command::Partition(command) => storage::EntryPayload::Command(*command),
            Command::Meta(_) => return Err(bad("a meta command in a partition's log")),
        },
    };
    Ok(storage::Entry { index: log_id.index + 1, term: log_id.leader_id.term, payload })
}

/// The entry of a partition's record. `index` counts from 1.
///
/// # Errors
/// Bytes that are no record of this version, or none of a partition.
pub fn entry(index: u64, record: Bytes) -> io::Result<storage::Entry> {
    let index = index.checked_sub(1).ok_or_else(|| bad("no entry has the index 0"))?;
    stored(codec::decode_entry(index, record)?)
}

/// The place of a record as the log's purge point has it. `index` counts from 0, as the log does.
pub(crate) fn place(index: u64, record: Bytes) -> io::Result<Bytes> {
    Ok(codec::encode_log_id(&codec::entry_log_id(index, record)?))
}

/// Of a group whose log begins behind an entry, and whose only voter is a node. The bytes are as log and tables have them.
pub(crate) struct Beginning {
    /// The last entry, which is the membership: from 0, as the log counts.
    pub index: u64,
    /// Of it.
    pub purged: Bytes,
    /// Of its term, given to nobody.
    pub vote: Bytes,
    /// With its place.
    pub membership: Bytes,
}

impl Beginning {
    /// `index` counts from 0.
    pub(crate) fn at(index: u64, term: u64, node_id: u64, address: &str) -> io::Result<Beginning> {
        let node = BasicNode { addr: address.to_owned() };
        let nodes = BTreeMap::from([(node_id, node)]);
        let membership = Membership::new(vec![[node_id].into()], nodes).map_err(bad)?;
        let place = LogId::new_term_index(term, index);
        let leader = openraft::impls::leader_id_std::LeaderId { term, voted_for: node_id };
        Ok(Beginning {
            index,
            purged: codec::encode_log_id(&place),
            vote: codec::encode_vote(&Vote::from_leader_id(leader, false), None),
            membership: codec::encode_stored(&StoredMembership::new(Some(place), membership)),
        })
    }
}

/// The record of a partition's command.
#[cfg(test)]
pub(crate) fn record_of(term: u64, command: proto::log::v1::Command) -> Bytes {
    super::Proposal::partition(command).record_in(term)
}

#[cfg(test)]
mod tests {
    use super::super::Proposal;
    use super::*;
    use proto::log::v1 as wire;

    #[test]
    fn a_record_is_the_entry_that_apply_gets() {
        let finish = wire::Finish { transaction: Bytes::from_static(b"t"), commit: true, quiet: false };
        let command =
            wire::Command { time_ms: 7, tenant: 1, kind: Some(wire::command::Kind::Finish(finish)) };
        let mut logged = Entry {
            log_id: LogId::new_term_index(3, 9),
            payload: EntryPayload::Normal(Proposal::partition(command.clone())),
        };
        let record = codec::encode_entry(&mut logged);
        let read = entry(10, record.clone()).unwrap();
        assert_eq!((read.index, read.term), (10, 3));
        let storage::EntryPayload::Command(read) = read.payload else { panic!("a command") };
        assert_eq!(read, command);
        assert_eq!(place(9, record.clone()).unwrap(), codec::encode_log_id(&logged.log_id));
        assert!(entry(0, record.clone()).is_err() && entry(10, record.slice(..5)).is_err());
        let mut meta = Entry {
            log_id: LogId::new_term_index(3, 9),
            payload: EntryPayload::Normal(Proposal::meta(Default::default())),
        };
        assert!(entry(10, codec::encode_entry(&mut meta)).is_err());
    }

    #[test]
    fn a_beginning_is_read_as_what_it_is() {
        let begin = Beginning::at(8, 3, 1, "here").unwrap();
        let membership = codec::decode_stored(begin.membership).unwrap();
        assert_eq!(*membership.log_id(), Some(LogId::new_term_index(3, 8)));
        assert_eq!(membership.membership().voter_ids().collect::<Vec<_>>(), [1]);
        assert_eq!(codec::decode_log_id(begin.purged).unwrap(), LogId::new_term_index(3, 8));
        let vote = codec::decode_vote(begin.vote).unwrap();
        assert_eq!((vote.leader_id.term, vote.committed), (3, false));
    }
}
