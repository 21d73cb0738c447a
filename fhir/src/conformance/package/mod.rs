//! Implementation guides as npm packages (<https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>).

mod archive;
mod error;
mod manifest;

pub use error::Error;
pub use manifest::Manifest;

use super::{Canonical, Resources, Source};
use crate::definitions::ResourceType;
use crate::json::{self, Document};
use bytes::Bytes;
use std::sync::Arc;

/// What a package may ask of its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Everything in the archive, also what is passed over. HL7's largest packages are near 250 MB.
    pub unpacked_bytes_max: u64,
    /// One JSON file.
    pub file_bytes_max: usize,
    pub files_max: usize,
    pub path_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            unpacked_bytes_max: 512 << 20,
            file_bytes_max: 64 << 20,
            files_max: 100_000,
            path_bytes_max: 1024,
        }
    }
}

/// A package for R4: its manifest and its resources that have a canonical URL.
///
/// Resources are the JSON files of the top folder (`package/`): examples and other material lie in folders below it and
/// are left out, as are resources without a URL, of a type R4 does not know, or of a URL and version met before.
pub struct Package {
    manifest: Manifest,
    resources: Resources,
}

impl Package {
    /// Reads the bytes of a `.tgz`.
    ///
    /// Errors: no archive, more than `limits` allow, a JSON file that is not well-formed, no or an incomplete
    /// `package.json`, a package for another version of FHIR.
    pub fn from_tgz(compressed: &[u8], limits: &Limits) -> Result<Package, Error> {
        Package::from_files(archive::files(compressed, limits)?, limits)
    }

    /// Reads the files of an unpacked package: paths relative to its folder (`package.json` or `package/package.json`, with
    /// `/`), and contents. Limits and errors as [`from_tgz`](Self::from_tgz).
    pub fn from_files(
        files: impl IntoIterator<Item = (String, Bytes)>,
        limits: &Limits,
    ) -> Result<Package, Error> {
        let mut manifest = None;
        let mut resources = Resources::default();
        let mut left = limits.unpacked_bytes_max;
        for (number, (path, content)) in files.into_iter().enumerate() {
            if number >= limits.files_max {
                return Err(Error::TooManyFiles { max: limits.files_max });
            }
            left = left
                .checked_sub(content.len() as u64)
                .ok_or(Error::TooLarge { max: limits.unpacked_bytes_max })?;
            if !is_wanted(&path) {
                continue;
            }
            let document = parse(&path, content, limits)?;
            match file_name(&path) {
                "package.json" => manifest = Some(Manifest::read(&document)?),
                _ => _ = resources.add(Arc::new(document)),
            }
        }
        Ok(Package { manifest: manifest.ok_or(Error::NoManifest)?, resources })
    }

    /// What the package says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its resources.
    pub fn resources(&self) -> &Resources {
        &self.resources
    }
}

impl Source for Package {
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
        self.resources.find(resource_type, url, version)
    }

    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical> {
        self.resources.canonicals(resource_type)
    }

    fn revision(&self) -> u64 {
        self.resources.revision()
    }
}

/// Whether the file is a JSON file of the top folder. Names with a dot in front (`.index.json`) are the tools' own.
fn is_wanted(path: &str) -> bool {
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = path.strip_prefix("package/").unwrap_or(path);
    path.ends_with(".json") && !path.contains('/') && !path.starts_with('.')
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn parse(path: &str, content: Bytes, limits: &Limits) -> Result<Document, Error> {
    if content.len() > limits.file_bytes_max {
        return Err(Error::FileTooLarge { path: path.to_owned(), max: limits.file_bytes_max });
    }
    let json = json::Limits { bytes_max: limits.file_bytes_max, ..json::Limits::default() };
    Document::parse(content, &json)
        .map_err(|error| Error::Json { path: path.to_owned(), error: Box::new(error) })
}
