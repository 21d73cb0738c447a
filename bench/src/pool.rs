//! Values for the placeholders of the shapes, read from the server's own data over plain FHIR REST.

use crate::wire::http::Http;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Pages read per type; bounds the preparation on large stores.
const PAGES_MAX: usize = 8;
const PAGE: usize = 500;

/// What can stand in braces in a shape; there are values for each.
pub const PLACEHOLDERS: [&str; 4] = ["{patient}", "{identifier}", "{family}", "{code}"];

/// Distinct values per placeholder, sorted.
#[derive(Default)]
pub struct Pools(BTreeMap<&'static str, Vec<String>>);

impl Pools {
    /// From values at hand.
    pub fn of<const N: usize>(pools: [(&'static str, Vec<&str>); N]) -> Pools {
        let owned = |values: Vec<&str>| values.into_iter().map(str::to_owned).collect();
        Pools::new(pools.map(|(name, values)| (name, owned(values))))
    }

    /// From values of one's own.
    pub fn new<const N: usize>(pools: [(&'static str, Vec<String>); N]) -> Pools {
        Pools(pools.into())
    }

    /// From the first pages of Patients and Observations of a FHIR server.
    ///
    /// # Errors
    /// The server's; or it holds no Patients or no Observations.
    pub async fn read(base: &str) -> Result<Pools> {
        let mut http = Http::connect(base).await?;
        let mut found: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for patient in pages(&mut http, base, "Patient").await? {
            let mut add = |name, value: Option<String>| found.entry(name).or_default().extend(value);
            add("{patient}", text(&patient["id"]));
            add("{identifier}", token(&patient["identifier"][0], "value"));
            add("{family}", text(&patient["name"][0]["family"]));
        }
        for observation in pages(&mut http, base, "Observation").await? {
            found.entry("{code}").or_default().extend(token(&observation["code"]["coding"][0], "code"));
        }
        for name in PLACEHOLDERS {
            if found.get(name).is_none_or(BTreeSet::is_empty) {
                bail!("{base} has no data for {name}");
            }
        }
        Ok(Pools(found.into_iter().map(|(name, values)| (name, values.into_iter().collect())).collect()))
    }

    /// A value for this placeholder; `None`: it is none.
    pub fn draw(&self, placeholder: &str, draw: usize) -> Option<&str> {
        let values = self.0.get(placeholder).filter(|values| !values.is_empty())?;
        values.get(draw % values.len()).map(String::as_str)
    }

    /// How many values each placeholder has.
    pub fn sizes(&self) -> String {
        let sizes: Vec<String> =
            self.0.iter().map(|(name, values)| format!("{name} {}", values.len())).collect();
        sizes.join(", ")
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// `system|value` of an Identifier or a Coding. A comma in it would mean "or", so such values are left out.
fn token(value: &Value, member: &str) -> Option<String> {
    let (system, value) = (value["system"].as_str()?, value[member].as_str()?);
    let token = format!("{system}|{value}");
    (!token.contains([',', '$', '\\'])).then_some(token)
}

/// The resources of the first pages of a type, following `Bundle.link` where it stays below the base.
async fn pages(http: &mut Http, base: &str, resource_type: &str) -> Result<Vec<Value>> {
    let mut resources = Vec::new();
    let mut path = format!("{resource_type}?_count={PAGE}");
    for _ in 0..PAGES_MAX {
        let answer = http.get_ok(&path).await?;
        let mut bundle: Value = serde_json::from_slice(&answer.body).context("a search's answer")?;
        if let Some(entries) = bundle["entry"].as_array_mut() {
            resources.extend(entries.iter_mut().map(|entry| entry["resource"].take()));
        }
        match next(&bundle, base) {
            Some(next) => path = next,
            None => break,
        }
    }
    Ok(resources)
}

fn next(bundle: &Value, base: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let url = links.iter().find(|link| link["relation"] == "next")?["url"].as_str()?;
    let below = url.strip_prefix(base.trim_end_matches('/')).unwrap_or(url);
    // A server may link relatively, or to another name of its own; the latter is not followed.
    (!below.starts_with("http")).then(|| below.trim_start_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_next_page_stays_on_the_server() {
        let bundle =
            |url: &str| json!({"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": url}]});
        let base = "http://a:1/fhir";
        assert_eq!(next(&bundle("http://a:1/fhir/Patient?page=2"), base).as_deref(), Some("Patient?page=2"));
        assert_eq!(next(&bundle("Patient?page=2"), base).as_deref(), Some("Patient?page=2"));
        assert_eq!(next(&bundle("http://elsewhere/fhir/Patient?page=2"), base), None);
        assert_eq!(next(&json!({}), base), None);
    }

    #[test]
    fn tokens_that_would_not_be_one_value_are_left_out() {
        assert_eq!(token(&json!({"system": "s", "code": "c"}), "code").as_deref(), Some("s|c"));
        assert_eq!(token(&json!({"system": "s", "code": "a,b"}), "code"), None);
        assert_eq!(token(&json!({"code": "c"}), "code"), None);
    }
}
