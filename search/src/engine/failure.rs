//! Tantivy's errors as the engine's.

use crate::error::Error;
use tantivy::TantivyError;
use tantivy::directory::error::OpenDirectoryError;

impl From<TantivyError> for Error {
    fn from(error: TantivyError) -> Self {
        Error::Index(error.into())
    }
}

impl From<OpenDirectoryError> for Error {
    fn from(error: OpenDirectoryError) -> Self {
        Error::Index(error.into())
    }
}
