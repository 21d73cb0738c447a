//! From the hits of a page to what is shown of them.

use crate::{bounds::Share, engine::Inner, interaction::part, place};
use fhir::{definitions::ResourceType, projection::Projection};
use proto::{Error, ResourceKey, TenantId, api::v1::SearchEntry};
use search::Hit;
use storage::{Partition, Version};

/// The rows of more hits take longer than the other tasks of a thread should wait.
const LARGE_PAGE: usize = 20;

/// The hits with their bodies; deleted ones are left out, what moved meanwhile is not.
pub async fn of(
    node: &Inner,
    tenant: TenantId,
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
    let read = || {
        let mut entries = Vec::with_capacity(hits.len());
        for hit in hits {
            entries.push(
                match seen(node.group(hit.partition)?.partition(), tenant, &hit.key, hit.version)? {
                    Seen::Here(row) => Some(shown(hit, row)?),
                    Seen::Gone => None,
                    Seen::Elsewhere => return Ok((entries, true)),
                },
            );
        }
        Ok::<_, Error>((entries, false))
    };
    let (mut entries, moved) = match hits.len() > LARGE_PAGE {
        true => tokio::task::block_in_place(read),
        false => read(),
    }?;
    if moved {
        for hit in &hits[entries.len()..] {
            let row = follow(node, tenant, hit).await?;
            entries.push(row.map(|row| shown(hit, row)).transpose()?);
        }
    }
    Ok(entries.into_iter().flatten().collect())
}

/// What a partition has of a hit.
enum Seen {
    /// The version that matched, from its history where it was written again since.
    Here(Version),
    /// Deleted since.
    Gone,
    /// Not a row: it moved to another compartment since.
    Elsewhere,
}

fn seen(rows: &Partition, tenant: TenantId, key: &ResourceKey, version: u64) -> Result<Seen, Error> {
    let Some(current) = rows.get(tenant, key).map_err(crate::error::storage)? else {
        return Ok(Seen::Elsewhere);
    };
    if current.version == version {
        return Ok(Seen::Here(current));
    }
    if current.is_deleted() {
        return Ok(Seen::Gone);
    }
    let matched = rows.get_version(tenant, key, version).map_err(crate::error::storage)?;
    Ok(matched.map_or(Seen::Elsewhere, Seen::Here))
}

/// The version that matched, wherever its resource went with its history; `None` if it is deleted by now.
async fn follow(node: &Inner, tenant: TenantId, hit: &Hit) -> Result<Option<Version>, Error> {
    let resource_type = ResourceType::from_code(hit.key.type_code.0);
    let Some(resource_type) = resource_type else { return Ok(None) };
    let look = |rows: &Partition, key: &ResourceKey| {
        Ok(match seen(rows, tenant, key, hit.version)? {
            Seen::Here(row) => Some(Some(row)),
            Seen::Gone => Some(None),
            Seen::Elsewhere => None,
        })
    };
    Ok(place::look(node, tenant, resource_type, hit.key.id, look).await?.flatten())
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
