//! Several resources, each read where it lives.

use crate::session::{Current, Numbered, Session};
use fhir::definitions::ResourceType;
use futures::future::try_join_all;
use proto::{Error, ResourceId};
use storage::Version;

/// Reads that are under way at once.
const AT_ONCE: usize = 16;

/// A resource as it is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub resource_type: ResourceType,
    pub id: ResourceId,
    /// `None`: the current one.
    pub version: Option<u64>,
}

/// Shows `see` each that is there, in their order. What is deleted or unknown is passed over.
///
/// # Errors
/// Those of `see` and of reads.
pub async fn each(
    session: Session<'_>,
    places: &[Place],
    mut see: impl FnMut(&Place, Version) -> Result<(), Error> + Send,
) -> Result<(), Error> {
    for some in places.chunks(AT_ONCE) {
        let rows = try_join_all(some.iter().map(|place| read(session, *place))).await?;
        for (place, row) in some.iter().zip(rows) {
            if let Some(row) = row {
                see(place, row)?;
            }
        }
        // What is here is read without waiting: the other tasks of the thread have their turn.
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Deleted ones are none.
async fn read(session: Session<'_>, place: Place) -> Result<Option<Version>, Error> {
    let Place { resource_type, id, version } = place;
    let row = match version {
        Some(number) => session.look(resource_type, id, &Numbered(number)).await?,
        None => session.look(resource_type, id, &Current).await?,
    };
    Ok(row.filter(|row| !row.is_deleted()))
}
