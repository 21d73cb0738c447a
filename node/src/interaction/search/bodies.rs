//! From the hits of a page to what is shown of them.

use crate::{bounds::Share, interaction::part, session::Session};
use bytes::Bytes;
use fhir::{definitions::ResourceType, projection::Projection};
use proto::{
    Code, Error, ResourceId,
    api::v1::{SearchEntry, SearchMode},
};
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
        let mut entry = entry(hit.key.type_code.0, row, SearchMode::Match);
        entry.body = part::take(part, entry.body)?;
        // By itself, and in the bundle that is made of all.
        share.take(2 * entry.body.len())?;
        Ok::<_, Error>(entry)
    };
    session.rows_of(hits, shown).await
}

/// A resource of a page, and what its references are read from.
pub struct Found {
    pub resource_type: ResourceType,
    pub id: ResourceId,
    pub version: u64,
    /// Index values of the whole resource, whatever part of it is shown; none where nothing is to be read from them.
    pub values: Bytes,
    pub entry: SearchEntry,
}

/// How the resources of a page with includes are shown.
#[derive(Clone, Copy)]
pub struct Show<'s> {
    pub session: Session<'s>,
    pub share: &'s Share,
    pub part: &'s Projection,
    pub mode: SearchMode,
    /// Whether references are read from them.
    pub indexed: bool,
}

impl Show<'_> {
    /// The hits that are not deleted by now, as [`of`] has them.
    pub async fn hits(self, hits: &[Hit]) -> Result<Vec<Found>, Error> {
        self.session.rows_of(hits, |_, row| self.row(row)).await
    }

    /// One version; it joins the share.
    pub fn row(self, mut row: Version) -> Result<Found, Error> {
        let (key, version) = (row.key, row.version);
        let type_code = key.type_code.0;
        let unknown = || Error::new(Code::Internal, "a stored resource is of no type that is known");
        let resource_type = ResourceType::from_code(type_code).ok_or_else(unknown)?;
        let mut values = Bytes::new();
        if self.indexed {
            let document = part::document(row.body.clone())?;
            values = self.session.index_values(document.root())?;
            if !self.part.is_whole() {
                row.body = self.part.of(document.root()).into();
            }
        } else {
            row.body = part::take(self.part, row.body)?;
        }
        self.share.take(2 * row.body.len() + values.len())?;
        let entry = entry(type_code, row, self.mode);
        Ok(Found { resource_type, id: key.id, version, values, entry })
    }
}

/// A row as it is stored.
pub fn entry(type_code: u16, row: Version, mode: SearchMode) -> SearchEntry {
    let name = ResourceType::from_code(type_code).map_or("", ResourceType::name);
    SearchEntry {
        resource_type: name.to_owned(),
        id: row.key.id.as_str().to_owned(),
        version_id: row.version.to_string(),
        last_updated_ms: row.last_updated_ms,
        body: row.body,
        mode: mode as i32,
        container: String::new(),
        score: None,
    }
}
