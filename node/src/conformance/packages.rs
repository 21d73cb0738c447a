//! Packages of implementation guides from disk.

use bytes::Bytes;
use fhir::conformance::{Package, package};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why a package cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the package {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the package {}: {source}", path.display())]
    Package { path: PathBuf, source: package::Error },
}

/// Reads packages, each a `.tgz` or an unpacked folder.
///
/// # Errors
/// The first that cannot be read, with its path.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Arc<Package>>, Error> {
    let limits = package::Limits::default();
    paths.iter().map(|path| read(path, &limits).map(Arc::new)).collect()
}

fn read(path: &Path, limits: &package::Limits) -> Result<Package, Error> {
    let unreadable = |source| Error::Read { path: path.to_owned(), source };
    let package = if path.is_dir() {
        Package::from_files(files(path).map_err(unreadable)?, limits)
    } else {
        Package::from_tgz(&fs::read(path).map_err(unreadable)?, limits)
    };
    package.map_err(|source| Error::Package { path: path.to_owned(), source })
}

/// The JSON files of the folder, or of its `package` as npm unpacks it, in the order of their names.
fn files(folder: &Path) -> std::io::Result<Vec<(String, Bytes)>> {
    let inner = folder.join("package");
    let folder = if inner.is_dir() { inner } else { folder.to_owned() };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.ends_with(".json") && path.is_file() {
            found.push((name, fs::read(&path)?.into()));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_and_what_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guide");
        let missing = load(std::slice::from_ref(&path)).map(|_| ()).unwrap_err().to_string();
        assert!(missing.contains("guide"), "{missing}");
        fs::create_dir_all(path.join("package")).unwrap();
        let empty = load(std::slice::from_ref(&path)).map(|_| ()).unwrap_err().to_string();
        assert!(empty.contains("guide") && empty.contains("package.json"), "{empty}");
        let manifest = r#"{"name":"a.guide","version":"1.0.0","fhirVersions":["4.0.1"]}"#;
        fs::write(path.join("package/package.json"), manifest).unwrap();
        let value_set = r#"{"resourceType":"ValueSet","url":"http://v"}"#;
        fs::write(path.join("package/ValueSet-v.json"), value_set).unwrap();
        assert_eq!(load(&[path]).unwrap()[0].resources().len(), 1);
    }
}
