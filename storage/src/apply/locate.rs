//! The directory row at a resource's home slot.

use super::decode::Locate;
use super::stop::{Step, Stop};
use super::write::unlocked;
use super::{Stage, put};
use crate::entry::Applied;
use crate::table::{directory, resource};
use proto::id::{CompartmentKey, ResourceKey, TenantId};

/// Sets or removes the row, if it is as expected.
pub fn locate(stage: &mut Stage<'_>, locate: &Locate) -> Step<()> {
    let Locate { home_slot, type_code, id, compartment, expected, .. } = locate;
    let row = directory::key(stage.tenant(), *home_slot, *type_code, id);
    unlocked(stage, &row)?;
    let current = stage.get(&row)?.map(|value| directory::decode(&value)).transpose()?;
    if current != *expected {
        let (home_slot, type_code, id) = (*home_slot, *type_code, *id);
        return Err(Stop::refused(Applied::LocateConflict { home_slot, type_code, id, current }));
    }
    if locate.unplaced {
        let own = locate.own();
        let row = resource::key(stage.tenant(), &own);
        unlocked(stage, &row)?;
        put::fence(&own, 0, stage.get(&row)?.as_ref())?;
    }
    match compartment {
        Some(compartment) => stage.put(row, directory::encode(compartment)),
        None => stage.delete(row),
    }
    Ok(())
}

/// Refuses where the directory says that the resource with this own key lives elsewhere, or is about to.
pub fn unplaced(stage: &Stage<'_>, own: &ResourceKey) -> Step<()> {
    let (home_slot, type_code, id) = (own.compartment.slot, own.type_code, own.id);
    let row = row_of(stage.tenant(), own);
    unlocked(stage, &row)?;
    match stage.get(&row)?.map(|value| directory::decode(&value)).transpose()? {
        None => Ok(()),
        current => Err(Stop::refused(Applied::LocateConflict { home_slot, type_code, id, current })),
    }
}

/// The directory row of the resource with this own key.
pub fn row_of(tenant: TenantId, own: &ResourceKey) -> Vec<u8> {
    directory::key(tenant, own.compartment.slot, own.type_code, &own.id)
}

impl Locate {
    /// The resource's key as its compartment's own.
    pub fn own(&self) -> ResourceKey {
        CompartmentKey { slot: self.home_slot, type_code: self.type_code, id: self.id }.own()
    }
}
