//! What an actor is asked, as nodes tell each other.

use crate::{
    bounds::Share,
    compartment::{Batch, Change, Deciding, Dedup, Draft, IfMatch, Intent, Moves, Op, Standing},
    partition::{compartment_from, id_from, incomplete, key_from},
};
use bytes::Bytes;
use fhir::{
    definitions::ResourceType,
    json::{Document, Limits},
};
use proto::{
    Code, CompartmentKey, Error, PartitionId, Slot, TenantId, TypeCode,
    api::v1::PatchKind,
    internal::v1::{self as messages, write_op},
};
use std::sync::Arc;

/// Reads a patch as an actor takes it.
pub type ReadPatch<'r> =
    &'r (dyn Fn(ResourceType, PatchKind, Bytes) -> Result<Arc<dyn Change>, Error> + Sync);

/// For another node.
pub fn request(partition: PartitionId, compartment: CompartmentKey, batch: &Batch) -> messages::WriteRequest {
    let (transaction, participants) = match &batch.deciding {
        Some(deciding) => (deciding.transaction.clone(), deciding.participants.clone()),
        None => Default::default(),
    };
    messages::WriteRequest {
        partition: u32::from(partition.0),
        compartment: Some(compartment.into()),
        ops: batch.ops.iter().map(op_to).collect(),
        key: batch.dedup.as_ref().map(key_to),
        releases: batch.releases.clone(),
        transaction,
        participants,
        is_quiet: batch.deciding.as_ref().is_some_and(|deciding| deciding.is_quiet),
    }
}

/// From another node, for `tenant`.
///
/// # Errors
/// `Internal` for what this version cannot read; those of `patch`.
pub fn batch(
    tenant: TenantId,
    share: Share,
    message: messages::WriteRequest,
    patch: ReadPatch<'_>,
) -> Result<Batch, Error> {
    let messages::WriteRequest { ops, key, releases, transaction, participants, is_quiet, .. } = message;
    let ops = ops.into_iter().map(|op| op_from(op, patch)).collect::<Result<Vec<Op>, Error>>()?;
    let deciding = (!transaction.is_empty()).then_some(Deciding { transaction, participants, is_quiet });
    let dedup = key.map(key_from_message).transpose()?;
    Ok(Batch { tenant, ops, dedup, releases, deciding, share })
}

fn op_to(op: &Op) -> messages::WriteOp {
    let draft = |draft: &Draft| messages::WriteDraft {
        body: draft.document.source().clone(),
        index_values: draft.index_values.clone(),
        generation: draft.generation,
    };
    let (intent, if_match, must_be_new) = match &op.intent {
        Intent::Create(new) => (write_op::Intent::Create(draft(new)), None, false),
        Intent::Update { draft: new, if_match, must_be_new } => {
            (write_op::Intent::Update(draft(new)), Some(if_match), *must_be_new)
        }
        Intent::Change { change, if_match } => {
            let (kind, body) = change.source();
            let patch = messages::WritePatch { kind: kind as i32, body };
            (write_op::Intent::Patch(patch), Some(if_match), false)
        }
        Intent::Delete { if_match } => (write_op::Intent::Delete(true), Some(if_match), false),
    };
    let standing = match op.standing {
        Standing::Fresh => messages::Standing::Fresh,
        Standing::Known => messages::Standing::Known,
        Standing::Unlisted => messages::Standing::Unlisted,
    };
    messages::WriteOp {
        key: Some(op.key.into()),
        standing: standing as i32,
        movable: op.movable,
        locate: op.locate.map(|slot| u32::from(slot.0)),
        condition: if_match.and_then(condition_to),
        intent: Some(intent),
        must_be_new,
    }
}

fn op_from(op: messages::WriteOp, patch: ReadPatch<'_>) -> Result<Op, Error> {
    let key = key_from(op.key.as_ref())?;
    let resource_type =
        ResourceType::from_code(key.type_code.0).ok_or_else(|| incomplete("a known resource type"))?;
    let standing = match op.standing() {
        messages::Standing::Fresh => Standing::Fresh,
        messages::Standing::Known => Standing::Known,
        messages::Standing::Unlisted => Standing::Unlisted,
    };
    let if_match = condition_from(op.condition.as_ref());
    let intent = match op.intent.ok_or_else(|| incomplete("what to write"))? {
        write_op::Intent::Create(draft) => Intent::Create(draft_from(draft)?),
        write_op::Intent::Update(draft) => {
            Intent::Update { draft: draft_from(draft)?, if_match, must_be_new: op.must_be_new }
        }
        write_op::Intent::Patch(sent) => {
            let change = patch(resource_type, sent.kind(), sent.body.clone())?;
            Intent::Change { change, if_match }
        }
        write_op::Intent::Delete(_) => Intent::Delete { if_match },
    };
    let locate = op.locate.map(|slot| Slot(slot as u16));
    Ok(Op { key, resource_type: resource_type.name(), intent, standing, movable: op.movable, locate })
}

/// The node that sent it has held it against its limits.
fn draft_from(draft: messages::WriteDraft) -> Result<Draft, Error> {
    let unbounded = Limits { depth_max: usize::MAX, bytes_max: usize::MAX };
    let document = Document::parse(draft.body.clone(), &unbounded)
        .map_err(|error| Error::new(Code::Internal, format!("another node's resource: {error}")))?;
    let messages::WriteDraft { index_values, generation, .. } = draft;
    Ok(Draft { document: Arc::new(document), index_values, generation })
}

fn condition_to(if_match: &IfMatch) -> Option<messages::Condition> {
    match if_match {
        IfMatch::Anything => None,
        IfMatch::Existing => Some(messages::Condition { existing: true, versions: vec![] }),
        IfMatch::OneOf(versions) => {
            Some(messages::Condition { existing: false, versions: versions.to_vec() })
        }
    }
}

fn condition_from(condition: Option<&messages::Condition>) -> IfMatch {
    match condition {
        None => IfMatch::Anything,
        Some(condition) if condition.existing => IfMatch::Existing,
        Some(condition) => IfMatch::OneOf(condition.versions.as_slice().into()),
    }
}

fn key_to(dedup: &Dedup) -> messages::IdempotencyKey {
    let found = |(place, answer): &(usize, _)| messages::FoundAnswer {
        place: *place as u64,
        answer: Some(Clone::clone(answer)),
    };
    messages::IdempotencyKey {
        key: Bytes::copy_from_slice(&dedup.key),
        home: u32::from(dedup.home.0),
        fingerprint: dedup.fingerprint,
        retention_ms: dedup.retention_ms,
        found: dedup.found.iter().map(found).collect(),
    }
}

fn key_from_message(key: messages::IdempotencyKey) -> Result<Dedup, Error> {
    let found = |found: messages::FoundAnswer| {
        Ok((found.place as usize, found.answer.ok_or_else(|| incomplete("an answer"))?))
    };
    Ok(Dedup {
        key: key.key.as_ref().into(),
        home: Slot(key.home as u16),
        fingerprint: key.fingerprint,
        retention_ms: key.retention_ms,
        found: key.found.into_iter().map(found).collect::<Result<_, Error>>()?,
    })
}

/// For another node.
pub fn moves_to(moves: &Moves) -> messages::Moves {
    messages::Moves {
        type_code: u32::from(moves.type_code.0),
        id: moves.id.as_str().to_owned(),
        to: Some(moves.to.into()),
    }
}

/// From another node.
///
/// # Errors
/// `Internal` for what this version cannot read.
pub fn moves_from(moves: &messages::Moves) -> Result<Moves, Error> {
    let to = compartment_from(moves.to.as_ref())?;
    Ok(Moves { type_code: TypeCode(moves.type_code as u16), id: id_from(&moves.id)?, to })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compartment::Next;
    use proto::{ResourceId, ResourceKey, api::v1::WriteResponse, log::v1 as log};

    /// A patch that is nothing but what was sent.
    #[derive(Debug)]
    struct Sent(PatchKind, Bytes);

    impl Change for Sent {
        fn next(&self, _: &ResourceKey, _: &Bytes) -> Result<Next, Error> {
            Err(incomplete("nothing to change"))
        }

        fn source(&self) -> (PatchKind, Bytes) {
            (self.0, self.1.clone())
        }
    }

    fn draft(body: &'static str) -> Draft {
        let document = Document::parse(body, &Limits::default()).unwrap();
        Draft { document: Arc::new(document), index_values: Bytes::from_static(b"values"), generation: 3 }
    }

    fn op(intent: Intent, standing: Standing, locate: Option<Slot>) -> Op {
        let id = ResourceId::parse("a").unwrap();
        let key = CompartmentKey::of(TenantId::DEFAULT, TypeCode(ResourceType::PATIENT.code()), id).own();
        Op { key, resource_type: "Patient", intent, standing, movable: locate.is_some(), locate }
    }

    /// All that there is to say about an op.
    fn told(op: &Op) -> String {
        let draft = |draft: &Draft| {
            format!("{:?} {:?} {}", draft.document.source(), draft.index_values, draft.generation)
        };
        let intent = match &op.intent {
            Intent::Create(new) => format!("create {}", draft(new)),
            Intent::Update { draft: new, if_match, must_be_new } => {
                format!("update {} {if_match:?} {must_be_new}", draft(new))
            }
            Intent::Change { change, if_match } => format!("change {:?} {if_match:?}", change.source()),
            Intent::Delete { if_match } => format!("delete {if_match:?}"),
        };
        let Op { key, resource_type, standing, movable, locate, .. } = op;
        format!("{key:?} {resource_type} {standing:?} {movable} {locate:?} {intent}")
    }

    #[test]
    fn a_batch_arrives_as_it_was_sent() {
        const MALE: &str = r#"{"resourceType":"Patient","gender":"male","x":1.50}"#;
        let versions = IfMatch::OneOf([3, 4].into());
        let update = |if_match: &IfMatch, must_be_new| Intent::Update {
            draft: draft(MALE),
            if_match: if_match.clone(),
            must_be_new,
        };
        let change = Arc::new(Sent(PatchKind::Merge, Bytes::from_static(b"{}")));
        let ops = vec![
            op(Intent::Create(draft(MALE)), Standing::Fresh, None),
            op(update(&IfMatch::Anything, true), Standing::Unlisted, Some(Slot(7))),
            op(update(&IfMatch::Existing, false), Standing::Known, Some(Slot(0))),
            op(Intent::Change { change, if_match: versions.clone() }, Standing::Known, None),
            op(Intent::Delete { if_match: versions }, Standing::Known, None),
        ];
        let answer = WriteResponse { id: "b".to_owned(), ..WriteResponse::default() };
        let dedup = Dedup {
            key: b"key".as_slice().into(),
            home: Slot(9),
            fingerprint: 77,
            retention_ms: 5,
            found: vec![(1, answer)],
        };
        let deciding =
            Deciding { transaction: Bytes::from_static(b"t"), participants: vec![2, 3], is_quiet: true };
        let releases =
            vec![log::Release { criteria: Bytes::from_static(b"c"), holder: Bytes::from_static(b"h") }];
        let sent = Batch {
            tenant: TenantId(4),
            ops,
            dedup: Some(dedup),
            releases,
            deciding: Some(deciding),
            share: Share::default(),
        };
        let compartment = sent.ops[0].key.compartment;
        let message = request(PartitionId(5), compartment, &sent);
        assert_eq!(compartment_from(message.compartment.as_ref()).unwrap(), compartment);
        let read = |_: ResourceType, kind, body| Ok(Arc::new(Sent(kind, body)) as Arc<dyn Change>);
        let came = batch(TenantId(4), Share::default(), message, &read).unwrap();
        assert_eq!(
            came.ops.iter().map(told).collect::<Vec<_>>(),
            sent.ops.iter().map(told).collect::<Vec<_>>()
        );
        let rest = |batch: &Batch| {
            format!("{:?} {:?} {:?} {:?}", batch.tenant, batch.dedup, batch.releases, batch.deciding)
        };
        assert_eq!(rest(&came), rest(&sent));
        let bare = Batch { dedup: None, deciding: None, releases: vec![], ..sent };
        let message = request(PartitionId(5), compartment, &bare);
        assert_eq!(rest(&batch(TenantId(4), Share::default(), message, &read).unwrap()), rest(&bare));
        let empty = messages::WriteRequest {
            ops: vec![messages::WriteOp::default()],
            ..messages::WriteRequest::default()
        };
        assert!(batch(TenantId(4), Share::default(), empty, &read).is_err());
    }
}
