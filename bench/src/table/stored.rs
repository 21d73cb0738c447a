//! Whether a store holds what was loaded: a rate of lost writes is none.

use crate::{node::Node, wire::http::Http};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many resources there must be, by type.
pub(super) type Expected = BTreeMap<String, u64>;

#[derive(Deserialize)]
struct Count {
    total: u64,
}

/// Asks the node for the count of every type and returns the sum.
///
/// # Errors
/// Any count that differs, with all that do.
pub(super) async fn must_hold(node: &Node, expected: &Expected) -> Result<u64> {
    let mut http = Http::connect(&node.rest).await?;
    let mut differing = Vec::new();
    for (resource_type, expected) in expected {
        let answer = http.get_ok(&format!("{resource_type}?_summary=count")).await?;
        let count: Count = serde_json::from_slice(&answer.body).context("a count's answer")?;
        if count.total != *expected {
            differing.push(format!("{} instead of {expected} of {resource_type}", count.total));
        }
    }
    if !differing.is_empty() {
        bail!("the store holds {}", differing.join(", "));
    }
    Ok(expected.values().sum())
}
