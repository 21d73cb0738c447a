//! The library's questions and answers as other nodes get them (`proto/internal/v1`).

use super::codec;
use super::record::bad;
use super::snapshot::Part;
use super::{Entry, LogId, StoredMembership, Types, Vote};
use bytes::Bytes;
use openraft::alias::SnapshotMetaOf;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, TransferLeaderRequest, VoteRequest, VoteResponse,
};
use openraft::vote::RaftVote;
use prost::Message;
use proto::internal::v1 as wire;
use std::io;

pub(super) fn encode_append(mut request: AppendEntriesRequest<Types>) -> Bytes {
    let first_index = request.entries.first().map_or(0, |entry| entry.log_id.index);
    let records = request.entries.iter_mut().map(codec::encode_entry).collect();
    let message = wire::Append {
        vote: Some(vote_out(&request.vote)),
        previous: request.prev_log_id.map(id_out),
        committed: request.leader_commit.map(id_out),
        first_index,
        records,
    };
    message.encode_to_vec().into()
}

/// The records stay slices of what arrived.
pub(super) fn decode_append(bytes: Bytes) -> io::Result<AppendEntriesRequest<Types>> {
    let message = wire::Append::decode(bytes).map_err(bad)?;
    let numbered = (message.first_index..).zip(message.records);
    let entries: io::Result<Vec<Entry>> =
        numbered.map(|(index, record)| codec::decode_entry(index, record)).collect();
    let request = AppendEntriesRequest {
        vote: vote_in(message.vote)?,
        prev_log_id: message.previous.map(id_in),
        entries: entries?,
        leader_commit: message.committed.map(id_in),
    };
    check(&request)?;
    Ok(request)
}

/// The library relies on what a leader cannot get wrong; whoever else this came from can.
fn check(request: &AppendEntriesRequest<Types>) -> io::Result<()> {
    let mut last = request.prev_log_id;
    if !request.vote.is_committed() {
        return Err(bad("an append by who does not lead"));
    }
    for entry in &request.entries {
        let (index, term) = (entry.log_id.index, entry.log_id.leader_id.term);
        let follows = last.map_or(index == 0, |last| index == last.index + 1 && term >= last.leader_id.term);
        if !follows || term > request.vote.leader_id().term {
            return Err(bad("an append whose entries do not follow each other"));
        }
        last = Some(entry.log_id);
    }
    Ok(())
}

pub(super) fn encode_appended(response: &AppendEntriesResponse<Types>) -> Bytes {
    use wire::appended::Outcome;
    let outcome = match response {
        AppendEntriesResponse::Success => Outcome::All(true),
        AppendEntriesResponse::PartialSuccess(last) => {
            Outcome::Partly(wire::Partly { last: last.map(id_out) })
        }
        AppendEntriesResponse::Conflict => Outcome::Conflict(true),
        AppendEntriesResponse::HigherVote(vote) => Outcome::Higher(vote_out(vote)),
    };
    wire::Appended { outcome: Some(outcome) }.encode_to_vec().into()
}

pub(super) fn decode_appended(bytes: Bytes) -> io::Result<AppendEntriesResponse<Types>> {
    use wire::appended::Outcome;
    Ok(match wire::Appended::decode(bytes).map_err(bad)?.outcome {
        Some(Outcome::All(_)) => AppendEntriesResponse::Success,
        Some(Outcome::Partly(partly)) => AppendEntriesResponse::PartialSuccess(partly.last.map(id_in)),
        Some(Outcome::Conflict(_)) => AppendEntriesResponse::Conflict,
        Some(Outcome::Higher(vote)) => AppendEntriesResponse::HigherVote(vote_in(Some(vote))?),
        None => return Err(bad("an answer of an unknown kind to an append")),
    })
}

pub(super) fn encode_vote_request(request: &VoteRequest<Types>) -> Bytes {
    let message = wire::VoteRequest {
        vote: Some(vote_out(&request.vote)),
        last: request.last_log_id.map(id_out),
        transfer: request.leadership_transfer,
    };
    message.encode_to_vec().into()
}

pub(super) fn decode_vote_request(bytes: Bytes) -> io::Result<VoteRequest<Types>> {
    let message = wire::VoteRequest::decode(bytes).map_err(bad)?;
    let mut request = VoteRequest::new(vote_in(message.vote)?, message.last.map(id_in));
    request.leadership_transfer = message.transfer;
    Ok(request)
}

pub(super) fn encode_vote_answer(answer: &VoteResponse<Types>) -> Bytes {
    let message = wire::VoteAnswer {
        vote: Some(vote_out(&answer.vote)),
        granted: answer.vote_granted,
        last: answer.last_log_id.map(id_out),
    };
    message.encode_to_vec().into()
}

pub(super) fn decode_vote_answer(bytes: Bytes) -> io::Result<VoteResponse<Types>> {
    let message = wire::VoteAnswer::decode(bytes).map_err(bad)?;
    Ok(VoteResponse::new(vote_in(message.vote)?, message.last.map(id_in), message.granted))
}

pub(super) fn encode_transfer(request: &TransferLeaderRequest<Types>) -> Bytes {
    let message = wire::Transfer {
        from: Some(vote_out(request.from_leader())),
        to: *request.to_node_id(),
        last: request.last_log_id().copied().map(id_out),
    };
    message.encode_to_vec().into()
}

pub(super) fn decode_transfer(bytes: Bytes) -> io::Result<TransferLeaderRequest<Types>> {
    let message = wire::Transfer::decode(bytes).map_err(bad)?;
    Ok(TransferLeaderRequest::new(vote_in(message.from)?, message.to, message.last.map(id_in)))
}

/// The head of a snapshot.
pub(super) fn snapshot_out(vote: &Vote, meta: &SnapshotMetaOf<Types>) -> wire::Snapshot {
    wire::Snapshot {
        vote: Some(vote_out(vote)),
        last: meta.last_log_id.map(id_out),
        membership: codec::encode_stored(&meta.last_membership),
        ..wire::Snapshot::default()
    }
}

/// Without a part it is whole, of a node of the version before.
pub(super) fn decode_snapshot(bytes: Bytes) -> io::Result<(Vote, SnapshotMetaOf<Types>, Option<Part>)> {
    let message = wire::Snapshot::decode(bytes).map_err(bad)?;
    let last_membership: StoredMembership = codec::decode_stored(message.membership)?;
    let last_log_id = message.last.map(id_in);
    let vote = vote_in(message.vote)?;
    if !vote.is_committed()
        || last_log_id.is_none_or(|last: LogId| last.leader_id.term > vote.leader_id().term)
    {
        return Err(bad("a snapshot by who does not lead, or of nothing"));
    }
    let (first, attempt) = (message.first, message.attempt);
    let part = message.transfer.map(|transfer| Part { transfer, first, attempt });
    Ok((vote, SnapshotMetaOf::<Types> { last_log_id, last_membership }, part))
}

pub(super) fn encode_vote(vote: &Vote) -> Bytes {
    vote_out(vote).encode_to_vec().into()
}

pub(super) fn decode_vote(bytes: Bytes) -> io::Result<Vote> {
    vote_in(Some(wire::Vote::decode(bytes).map_err(bad)?))
}

fn vote_out(vote: &Vote) -> wire::Vote {
    let leader = vote.leader_id();
    wire::Vote { term: leader.term, node_id: leader.voted_for, committed: vote.is_committed() }
}

fn vote_in(vote: Option<wire::Vote>) -> io::Result<Vote> {
    let wire::Vote { term, node_id, committed } = vote.ok_or_else(|| bad("a message without a vote"))?;
    let leader = openraft::impls::leader_id_std::LeaderId { term, voted_for: node_id };
    Ok(Vote::from_leader_id(leader, committed))
}

fn id_out(id: LogId) -> wire::LogId {
    wire::LogId { term: id.leader_id.term, index: id.index }
}

fn id_in(id: wire::LogId) -> LogId {
    LogId::new_term_index(id.term, id.index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::Proposal;
    use openraft::EntryPayload;
    use proto::log::v1 as log;

    fn vote(committed: bool) -> Vote {
        let leader = openraft::impls::leader_id_std::LeaderId { term: 5, voted_for: 2 };
        Vote::from_leader_id(leader, committed)
    }

    #[test]
    fn entries_arrive_as_the_log_has_them() {
        let finish = log::Finish { transaction: Bytes::from_static(b"t"), commit: true, quiet: false };
        let command = log::Command { time_ms: 7, tenant: 1, kind: Some(log::command::Kind::Finish(finish)) };
        let payloads = [EntryPayload::Blank, EntryPayload::Normal(Proposal::partition(command))];
        let id = |index| LogId::new_term_index(5, index);
        let entries = (8..).zip(payloads).map(|(index, payload)| Entry { log_id: id(index), payload });
        let mut entries: Vec<Entry> = entries.collect();
        let records: Vec<Bytes> = entries.iter_mut().map(codec::encode_entry).collect();
        let request = AppendEntriesRequest {
            vote: vote(true),
            prev_log_id: Some(id(7)),
            entries,
            leader_commit: Some(id(6)),
        };
        let mut arrived = decode_append(encode_append(request)).unwrap();
        assert_eq!(
            (arrived.vote, arrived.prev_log_id, arrived.leader_commit),
            (vote(true), Some(id(7)), Some(id(6)))
        );
        assert_eq!(arrived.entries.iter().map(|entry| entry.log_id).collect::<Vec<_>>(), [id(8), id(9)]);
        assert_eq!(arrived.entries.iter_mut().map(codec::encode_entry).collect::<Vec<_>>(), records);
        assert!(decode_append(Bytes::from_static(b"\xff")).is_err());
        let hostile = |change: fn(&mut wire::Append)| {
            let mut message = wire::Append {
                vote: Some(vote_out(&vote(true))),
                previous: Some(id_out(id(7))),
                first_index: 8,
                records: records.clone(),
                ..wire::Append::default()
            };
            change(&mut message);
            decode_append(message.encode_to_vec().into()).is_err()
        };
        assert!(!hostile(|_| ()));
        assert!(hostile(|message| message.first_index = 9), "a gap");
        assert!(hostile(|message| message.previous = None));
        assert!(hostile(|message| message.vote.as_mut().unwrap().committed = false));
        assert!(hostile(|message| message.vote.as_mut().unwrap().term = 4), "entries of a later term");
    }

    #[test]
    fn answers_and_votes_round_trip() {
        let id = LogId::new_term_index(4, 0);
        for answer in [
            AppendEntriesResponse::Success,
            AppendEntriesResponse::PartialSuccess(None),
            AppendEntriesResponse::PartialSuccess(Some(id)),
            AppendEntriesResponse::Conflict,
            AppendEntriesResponse::HigherVote(vote(true)),
        ] {
            assert_eq!(decode_appended(encode_appended(&answer)).unwrap(), answer);
        }
        assert!(decode_appended(Bytes::new()).is_err(), "one of a later version");
        let mut request = VoteRequest::new(vote(false), Some(id));
        request.leadership_transfer = true;
        assert_eq!(decode_vote_request(encode_vote_request(&request)).unwrap(), request);
        let answer = VoteResponse::new(vote(false), None, true);
        assert_eq!(decode_vote_answer(encode_vote_answer(&answer)).unwrap(), answer);
        let transfer = TransferLeaderRequest::new(vote(true), 3, Some(id));
        assert_eq!(decode_transfer(encode_transfer(&transfer)).unwrap(), transfer);
        let meta =
            SnapshotMetaOf::<Types> { last_log_id: Some(id), last_membership: StoredMembership::default() };
        let head = snapshot_out(&vote(true), &meta).encode_to_vec().into();
        let (from, arrived, part) = decode_snapshot(head).unwrap();
        assert!(part.is_none());
        assert_eq!((from, arrived), (vote(true), meta));
        assert_eq!(decode_vote(encode_vote(&vote(true))).unwrap(), vote(true));
    }
}
