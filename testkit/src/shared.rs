//! The sample data beside the checkout.

use crate::outside;
use anyhow::Context;
use generator::Counts;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A folder of the shared data (`synthea`, `ndjson-10`), as [`outside::shared`] finds it.
pub fn data(name: &str) -> Option<PathBuf> {
    outside::shared(&format!("data/{name}"))
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource_type: String,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(serde::Deserialize)]
struct Entry {
    resource: Resource,
    request: Option<Request>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    if_none_exist: Option<String>,
}

/// Resources by type in the `.json` bundles and `.ndjson` files of a folder, as a server counts them once all is
/// loaded: a conditional create counts once for each distinct condition.
pub fn counts(folder: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    let mut conditions = std::collections::BTreeSet::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let content = || fs::read(&path).with_context(|| path.display().to_string());
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => {
                let bundle: Resource = serde_json::from_slice(&content()?)?;
                for entry in bundle.entry {
                    let kind = entry.resource.resource_type;
                    let condition = entry.request.and_then(|request| request.if_none_exist);
                    if condition.is_none_or(|condition| conditions.insert((kind.clone(), condition))) {
                        *counts.entry(kind).or_default() += 1;
                    }
                }
            }
            Some("ndjson") => {
                for line in
                    content()?.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
                {
                    let resource: Resource = serde_json::from_slice(line)?;
                    *counts.entry(resource.resource_type).or_default() += 1;
                }
            }
            _ => (),
        }
    }
    Ok(counts)
}

/// The generator's counts in the same form.
pub fn named(counts: &Counts) -> BTreeMap<String, u64> {
    counts.iter().map(|(&name, &count)| (name.to_owned(), count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use generator::{Generator, expected_counts};

    #[test]
    fn counts_of_files_are_those_of_the_generator() {
        let folder = tempfile::tempdir().unwrap();
        for bundle in Generator::new(20, 1) {
            fs::write(folder.path().join(&bundle.name), &bundle.json).unwrap();
            // Once more under another name: the patients count twice, the conditional creates do not.
            if bundle.name.starts_with("hospital") {
                fs::write(folder.path().join("again.json"), &bundle.json).unwrap();
            }
        }
        assert_eq!(counts(folder.path()).unwrap(), named(&expected_counts(20, 1)));
    }

    #[test]
    fn counts_of_the_shared_data() {
        let Some(folder) = data("synthea") else { return };
        let counts = counts(&folder).unwrap();
        assert_eq!((counts["Patient"], counts["Observation"]), (40, 5673));
    }
}
