//! What became of a command, as nodes tell each other.

use super::ask::incomplete;
use proto::{
    CompartmentKey, Error, PartitionId, ResourceId, ResourceKey, Slot, TypeCode,
    internal::v1::{self as wire, applied::Outcome},
};
use storage::Applied;

/// For another node.
pub fn applied_to(applied: Applied) -> wire::Applied {
    let outcome = match applied {
        Applied::Done => Outcome::Done(true),
        Applied::Duplicate { response } => Outcome::Duplicate(response),
        Applied::KeyTaken => Outcome::KeyTaken(true),
        Applied::Conflict { key, current } => {
            Outcome::Conflict(wire::VersionConflict { key: Some(key.into()), current })
        }
        Applied::LocateConflict { home_slot, type_code, id, current } => {
            Outcome::LocateConflict(wire::LocateConflict {
                home_slot: u32::from(home_slot.0),
                type_code: u32::from(type_code.0),
                id: id.as_str().to_owned(),
                current: current.map(Into::into),
            })
        }
        Applied::Locked { transaction, coordinator } => {
            Outcome::Locked(wire::Locked { transaction, coordinator: u32::from(coordinator.0) })
        }
        Applied::Decided { commit } => Outcome::Decided(commit),
        Applied::ReservationHeld { expires_ms, holder } => {
            Outcome::ReservationHeld(wire::Held { expires_ms, holder })
        }
        Applied::ReservationLost { criteria } => Outcome::ReservationLost(criteria),
        Applied::Outdated { generation } => Outcome::Outdated(generation),
        Applied::TenantEnded => Outcome::TenantEnded(true),
        Applied::Dropped { rows, last } => Outcome::Dropped(wire::Dropped { rows, last }),
        Applied::Rejected { reason } => Outcome::Rejected(reason),
    };
    wire::Applied { outcome: Some(outcome) }
}

/// From another node.
///
/// # Errors
/// `Internal` for what this version does not know.
pub fn applied_from(applied: Option<wire::Applied>) -> Result<Applied, Error> {
    let outcome = applied.and_then(|applied| applied.outcome).ok_or_else(|| incomplete("an outcome"))?;
    Ok(match outcome {
        Outcome::Done(_) => Applied::Done,
        Outcome::Duplicate(response) => Applied::Duplicate { response },
        Outcome::KeyTaken(_) => Applied::KeyTaken,
        Outcome::Conflict(conflict) => {
            Applied::Conflict { key: key_from(conflict.key.as_ref())?, current: conflict.current }
        }
        Outcome::LocateConflict(conflict) => Applied::LocateConflict {
            home_slot: Slot(conflict.home_slot as u16),
            type_code: TypeCode(conflict.type_code as u16),
            id: id_from(&conflict.id)?,
            current: conflict.current.as_ref().map(|current| compartment_from(Some(current))).transpose()?,
        },
        Outcome::Locked(locked) => Applied::Locked {
            transaction: locked.transaction,
            coordinator: PartitionId(locked.coordinator as u16),
        },
        Outcome::Decided(commit) => Applied::Decided { commit },
        Outcome::ReservationHeld(held) => {
            Applied::ReservationHeld { expires_ms: held.expires_ms, holder: held.holder }
        }
        Outcome::ReservationLost(criteria) => Applied::ReservationLost { criteria },
        Outcome::Outdated(generation) => Applied::Outdated { generation },
        Outcome::TenantEnded(_) => Applied::TenantEnded,
        Outcome::Dropped(dropped) => Applied::Dropped { rows: dropped.rows, last: dropped.last },
        Outcome::Rejected(reason) => Applied::Rejected { reason },
    })
}

/// # Errors
/// `Internal` where it is missing or none.
pub fn compartment_from(compartment: Option<&proto::log::v1::Compartment>) -> Result<CompartmentKey, Error> {
    let compartment = compartment.ok_or_else(|| incomplete("a compartment"))?;
    CompartmentKey::try_from(compartment).map_err(|_| incomplete("a compartment's key"))
}

/// # Errors
/// `Internal` where it is missing or none.
pub fn key_from(key: Option<&proto::log::v1::ResourceKey>) -> Result<ResourceKey, Error> {
    let key = key.ok_or_else(|| incomplete("a key"))?;
    ResourceKey::try_from(key).map_err(|_| incomplete("a resource's key"))
}

/// # Errors
/// `Internal` where it is none.
pub fn id_from(id: &str) -> Result<ResourceId, Error> {
    ResourceId::parse(id).map_err(|_| incomplete("an id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proto::TenantId;

    #[test]
    fn every_outcome_arrives_as_it_was_sent() {
        let id = ResourceId::parse("a").unwrap();
        let compartment = CompartmentKey::of(TenantId::DEFAULT, TypeCode(3), id);
        let bytes = Bytes::from_static(b"x");
        let located =
            |current| Applied::LocateConflict { home_slot: Slot(7), type_code: TypeCode(3), id, current };
        for applied in [
            Applied::Done,
            Applied::Duplicate { response: bytes.clone() },
            Applied::KeyTaken,
            Applied::Conflict { key: compartment.own(), current: 9 },
            located(None),
            located(Some(compartment)),
            Applied::Locked { transaction: bytes.clone(), coordinator: PartitionId(2) },
            Applied::Decided { commit: false },
            Applied::Decided { commit: true },
            Applied::ReservationHeld { expires_ms: 5, holder: bytes.clone() },
            Applied::ReservationLost { criteria: bytes.clone() },
            Applied::TenantEnded,
            Applied::Dropped { rows: 3, last: bytes },
            Applied::Outdated { generation: 7 },
            Applied::Rejected { reason: "r".to_owned() },
        ] {
            assert_eq!(applied_from(Some(applied_to(applied.clone()))).unwrap(), applied);
        }
        assert!(applied_from(None).is_err() && applied_from(Some(wire::Applied::default())).is_err());
    }
}
