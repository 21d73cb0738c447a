//! <https://hl7.org/fhir/R4/http.html#history>: newest first, of an instance, a type or the whole tenant.

use super::part;
use crate::{draft, engine::Inner, place, service::Context};
use fhir::definitions::ResourceType;
use proto::{
    Code, Error, PartitionId, TenantId, TypeCode,
    api::v1::{HistoryEntry, HistoryRequest, HistoryResponse, Outcome},
};
use std::{collections::BTreeMap, fmt::Write};
use storage::{FeedPosition, Method, Version};

pub async fn history(
    node: &Inner,
    context: &Context,
    request: HistoryRequest,
) -> Result<HistoryResponse, Error> {
    let limit = match request.count as usize {
        0 => node.options.history_page_max.min(PAGE_DEFAULT),
        count => count.min(node.options.history_page_max),
    };
    let part = part::of(&request.summary, &request.elements)?;
    let mut page = match (request.resource_type.as_str(), request.id.as_str()) {
        ("", _) => feed(node, context.tenant, None, &request, limit).await,
        (name, "") => feed(node, context.tenant, Some(draft::known_type(name)?), &request, limit).await,
        (name, id) => instance(node, context.tenant, draft::known_type(name)?, id, &request, limit).await,
    }?;
    for entry in &mut page.entries {
        entry.body = part::take(&part, std::mem::take(&mut entry.body))?;
    }
    Ok(page)
}

const PAGE_DEFAULT: usize = 100;

async fn instance(
    node: &Inner,
    tenant: TenantId,
    resource_type: ResourceType,
    id: &str,
    request: &HistoryRequest,
    limit: usize,
) -> Result<HistoryResponse, Error> {
    let before = match request.cursor.as_str() {
        "" => None,
        cursor => Some(cursor.parse().map_err(|_| bad_cursor())?),
    };
    let key = place::find(node, tenant, resource_type, draft::resource_id(id)?).await?.key();
    let group = place::group_for(node, tenant, &key).await?;
    let partition = group.partition();
    let versions =
        partition.instance_history(tenant, &key, before, limit + 1).map_err(crate::error::storage)?;
    if versions.is_empty() && before.is_none() {
        return Err(Error::new(Code::NotFound, format!("there is no {}/{id}", resource_type.name())));
    }
    // Versions are gapless, so the newest one's number is the count.
    let total = match (before, request.since_ms) {
        (None, 0) => versions.first().map(|newest| newest.version),
        _ => None,
    };
    let more = versions.len() > limit;
    let page: Vec<Version> = versions
        .into_iter()
        .take(limit)
        .filter(|version| version.last_updated_ms >= request.since_ms)
        .collect();
    let next_cursor = match page.last() {
        Some(last) if more && page.len() == limit => last.version.to_string(),
        _ => String::new(),
    };
    Ok(HistoryResponse { entries: page.into_iter().map(entry).collect(), next_cursor, total })
}

/// Where each partition's feed goes on. A partition that is not named starts at its newest.
type Positions = BTreeMap<PartitionId, FeedPosition>;

async fn feed(
    node: &Inner,
    tenant: TenantId,
    resource_type: Option<ResourceType>,
    request: &HistoryRequest,
    limit: usize,
) -> Result<HistoryResponse, Error> {
    let mut positions = parse_cursor(&request.cursor)?;
    let mut versions: Vec<(PartitionId, Version)> = vec![];
    for partition in node.cluster.map().partitions() {
        let group = node.group(partition)?;
        group.read_barrier().await.map_err(|_| crate::engine::unavailable(partition))?;
        let before = positions.get(&partition).copied();
        let rows = group.partition();
        let found = match resource_type {
            Some(resource_type) => {
                rows.type_history(tenant, TypeCode(resource_type.code()), before, limit + 1)
            }
            None => rows.system_history(tenant, before, limit + 1),
        };
        versions
            .extend(found.map_err(crate::error::storage)?.into_iter().map(|version| (partition, version)));
    }
    versions.retain(|(_, version)| version.last_updated_ms >= request.since_ms);
    // Stable, and each partition's rows are in order already: equal instants keep the feed's order.
    versions.sort_by_key(|(partition, version)| (std::cmp::Reverse(version.last_updated_ms), *partition));
    let more = versions.len() > limit;
    versions.truncate(limit);
    for (partition, version) in &versions {
        let position = positions.entry(*partition).or_insert_with(|| version.position());
        *position = (*position).min(version.position());
    }
    let next_cursor = if more { format_cursor(&positions) } else { String::new() };
    let entries = versions.into_iter().map(|(_, version)| entry(version)).collect();
    Ok(HistoryResponse { entries, next_cursor, total: None })
}

fn parse_cursor(text: &str) -> Result<Positions, Error> {
    let position = |part: &str| {
        let mut numbers = part.split('.');
        let partition = PartitionId(numbers.next()?.parse().ok()?);
        let (index, seq) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        Some((partition, FeedPosition { index, seq }))
    };
    text.split('-')
        .filter(|part| !part.is_empty())
        .map(|part| position(part).ok_or_else(bad_cursor))
        .collect()
}

fn format_cursor(positions: &Positions) -> String {
    let mut text = String::new();
    for (partition, position) in positions {
        let separator = if text.is_empty() { "" } else { "-" };
        let _ = write!(text, "{separator}{}.{}.{}", partition.0, position.index, position.seq);
    }
    text
}

fn bad_cursor() -> Error {
    Error::new(
        Code::BadParameter,
        "the page cursor is not one of this server's; start again from the first page",
    )
}

fn entry(version: Version) -> HistoryEntry {
    let outcome = match version.method {
        Method::Create => Outcome::Created,
        Method::Update if version.version == 1 => Outcome::Created,
        Method::Update => Outcome::Updated,
        Method::Delete => Outcome::Deleted,
    };
    let name = ResourceType::from_code(version.key.type_code.0).map_or("", ResourceType::name);
    HistoryEntry {
        resource_type: name.to_owned(),
        id: version.key.id.as_str().to_owned(),
        version_id: version.version.to_string(),
        last_updated_ms: version.last_updated_ms,
        outcome: outcome as i32,
        body: version.body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_bad_ones_are_refused() {
        let positions = Positions::from([
            (PartitionId(1), FeedPosition { index: 7, seq: 0 }),
            (PartitionId(16), FeedPosition { index: u64::MAX, seq: 3 }),
        ]);
        assert_eq!(parse_cursor(&format_cursor(&positions)).unwrap(), positions);
        assert!(parse_cursor("").unwrap().is_empty());
        for bad in ["x", "1.2", "1.2.x", "99999999.1.1"] {
            assert_eq!(parse_cursor(bad).unwrap_err().code, Code::BadParameter, "{bad}");
        }
    }
}
