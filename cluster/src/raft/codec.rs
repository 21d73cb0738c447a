//! Stored bytes of entries, votes, log ids and memberships. All numbers little endian; the first byte is the
//! version of the format, 1.
//!
//! ```text
//! entry      = 1 | kind u8 | term u64 | (kind 0: nothing; 1: membership; 2: log.v1.Command; 3: log.v1.MetaCommand)
//! vote       = 1 | committed u8 | term u64 | node u64
//! log id     = 1 | term u64 | index u64
//! membership = 1 | configs u16, each: voters u16, node ids u64 | nodes u16, each: id u64, address length u16, address
//! stored membership = 1 | log id, or 17 zeros | membership
//! ```

use super::record::{BLANK, COMMAND, ENTRY_HEADER, MEMBERSHIP, META, VERSION, bad, header, version};
use super::{Entry, LogId, Membership, Proposal, StoredMembership, Vote};
use bytes::{Buf, BufMut, Bytes};
use openraft::{BasicNode, EntryPayload, vote::RaftVote};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The record of an entry.
pub(super) fn encode_entry(entry: &mut Entry) -> Bytes {
    let term = entry.log_id.leader_id.term;
    match &mut entry.payload {
        EntryPayload::Blank => header(BLANK, term, 0).into(),
        EntryPayload::Membership(membership) => {
            let mut out = header(MEMBERSHIP, term, 64);
            put_membership(&mut out, membership);
            out.into()
        }
        EntryPayload::Normal(proposal) => proposal.record_in(term),
    }
}

/// The entry of a record; a command in it stays bytes.
pub(super) fn decode_entry(index: u64, record: Bytes) -> io::Result<Entry> {
    let mut bytes = record.clone();
    let kind = version(&mut bytes, ENTRY_HEADER)?.get_u8();
    let term = bytes.get_u64_le();
    let payload = match kind {
        BLANK => EntryPayload::Blank,
        MEMBERSHIP => EntryPayload::Membership(get_membership(&mut bytes)?),
        COMMAND | META => EntryPayload::Normal(Proposal::stored(record)),
        _ => return Err(bad("a log entry of an unknown kind")),
    };
    Ok(Entry { log_id: LogId::new_term_index(term, index), payload })
}

/// The log id of an entry, without decoding the rest.
pub(super) fn entry_log_id(index: u64, mut bytes: Bytes) -> io::Result<LogId> {
    version(&mut bytes, ENTRY_HEADER)?.get_u8();
    Ok(LogId::new_term_index(bytes.get_u64_le(), index))
}

pub(super) fn encode_vote(vote: &Vote) -> Bytes {
    let mut out = Vec::with_capacity(18);
    out.extend_from_slice(&[VERSION, u8::from(vote.committed)]);
    out.put_u64_le(vote.leader_id.term);
    out.put_u64_le(vote.leader_id.voted_for);
    Bytes::from(out)
}

pub(super) fn decode_vote(mut bytes: Bytes) -> io::Result<Vote> {
    let committed = version(&mut bytes, 18)?.get_u8() != 0;
    let (term, node) = (bytes.get_u64_le(), bytes.get_u64_le());
    let leader = openraft::impls::leader_id_std::LeaderId { term, voted_for: node };
    Ok(Vote::from_leader_id(leader, committed))
}

pub(super) fn encode_log_id(id: &LogId) -> Bytes {
    let mut out = Vec::with_capacity(17);
    out.put_u8(VERSION);
    out.put_u64_le(id.leader_id.term);
    out.put_u64_le(id.index);
    Bytes::from(out)
}

pub(super) fn decode_log_id(mut bytes: Bytes) -> io::Result<LogId> {
    let bytes = version(&mut bytes, 17)?;
    Ok(LogId::new_term_index(bytes.get_u64_le(), bytes.get_u64_le()))
}

pub(super) fn encode_stored(membership: &StoredMembership) -> Bytes {
    let mut out = vec![VERSION];
    match membership.log_id() {
        Some(id) => out.extend_from_slice(&encode_log_id(id)),
        None => out.extend_from_slice(&[0; 17]),
    }
    put_membership(&mut out, membership.membership());
    Bytes::from(out)
}

/// Empty bytes are the membership before the first.
pub(super) fn decode_stored(mut bytes: Bytes) -> io::Result<StoredMembership> {
    if bytes.is_empty() {
        return Ok(StoredMembership::default());
    }
    version(&mut bytes, 18)?;
    let id = bytes.split_to(17);
    let id = if id[0] == 0 { None } else { Some(decode_log_id(id)?) };
    Ok(StoredMembership::new(id, get_membership(&mut bytes)?))
}

fn put_membership(out: &mut Vec<u8>, membership: &Membership) {
    out.put_u8(VERSION);
    out.put_u16_le(membership.get_joint_config().len() as u16);
    for voters in membership.get_joint_config() {
        out.put_u16_le(voters.len() as u16);
        voters.iter().for_each(|id| out.put_u64_le(*id));
    }
    out.put_u16_le(membership.nodes().count() as u16);
    for (id, node) in membership.nodes() {
        out.put_u64_le(*id);
        out.put_u16_le(node.addr.len() as u16);
        out.extend_from_slice(node.addr.as_bytes());
    }
}

fn get_membership(bytes: &mut Bytes) -> io::Result<Membership> {
    version(bytes, 1)?;
    let mut configs = Vec::new();
    for _ in 0..bytes.try_get_u16_le().map_err(bad)? {
        let mut voters = BTreeSet::new();
        for _ in 0..bytes.try_get_u16_le().map_err(bad)? {
            voters.insert(bytes.try_get_u64_le().map_err(bad)?);
        }
        configs.push(voters);
    }
    let mut nodes = BTreeMap::new();
    for _ in 0..bytes.try_get_u16_le().map_err(bad)? {
        let id = bytes.try_get_u64_le().map_err(bad)?;
        let len = usize::from(bytes.try_get_u16_le().map_err(bad)?);
        if bytes.len() < len {
            return Err(bad("a short membership"));
        }
        let addr = std::str::from_utf8(&bytes.split_to(len)).map_err(bad)?.to_owned();
        nodes.insert(id, BasicNode { addr });
    }
    Membership::new(configs, nodes).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::super::proposal::Command;
    use super::super::record::{encode_command, set_term};
    use super::*;
    use prost::Message;
    use proto::log::v1 as wire;

    fn membership() -> Membership {
        let nodes: BTreeMap<u64, BasicNode> =
            (1..=3).map(|id| (id, BasicNode { addr: format!("node-{id}:50052") })).collect();
        Membership::new(vec![[1, 2].into(), [2, 3].into()], nodes).unwrap()
    }

    fn finish() -> wire::Command {
        let kind = wire::command::Kind::Finish(wire::Finish {
            transaction: Bytes::from_static(b"t"),
            commit: true,
            quiet: false,
        });
        wire::Command { time_ms: 7, tenant: 1, kind: Some(kind) }
    }

    #[test]
    fn entries_round_trip() {
        let payloads = [
            EntryPayload::Blank,
            EntryPayload::Membership(membership()),
            EntryPayload::Normal(Proposal::partition(finish())),
            EntryPayload::Normal(Proposal::meta(Default::default())),
        ];
        for payload in payloads {
            let mut entry = Entry { log_id: LogId::new_term_index(3, 9), payload };
            let bytes = encode_entry(&mut entry);
            let mut again = decode_entry(9, bytes.clone()).unwrap();
            assert_eq!(again.log_id, entry.log_id);
            assert_eq!(entry_log_id(9, bytes.clone()).unwrap(), entry.log_id);
            assert_eq!(encode_entry(&mut again), bytes);
            for len in 0..bytes.len().min(ENTRY_HEADER) {
                assert!(decode_entry(9, bytes.slice(..len)).is_err());
            }
        }
    }

    #[test]
    fn a_command_is_the_same_before_and_after_the_log() {
        let mut proposal = Proposal::partition(finish());
        let record = proposal.record_in(3);
        let mut expected = vec![VERSION, COMMAND, 3, 0, 0, 0, 0, 0, 0, 0];
        finish().encode_raw(&mut expected);
        assert_eq!(record, expected, "as every version wrote it");
        for proposal in [proposal, Proposal::stored(record)] {
            let Command::Partition(command) = proposal.into_command().unwrap() else { panic!() };
            assert_eq!(*command, finish());
        }
        assert!(Proposal::stored(Bytes::from(header(BLANK, 3, 0))).into_command().is_err());
    }

    #[test]
    fn a_term_is_set_in_place_and_not_in_what_others_have() {
        let mut record = encode_command(COMMAND, &finish());
        let place = record.as_ptr();
        set_term(&mut record, 5);
        assert_eq!((record.as_ptr(), entry_log_id(1, record.clone()).unwrap().leader_id.term), (place, 5));
        let shared = record.clone();
        set_term(&mut record, 5);
        assert_eq!(record.as_ptr(), place, "it has it already");
        set_term(&mut record, 6);
        assert_eq!(entry_log_id(1, shared).unwrap().leader_id.term, 5);
        assert_eq!(entry_log_id(1, record).unwrap().leader_id.term, 6);
    }

    #[test]
    fn votes_ids_and_memberships_round_trip() {
        let leader = openraft::impls::leader_id_std::LeaderId { term: 5, voted_for: 2 };
        let vote = Vote::from_leader_id(leader, true);
        assert_eq!(decode_vote(encode_vote(&vote)).unwrap(), vote);
        let id = LogId::new_term_index(4, 0);
        assert_eq!(decode_log_id(encode_log_id(&id)).unwrap(), id);
        for id in [None, Some(id)] {
            let stored = StoredMembership::new(id, membership());
            assert_eq!(decode_stored(encode_stored(&stored)).unwrap(), stored);
        }
        assert_eq!(decode_stored(Bytes::new()).unwrap(), StoredMembership::default());
        assert!(
            decode_stored(encode_stored(&StoredMembership::new(None, membership())).slice(..40)).is_err()
        );
    }
}
