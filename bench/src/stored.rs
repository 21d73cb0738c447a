//! Whether a store holds what was loaded: a rate of lost writes is none.

use crate::{node::Node, wire::http::Http};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many resources there must be, by type.
pub(crate) type Expected = BTreeMap<String, u64>;

#[derive(Deserialize)]
struct Count {
    total: u64,
}

/// Asks the node for the count of every type and returns the sum.
///
/// # Errors
/// Any count that differs, with all that do.
pub(crate) async fn must_hold(node: &Node, expected: &Expected) -> Result<u64> {
    let mut differing = Vec::new();
    for (resource_type, expected) in expected {
        let count = count(node, resource_type).await?;
        if count != *expected {
            differing.push(format!("{count} instead of {expected} of {resource_type}"));
        }
    }
    if !differing.is_empty() {
        bail!("the store holds {}", differing.join(", "));
    }
    Ok(expected.values().sum())
}

/// How many resources of a type the node has.
///
/// # Errors
/// The server's.
pub(crate) async fn count(node: &Node, resource_type: &str) -> Result<u64> {
    let answer = Http::connect(&node.rest).await?.get_ok(&format!("{resource_type}?_summary=count")).await?;
    let count: Count = serde_json::from_slice(&answer.body).context("a count's answer")?;
    Ok(count.total)
}
