//! The directory row at a resource's home slot.

use super::Stage;
use super::decode::Locate;
use super::stop::{Step, Stop};
use super::write::unlocked;
use crate::entry::Applied;
use crate::table::directory;

/// Sets or removes the row, if it is as expected.
pub fn locate(stage: &mut Stage<'_>, locate: &Locate) -> Step<()> {
    let Locate { home_slot, type_code, id, compartment, expected } = locate;
    let row = directory::key(stage.tenant(), *home_slot, *type_code, id);
    unlocked(stage, &row)?;
    let current = stage.get(&row)?.map(|value| directory::decode(&value)).transpose()?;
    if current != *expected {
        let (home_slot, type_code, id) = (*home_slot, *type_code, *id);
        return Err(Stop::refused(Applied::LocateConflict { home_slot, type_code, id, current }));
    }
    match compartment {
        Some(compartment) => stage.put(row, directory::encode(compartment)),
        None => stage.delete(row),
    }
    Ok(())
}
