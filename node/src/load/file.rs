//! Which files to load, and in what order.

use anyhow::Context;
use std::path::{Path, PathBuf};

/// A file to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// One resource per line.
    pub(super) ndjson: bool,
    /// Holds, by its name, what patients refer to.
    pub(super) shared: bool,
}

/// The names under which Synthea and `salamander generate` write organisations and practitioners.
const SHARED_PREFIXES: [&str; 2] = ["hospital", "practitioner"];

impl File {
    /// The file at a path; its size is 0 where it cannot be asked, and reading will say why.
    pub(super) fn at(path: PathBuf) -> File {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        File {
            bytes: std::fs::metadata(&path).map_or(0, |metadata| metadata.len()),
            ndjson: name.ends_with(".ndjson"),
            shared: SHARED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)),
            path,
        }
    }
}

/// The files named, and those with a known ending in the folders named, sorted by path within each folder.
pub(super) fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for path in paths {
        let metadata = std::fs::metadata(path).with_context(|| path.display().to_string())?;
        if !metadata.is_dir() {
            files.push(File::at(path.clone()));
            continue;
        }
        for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
            let entry = entry.with_context(|| path.display().to_string())?;
            if entry.file_type().is_file() && has_known_ending(entry.path()) {
                files.push(File::at(entry.into_path()));
            }
        }
    }
    Ok(files)
}

fn has_known_ending(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ending == "json" || ending == "ndjson")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_and_files_taken() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.json", "a.NDJSON", "c.txt", "sub/hospital-1.json"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        let found = find(&[folder.path().to_owned(), folder.path().join("c.txt")]).unwrap();
        let names: Vec<_> = found.iter().map(|f| f.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.NDJSON", "b.json", "hospital-1.json", "c.txt"]);
        assert!(found[0].ndjson && !found[1].ndjson);
        assert!(found[2].shared && !found[0].shared);
        assert!(find(&[folder.path().join("absent")]).is_err());
    }
}
