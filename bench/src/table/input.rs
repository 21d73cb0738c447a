//! What there is to load, counted in the files themselves.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use walkdir::WalkDir;

/// Files, bytes, and what a store must hold after all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Input {
    pub files: u64,
    pub bytes: u64,
    /// Entries of bundles, lines and single resources.
    pub entries: u64,
    /// Created without a condition, by type.
    created: BTreeMap<String, u64>,
    /// Type and id, or type and condition: one resource however often it is named.
    named: BTreeSet<(String, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource_type: String,
    id: Option<String>,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    resource: Option<Box<Named>>,
    request: Option<Request>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    resource_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    if_none_exist: Option<String>,
}

/// Counts bundle entries in `.json`, lines in `.ndjson`, and single resources.
///
/// # Errors
/// A file that cannot be read or is no FHIR JSON.
pub(super) fn count(path: &Path) -> Result<Input> {
    let mut input = Input::default();
    for entry in WalkDir::new(path) {
        let entry = entry?;
        let documents: Vec<Vec<u8>> = match entry.path().extension().and_then(|extension| extension.to_str())
        {
            Some("json") => vec![fs::read(entry.path())?],
            Some("ndjson") => {
                fs::read(entry.path())?.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
            }
            _ => continue,
        };
        input.files += 1;
        input.bytes += entry.metadata()?.len();
        for document in documents.iter().filter(|document| !document.trim_ascii().is_empty()) {
            input.add(document).with_context(|| entry.path().display().to_string())?;
        }
    }
    Ok(input)
}

impl Input {
    /// How many of each type a store holds that had nothing before.
    pub(super) fn by_type(&self) -> BTreeMap<String, u64> {
        let mut counts = self.created.clone();
        for (resource_type, _) in &self.named {
            *counts.entry(resource_type.clone()).or_default() += 1;
        }
        counts
    }

    fn add(&mut self, document: &[u8]) -> Result<()> {
        let resource: Resource = serde_json::from_slice(document)?;
        if resource.resource_type != "Bundle" {
            self.entries += 1;
            self.name(resource.resource_type, resource.id);
            return Ok(());
        }
        for entry in resource.entry {
            self.entries += 1;
            let (Some(resource), Some(request)) = (entry.resource, entry.request) else { continue };
            let name = match request.method.as_str() {
                "POST" => request.if_none_exist,
                _ => Some(request.url),
            };
            self.name(resource.resource_type, name);
        }
        Ok(())
    }

    fn name(&mut self, resource_type: String, name: Option<String>) {
        match name {
            Some(name) => drop(self.named.insert((resource_type, name))),
            None => *self.created.entry(resource_type).or_default() += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::disk_bytes;

    const BUNDLE: &str = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"Patient","id":"p"},"request":{"method":"POST","url":"Patient"}},
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
        {"resource":{"resourceType":"Organization"},
         "request":{"method":"POST","url":"Organization","ifNoneExist":"identifier=a"}},
        {"resource":{"resourceType":"Device","id":"d"},"request":{"method":"PUT","url":"Device/d"}}]}"#;

    #[test]
    fn conditional_creates_and_updates_count_once() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("below"))?;
        fs::write(folder.path().join("below/a.json"), BUNDLE)?;
        fs::write(folder.path().join("b.json"), BUNDLE)?;
        fs::write(folder.path().join("c.ndjson"), "{\"resourceType\":\"Device\",\"id\":\"e\"}\n\n")?;
        fs::write(folder.path().join("README.md"), "not data")?;
        let input = count(folder.path())?;
        assert_eq!((input.files, input.entries), (3, 9));
        assert_eq!(input.bytes, 2 * BUNDLE.len() as u64 + 36);
        let expected = [("Device", 2), ("Organization", 1), ("Patient", 4)];
        assert_eq!(input.by_type(), expected.map(|(name, count)| (name.to_owned(), count)).into());
        fs::write(folder.path().join("d.json"), "broken")?;
        assert!(count(folder.path()).is_err());
        assert!(disk_bytes(folder.path())? > 0);
        Ok(())
    }
}
