//! What can go wrong inside the engine. Errors of a caller's query are `proto::Error`s, made where they are found.

use std::{io, path::PathBuf};

/// An engine error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Tantivy failed; most often an IO error of the index folder.
    #[error("search index: {0}")]
    Index(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file of the index folder that is not Tantivy's own.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A stored document of the index that makes no sense: the index is damaged.
    #[error("the search index is damaged: {0}")]
    Damaged(String),
    /// Rows could not be read.
    #[error("storage: {0}")]
    Storage(#[from] storage::Error),
    /// The page cursor is not one of this server's, or belongs to another query.
    #[error("{0}")]
    Cursor(&'static str),
    /// More matches than one search may hold in memory.
    #[error("more than {0} matches: narrow the search")]
    TooMany(usize),
    /// The engine is shutting down.
    #[error("the search engine is closed")]
    Closed,
}

/// The result of an engine call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Names the file an IO error is about.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { path, source }
    }
}

impl From<Error> for proto::Error {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Cursor(_) => proto::Code::BadParameter,
            Error::TooMany(_) => proto::Code::TooCostly,
            Error::Closed => proto::Code::Unavailable,
            _ => proto::Code::Internal,
        };
        let told = proto::Error::new(code, error.to_string());
        // The parameter is known; it is its value that is no good.
        if matches!(error, Error::Cursor(_)) { told.as_issue("value") } else { told }
    }
}
