//! Why a package is not taken.

use crate::json;

/// What is wrong with a package, and what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("the package is no gzip-compressed tar archive: {reason}")]
    NotAnArchive { reason: String },
    #[error("the package unpacks to more than {max} bytes")]
    TooLarge { max: u64 },
    #[error("the package has more than {max} files")]
    TooManyFiles { max: usize },
    #[error("{path}: more than {max} bytes")]
    FileTooLarge { path: String, max: usize },
    #[error("a path of the package is longer than {max} bytes: {start}…")]
    PathTooLong { start: String, max: usize },
    #[error("{path}: {error}")]
    Json { path: String, error: Box<json::Error> },
    #[error("the package has no package.json; an npm package keeps it at package/package.json")]
    NoManifest,
    #[error("package.json: {field} is missing or no text")]
    ManifestField { field: &'static str },
    #[error("{name} {version} is made for FHIR {found}; only packages for FHIR R4 (4.0.x) can be loaded")]
    NotR4 { name: String, version: String, found: String },
}
