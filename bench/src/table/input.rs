//! What there is to load, counted in the files themselves.

use anyhow::{Context, Result};
use serde::{Deserialize, de::IgnoredAny};
use std::{fs, path::Path};
use walkdir::WalkDir;

/// Files, resources and bytes of a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Input {
    pub files: u64,
    pub resources: u64,
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Bundle {
    entry: Option<Vec<IgnoredAny>>,
}

/// Counts bundle entries in `.json` and lines in `.ndjson`; a resource that is no bundle is one.
///
/// # Errors
/// A file that cannot be read or is no JSON.
pub(super) fn count(path: &Path) -> Result<Input> {
    let mut input = Input::default();
    for entry in WalkDir::new(path) {
        let entry = entry?;
        let kind = entry.path().extension().and_then(|extension| extension.to_str());
        let resources = match kind {
            Some("json") => entries(entry.path())?,
            Some("ndjson") => lines(entry.path())?,
            _ => continue,
        };
        input.files += 1;
        input.resources += resources;
        input.bytes += entry.metadata()?.len();
    }
    Ok(input)
}

fn entries(path: &Path) -> Result<u64> {
    let bytes = fs::read(path)?;
    let bundle: Bundle = serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?;
    Ok(bundle.entry.map_or(1, |entries| entries.len() as u64))
}

fn lines(path: &Path) -> Result<u64> {
    Ok(fs::read(path)?.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count()
        as u64)
}

/// Bytes the files of a folder take on the disk, counted in blocks.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn disk_bytes(path: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in WalkDir::new(path) {
        // Compaction removes files while we look.
        let Some(metadata) = entry.ok().and_then(|entry| entry.metadata().ok()) else { continue };
        bytes += metadata.blocks() * 512;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_lines_and_single_resources() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("below"))?;
        fs::write(folder.path().join("below/a.json"), r#"{"resourceType":"Bundle","entry":[{"a":1},{}]}"#)?;
        fs::write(folder.path().join("b.json"), r#"{"resourceType":"Patient"}"#)?;
        fs::write(folder.path().join("c.ndjson"), "{}\n\n{}\n {} ")?;
        fs::write(folder.path().join("README.md"), "not data")?;
        let input = count(folder.path())?;
        assert_eq!((input.files, input.resources), (3, 6));
        assert_eq!(input.bytes, 46 + 26 + 11);
        fs::write(folder.path().join("d.json"), "broken")?;
        assert!(count(folder.path()).is_err());
        assert!(disk_bytes(folder.path())? > 0);
        Ok(())
    }
}
