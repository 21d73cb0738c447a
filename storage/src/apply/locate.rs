//! The directory row at a resource's home slot.

use super::Stage;
use super::decode::Locate;
use super::fence::{self, unlocked};
use super::stop::{Step, Stop};
use crate::entry::Applied;
use crate::table::{self, Table};
use proto::id::{CompartmentKey, ResourceKey};

/// Sets or removes the row, if it is as expected.
pub fn locate(stage: &mut Stage<'_>, locate: &Locate) -> Step<()> {
    let Locate { home_slot, type_code, id, compartment, expected, .. } = locate;
    let row = table::Directory::key(stage.tenant(), (*home_slot, *type_code, id));
    unlocked(stage, &row)?;
    let current = stage.get(&row)?.map(|value| table::Directory::decode(&value)).transpose()?;
    if current != *expected {
        let (home_slot, type_code, id) = (*home_slot, *type_code, *id);
        return Err(Stop::refused(Applied::LocateConflict { home_slot, type_code, id, current }));
    }
    if locate.unplaced {
        let own = locate.own();
        let row = table::Resource::key(stage.tenant(), &own);
        unlocked(stage, &row)?;
        fence::current(&own, 0, stage.get(&row)?.as_ref())?;
    }
    match compartment {
        Some(compartment) => stage.put(row, table::Directory::encode(compartment)),
        None => stage.delete(row),
    }
    Ok(())
}

impl Locate {
    /// The resource's key as its compartment's own.
    pub fn own(&self) -> ResourceKey {
        CompartmentKey { slot: self.home_slot, type_code: self.type_code, id: self.id }.own()
    }
}
