//! From the hits of a page to what is shown of them.

use crate::{bounds::Share, interaction::part, session::Session};
use fhir::{definitions::ResourceType, projection::Projection};
use proto::{Error, api::v1::SearchEntry};
use search::Hit;
use storage::Version;

/// The hits with their bodies; deleted ones are left out, what moved meanwhile is not.
pub async fn of(
    session: Session<'_>,
    share: &Share,
    part: &Projection,
    hits: &[Hit],
) -> Result<Vec<SearchEntry>, Error> {
    let shown = |hit: &Hit, row: Version| {
        let mut entry = entry(hit, row);
        entry.body = part::take(part, entry.body)?;
        // By itself, and in the bundle that is made of all.
        share.take(2 * entry.body.len())?;
        Ok::<_, Error>(entry)
    };
    session.rows_of(hits, shown).await
}

fn entry(hit: &Hit, row: Version) -> SearchEntry {
    let name = ResourceType::from_code(hit.key.type_code.0).map_or("", ResourceType::name);
    SearchEntry {
        resource_type: name.to_owned(),
        id: hit.key.id.as_str().to_owned(),
        version_id: row.version.to_string(),
        last_updated_ms: row.last_updated_ms,
        body: row.body,
    }
}
