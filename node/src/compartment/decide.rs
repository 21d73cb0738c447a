//! The decision about one write: pure, so that it can be tested without a server.

use super::IfMatch;
use bytes::Bytes;
use fhir::{json::Document, resource};
use proto::{
    Code, CompartmentKey, Error, ResourceKey, Slot,
    api::v1::{Outcome, PatchKind, WriteResponse},
    log::v1 as log,
};
use std::{fmt, sync::Arc};

/// A body that was parsed, placed and indexed before it came to the actor.
#[derive(Clone, Debug)]
pub struct Draft {
    pub document: Arc<Document>,
    /// Encoded by `fhir::index::extract`.
    pub index_values: Bytes,
    /// Of the search parameters they were made with.
    pub generation: u32,
}

/// What the caller wants of the resource.
#[derive(Clone, Debug)]
pub enum Intent {
    /// The id was assigned by the server.
    Create(Draft),
    /// `must_be_new`: `If-None-Match: *`.
    Update {
        draft: Draft,
        if_match: IfMatch,
        must_be_new: bool,
    },
    /// What becomes of the current version is worked out from it, here: no writer can come in between.
    Change {
        change: Arc<dyn Change>,
        if_match: IfMatch,
    },
    Delete {
        if_match: IfMatch,
    },
}

/// A change that needs the current version, such as a patch.
pub trait Change: fmt::Debug + Send + Sync {
    /// The next version of the resource with key `key`, made of the stored body of the current one.
    fn next(&self, key: &ResourceKey, current: &Bytes) -> Result<Next, Error>;

    /// As it was sent: for another node.
    fn source(&self) -> (PatchKind, Bytes);
}

/// What a change makes of the current version.
#[derive(Debug)]
pub enum Next {
    Draft(Draft),
    /// The next version belongs to another compartment than the key says.
    Elsewhere(CompartmentKey),
}

/// What the caller found out about where the resource lives. It is held against the rows when the op is decided, and
/// at apply: what moved meanwhile is located again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No row of it can exist: the id was assigned for this very write.
    Fresh,
    /// A row says that it lives here (or where it is moved from), so there must be one.
    Known,
    /// No row says where it lives: it is its compartment's own, or new.
    Unlisted,
}

/// One write of one resource.
#[derive(Clone, Debug)]
pub struct Op {
    pub key: ResourceKey,
    pub resource_type: &'static str,
    pub intent: Intent,
    pub standing: Standing,
    /// Its type may live in a patient's compartment that is not its own.
    pub movable: bool,
    /// Where a resource that is not its compartment's own one is looked up: its creation writes the directory row
    /// there, in the same command. `None`: no row is needed, or another partition writes it.
    pub locate: Option<Slot>,
}

/// The version an op is decided on.
#[derive(Clone, Debug)]
pub struct Current {
    pub version: u64,
    pub last_updated_ms: u64,
    pub deleted: bool,
    pub body: Bytes,
    /// Proposed, and not known to be applied: another node's transaction may yet take its number.
    pub in_flight: bool,
}

impl Current {
    /// What tells this version from another with its number.
    fn content(&self) -> u64 {
        proto::content(self.last_updated_ms, self.deleted, &self.body)
    }
}

/// What an op came to, where the resource is where its key says.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Nothing has to be written.
    Reply(WriteResponse),
    Propose(Proposal),
    /// Its next version belongs to this compartment: the resource has to move.
    Relocate(CompartmentKey),
}

/// What an op writes, and is answered when that is committed.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub response: WriteResponse,
    pub mutations: Vec<log::Mutation>,
    /// What the next op on the same resource is decided on.
    pub next: Current,
}

/// Decides `op` on `current` at `now_ms`.
///
/// # Errors
/// The caller's: version conflicts and the like.
pub fn decide(op: &Op, current: Option<&Current>, now_ms: u64) -> Result<Decision, Error> {
    // Time never runs backwards inside a resource, whatever the clock does.
    let now_ms = current.map_or(now_ms, |current| current.last_updated_ms.max(now_ms));
    Ok(match &op.intent {
        Intent::Create(draft) => put(op, draft, None, now_ms),
        Intent::Update { draft, if_match, must_be_new } => {
            check_match(op, current, if_match)?;
            if *must_be_new && current.is_some_and(|current| !current.deleted) {
                return Err(exists(op));
            }
            match current {
                Some(current) if is_unchanged(op, draft, current) => unchanged(op, current),
                _ => put(op, draft, current, now_ms),
            }
        }
        Intent::Change { change, if_match } => {
            let current = existing(op, current)?;
            check_match(op, Some(current), if_match)?;
            let draft = match change.next(&op.key, &current.body)? {
                Next::Draft(draft) => draft,
                Next::Elsewhere(compartment) => return Ok(Decision::Relocate(compartment)),
            };
            match is_unchanged(op, &draft, current) {
                true => unchanged(op, current),
                false => put(op, &draft, Some(current), now_ms),
            }
        }
        Intent::Delete { if_match } => {
            check_match(op, current, if_match)?;
            match current {
                Some(current) if !current.deleted => delete(op, current, now_ms),
                // https://hl7.org/fhir/R4/http.html#delete: deleting what is not there changes nothing.
                _ => Decision::Reply(response(op, Outcome::Unchanged, current)),
            }
        }
    })
}

fn check_match(op: &Op, current: Option<&Current>, if_match: &IfMatch) -> Result<(), Error> {
    let (version, is_there) = current.map_or((0, false), |current| (current.version, !current.deleted));
    if_match.check(format_args!("{}/{}", op.resource_type, op.key.id), version, is_there)
}

/// What is changed must be there.
fn existing<'c>(op: &Op, current: Option<&'c Current>) -> Result<&'c Current, Error> {
    let name = format!("{}/{}", op.resource_type, op.key.id);
    match current {
        Some(current) if current.deleted => {
            Err(Error::new(Code::Gone, format!("{name} was deleted; an update creates it again")))
        }
        Some(current) => Ok(current),
        None => {
            Err(Error::new(Code::NotFound, format!("{name} is not known; only what is there can be patched")))
        }
    }
}

fn exists(op: &Op) -> Error {
    Error::new(
        Code::PreconditionFailed,
        format!("If-None-Match is '*', but {}/{} exists", op.resource_type, op.key.id),
    )
}

fn is_unchanged(op: &Op, draft: &Draft, current: &Current) -> bool {
    !current.deleted && resource::unchanged(&current.body, draft.document.root(), op.key.id.as_str())
}

fn unchanged(op: &Op, current: &Current) -> Decision {
    Decision::Reply(response(op, Outcome::Unchanged, Some(current)))
}

fn put(op: &Op, draft: &Draft, current: Option<&Current>, now_ms: u64) -> Decision {
    let version = current.map_or(0, |current| current.version) + 1;
    let body = Bytes::from(resource::stored(draft.document.root(), op.key.id.as_str(), version, now_ms));
    // A deleted resource that is put again is created again: https://hl7.org/fhir/R4/http.html#delete
    let created = current.is_none_or(|current| current.deleted);
    let next =
        Current { version, last_updated_ms: now_ms, deleted: false, body: body.clone(), in_flight: true };
    let outcome = if created { Outcome::Created } else { Outcome::Updated };
    let method = if created && matches!(op.intent, Intent::Create(_)) {
        log::Method::Create
    } else {
        log::Method::Update
    };
    let mut mutations = vec![mutation(
        op,
        current,
        version,
        now_ms,
        method,
        body,
        (draft.index_values.clone(), draft.generation),
    )];
    if let (None, Some(home_slot)) = (current, op.locate) {
        mutations.push(locate(op, home_slot));
    }
    Decision::Propose(Proposal { response: response(op, outcome, Some(&next)), mutations, next })
}

fn delete(op: &Op, current: &Current, now_ms: u64) -> Decision {
    let version = current.version + 1;
    let next =
        Current { version, last_updated_ms: now_ms, deleted: true, body: Bytes::new(), in_flight: true };
    let write =
        mutation(op, Some(current), version, now_ms, log::Method::Delete, Bytes::new(), Default::default());
    let response = response(op, Outcome::Deleted, Some(&next));
    Decision::Propose(Proposal { response, mutations: vec![write], next })
}

fn mutation(
    op: &Op,
    current: Option<&Current>,
    version: u64,
    last_updated_ms: u64,
    method: log::Method,
    body: Bytes,
    (index_values, generation): (Bytes, u32),
) -> log::Mutation {
    let put = log::Put {
        key: Some(op.key.into()),
        expected_version: current.map_or(0, |current| current.version),
        expected_content: current.filter(|current| current.in_flight).map(Current::content),
        version: Some(log::Version {
            version,
            last_updated_ms,
            method: method as i32,
            body,
            ..Default::default()
        }),
        index_values,
        adopted: vec![],
        generation,
        unplaced: current.is_none() && op.movable && op.standing == Standing::Unlisted && op.key.is_own(),
    };
    log::Mutation { kind: Some(log::mutation::Kind::Put(put)) }
}

/// The directory row of a resource that appears for the first time.
pub(crate) fn locate(op: &Op, home_slot: Slot) -> log::Mutation {
    let locate = log::Locate {
        home_slot: u32::from(home_slot.0),
        type_code: u32::from(op.key.type_code.0),
        id: op.key.id.as_str().to_owned(),
        compartment: Some(op.key.compartment.into()),
        expected: None,
        unplaced: op.standing == Standing::Unlisted,
    };
    log::Mutation { kind: Some(log::mutation::Kind::Locate(locate)) }
}

fn response(op: &Op, outcome: Outcome, current: Option<&Current>) -> WriteResponse {
    WriteResponse {
        outcome: outcome as i32,
        resource_type: op.resource_type.to_owned(),
        id: op.key.id.as_str().to_owned(),
        version_id: current.map(|current| current.version.to_string()).unwrap_or_default(),
        last_updated_ms: current.map_or(0, |current| current.last_updated_ms),
        body: current.map(|current| current.body.clone()).unwrap_or_default(),
        count: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::Limits;
    use proto::{ResourceId, TenantId, TypeCode};

    fn op(intent: Intent) -> Op {
        let id = ResourceId::parse("a").unwrap();
        let key = CompartmentKey::of(TenantId::DEFAULT, TypeCode(103), id).own();
        Op {
            key,
            resource_type: "Patient",
            intent,
            standing: Standing::Unlisted,
            movable: false,
            locate: None,
        }
    }

    fn draft(json: &'static str) -> Draft {
        let document = Document::parse(json, &Limits::default()).unwrap();
        Draft { document: Arc::new(document), index_values: Bytes::from_static(b"\x01"), generation: 0 }
    }

    fn matching(version: Option<u64>) -> IfMatch {
        version.map_or(IfMatch::Anything, IfMatch::version)
    }

    fn update(json: &'static str, if_match: Option<u64>) -> Op {
        op(Intent::Update { draft: draft(json), if_match: matching(if_match), must_be_new: false })
    }

    const FEMALE: &str = r#"{"resourceType":"Patient","id":"a","gender":"female"}"#;
    const MALE: &str = r#"{"resourceType":"Patient","id":"a","gender":"male"}"#;

    fn proposal(op: &Op, current: Option<&Current>, now_ms: u64) -> Proposal {
        match decide(op, current, now_ms).unwrap() {
            Decision::Propose(proposal) => proposal,
            other => panic!("{other:?}"),
        }
    }

    fn reply(op: &Op, current: Option<&Current>) -> WriteResponse {
        match decide(op, current, 9000).unwrap() {
            Decision::Reply(response) => response,
            other => panic!("{other:?}"),
        }
    }

    fn next(op: &Op, current: Option<&Current>, now_ms: u64) -> Current {
        proposal(op, current, now_ms).next
    }

    fn outcome(op: &Op, current: Option<&Current>) -> Outcome {
        proposal(op, current, 9).response.outcome()
    }

    #[test]
    fn versions_count_up_and_time_never_runs_backwards() {
        let first = next(&update(FEMALE, None), None, 1000);
        assert_eq!((first.version, first.last_updated_ms), (1, 1000));
        let second = next(&update(MALE, None), Some(&first), 400);
        assert_eq!((second.version, second.last_updated_ms), (2, 1000));
        let body = std::str::from_utf8(&second.body).unwrap();
        assert!(body.contains(r#""versionId":"2""#) && body.contains("1970-01-01T00:00:01.000Z"), "{body}");
    }

    #[test]
    fn an_update_that_changes_nothing_writes_nothing() {
        let first = next(&update(FEMALE, None), None, 1000);
        let response = reply(&update(FEMALE, None), Some(&first));
        assert_eq!((response.outcome(), response.version_id.as_str()), (Outcome::Unchanged, "1"));
    }

    #[test]
    fn a_wrong_version_is_a_conflict() {
        let first = next(&update(FEMALE, None), None, 1000);
        for (current, if_match) in [(Some(&first), 2), (None, 1)] {
            let error = decide(&update(MALE, Some(if_match)), current, 2000).unwrap_err();
            assert_eq!(error.code, Code::VersionConflict);
        }
        assert_eq!(outcome(&update(MALE, Some(1)), Some(&first)), Outcome::Updated);
    }

    #[test]
    fn a_deleted_resource_is_created_again_with_the_next_version() {
        let delete = op(Intent::Delete { if_match: IfMatch::Anything });
        let first = next(&update(FEMALE, None), None, 1000);
        let deleted = next(&delete, Some(&first), 2000);
        assert!(deleted.deleted && deleted.version == 2 && deleted.body.is_empty());
        assert_eq!(reply(&delete, Some(&deleted)).outcome(), Outcome::Unchanged);
        assert_eq!(reply(&delete, None).outcome(), Outcome::Unchanged);
        assert_eq!(outcome(&update(FEMALE, None), Some(&deleted)), Outcome::Created);
        assert_eq!(next(&update(FEMALE, None), Some(&deleted), 3000).version, 3);
    }

    #[test]
    fn if_none_match_star_refuses_what_exists() {
        let only_new =
            op(Intent::Update { draft: draft(MALE), if_match: IfMatch::Anything, must_be_new: true });
        let first = next(&only_new, None, 1000);
        let error = decide(&only_new, Some(&first), 2000).unwrap_err();
        assert_eq!(error.code, Code::PreconditionFailed);
    }

    #[test]
    fn every_mutation_names_the_version_it_replaces() {
        let first = next(&update(FEMALE, None), None, 1000);
        for (current, expected) in [(None, 0), (Some(&first), 1)] {
            let proposal = proposal(&update(MALE, None), current, 2000);
            let Some(log::mutation::Kind::Put(put)) = &proposal.mutations[0].kind else { panic!("a put") };
            assert_eq!(put.expected_version, expected);
        }
    }

    #[test]
    fn what_is_in_flight_is_fenced_by_its_content_and_what_is_applied_by_its_number() {
        let content =
            |current: &Current| match &proposal(&update(MALE, None), Some(current), 2000).mutations[0].kind {
                Some(log::mutation::Kind::Put(put)) => put.expected_content,
                _ => panic!("a put"),
            };
        let in_flight = next(&update(FEMALE, None), None, 1000);
        assert_eq!(content(&in_flight), Some(proto::content(1000, false, &in_flight.body)));
        assert_eq!(content(&Current { in_flight: false, ..in_flight }), None);
    }

    #[test]
    fn the_directory_row_comes_with_the_creation_only() {
        let located = Op { locate: Some(Slot(7)), ..update(FEMALE, None) };
        let created = proposal(&located, None, 1000);
        assert_eq!(created.mutations.len(), 2);
        let again = Op { locate: Some(Slot(7)), ..update(MALE, None) };
        assert_eq!(proposal(&again, Some(&created.next), 2000).mutations.len(), 1);
    }

    #[test]
    fn what_no_row_tells_the_place_of_is_fenced_by_that() {
        let unplaced = |op: &Op| match &proposal(op, None, 1000).mutations[0].kind {
            Some(log::mutation::Kind::Put(put)) => put.unplaced,
            _ => panic!("a put"),
        };
        let movable = Op { movable: true, ..update(FEMALE, None) };
        assert!(unplaced(&movable) && !unplaced(&update(FEMALE, None)));
        assert!(!unplaced(&Op { standing: Standing::Fresh, ..movable }));
    }

    /// Replaces the whole resource; refuses what is female already.
    #[derive(Debug)]
    struct ToFemale;

    impl Change for ToFemale {
        fn next(&self, _: &ResourceKey, current: &Bytes) -> Result<Next, Error> {
            let current = std::str::from_utf8(current).unwrap();
            match current.contains("female") {
                true => Err(Error::new(Code::Invalid, "female already")),
                false => Ok(Next::Draft(draft(FEMALE))),
            }
        }

        fn source(&self) -> (PatchKind, Bytes) {
            (PatchKind::Unspecified, Bytes::new())
        }
    }

    fn change(if_match: Option<u64>) -> Op {
        op(Intent::Change { change: Arc::new(ToFemale), if_match: matching(if_match) })
    }

    #[test]
    fn a_change_is_worked_out_from_the_current_version() {
        let male = next(&update(MALE, None), None, 1000);
        let female = next(&change(Some(1)), Some(&male), 2000);
        assert_eq!(female.version, 2);
        assert!(std::str::from_utf8(&female.body).unwrap().contains("female"));
        let deleted = next(&op(Intent::Delete { if_match: IfMatch::Anything }), Some(&female), 3000);
        for (current, if_match, code) in [
            (Some(&female), None, Code::Invalid),
            (Some(&male), Some(7), Code::VersionConflict),
            (Some(&deleted), None, Code::Gone),
            (None, Some(1), Code::NotFound),
        ] {
            assert_eq!(decide(&change(if_match), current, 4000).unwrap_err().code, code);
        }
    }
}
