//! `_id`, which asks no index value: https://hl7.org/fhir/R4/search.html#id

use super::problem::Problem;
use super::text::{quoted, split};
use proto::id::ResourceId;

/// The ids that a value names, at most `max`.
pub fn parse(text: &str, max: usize) -> Result<Vec<ResourceId>, Problem> {
    let parts = split(text, b',');
    if parts.len() > max {
        return Err(Problem::too_many_values(parts.len(), max));
    }
    let id = |part| ResourceId::parse(part).map_err(|error| Problem::unusable(error.to_string()));
    parts.into_iter().map(id).collect()
}

/// The canonical text of one.
pub fn canonical(id: &ResourceId) -> String {
    format!("_id={}", quoted(id.as_str()))
}
