//! Stored bytes of entries, votes, log ids and memberships. All numbers little endian; the first byte is the
//! version of the format, 1.
//!
//! ```text
//! entry      = 1 | kind u8 | term u64 | (kind 0: nothing; 1: membership; 2: log.v1.Command; 3: log.v1.MetaCommand)
//! vote       = 1 | committed u8 | term u64 | node u64
//!            | 2 | the same, after a replica was forgotten | is being cleared u8 | its last entry: term u64, index u64
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

/// What is kept, in each vote, of a replica that was here before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Forgotten {
    /// Its last entry.
    pub last: LogId,
    /// Its tables may still be there.
    pub clearing: bool,
}

/// Programs of before would vote as if nothing had been forgotten: they are to refuse it.
const FORGOTTEN: u8 = 2;
const VOTE_BYTES: usize = 18;

pub(super) fn encode_vote(vote: &Vote, forgotten: Option<&Forgotten>) -> Bytes {
    let mut out = Vec::with_capacity(VOTE_BYTES + 17);
    out.extend_from_slice(&[forgotten.map_or(VERSION, |_| FORGOTTEN), u8::from(vote.committed)]);
    out.put_u64_le(vote.leader_id.term);
    out.put_u64_le(vote.leader_id.voted_for);
    if let Some(Forgotten { last, clearing }) = forgotten {
        out.put_u8(u8::from(*clearing));
        out.put_u64_le(last.leader_id.term);
        out.put_u64_le(last.index);
    }
    Bytes::from(out)
}

/// What a vote's record has of a replica that was forgotten.
pub(super) fn decode_forgotten(mut bytes: Bytes) -> io::Result<Option<Forgotten>> {
    if bytes.first() != Some(&FORGOTTEN) {
        return Ok(None);
    }
    if bytes.len() < VOTE_BYTES + 17 {
        return Err(bad("a short vote"));
    }
    bytes.advance(VOTE_BYTES);
    let clearing = bytes.get_u8() != 0;
    let last = LogId::new_term_index(bytes.get_u64_le(), bytes.get_u64_le());
    Ok(Some(Forgotten { last, clearing }))
}

pub(super) fn decode_vote(mut bytes: Bytes) -> io::Result<Vote> {
    let committed = match bytes.first() {
        Some(&FORGOTTEN) if bytes.len() >= VOTE_BYTES => {
            bytes.advance(1);
            bytes.get_u8() != 0
        }
        _ => version(&mut bytes, VOTE_BYTES)?.get_u8() != 0,
    };
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
        let id = LogId::new_term_index(4, 0);
        for forgotten in [None, Some(true), Some(false)] {
            let forgotten = forgotten.map(|clearing| Forgotten { last: id, clearing });
            let bytes = encode_vote(&vote, forgotten.as_ref());
            assert_eq!(decode_vote(bytes.clone()).unwrap(), vote);
            assert_eq!(decode_forgotten(bytes.clone()).unwrap(), forgotten);
            assert!(decode_vote(bytes.slice(..17)).is_err());
            let cut = decode_forgotten(bytes.slice(..bytes.len() - 1));
            assert!(if forgotten.is_some() { cut.is_err() } else { cut.unwrap().is_none() });
        }
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
