//! Stored bytes of entries, votes, log ids and memberships. All numbers little endian; the first byte is the
//! version of the format, 1.
//!
//! ```text
//! entry      = 1 | kind u8 | term u64 | (kind 0: nothing; 1: membership; 2: log.v1.Command; 3: MetaCommand)
//! vote       = 1 | committed u8 | term u64 | node u64
//! log id     = 1 | term u64 | index u64
//! membership = 1 | configs u16, each: voters u16, node ids u64 | nodes u16, each: id u64, address length u16, address
//! stored membership = 1 | log id, or 17 zeros | membership
//! ```

use super::{Entry, LogId, Membership, Proposal, StoredMembership, Vote};
use bytes::{Buf, BufMut, Bytes};
use openraft::{BasicNode, EntryPayload, vote::RaftVote};
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

const VERSION: u8 = 1;
const BLANK: u8 = 0;
const MEMBERSHIP: u8 = 1;
const COMMAND: u8 = 2;
const META: u8 = 3;
const ENTRY_HEADER: usize = 10;

pub(super) fn encode_entry(entry: &Entry) -> Bytes {
    let (kind, len) = match &entry.payload {
        EntryPayload::Blank => (BLANK, 0),
        EntryPayload::Membership(_) => (MEMBERSHIP, 64),
        EntryPayload::Normal(Proposal::Partition(command)) => (COMMAND, command.encoded_len()),
        EntryPayload::Normal(Proposal::Meta(command)) => (META, command.encoded_len()),
    };
    let mut out = Vec::with_capacity(ENTRY_HEADER + len);
    out.extend_from_slice(&[VERSION, kind]);
    out.put_u64_le(entry.log_id.leader_id.term);
    match &entry.payload {
        EntryPayload::Blank => {}
        EntryPayload::Membership(membership) => put_membership(&mut out, membership),
        EntryPayload::Normal(Proposal::Partition(command)) => command.encode_raw(&mut out),
        EntryPayload::Normal(Proposal::Meta(command)) => command.encode_raw(&mut out),
    }
    Bytes::from(out)
}

/// Bodies in the result are slices of `bytes`.
pub(super) fn decode_entry(index: u64, mut bytes: Bytes) -> io::Result<Entry> {
    let kind = version(&mut bytes, ENTRY_HEADER)?.get_u8();
    let term = bytes.get_u64_le();
    let payload = match kind {
        BLANK => EntryPayload::Blank,
        MEMBERSHIP => EntryPayload::Membership(get_membership(&mut bytes)?),
        COMMAND => EntryPayload::Normal(Proposal::Partition(Box::new(Message::decode(bytes).map_err(bad)?))),
        META => EntryPayload::Normal(Proposal::Meta(Box::new(Message::decode(bytes).map_err(bad)?))),
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

/// Checks length and version, and steps over the latter.
fn version(bytes: &mut Bytes, len_min: usize) -> io::Result<&mut Bytes> {
    if bytes.len() < len_min || bytes[0] != VERSION {
        return Err(bad("a log record of an unknown version"));
    }
    bytes.advance(1);
    Ok(bytes)
}

fn bad(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::log::v1 as wire;

    fn membership() -> Membership {
        let nodes: BTreeMap<u64, BasicNode> =
            (1..=3).map(|id| (id, BasicNode { addr: format!("node-{id}:50052") })).collect();
        Membership::new(vec![[1, 2].into(), [2, 3].into()], nodes).unwrap()
    }

    #[test]
    fn entries_round_trip() {
        let kind =
            wire::command::Kind::Finish(wire::Finish { transaction: Bytes::from_static(b"t"), commit: true });
        let command = wire::Command { time_ms: 7, tenant: 1, kind: Some(kind) };
        let payloads = [
            EntryPayload::Blank,
            EntryPayload::Membership(membership()),
            EntryPayload::Normal(Proposal::Partition(Box::new(command))),
            EntryPayload::Normal(Proposal::Meta(Box::default())),
        ];
        for payload in payloads {
            let entry = Entry { log_id: LogId::new_term_index(3, 9), payload };
            let bytes = encode_entry(&entry);
            let again = decode_entry(9, bytes.clone()).unwrap();
            assert_eq!(again.log_id, entry.log_id);
            assert_eq!(entry_log_id(9, bytes.clone()).unwrap(), entry.log_id);
            assert_eq!(encode_entry(&again), bytes);
            for len in 0..bytes.len().min(ENTRY_HEADER) {
                assert!(decode_entry(9, bytes.slice(..len)).is_err());
            }
        }
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
