//! What can go wrong inside the engine. Errors of a caller's query are `proto::Error`s, made where they are found.

use std::{io, path::PathBuf};

/// An engine error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Tantivy failed; most often an IO error of the index folder.
    #[error("search index: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// A file of the index folder that is not Tantivy's own.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    /// Index values that this build cannot read.
    #[error("index values of {key}: {reason}")]
    Values { key: String, reason: String },
    /// A stored document of the index that makes no sense: the index is damaged.
    #[error("the search index is damaged: {0}")]
    Damaged(String),
    /// Rows could not be read.
    #[error("storage: {0}")]
    Storage(#[from] storage::Error),
    /// The page cursor is not one of this server's, or belongs to another query.
    #[error("{0}")]
    Cursor(&'static str),
    /// The engine is shutting down.
    #[error("the search engine is closed")]
    Closed,
}

/// The result of an engine call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Names the resource whose index values cannot be read.
    pub(crate) fn values(key: &proto::ResourceKey, reason: &dyn std::fmt::Display) -> Error {
        Error::Values { key: format!("{}/{}", key.type_code.0, key.id), reason: reason.to_string() }
    }

    /// Names the file an IO error is about.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { path, source }
    }
}

impl From<tantivy::directory::error::OpenDirectoryError> for Error {
    fn from(error: tantivy::directory::error::OpenDirectoryError) -> Self {
        Error::Index(error.into())
    }
}

impl From<Error> for proto::Error {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Cursor(_) => proto::Code::BadParameter,
            Error::Closed => proto::Code::Unavailable,
            _ => proto::Code::Internal,
        };
        proto::Error::new(code, error.to_string())
    }
}
