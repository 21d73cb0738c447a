//! What stands in a scenario file.

use super::{
    Got, Sent, Wire,
    expect::Expect,
    pattern,
    text::{Variables, fill, fill_value},
};
use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A file `NNNN-what.yaml`.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name.
    pub file: String,
    /// Its four digits.
    pub number: String,
    pub(super) folder: PathBuf,
    pub(super) steps: Vec<Step>,
    /// It is about a tenant, which is made before.
    pub(super) has_tenant: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) what: String,
    pub(super) request: Request,
    pub(super) expect: Expect,
    #[serde(default)]
    pub(super) save: BTreeMap<String, From>,
    /// The one wire on which the step exists.
    pub(super) only: Option<Wire>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Sent as JSON.
    body: Option<Value>,
    /// Sent as it stands, variables filled in: for what is not JSON.
    text: Option<String>,
    /// Each character is one byte (`\xff` in YAML): for what is not UTF-8.
    latin1: Option<String>,
    /// A file beside the scenario.
    file: Option<String>,
}

/// Where a saved value comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    /// A JSON pointer into the body.
    at: Option<String>,
    header: Option<String>,
    /// The URL of the Bundle link of that relation.
    link: Option<String>,
    /// The text of the first star is the value.
    like: Option<String>,
}

/// All scenarios of a folder, by name.
pub fn load(folder: &Path) -> anyhow::Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !file.ends_with(".yaml") {
            continue;
        }
        let number = file.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.with_context(|| format!("{file}: not NNNN-what.yaml"))?.to_owned();
        // By way of JSON: YAML would want a tag for an enum.
        let text = fs::read_to_string(&path)?;
        let has_tenant = text.contains("${tenant");
        let steps: Value = serde_yaml_ng::from_str(&text).with_context(|| file.to_owned())?;
        let steps = serde_json::from_value(steps).with_context(|| file.to_owned())?;
        let (file, folder) = (file.to_owned(), folder.to_owned());
        scenarios.push(Scenario { file, number, folder, steps, has_tenant });
    }
    scenarios.sort_by(|a, b| a.file.cmp(&b.file));
    if let Some(pair) = scenarios.windows(2).find(|pair| pair[0].number == pair[1].number) {
        bail!("{} and {} have the same number", pair[0].file, pair[1].file);
    }
    Ok(scenarios)
}

impl Request {
    pub(super) fn fill(&self, variables: &Variables, folder: &Path) -> anyhow::Result<Sent> {
        let mut headers = BTreeMap::new();
        for (name, value) in &self.headers {
            headers.insert(name.to_ascii_lowercase(), fill(value, variables)?);
        }
        let body = match (&self.body, &self.text, &self.latin1, &self.file) {
            (None, None, None, None) => None,
            (Some(body), None, None, None) => Some(serde_json::to_vec(&fill_value(body, variables)?)?),
            (None, Some(text), None, None) => Some(fill(text, variables)?.into_bytes()),
            (None, None, Some(text), None) => Some(bytes_of(text)?),
            (None, None, None, Some(file)) => {
                Some(fs::read(folder.join(file)).with_context(|| file.clone())?)
            }
            _ => bail!("one of body, text, latin1 and file"),
        };
        if body.is_some() && !headers.contains_key("content-type") {
            headers.insert("content-type".into(), "application/fhir+json".into());
        }
        Ok(Sent { method: self.method.clone(), path: fill(&self.path, variables)?, headers, body })
    }
}

fn bytes_of(text: &str) -> anyhow::Result<Vec<u8>> {
    text.chars()
        .map(|char| u8::try_from(u32::from(char)).context("latin1 has a character above \\xff"))
        .collect()
}

impl From {
    pub(super) fn take(&self, got: &Got) -> anyhow::Result<String> {
        let text = match (&self.at, &self.header, &self.link) {
            (Some(at), None, None) => match got.body.pointer(at).context("nothing is there")? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            (None, Some(header), None) => {
                got.headers.get(&header.to_ascii_lowercase()).context("no such header")?.clone()
            }
            (None, None, Some(link)) => link_of(&got.body, link).context("no such link")?,
            _ => bail!("one of at, header and link"),
        };
        let Some(like) = &self.like else { return Ok(text) };
        let stars = pattern::stars(like, &text).with_context(|| format!("{text:?} is not like {like:?}"))?;
        Ok((*stars.first().context("no star in like")?).to_owned())
    }
}

fn link_of(bundle: &Value, relation: &str) -> Option<String> {
    let link = bundle["link"].as_array()?.iter().find(|link| link["relation"] == relation)?;
    Some(link["url"].as_str()?.to_owned())
}
