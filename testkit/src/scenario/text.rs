//! Variables: `${name}` in any string of a step.

use anyhow::Context;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) type Variables = BTreeMap<String, String>;

/// The text with all variables filled in; an unknown one is an error.
pub(super) fn fill(text: &str, variables: &Variables) -> anyhow::Result<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = rest.split_at(start);
        let end = after.find('}').context("a ${ without }")?;
        let name = &after[2..end];
        filled.push_str(before);
        filled.push_str(variables.get(name).with_context(|| format!("no variable {name}"))?);
        rest = &after[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

/// All strings of a value filled in.
pub(super) fn fill_value(value: &Value, variables: &Variables) -> anyhow::Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(fill(text, variables)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill_value(item, variables)).collect::<anyhow::Result<_>>()?)
        }
        Value::Object(members) => {
            let filled =
                members.iter().map(|(name, member)| Ok((name.clone(), fill_value(member, variables)?)));
            Value::Object(filled.collect::<anyhow::Result<_>>()?)
        }
        other => other.clone(),
    })
}
